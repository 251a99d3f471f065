"""What is done about claims: filing, completing, withdrawing, deciding; and the puzzle that further claims cost."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from domain import likeness
from domain.likeness import ClaimRelation, ClaimStatus
from domain.registry.snapshot import Consent
from schema.errors import (
    ConflictError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    RateLimitedError,
    SignInRequiredError,
)
from schema.likeness import LikenessClaim


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
    creators: list[str] = strawberry.field(
        default_factory=list,
        description="Handles of the accounts that NAMED_CREATORS names; without any, nobody is allowed.",
    )
    face_descriptors: list[list[float]] = strawberry.field(
        default_factory=list,
        description="128 numbers each: face descriptors computed on the claimant's own device; "
        "no photograph is ever required.",
    )

    def read(self) -> likeness.ClaimDraft:
        """Give the claim as the domain takes it."""
        return likeness.ClaimDraft(
            person_name=self.person_name,
            relation=self.relation,
            contact_email=self.contact_email,
            explanation=self.explanation,
            good_faith=self.good_faith,
            signature=self.signature,
            aliases=tuple(self.aliases),
            locations=tuple(self.locations),
            consent=self.consent,
            creators=tuple(self.creators),
            face_descriptors=tuple(tuple(each) for each in self.face_descriptors),
        )

    def __repr__(self) -> str:
        """Show nothing: an input may hold biometrics and end up in a log."""
        return "LikenessClaimInput(…)"


@strawberry.input(description="Which claims are wanted; what is left out asks nothing.")
class LikenessClaimFilter:
    """Which claims are wanted."""

    status: ClaimStatus | None = strawberry.UNSET
    overdue: bool | None = strawberry.UNSET

    def read(self) -> likeness.ClaimFilter:
        """Give the filter as the domain takes it."""
        return likeness.ClaimFilter(status=self.status or None, overdue=None if _unset(self.overdue) else self.overdue)


@strawberry.type(
    description="A puzzle that a browser solves within a minute or so: find a nonce, any ASCII text without a colon, "
    "such that the SHA256 of `token:nonce` begins with `bits` zero bits. The whole text `token:nonce` is the proof, "
    "once, for the network that asked."
)
class LikenessClaimChallenge:
    """A puzzle."""

    token: str
    bits: int
    expires_at: datetime

    @classmethod
    def of(cls, value: likeness.Challenge) -> Self:
        """Say a puzzle."""
        return cls(token=value.token, bits=value.bits, expires_at=value.expires_at)


@strawberry.type(description="The claim is received.")
class LikenessClaimFileSuccess:
    """The claim is received."""

    claim: LikenessClaim
    pin: str = strawberry.field(description="Shown once. With the case code it opens the case without an account.")


@strawberry.type(description="The claim is complete.")
class LikenessClaimCompleteSuccess:
    """The claim is complete."""

    claim: LikenessClaim


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
    LikenessClaimFileSuccess | InvalidInputError | RateLimitedError,
    strawberry.union("LikenessClaimFileResult"),
]
LikenessClaimCompleteResult = Annotated[
    LikenessClaimCompleteSuccess | NotFoundError | InvalidInputError | ConflictError | RateLimitedError,
    strawberry.union("LikenessClaimCompleteResult"),
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


def _unset(value: object) -> bool:
    return value is strawberry.UNSET
