"""The face of the reasons context."""
