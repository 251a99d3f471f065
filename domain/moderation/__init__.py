"""The face of the moderation context."""
