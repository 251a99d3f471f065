"""The vault: its format, its keys, its door."""
