"""What may happen to a bounty and to an entry, and when. Pure: values in, values or refusals out."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from domain.kernel.findings import Verdict, worst
from domain.kernel.ids import AccountId, Credits
from domain.kernel.ports import Policy
from domain.kernel.refusals import Conflict, InvalidInput, NotAllowed, PolicyRefused

MAX_TITLE = 200
MAX_BRIEF = 20_000
MAX_NOTE = 5_000
MAX_POT = 1_000_000_000
"""The most credits that anything may hold, as the contract says."""
MAX_ENTRIES_PER_AUTHOR = 10
MIN_OPEN = timedelta(hours=1)
MAX_OPEN = timedelta(days=90)
REAL_PERSON_MATURE = "real-person-mature/1"


class BountyKind(StrEnum):
    """What a bounty asks for."""

    CHECKPOINT = "CHECKPOINT"
    LORA = "LORA"
    EMBEDDING = "EMBEDDING"
    IMAGE = "IMAGE"


class BountyStatus(StrEnum):
    """Where a bounty stands. AWARDED, REFUNDED and CANCELLED are final."""

    OPEN = "OPEN"
    JUDGING = "JUDGING"
    AWARDED = "AWARDED"
    REFUNDED = "REFUNDED"
    CANCELLED = "CANCELLED"


class BountyOrder(StrEnum):
    """How a list of bounties is sorted."""

    NEWEST = "NEWEST"
    CLOSING_SOON = "CLOSING_SOON"
    LARGEST_POT = "LARGEST_POT"


class EntryStatus(StrEnum):
    """Where an entry stands."""

    DRAFT = "DRAFT"
    SCANNING = "SCANNING"
    HELD = "HELD"
    ACCEPTED = "ACCEPTED"
    BLOCKED = "BLOCKED"
    WITHDRAWN = "WITHDRAWN"


class Step(StrEnum):
    """A step in the life of a bounty, as its history tells it."""

    OPEN = "OPEN"
    PLEDGE = "PLEDGE"
    DRAFT = "DRAFT"
    SUBMIT = "SUBMIT"
    WITHDRAW = "WITHDRAW"
    CLOSE = "CLOSE"
    AWARD = "AWARD"
    REFUND = "REFUND"
    CANCEL = "CANCEL"
    PUBLISH = "PUBLISH"


_OPEN, _JUDGING, _AWARDED, _REFUNDED, _CANCELLED = BountyStatus

STEPS: Mapping[Step, Mapping[BountyStatus, BountyStatus]] = {
    Step.PLEDGE: {_OPEN: _OPEN},
    Step.DRAFT: {_OPEN: _OPEN},
    Step.SUBMIT: {_OPEN: _OPEN},
    Step.WITHDRAW: {status: status for status in BountyStatus},
    Step.CLOSE: {_OPEN: _JUDGING},
    Step.AWARD: {_OPEN: _AWARDED, _JUDGING: _AWARDED},
    Step.REFUND: {_JUDGING: _REFUNDED},
    Step.CANCEL: {_OPEN: _CANCELLED, _JUDGING: _CANCELLED},
    Step.PUBLISH: {_AWARDED: _AWARDED},
}
"""Every step that may be taken, from where and to where. What is not here is refused."""

_WHY_NOT: Mapping[Step, str] = {
    Step.PLEDGE: "This bounty takes no more pledges",
    Step.DRAFT: "This bounty takes no more entries",
    Step.SUBMIT: "This bounty takes no more entries",
    Step.CLOSE: "This bounty can't be closed to entries",
    Step.AWARD: "This bounty can't be awarded any more",
    Step.REFUND: "This bounty can't be refunded",
    Step.CANCEL: "This bounty can't be cancelled any more",
    Step.PUBLISH: "The outcome of this bounty can't be published",
}

_STATUS_IN_WORDS: Mapping[BountyStatus, str] = {
    _OPEN: "it is open",
    _JUDGING: "it is closed and being judged",
    _AWARDED: "it has been awarded",
    _REFUNDED: "its time to judge ran out and every pledge goes back",
    _CANCELLED: "it was cancelled",
}


def after(step: Step, status: BountyStatus) -> BountyStatus:
    """Give the status that `step` leads to. Raises Conflict where the step may not be taken."""
    reached = STEPS[step].get(status)
    if reached is None:
        raise Conflict(f"{_WHY_NOT[step]}: {_STATUS_IN_WORDS[status]}.", state=status)
    return reached


def status_at(status: BountyStatus, *, closes_at: datetime, judged_by: datetime, now: datetime) -> BountyStatus:
    """Give the status that holds at `now`, even when the clock that writes it down has not come by yet."""
    if status is BountyStatus.OPEN and now >= closes_at:
        status = BountyStatus.JUDGING
    if status is BountyStatus.JUDGING and now >= judged_by:
        status = BountyStatus.REFUNDED
    return status


def judged_by(closes_at: datetime, policy: Policy) -> datetime:
    """Say until when the initiator may judge."""
    return closes_at + timedelta(seconds=policy.judging_seconds)


def check_kind(kind: BountyKind) -> None:
    """Refuse what can't be validated. Raises InvalidInput.

    Entries go through the inspector of model files before anyone may accept them, and it does not know pictures.
    """
    if kind is BountyKind.IMAGE:
        raise InvalidInput(
            "Bounties for images can't be opened yet: ask for a checkpoint, a LoRA or an embedding.", "input.kind"
        )


def check_closing(closes_at: datetime, now: datetime) -> None:
    """Check how long a bounty stays open. Raises InvalidInput."""
    if not MIN_OPEN <= closes_at - now <= MAX_OPEN:
        raise InvalidInput("A bounty stays open for at least 1 hour and at most 90 days.", "input.closesAt")


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


def check_author(author: AccountId, initiator: AccountId) -> None:
    """Refuse an entry to one's own bounty. Raises NotAllowed."""
    if author == initiator:
        raise NotAllowed("You can't enter your own bounty.")


