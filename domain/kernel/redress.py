"""What somebody can do about a decision.

Appeals are not taken yet: until they are, no sentence may promise one, and each says what a person can really do.
"""

NO_APPEAL = "Decisions can't be appealed here yet."
"""Said wherever somebody is told of a decision that an account can do nothing more about."""

CLAIMANTS = (
    "If something is wrong or was missing, answer this letter or file a new claim: a moderator reads either. "
    f"{NO_APPEAL}"
)
"""Said in a letter that tells a claimant of a decision."""
