"""The face of the likeness context."""
