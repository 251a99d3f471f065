"""The tables of the likeness context."""
