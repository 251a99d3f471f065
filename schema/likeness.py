"""The likeness registry as moderators see it, and claims as their claimants and moderators see them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

import strawberry

from domain import likeness, reasons
from domain.kernel.ids import ClaimId, Subject
from domain.kernel.paging import Page
from domain.kernel.scope import Scope
from domain.likeness import AffectedAction, ClaimRelation, ClaimSource, ClaimStatus
from domain.registry.snapshot import Consent
from schema.findings import Finding, findings_of
from schema.node import Node, global_id, load_nodes, loadable
from schema.paging import PageInfo, edges, page_info
from schema.reasons import StatementOfReasons
from schema.scalars import Cursor
from schema.wanted import Wanted

strawberry.enum(Consent, description="What the person allows. NAMED_CREATORS: only the listed accounts, never mature.")
strawberry.enum(ClaimRelation, description="What the claimant is to the person.")
strawberry.enum(
    ClaimStatus, description="RECEIVED → VERIFYING → UPHELD | REJECTED; WITHDRAWN by the claimant at any time."
)
strawberry.enum(ClaimSource, description="How a claim came in.")
strawberry.enum(AffectedAction, description="What became of a thing that a claim is about.")


@loadable
@strawberry.type(description="Moderators only.")
class RegisteredPerson(Node):
    """A protected person."""

    PREFIX: ClassVar[str] = "person"

    display_name: str
    aliases: list[str]
    consent: Consent
    face_count: int
    registered_at: datetime

    @classmethod
    async def of_many(cls, scope: Scope, values: Sequence[likeness.Registered], wanted: Wanted) -> list[Self]:
        """Say registered persons; nothing below them needs a read."""
        return [
            cls(
                id=global_id(cls.PREFIX, value.person.id),
                display_name=value.person.name,
                aliases=list(value.person.aliases),
                consent=value.person.consent,
                face_count=value.faces,
                registered_at=value.registered_at,
            )
            for value in values
        ]

    @classmethod
    async def by_ids(cls, scope: Scope, ids: Sequence[UUID], wanted: Wanted) -> dict[UUID, Self]:
        """Load registered persons for a moderator; nobody for anybody else."""
        values = await likeness.persons_by_ids(scope, ids)
        return dict(zip(values, await cls.of_many(scope, list(values.values()), wanted), strict=True))


@strawberry.type(description="Something that exists and that the one who asks may not read; its id says its kind.")
class Withheld(Node):
    """Something that may not be read."""


@strawberry.type(description="What was found to reproduce a person, and what became of it.")
class AffectedItem:
    """What was found to reproduce a person."""

    subject: Node = strawberry.field(description="`Withheld` where the one who asks may not read it.")
    action: AffectedAction
    findings: list[Finding]
    at: datetime


@strawberry.type(description="What the claimant said. Only to the claimant and moderators.")
class LikenessClaimDetails:
    """What the claimant said."""

    source: ClaimSource
    complete: bool = strawberry.field(description="False until a claim that came by e-mail is completed.")
    person_name: str
    aliases: list[str]
    relation: ClaimRelation | None
    contact_email: str
    locations: list[str]
    explanation: str
    signature: str
    face_count: int
    joined: int = strawberry.field(description="How many other claims are about the same person.")
    unreached: bool = strawberry.field(
        description="Whether a letter about it was given up, because the claimant's address could not be reached."
    )
    notes: list[str] = strawberry.field(
        description="Why something that it names was not held before a decision, or could not be compared."
    )


@loadable
@strawberry.type(description="A request by anyone, signed in or not, to stop the reproduction of a person's likeness.")
class LikenessClaim(Node):
    """A request to stop the reproduction of a person's likeness."""

    PREFIX: ClassVar[str] = "claim"

    case_code: str = strawberry.field(description="Public handle of the case, such as `LC-7F3K-22QX`.")
    status: ClaimStatus
    received_at: datetime
    due_at: datetime = strawberry.field(description="Forty-eight hours after receipt.")
    overdue: bool = strawberry.field(description="Still open though its time is over.")
    decided_at: datetime | None
    consent: Consent
    affected: list[AffectedItem] = strawberry.field(
        description="What was found to reproduce the person, and what became of each."
    )
    statement_of_reasons: StatementOfReasons | None
    details: LikenessClaimDetails

    @classmethod
    async def of_many(cls, scope: Scope, values: Sequence[likeness.Claim], wanted: Wanted) -> list[Self]:
        """Say claims to whoever may see them: a moderator, or the holder of the PIN."""
        affected = await _affected(scope, values, wanted["affected"]) if "affected" in wanted else {}
        statements = await _statements(scope, values, wanted) if "statementOfReasons" in wanted else {}
        details = await _details(values, wanted["details"]) if "details" in wanted else {}
        return [
            cls(
                id=global_id(cls.PREFIX, value.id),
                case_code=value.case_code,
                status=value.status,
                received_at=value.received_at,
                due_at=value.due_at,
                overdue=value.open and value.due_at <= scope.now,
                decided_at=value.decided_at,
                consent=value.consent,
                affected=affected.get(value.id, []),
                statement_of_reasons=statements.get(value.subject),
                details=details.get(value.id) or _plain_details(value),
            )
            for value in values
        ]

    @classmethod
    async def by_ids(cls, scope: Scope, ids: Sequence[UUID], wanted: Wanted) -> dict[UUID, Self]:
        """Load claims for a moderator; none for anybody else, who needs a case code and its PIN."""
        values = await likeness.claims_by_ids(scope, ids)
        return dict(zip(values, await cls.of_many(scope, list(values.values()), wanted), strict=True))


