"""The likeness registry as moderators see it, and claims as the contract says them."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Self
from uuid import UUID

import strawberry

from domain import likeness
from domain.kernel.scope import Scope
from domain.registry.snapshot import Consent
from schema.errors import (
    ConflictError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    RateLimitedError,
    SignInRequiredError,
)
from schema.findings import Finding
from schema.node import Node, global_id, loadable
from schema.reasons import StatementOfReasons
from schema.wanted import Wanted

strawberry.enum(Consent, description="What the person allows. NAMED_CREATORS: only the listed accounts, never mature.")


@strawberry.enum(description="What the claimant is to the person.")
class ClaimRelation(StrEnum):
    """What the claimant is to the person."""

    SELF = "SELF"
    PARENT_OR_GUARDIAN = "PARENT_OR_GUARDIAN"
    AGENT = "AGENT"
    ESTATE = "ESTATE"


@strawberry.enum(description="RECEIVED → VERIFYING → UPHELD | REJECTED; WITHDRAWN by the claimant at any time.")
class ClaimStatus(StrEnum):
    """Where a claim stands."""

    RECEIVED = "RECEIVED"
    VERIFYING = "VERIFYING"
    UPHELD = "UPHELD"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"


@strawberry.enum(description="What became of a thing that a claim is about.")
class AffectedAction(StrEnum):
    """What became of a thing that a claim is about."""

    NONE = "NONE"
    HELD = "HELD"
    DISABLED = "DISABLED"
    REMOVED = "REMOVED"
    RESTORED = "RESTORED"


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
        """Say registered persons; nothing below them needs a read. No faces are registered yet."""
        return [
            cls(
                id=global_id(cls.PREFIX, value.person.id),
                display_name=value.person.name,
                aliases=list(value.person.aliases),
                consent=value.person.consent,
                face_count=0,
                registered_at=value.registered_at,
            )
            for value in values
        ]

    @classmethod
    async def by_ids(cls, scope: Scope, ids: Sequence[UUID], wanted: Wanted) -> dict[UUID, Self]:
        """Load registered persons for a moderator; nobody for anybody else."""
        values = await likeness.persons_by_ids(scope, ids)
        return dict(zip(values, await cls.of_many(scope, list(values.values()), wanted), strict=True))


@strawberry.type(description="What was found to reproduce a person, and what became of it.")
class AffectedItem:
    """What was found to reproduce a person."""

    subject: Node
    action: AffectedAction
    findings: list[Finding]
    at: datetime


@strawberry.type(description="A request by anyone, signed in or not, to stop the reproduction of a person's likeness.")
class LikenessClaim(Node):
    """A request to stop the reproduction of a person's likeness."""

    case_code: str = strawberry.field(description="Public handle of the case, such as `LC-7F3K-22QX`.")
    status: ClaimStatus
    received_at: datetime
    due_at: datetime = strawberry.field(description="Forty-eight hours after receipt.")
    decided_at: datetime | None
    consent: Consent
    affected: list[AffectedItem] = strawberry.field(
        description="What was found to reproduce the person, and what became of each."
    )
    statement_of_reasons: StatementOfReasons | None


@strawberry.input(description="A claim.")
class LikenessClaimInput:
    """A claim as it is filed."""

    person_name: str
    relation: ClaimRelation
    contact_email: str
    explanation: str
    good_faith: bool = strawberry.field(
        description="The claimant's statement that the claim is made in good faith and is accurate."
    )
    signature: str
    aliases: list[str] = strawberry.field(default_factory=list)
    locations: list[str] = strawberry.field(
        default_factory=list,
        description="Links or ids of what reproduces the person; may be empty when the claimant asks for a search.",
    )
    consent: Consent = Consent.DENY_ALL
    face_descriptors: list[list[float]] = strawberry.field(
        default_factory=list,
        description="128 numbers each: face descriptors computed on the claimant's own device; "
        "no photograph is ever required.",
    )


@strawberry.type(description="The claim is received.")
class LikenessClaimFileSuccess:
    """The claim is received."""

    claim: LikenessClaim
    pin: str = strawberry.field(description="Shown once. With the case code it opens the case without an account.")


@strawberry.type(description="The claim is withdrawn.")
class LikenessClaimWithdrawSuccess:
    """The claim is withdrawn."""

    claim: LikenessClaim


@strawberry.input(description="A moderator's decision on a claim.")
class LikenessClaimDecisionInput:
    """A moderator's decision on a claim."""

    claim_id: strawberry.ID
    uphold: bool
    explanation: str


@strawberry.type(description="The claim is decided.")
class LikenessClaimDecideSuccess:
    """The claim is decided."""

    claim: LikenessClaim
    registry_version: int


LikenessClaimFileResult = Annotated[
    LikenessClaimFileSuccess | InvalidInputError | RateLimitedError | ConflictError,
    strawberry.union("LikenessClaimFileResult"),
]
LikenessClaimWithdrawResult = Annotated[
    LikenessClaimWithdrawSuccess | NotFoundError | ConflictError | RateLimitedError,
    strawberry.union("LikenessClaimWithdrawResult"),
]
LikenessClaimDecideResult = Annotated[
    LikenessClaimDecideSuccess
    | SignInRequiredError
    | NotAllowedError
    | NotFoundError
    | ConflictError
    | InvalidInputError,
    strawberry.union("LikenessClaimDecideResult"),
]
