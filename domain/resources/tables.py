"""The tables of the resources context."""
