"""The tables of the bounties context."""
