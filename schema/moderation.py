"""Cases, decisions and appeals as the contract says them, and the public figures. This release opens no cases."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

import strawberry

from domain.kernel.scope import Scope
from domain.moderation import AppealStatus, CaseStatus, Decision, Transparency
from domain.reports import ReportReason
from schema.accounts import Account
from schema.feed import FeedEvent
from schema.findings import Finding
from schema.likeness import LikenessClaim
from schema.node import Node, loadable
from schema.paging import PageInfo
from schema.reports import Report
from schema.scalars import Credits, Cursor, Sha256
from schema.wanted import Wanted

strawberry.enum(CaseStatus, description="Where a case stands.")
strawberry.enum(Decision, description="What a moderator may decide.")
strawberry.enum(AppealStatus, description="UPHELD: the decision stays. OVERTURNED: it falls.")


@strawberry.type(description="One entry of a case's log.")
class CaseEvent:
    """One entry of a case's log."""

    at: datetime
    actor: Account | None
    kind: str
    detail: str
    digest: Sha256 = strawberry.field(description="Hash of this event chained to the one before.")


@loadable
@strawberry.type(
    description="One question to decide about one subject; every report, claim and automatic finding about it joins "
    "the same case, none is merged away."
)
class ModerationCase(Node):
    """One question to decide about one subject."""

    PREFIX: ClassVar[str] = "case"

    subject: Node
    status: CaseStatus
    priority: float = strawberry.field(
        description="Higher is more urgent: severity, reporter precision, reach and the time left."
    )
    due_at: datetime
    opened_at: datetime
    claimed_by: Account | None
    claim_expires_at: datetime | None
    reports: list[Report]
    claims: list[LikenessClaim]
    findings: list[Finding]
    history: list[CaseEvent]

    @classmethod
    async def by_ids(cls, scope: Scope, ids: Sequence[UUID], wanted: Wanted) -> dict[UUID, Self]:
        """Load none: no case has been opened."""
        return {}


@loadable
@strawberry.type(description="Somebody asks that a decision be looked at again, by somebody else.")
class Appeal(Node):
    """Somebody asks that a decision be looked at again."""

    PREFIX: ClassVar[str] = "appeal"

    case: ModerationCase
    status: AppealStatus
    explanation: str
    filed_at: datetime
    decided_at: datetime | None
    answer: str | None

    @classmethod
    async def by_ids(cls, scope: Scope, ids: Sequence[UUID], wanted: Wanted) -> dict[UUID, Self]:
        """Load none: no appeal has been taken."""
        return {}


@strawberry.type(description="A case and its place in the list.")
class ModerationCaseEdge:
    """A case in a list."""

    node: ModerationCase
    cursor: Cursor


@strawberry.type(description="A page of cases, the most urgent first.")
class ModerationCaseConnection:
    """A page of cases."""

    edges: list[ModerationCaseEdge]
    page_info: PageInfo
    total_count: int

    @classmethod
    def empty(cls) -> Self:
        """Give the page of nothing."""
        return cls(edges=[], page_info=PageInfo.empty(), total_count=0)


@strawberry.input(description="Which cases are wanted; what is left out asks nothing.")
class CaseFilter:
    """Which cases are wanted."""

    status: CaseStatus | None = strawberry.UNSET
    reason: ReportReason | None = strawberry.UNSET
    mine: bool | None = strawberry.UNSET
    overdue: bool | None = strawberry.UNSET


@strawberry.enum(description="What happened to a case.")
class CaseEventKind(StrEnum):
    """What happened to a case."""

    OPENED = "OPENED"
    CHANGED = "CHANGED"
    CLAIMED = "CLAIMED"
    RELEASED = "RELEASED"
    DECIDED = "DECIDED"
    APPEALED = "APPEALED"
    ESCALATED = "ESCALATED"


@strawberry.type(description="Something happened to a case; `case` is how it stands now.")
class ModerationEvent(FeedEvent):
    """Something happened to a case."""

    kind: CaseEventKind | None
    case: ModerationCase | None


@strawberry.type(description="What the platform did in a span of time, for anybody to read.")
class TransparencyReport:
    """What the platform did in a span of time; `to` is not part of it."""

    from_: datetime = strawberry.field(name="from")
    to: datetime
    bounties_opened: int
    bounties_depicting_real_people: int
    entries_submitted: int
    real_person_entry_share: float | None = strawberry.field(
        description="Share of entries made to bounties that depict real people, 0 to 1; null when there was no entry."
    )
    claims_received: int
    claims_upheld: int
    claims_overdue: int
    median_hours_to_claim_decision: float | None
    reports_filed: int
    reports_upheld: int
    rewards_paid: Credits
    appeals_filed: int
    appeals_overturned: int
    generations_refused: int

    @classmethod
    def of(cls, value: Transparency) -> Self:
        """Say the figures."""
        return cls(
            from_=value.start,
            to=value.end,
            bounties_opened=value.bounties_opened,
            bounties_depicting_real_people=value.bounties_depicting_real_people,
            entries_submitted=value.entries_submitted,
            real_person_entry_share=value.real_person_entry_share,
            claims_received=value.claims_received,
            claims_upheld=value.claims_upheld,
            claims_overdue=value.claims_overdue,
            median_hours_to_claim_decision=value.median_hours_to_claim_decision,
            reports_filed=value.reports_filed,
            reports_upheld=value.reports_upheld,
            rewards_paid=Credits(value.rewards_paid),
            appeals_filed=value.appeals_filed,
            appeals_overturned=value.appeals_overturned,
            generations_refused=value.generations_refused,
        )
