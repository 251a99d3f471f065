"""What a case and an appeal may be, who may work on one, and what may be decided. Pure: no reads, no writes."""

import hashlib
import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from domain.kernel.ids import AccountId
from domain.kernel.refusals import Conflict, InvalidInput, NotAllowed


class CaseStatus(StrEnum):
    """Where a case stands."""

    OPEN = "OPEN"
    CLAIMED = "CLAIMED"
    DECIDED = "DECIDED"


class Decision(StrEnum):
    """What a moderator may decide."""

    NO_ACTION = "NO_ACTION"
    LABEL_MATURE = "LABEL_MATURE"
    HOLD = "HOLD"
    REMOVE = "REMOVE"
    RESTORE = "RESTORE"


class AppealStatus(StrEnum):
    """Where an appeal stands. UPHELD: the decision stays. OVERTURNED: it falls."""

    OPEN = "OPEN"
    UPHELD = "UPHELD"
    OVERTURNED = "OVERTURNED"


class Cause(StrEnum):
    """Why a case was opened, or what joined it."""

    BOOKS = "BOOKS"
    CLAIM = "CLAIM"
    SELF_DEALING = "SELF_DEALING"
    VALIDATION = "VALIDATION"
    REVIEW = "REVIEW"
    HOLD = "HOLD"


class EventKind(StrEnum):
    """What a case's log tells."""

    OPENED = "OPENED"
    JOINED = "JOINED"
    CLAIMED = "CLAIMED"
    RENEWED = "RENEWED"
    RELEASED = "RELEASED"
    FILE_OPENED = "FILE_OPENED"
    DECIDED = "DECIDED"
    CLOSED = "CLOSED"


SEVERITY: Mapping[Cause, float] = {
    Cause.BOOKS: 5.0,
    Cause.CLAIM: 4.0,
    Cause.SELF_DEALING: 3.0,
    Cause.VALIDATION: 2.0,
    Cause.REVIEW: 2.0,
    Cause.HOLD: 1.0,
}
"""How much each cause weighs: credits in doubt most, then a person who waits for an answer about their face."""

FURTHER_CAUSE = 0.5
"""What every further kind of cause adds to the weightiest."""

USUAL_HOURS = 48.0
HOURS_A_POINT = 12.0
"""How many hours of waiting weigh as much as one point of severity."""

_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
FIRST_DIGEST = bytes(32)
"""What the first event of a log is chained to."""


@dataclass(frozen=True, slots=True)
class Stands:
    """How the subject of a case stands when it is to be decided.

    `entry_status` is None for a bounty. `restricted` is HELD or BLOCKED where a moderator holds or blocks it already;
    `waits` that a bounty waits for a review; `found` that validation holds an entry until a person has looked;
    `dealing` that the case is about an award that was refused as self-dealing; `turned_down` that a review refused a
    bounty, which ended it.
    """

    entry_status: str | None = None
    restricted: str | None = None
    waits: bool = False
    found: bool = False
    dealing: bool = False
    turned_down: bool = False


@dataclass(frozen=True, slots=True)
class ResourceStands:
    """How a resource stands when its case is to be decided.

    `restricted` says that a moderator holds it already, `for_claim` that an open claim does; `found` that validation
    holds it until a person has looked; `unexamined` that a file of it could not be examined.
    """

    status: str
    restricted: bool = False
    for_claim: bool = False
    found: bool = False
    unexamined: bool = False


ENDS_BY_ITSELF = frozenset({Cause.VALIDATION, Cause.CLAIM})
"""What a case about a resource was opened for that can end elsewhere; a moderator's own hold is ended by hand."""


def rank(causes: Collection[Cause], *, pot: int, due_at: datetime) -> float:
    """Give what cases are ordered by: severity, reach and when it is due, in points. It does not change by waiting.

    Severity is that of the weightiest cause, and a little more for each other one; reach is the logarithm of the
    credits at stake, a third of a point for each zero; and each twelve hours that a case is due earlier are a point.
    """
    severity = max((SEVERITY[cause] for cause in causes), default=0.0)
    further = FURTHER_CAUSE * max(len(set(causes)) - 1, 0)
    reach = math.log10(1 + pot) / 3
    return severity + further + reach + (USUAL_HOURS - _hours(due_at)) / HOURS_A_POINT


def priority(ranked: float, now: datetime) -> float:
    """Give a case's priority at a moment: severity and reach when it is new, and a point more every twelve hours."""
    return ranked + _hours(now) / HOURS_A_POINT


def _hours(at: datetime) -> float:
    return (at - _EPOCH).total_seconds() / 3600


def status_at(*, claim_expires_at: datetime | None, decided_at: datetime | None, now: datetime) -> CaseStatus:
    """Say where a case stands; a claim whose time is over is none, whether or not anybody has written that down."""
    if decided_at is not None:
        return CaseStatus.DECIDED
    return CaseStatus.CLAIMED if claim_expires_at is not None and claim_expires_at > now else CaseStatus.OPEN


def check_claim(status: CaseStatus, claimed_by: AccountId | None, moderator: AccountId) -> None:
    """Refuse to claim what somebody else works on, or what is decided. Raises Conflict."""
    check_undecided(status)
    if status is CaseStatus.CLAIMED and claimed_by != moderator:
        raise Conflict("Another moderator works on this case: it is free when their claim runs out.", state=status)


