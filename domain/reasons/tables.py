"""The tables of the reasons context."""
