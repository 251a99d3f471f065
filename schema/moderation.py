"""Cases, decisions and appeals as the contract says them, and the public figures."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

import strawberry

from domain import moderation
from domain.kernel.facts import Fact
from domain.kernel.ids import CaseId
from domain.kernel.paging import Page
from domain.kernel.scope import Scope
from domain.moderation import (
    AppealStatus,
    CaseChanged,
    CaseClaimed,
    CaseDecided,
    CaseOpened,
    CaseReleased,
    CaseStatus,
    Decision,
    Transparency,
)
from domain.reports import ReportReason
from schema.accounts import Account
from schema.feed import FeedEvent
from schema.findings import Finding, findings_of
from schema.likeness import LikenessClaim, RegisteredPerson, Withheld
from schema.node import Node, global_id, load_nodes, loadable
from schema.paging import PageInfo, edges, page_info
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
    async def of_many(cls, scope: Scope, values: Sequence[moderation.Case], wanted: Wanted) -> list[Self]:
        """Say cases with what is selected below them, in a number of statements that does not grow."""
        subjects = await _subjects(scope, values, wanted)
        holders = await _holders(scope, values, wanted)
        claims = await _claims(scope, values, wanted["claims"]) if "claims" in wanted else {}
        findings = await _findings(scope, values, wanted["findings"]) if "findings" in wanted else {}
        logs = await _histories(scope, values, wanted["history"]) if "history" in wanted else {}
        return [
            cls(
                id=global_id(cls.PREFIX, value.id),
                subject=subject,
                status=value.status,
                priority=value.priority,
                due_at=value.due_at,
                opened_at=value.opened_at,
                claimed_by=holders.get(value.claimed_by) if value.claimed_by else None,
                claim_expires_at=value.claim_expires_at,
                reports=[],
                claims=claims.get(value.id, []),
                findings=findings.get(value.id, []),
                history=logs.get(value.id, []),
            )
            for value, subject in zip(values, subjects, strict=True)
        ]

    @classmethod
    async def by_ids(cls, scope: Scope, ids: Sequence[UUID], wanted: Wanted) -> dict[UUID, Self]:
        """Load cases for a moderator; none for anybody else."""
        found = await moderation.cases_by_ids(scope, ids)
        return dict(zip(found, await cls.of_many(scope, list(found.values()), wanted), strict=True))


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
    async def of(cls, scope: Scope, page: Page[moderation.Case], wanted: Wanted) -> Self:
        """Say a page."""
        nodes = await ModerationCase.of_many(scope, page.items, wanted["edges"]["node"])
        return cls(edges=edges(ModerationCaseEdge, page, nodes), page_info=page_info(page), total_count=page.total or 0)


@strawberry.input(description="Which cases are wanted; what is left out asks nothing.")
class CaseFilter:
    """Which cases are wanted. `reason` is that of a report, and this release takes none: it finds nothing."""

    status: CaseStatus | None = strawberry.UNSET
    reason: ReportReason | None = strawberry.UNSET
    mine: bool | None = strawberry.UNSET
    overdue: bool | None = strawberry.UNSET

    def read(self) -> moderation.CaseFilter:
        """Say it to the domain."""
        return moderation.CaseFilter(
            status=self.status or None,
            mine=None if self.mine is strawberry.UNSET else self.mine,
            overdue=None if self.overdue is strawberry.UNSET else self.overdue,
            reported=bool(self.reason),
        )


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


CASE_EVENTS: dict[type[Fact], CaseEventKind] = {
    CaseOpened: CaseEventKind.OPENED,
    CaseChanged: CaseEventKind.CHANGED,
    CaseClaimed: CaseEventKind.CLAIMED,
    CaseReleased: CaseEventKind.RELEASED,
    CaseDecided: CaseEventKind.DECIDED,
}
"""How the feed tells each fact about a case."""


@strawberry.type(
    description="Something happened to a case; `case` is how it stands now, null where it left what the filter asks "
    "for."
)
class ModerationEvent(FeedEvent):
    """Something happened to a case."""

    kind: CaseEventKind | None
    case: ModerationCase | None
    case_id: strawberry.ID | None = strawberry.field(
        description="Which case, also where it no longer matches the filter and `case` is null."
    )


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


async def _subjects(scope: Scope, values: Sequence[moderation.Case], wanted: Wanted) -> list[Node]:
    """Load what cases are about, each kind at once."""
    named = [global_id(value.subject.kind, value.subject.id) for value in values]
    nodes = await load_nodes(scope, named, wanted["subject"]) if "subject" in wanted else [None] * len(named)
    return [node or Withheld(id=name) for name, node in zip(named, nodes, strict=True)]


async def _holders(scope: Scope, values: Sequence[moderation.Case], wanted: Wanted) -> Mapping[UUID, Account]:
    ids = {value.claimed_by for value in values if value.claimed_by}
    return await Account.by_ids(scope, list(ids), wanted["claimedBy"]) if ids and "claimedBy" in wanted else {}


async def _claims(scope: Scope, values: Sequence[moderation.Case], wanted: Wanted) -> dict[CaseId, list[LikenessClaim]]:
    about = await moderation.claims_of(scope, values)
    ids = list(dict.fromkeys(claim_id for found in about.values() for claim_id in found))
    claims = await LikenessClaim.by_ids(scope, ids, wanted) if ids else {}
    return {value.id: [claims[each] for each in about.get(value.subject, ()) if each in claims] for value in values}


async def _findings(scope: Scope, values: Sequence[moderation.Case], wanted: Wanted) -> dict[CaseId, list[Finding]]:
    """Load what was found about the subjects of cases, and, for moderators, whom it names."""
    found = await moderation.findings_of(scope, values)
    ids = {finding.person_id for findings in found.values() for finding in findings if finding.person_id}
    asked = ids and "person" in wanted
    persons = await RegisteredPerson.by_ids(scope, list(ids), wanted["person"]) if asked else {}
    return {case_id: findings_of(findings, persons) for case_id, findings in found.items()}


async def _histories(scope: Scope, values: Sequence[moderation.Case], wanted: Wanted) -> dict[CaseId, list[CaseEvent]]:
    logs = await moderation.histories(scope, [value.id for value in values])
    ids = {event.actor_id for log in logs.values() for event in log if event.actor_id}
    actors = await Account.by_ids(scope, list(ids), wanted["actor"]) if ids and "actor" in wanted else {}
    return {
        case_id: [
            CaseEvent(
                at=event.at,
                actor=actors.get(event.actor_id) if event.actor_id else None,
                kind=event.kind,
                detail=event.detail,
                digest=Sha256(event.digest.hex()),
            )
            for event in log
        ]
        for case_id, log in logs.items()
    }