def check_holder(status: CaseStatus, claimed_by: AccountId | None, moderator: AccountId) -> None:
    """Refuse a deed to whoever does not hold the case's claim. Raises Conflict, NotAllowed."""
    check_undecided(status)
    if status is CaseStatus.OPEN:
        raise Conflict("Nobody has claimed this case, or the claim has run out: claim it first.", state=status)
    if claimed_by != moderator:
        raise NotAllowed("Another moderator has claimed this case: only they may do this.")


def check_undecided(status: CaseStatus) -> None:
    """Refuse a deed on a case that is decided. Raises Conflict."""
    if status is CaseStatus.DECIDED:
        raise Conflict("This case has been decided already.", state=status)


def check_review(status: CaseStatus, claimed_by: AccountId | None, moderator: AccountId) -> None:
    """Refuse to review a bounty past a moderator who has claimed the case about it. Raises Conflict."""
    if status is CaseStatus.CLAIMED and claimed_by != moderator:
        raise Conflict(
            "Another moderator has claimed the case about this bounty: they decide it there, by `caseDecide`, until "
            "their claim runs out.",
            state=status,
        )


def check_fit(decision: Decision, stands: Stands) -> None:
    """Refuse a decision that does not fit what the case is about. Raises InvalidInput."""
    problem = _unfit_entry(decision, stands) if stands.entry_status else _unfit_bounty(decision, stands)
    if decision is Decision.LABEL_MATURE:
        problem = "LABEL_MATURE is for resources: a bounty or an entry is held, removed, restored or left as it is."
    elif decision is Decision.RESTORE and not (stands.restricted or stands.waits or stands.found or stands.dealing):
        problem = (
            "There is nothing to RESTORE here: no moderator holds it, it waits for nobody to look, and no award to it "
            "was refused. What the registry blocks or a claim holds is free when they let it go."
        )
    elif decision is Decision.NO_ACTION and stands.restricted == "HELD":
        problem = "A moderator's hold stands on this: RESTORE lifts it, REMOVE ends it, and HOLD keeps it."
    if problem:
        raise InvalidInput(problem, field="input.decision")


def _unfit_bounty(decision: Decision, stands: Stands) -> str | None:
    if stands.turned_down and decision is not Decision.NO_ACTION:
        return "This bounty was refused in a review, and called off: nothing is left to do, so NO_ACTION fits."
    if stands.waits and decision in (Decision.NO_ACTION, Decision.HOLD):
        return "This bounty waits for a moderator: RESTORE lists it, and REMOVE refuses it."
    return None


def _unfit_entry(decision: Decision, stands: Stands) -> str | None:
    if decision is Decision.HOLD and stands.entry_status not in ("HELD", "ACCEPTED"):
        return "Only an entry that was validated and is not blocked can be held."
    if decision is Decision.REMOVE and stands.entry_status in ("DRAFT", "WITHDRAWN"):
        return "This entry is not handed in, so there is nothing to remove."
    if decision is Decision.REMOVE and stands.restricted == "BLOCKED":
        return "A moderator has removed this entry already."
    return None


def check_fit_of_resource(decision: Decision, stands: ResourceStands) -> None:
    """Refuse a decision that does not fit how a resource stands. Raises InvalidInput, Conflict."""
    if decision is Decision.LABEL_MATURE:
        raise Conflict("This release does not label resources as mature yet; nothing was decided.", state="NOT_YET")
    problem = None
    if stands.status == "REMOVED":
        if decision is not Decision.NO_ACTION:
            problem = "This resource has been taken down: nothing is left to do, so NO_ACTION fits."
    elif decision is Decision.RESTORE:
        problem = _unfit_to_restore(stands)
    elif decision is Decision.HOLD and stands.status not in ("HELD", "PUBLISHED"):
        problem = "Only a resource that was validated and is not blocked can be held."
    elif decision is Decision.NO_ACTION and stands.restricted:
        problem = "A moderator's hold stands on this: RESTORE lifts it, REMOVE ends it, and HOLD keeps it."
    elif decision is Decision.NO_ACTION and stands.status == "HELD" and not stands.for_claim:
        problem = "This resource waits for a moderator: RESTORE lets it pass, REMOVE takes it down, and HOLD keeps it."
    if problem:
        raise InvalidInput(problem, field="input.decision")


def _unfit_to_restore(stands: ResourceStands) -> str | None:
    if stands.for_claim:
        return "An open claim holds this resource, and keeps holding it until it is decided: decide the claim first."
    if stands.status == "BLOCKED" and not stands.restricted:
        return "Validation blocks this resource, and what blocks is let pass by nobody; it is free when that ends."
    if stands.unexamined:
        return "A file of this resource could not be examined, and what nobody has examined is not let pass."
    if not (stands.restricted or stands.found):
        return "There is nothing to RESTORE here: nothing holds this resource until a person has looked."
    return None


def chained(
    previous: bytes, *, case_id: UUID, nth: int, at: datetime, actor_id: UUID | None, kind: str, detail: str
) -> bytes:
    """Give the digest of an event: SHA256 over the digest before it and the event as canonical JSON."""
    event = {
        "case": case_id.hex,
        "nth": nth,
        "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": actor_id.hex if actor_id else None,
        "kind": kind,
        "detail": detail,
    }
    canonical = json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(previous + canonical.encode()).digest()


def check_span(start: datetime, end: datetime) -> None:
    """Check the span of time of a report. Raises InvalidInput."""
    if start >= end:
        raise InvalidInput("A span of time ends after it begins: `to` must be later than `from`.", field="to")


def share(part: int, whole: int) -> float | None:
    """Give a part as a share from 0 to 1; None of nothing."""
    return part / whole if whole else None
