"""What moderators decide about bounties that wait for a review, and what becomes of a reference picture."""

from typing import Annotated

import strawberry

from domain.bounties import Review
from schema.bounties import Bounty
from schema.errors import (
    ConflictError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    PolicyRefusedError,
    RateLimitedError,
    SignInRequiredError,
    SuspendedError,
)

BountyReview = strawberry.enum(
    Review,
    name="BountyReview",
    description="LIST: everybody may see it. REFUSE: it is called off, and every pledge goes back.",
)


@strawberry.type(description="The decision holds, and its initiator is told.")
class BountyReviewSuccess:
    """The decision holds."""

    bounty: Bounty


@strawberry.type(description="The picture is gone, and what it held is free.")
class BountyReferenceRemoveSuccess:
    """The picture is gone."""

    bounty: Bounty


BountyReferenceRemoveResult = Annotated[
    BountyReferenceRemoveSuccess
    | SignInRequiredError
    | NotAllowedError
    | NotFoundError
    | ConflictError
    | PolicyRefusedError
    | SuspendedError
    | RateLimitedError,
    strawberry.union("BountyReferenceRemoveResult"),
]
BountyReviewResult = Annotated[
    BountyReviewSuccess
    | SignInRequiredError
    | NotAllowedError
    | NotFoundError
    | ConflictError
    | InvalidInputError
    | PolicyRefusedError,
    strawberry.union("BountyReviewResult"),
]
