"""The tables of the reports context."""
