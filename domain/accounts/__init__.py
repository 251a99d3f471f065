"""The face of the accounts context."""