def check_entry_count(drafted: int) -> None:
    """Bound how many entries one author may have in one bounty. Raises Conflict."""
    if drafted >= MAX_ENTRIES_PER_AUTHOR:
        raise Conflict(
            f"You have {drafted} entries in this bounty, the most that one author may have: withdraw one first.",
            state="TOO_MANY_ENTRIES",
        )


def check_draft(status: EntryStatus) -> None:
    """Refuse to change an entry that is no draft any more. Raises Conflict."""
    if status is not EntryStatus.DRAFT:
        raise Conflict("Only a draft takes files and can be submitted: make a new entry.", state=status)


def check_files(count: int) -> None:
    """Refuse to submit an entry with nothing in it. Raises Conflict."""
    if count == 0:
        raise Conflict("Upload at least one file, to its end, before you submit.", state=EntryStatus.DRAFT)


def check_withdrawal(status: EntryStatus, *, awarded: bool) -> None:
    """Refuse to withdraw what is gone or sold. Raises Conflict."""
    if awarded:
        raise Conflict("This entry has won the bounty and belongs to its initiator now.", state=BountyStatus.AWARDED)
    if status is EntryStatus.WITHDRAWN:
        raise Conflict("This entry has been withdrawn already.", state=status)


def check_award(
    entry_status: EntryStatus, verdicts: Iterable[Verdict], *, author: AccountId, initiator: AccountId
) -> None:
    """Check that an entry may win: accepted, and its files still clean at this moment. Raises Conflict, NotAllowed."""
    if author == initiator:
        raise NotAllowed("You can't award your own entry.")
    if entry_status is EntryStatus.ACCEPTED:
        entry_status = after_scan(entry_status, verdicts)
    if entry_status is not EntryStatus.ACCEPTED:
        raise Conflict("Only an entry that validation has accepted can win.", state=entry_status)


def check_publication(stands: BountyStatus, entry_status: EntryStatus, *, awarded: bool, published: bool) -> None:
    """Check that an entry's outcome may be made public. Raises Conflict."""
    after(Step.PUBLISH, stands)
    if not awarded:
        raise Conflict("Only the entry that won can be published.", state=entry_status)
    if published:
        raise Conflict("This outcome has been handed in for publication already.", state="PUBLISHED")
    if entry_status is not EntryStatus.ACCEPTED:
        raise Conflict("This outcome can't be published while validation stands against it.", state=entry_status)


def check_published_kind(asked: str, kind: BountyKind) -> None:
    """Check that an outcome is published as what was asked for. Raises InvalidInput."""
    if asked != kind:
        raise InvalidInput(f"This bounty asked for a {kind}: publish its outcome as that.", "input.kind")


def after_scan(status: EntryStatus, verdicts: Iterable[Verdict]) -> EntryStatus:
    """Give the status that an entry has once its files have these verdicts.

    A draft and a withdrawn entry stay what they are. While one file is still being read, so is the entry, unless
    another is blocked already. A file that can't be examined gives a submitted entry back to its author; one that was
    examined before keeps its entry where it is.
    """
    if status in (EntryStatus.DRAFT, EntryStatus.WITHDRAWN):
        return status
    seen = list(verdicts)
    match worst(seen):
        case Verdict.BLOCKED:
            return EntryStatus.BLOCKED
        case _ if Verdict.PENDING in seen or not seen:
            return status
        case Verdict.FAILED:
            return EntryStatus.DRAFT if status is EntryStatus.SCANNING else status
        case Verdict.HELD:
            return EntryStatus.HELD
        case _:
            return EntryStatus.ACCEPTED
