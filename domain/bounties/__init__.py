"""The face of the bounties context."""
