"""What may be offered: terms and deadlines of a bounty, pledges to it, and shares of its pot. Pure like the rules."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.kernel.ids import Credits, EntryId
from domain.kernel.ports import Policy
from domain.kernel.refusals import Conflict, InvalidInput, PolicyRefused

MAX_TITLE = 200
MAX_BRIEF = 20_000
MAX_POT = 1_000_000_000
"""The most credits that anything may hold, as the contract says."""
MAX_SHARES = 10
MIN_OPEN = timedelta(hours=1)
MAX_OPEN = timedelta(days=90)
MAX_EXTENSION = timedelta(days=7)
REAL_PERSON_MATURE = "real-person-mature/1"


def check_closing(closes_at: datetime, now: datetime) -> None:
    """Check how long a bounty stays open. Raises InvalidInput."""
    if not MIN_OPEN <= closes_at - now <= MAX_OPEN:
        raise InvalidInput("A bounty stays open for at least 1 hour and at most 90 days.", "input.closesAt")


def check_new_closing(closes_at: datetime, *, created_at: datetime, now: datetime) -> None:
    """Check a deadline that is changed before anybody entered; the ninety days run from the opening.

    Raises InvalidInput.
    """
    if closes_at - now < MIN_OPEN or closes_at - created_at > MAX_OPEN:
        raise InvalidInput(
            "A bounty stays open for at least 1 hour from now and at most 90 days from its opening.", "input.closesAt"
        )


def check_unfrozen(*, entries: bool) -> None:
    """Refuse to change terms that somebody works under. Raises Conflict."""
    if entries:
        raise Conflict(
            "Somebody has begun an entry, so the terms are frozen: you can only extend the deadline, once.",
            state="TERMS_FROZEN",
        )


def check_extension(closes_at: datetime, *, closing: datetime, extended_at: datetime | None) -> None:
    """Check the one extension of a deadline. Raises Conflict, InvalidInput."""
    if extended_at is not None:
        raise Conflict("This bounty has been extended already, and a deadline moves only once.", state="EXTENDED")
    if not closing < closes_at <= closing + MAX_EXTENSION:
        raise InvalidInput("An extension is to a later time, by at most 7 days.", "closesAt")


def check_shares(entry_ids: Sequence[EntryId], percents: Sequence[int]) -> None:
    """Check how a pot is to be split. Raises InvalidInput."""
    if not 2 <= len(entry_ids) <= MAX_SHARES:
        raise InvalidInput(f"A pot is split among 2 to {MAX_SHARES} entries; award it whole to one.", "shares")
    if len(set(entry_ids)) < len(entry_ids):
        raise InvalidInput("Each entry gets one share: name it once.", "shares")
    if min(percents) < 1 or sum(percents) != 100:
        raise InvalidInput("Shares are whole percents of at least 1 that add up to 100.", "shares")


def check_parts(parts: Sequence[Credits]) -> None:
    """Refuse to take an entry for nothing. Raises InvalidInput."""
    if min(parts) < 1:
        raise InvalidInput("A share of this pot comes to less than one credit: give it a larger percent.", "shares")


def check_pledge(amount: Credits, pot: int, policy: Policy, field: str) -> None:
    """Check one pledge on top of what is in the pot. Raises InvalidInput."""
    if not policy.min_pledge <= amount <= policy.max_pledge:
        raise InvalidInput(f"A pledge is from {policy.min_pledge} to {policy.max_pledge} credits.", field)
    if pot + amount > MAX_POT:
        raise InvalidInput(f"A pot holds at most {MAX_POT} credits; pledge {MAX_POT - pot} or less.", field)


def check_labels(*, mature: bool, depicts_real_person: bool) -> None:
    """Refuse mature work of a real person, which nobody may ask for. Raises PolicyRefused."""
    if mature and depicts_real_person:
        raise PolicyRefused("Nothing that depicts a real person may be mature.", policy=REAL_PERSON_MATURE)
