"""What every context stands on. Import the modules by name; nothing is imported here, so an actor stays light."""
