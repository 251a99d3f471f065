"""The tables of the generation context."""
