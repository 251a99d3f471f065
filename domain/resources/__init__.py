"""The face of the resources context."""
