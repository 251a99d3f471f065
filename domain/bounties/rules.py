"""What may happen to a bounty and to an entry, and when. Pure: values in, values or refusals out."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from domain.kernel.findings import Verdict, worst
from domain.kernel.ids import AccountId
from domain.kernel.ports import Policy
from domain.kernel.refusals import Conflict, InvalidInput, NotAllowed

MAX_NOTE = 5_000
MAX_ENTRIES_PER_AUTHOR = 10


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
    CHANGE = "CHANGE"
    EXTEND = "EXTEND"
    SPLIT = "SPLIT"
    HOLD = "HOLD"
    SHOW = "SHOW"
    STOP = "STOP"
    RESUME = "RESUME"


_OPEN, _JUDGING, _AWARDED, _REFUNDED, _CANCELLED = BountyStatus

STEPS: Mapping[Step, Mapping[BountyStatus, BountyStatus]] = {
    Step.PLEDGE: {_OPEN: _OPEN},
    Step.DRAFT: {_OPEN: _OPEN},
    Step.SUBMIT: {_OPEN: _OPEN},
    Step.WITHDRAW: {status: status for status in BountyStatus},
    Step.CLOSE: {_OPEN: _JUDGING},
    Step.AWARD: {_OPEN: _AWARDED, _JUDGING: _AWARDED},
    Step.SPLIT: {_OPEN: _AWARDED, _JUDGING: _AWARDED},
    Step.REFUND: {_JUDGING: _REFUNDED},
    Step.CANCEL: {_OPEN: _CANCELLED, _JUDGING: _CANCELLED},
    Step.PUBLISH: {_AWARDED: _AWARDED},
    Step.CHANGE: {_OPEN: _OPEN},
    Step.EXTEND: {_OPEN: _OPEN},
    Step.HOLD: {status: status for status in BountyStatus},
    Step.SHOW: {status: status for status in BountyStatus},
    Step.STOP: {status: status for status in BountyStatus},
    Step.RESUME: {status: status for status in BountyStatus},
}
"""Every step that may be taken, from where and to where. What is not here is refused."""

PAYOUT_STOPPED = "PAYOUT_STOPPED"
"""The state that a refusal names while the books of a bounty are in doubt."""

BOOKS_DISAGREE = "The books of this bounty are being checked: no credits move in or out of it until that is done."

MOVES_CREDITS = frozenset({Step.PLEDGE, Step.AWARD, Step.SPLIT, Step.REFUND, Step.CANCEL})
"""The steps that are refused while the books of a bounty are in doubt."""

_WHY_NOT: Mapping[Step, str] = {
    Step.PLEDGE: "This bounty takes no more pledges",
    Step.DRAFT: "This bounty takes no more entries",
    Step.SUBMIT: "This bounty takes no more entries",
    Step.CLOSE: "This bounty can't be closed to entries",
    Step.AWARD: "This bounty can't be awarded any more",
    Step.SPLIT: "This bounty can't be awarded any more",
    Step.REFUND: "This bounty can't be refunded",
    Step.CANCEL: "This bounty can't be cancelled any more",
    Step.PUBLISH: "The outcome of this bounty can't be published",
    Step.CHANGE: "The terms of this bounty can't be changed any more",
    Step.EXTEND: "This bounty can't be extended any more",
}

_STATUS_IN_WORDS: Mapping[BountyStatus, str] = {
    _OPEN: "it is open",
    _JUDGING: "it is closed and being judged",
    _AWARDED: "it has been awarded",
    _REFUNDED: "its time to judge ran out",
    _CANCELLED: "it was cancelled",
}


def after(step: Step, status: BountyStatus) -> BountyStatus:
    """Give the status that `step` leads to. Raises Conflict where the step may not be taken."""
    reached = STEPS[step].get(status)
    if reached is None:
        raise Conflict(f"{_WHY_NOT[step]}: {_STATUS_IN_WORDS[status]}.", state=status)
    return reached


def status_at(status: BountyStatus, *, closes_at: datetime, judged_by: datetime, now: datetime) -> BountyStatus:
    """Give the status that holds at `now`, even when the clock that writes it down has not come by yet.

    REFUNDED stands for "nobody judged in time": where the bounty promised an award, the clock still looks for one.
    """
    if status is BountyStatus.OPEN and now >= closes_at:
        status = BountyStatus.JUDGING
    if status is BountyStatus.JUDGING and now >= judged_by:
        status = BountyStatus.REFUNDED
    return status


def check_books(step: Step, *, stopped: bool) -> None:
    """Refuse to move credits of a bounty whose payouts are stopped. Raises Conflict."""
    if stopped and step in MOVES_CREDITS:
        raise Conflict(BOOKS_DISAGREE, state=PAYOUT_STOPPED)


def judged_by(closes_at: datetime, policy: Policy) -> datetime:
    """Say until when the initiator may judge."""
    return closes_at + timedelta(seconds=policy.judging_seconds)


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


def check_award(entry_status: EntryStatus, verdicts: Iterable[Verdict]) -> None:
    """Check that an entry may win: accepted, and its files still clean at this moment. Raises Conflict."""
    if entry_status is EntryStatus.ACCEPTED:
        entry_status = after_scan(entry_status, verdicts)
    if entry_status is not EntryStatus.ACCEPTED:
        raise Conflict("Only an entry that validation has accepted can win.", state=entry_status)


def may_win(entry_status: EntryStatus, verdicts: Iterable[Verdict]) -> bool:
    """Tell whether an entry is accepted, and its files still clean at this moment."""
    return entry_status is EntryStatus.ACCEPTED and after_scan(entry_status, verdicts) is EntryStatus.ACCEPTED


def reminders_due(*, closes_at: datetime, judged_by: datetime, now: datetime) -> int:
    """Say how many of the two reminders are due: one after three sevenths of the time to judge, one after six."""
    return sum(now >= closes_at + (judged_by - closes_at) * part / 7 for part in (3, 6))


def check_previews(count: int, *, most: int) -> None:
    """Bound how many previews an entry has. Raises Conflict."""
    if count >= most:
        raise Conflict(f"An entry has at most {most} previews.", state="TOO_MANY_PREVIEWS")


def has_ended(status: BountyStatus) -> bool:
    """Tell whether a bounty is over."""
    return status in (_AWARDED, _REFUNDED, _CANCELLED)


def check_erasure(bounty_status: BountyStatus, status: EntryStatus, *, awarded: bool) -> None:
    """Refuse to delete files that were sold, or of an entry that can still win. Raises Conflict."""
    if awarded:
        raise Conflict("This entry has won: its files belong to the initiator.", state=BountyStatus.AWARDED)
    if not has_ended(bounty_status) and status not in (EntryStatus.DRAFT, EntryStatus.WITHDRAWN):
        raise Conflict("This entry is in the running: withdraw it before you delete its files.", state=status)


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
    """Check that an outcome is published as what was asked for. Raises Conflict, InvalidInput."""
    if kind is BountyKind.IMAGE:
        raise Conflict("Only models are published as resources: this bounty asked for pictures.", "NOT_A_RESOURCE")
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
