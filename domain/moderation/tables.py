"""The tables of the moderation context."""
