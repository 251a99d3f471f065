"""The tables of the accounts context."""
