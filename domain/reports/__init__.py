"""The face of the reports context."""
