"""What leaves the moderation context: frozen values."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.kernel.ids import AccountId, BountyId, CaseId, Credits, Subject
from domain.moderation.rules import CaseStatus, Cause, Decision, EventKind


@dataclass(frozen=True, slots=True)
class Case:
    """One question to decide about one subject. Who has claimed it is None as soon as the claim has run out.

    `rank` is what cases are ordered by, `priority` the same as it reads now.
    """

    id: CaseId
    subject: Subject
    bounty_id: BountyId | None
    causes: tuple[Cause, ...]
    status: CaseStatus
    rank: float
    priority: float
    opened_at: datetime
    due_at: datetime
    claimed_by: AccountId | None
    claim_expires_at: datetime | None
    decision: Decision | None


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """One event of a case's log. `actor_id` is None for what the product itself noted."""

    nth: int
    at: datetime
    actor_id: AccountId | None
    kind: EventKind
    detail: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases are wanted; None asks nothing. `reported` wants those that somebody reported."""

    status: CaseStatus | None = None
    mine: bool | None = None
    overdue: bool | None = None
    reported: bool = False

    def lets_through(
        self,
        status: CaseStatus,
        holder_id: UUID | None,
        *,
        due_at: datetime,
        now: datetime,
        viewer_id: AccountId | None,
    ) -> bool:
        """Tell whether a case that stands so at a moment is wanted, as the clause of the list of cases says it."""
        mine = status is CaseStatus.CLAIMED and viewer_id is not None and holder_id == viewer_id
        overdue = status is not CaseStatus.DECIDED and due_at <= now
        return (
            self.status in (None, status)
            and self.mine in (None, mine)
            and self.overdue in (None, overdue)
            and not self.reported
        )


@dataclass(frozen=True, slots=True)
class Told:
    """What a follower hears of a fact: the case as it stands now, or None where it is not among theirs any more."""

    case: Case | None


@dataclass(frozen=True, slots=True)
class Transparency:
    """What the platform did from `start` to `end` (exclusive), in figures that anybody may read."""

    start: datetime
    end: datetime
    bounties_opened: int
    bounties_depicting_real_people: int
    entries_submitted: int
    real_person_entry_share: float | None
    generations_refused: int
    claims_received: int = 0
    claims_upheld: int = 0
    claims_overdue: int = 0
    median_hours_to_claim_decision: float | None = None
    reports_filed: int = 0
    reports_upheld: int = 0
    rewards_paid: Credits = Credits(0)
    appeals_filed: int = 0
    appeals_overturned: int = 0