@strawberry.type(description="A claim and its place in the list.")
class LikenessClaimEdge:
    """A claim in a list."""

    node: LikenessClaim
    cursor: Cursor


@strawberry.type(description="A page of claims, the newest first.")
class LikenessClaimConnection:
    """A page of claims."""

    edges: list[LikenessClaimEdge]
    page_info: PageInfo
    total_count: int

    @classmethod
    async def of(cls, scope: Scope, page: Page[likeness.Claim], wanted: Wanted) -> Self:
        """Say a page of claims."""
        nodes = await LikenessClaim.of_many(scope, page.items, wanted["edges"]["node"])
        return cls(
            edges=edges(LikenessClaimEdge, page, nodes),
            page_info=page_info(page),
            total_count=page.total or 0,
        )


async def _affected(
    scope: Scope, claims: Sequence[likeness.Claim], wanted: Wanted
) -> Mapping[ClaimId, list[AffectedItem]]:
    """Load what became of what, and each thing as the one who asks may see it: one statement for each kind."""
    items = await likeness.affected_by([claim.id for claim in claims])
    flat = [item for of_claim in items.values() for item in of_claim]
    named = [global_id(item.subject.kind, item.subject.id) for item in flat]
    nodes = await load_nodes(scope, named, wanted["subject"]) if "subject" in wanted else [None] * len(flat)
    persons = await _persons(scope, flat, wanted)
    said = iter(
        [
            AffectedItem(
                subject=node or Withheld(id=name),
                action=item.action,
                findings=findings_of(item.findings, persons),
                at=item.at,
            )
            for item, name, node in zip(flat, named, nodes, strict=True)
        ]
    )
    return {claim_id: [next(said) for _ in of_claim] for claim_id, of_claim in items.items()}


async def _persons(scope: Scope, items: Sequence[likeness.Affected], wanted: Wanted) -> Mapping[UUID, RegisteredPerson]:
    if "findings" not in wanted or "person" not in wanted["findings"]:
        return {}
    ids = {finding.person_id for item in items for finding in item.findings if finding.person_id}
    return await RegisteredPerson.by_ids(scope, list(ids), wanted["findings"]["person"])


async def _statements(
    scope: Scope, claims: Sequence[likeness.Claim], wanted: Wanted
) -> Mapping[Subject, StatementOfReasons]:
    """Load the reasons of decided claims: whoever may see the claim may see why it was decided so."""
    trusted = replace(scope, system=True)
    found = await reasons.statements_by_subject(trusted, [claim.subject for claim in claims])
    said = await StatementOfReasons.of_many(scope, list(found.values()), wanted["statementOfReasons"])
    return dict(zip(found, said, strict=True))


async def _details(claims: Sequence[likeness.Claim], wanted: Wanted) -> Mapping[ClaimId, LikenessClaimDetails]:
    joined = await likeness.joined_counts(claims) if "joined" in wanted else {}
    ids = [claim.id for claim in claims]
    faces = await likeness.face_counts(ids) if "faceCount" in wanted else {}
    unreached = await likeness.unreached(ids) if "unreached" in wanted else frozenset()
    notes = await likeness.notes_on_claims(ids) if "notes" in wanted else {}
    return {
        claim.id: _plain_details(
            claim,
            joined=joined.get(claim.id, 0),
            faces=faces.get(claim.id, 0),
            unreached=claim.id in unreached,
            notes=notes.get(claim.id, ()),
        )
        for claim in claims
    }


def _plain_details(
    claim: likeness.Claim,
    *,
    joined: int = 0,
    faces: int = 0,
    unreached: bool = False,
    notes: Sequence[str] = (),
) -> LikenessClaimDetails:
    return LikenessClaimDetails(
        source=claim.source,
        complete=claim.complete,
        person_name=claim.person_name,
        aliases=list(claim.aliases),
        relation=claim.relation,
        contact_email=claim.contact_email,
        locations=list(claim.locations),
        explanation=claim.explanation,
        signature=claim.signature,
        face_count=faces,
        joined=joined,
        unreached=unreached,
        notes=list(notes),
    )
