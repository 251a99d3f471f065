"""The face of the generation context."""
