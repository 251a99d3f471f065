"""What is asked of bounties and entries, what comes back, and the events of their feeds."""

from enum import StrEnum
from typing import Annotated

import strawberry

from domain import bounties
from schema.bounties import Bounty, BountyEntry
from schema.errors import (
    ConflictError,
    InvalidInputError,
    LikenessRefusedError,
    NotAllowedError,
    NotEnoughCreditsError,
    NotFoundError,
    PolicyRefusedError,
    RateLimitedError,
    SignInRequiredError,
    SuspendedError,
)
from schema.feed import FeedEvent
from schema.resources import Resource


@strawberry.type(description="The bounty is open and the pledge in escrow.")
class BountyOpenSuccess:
    """The bounty is open."""

    bounty: Bounty


@strawberry.type(description="The pledge is in the pot.")
class BountyPledgeSuccess:
    """The pledge is in the pot."""

    bounty: Bounty


@strawberry.type(description="The bounty has the new terms; whoever has backed it is told.")
class BountyChangeTermsSuccess:
    """The bounty has the new terms."""

    bounty: Bounty


@strawberry.type(description="The bounty closes later; every author and backer is told.")
class BountyExtendSuccess:
    """The bounty closes later."""

    bounty: Bounty


@strawberry.type(description="The bounty is called off, and the escrow empty.")
class BountyCancelSuccess:
    """The bounty is called off."""

    bounty: Bounty


@strawberry.type(description="The entry is begun; upload its files next.")
class EntryDraftSuccess:
    """The entry is begun."""

    entry: BountyEntry


@strawberry.type(description="The entry is handed in and being validated.")
class EntrySubmitSuccess:
    """The entry is handed in."""

    entry: BountyEntry


@strawberry.type(description="The entry is taken back.")
class EntryWithdrawSuccess:
    """The entry is taken back."""

    entry: BountyEntry


@strawberry.type(description="The pot is its author's, the outcome the initiator's.")
class BountyAwardSuccess:
    """The pot is paid."""

    bounty: Bounty
    entry: BountyEntry


@strawberry.type(description="The pot is its authors', each outcome the initiator's.")
class BountySplitSuccess:
    """The pot is paid in parts."""

    bounty: Bounty


@strawberry.type(description="The outcome is on its way to be public: it is being validated like any resource.")
class OutcomePublishSuccess:
    """The outcome is being validated."""

    resource: Resource


BountyOpenResult = Annotated[
    BountyOpenSuccess
    | SignInRequiredError
    | InvalidInputError
    | NotEnoughCreditsError
    | LikenessRefusedError
    | PolicyRefusedError
    | SuspendedError
    | RateLimitedError,
    strawberry.union("BountyOpenResult"),
]
BountyPledgeResult = Annotated[
    BountyPledgeSuccess
    | SignInRequiredError
    | NotFoundError
    | InvalidInputError
    | NotEnoughCreditsError
    | ConflictError
    | SuspendedError
    | RateLimitedError,
    strawberry.union("BountyPledgeResult"),
]
BountyCancelResult = Annotated[
    BountyCancelSuccess | SignInRequiredError | NotAllowedError | NotFoundError | ConflictError,
    strawberry.union("BountyCancelResult"),
]
BountyChangeTermsResult = Annotated[
    BountyChangeTermsSuccess
    | SignInRequiredError
    | NotAllowedError
    | NotFoundError
    | ConflictError
    | InvalidInputError
    | LikenessRefusedError
    | PolicyRefusedError
    | SuspendedError
    | RateLimitedError,
    strawberry.union("BountyChangeTermsResult"),
]
BountyExtendResult = Annotated[
    BountyExtendSuccess
    | SignInRequiredError
    | NotAllowedError
    | NotFoundError
    | ConflictError
    | InvalidInputError
    | SuspendedError,
    strawberry.union("BountyExtendResult"),
]
EntryDraftResult = Annotated[
    EntryDraftSuccess
    | SignInRequiredError
    | NotAllowedError
    | NotFoundError
    | ConflictError
    | InvalidInputError
    | LikenessRefusedError
    | PolicyRefusedError
    | SuspendedError
    | RateLimitedError,
    strawberry.union("EntryDraftResult"),
]
EntrySubmitResult = Annotated[
    EntrySubmitSuccess
    | SignInRequiredError
    | NotAllowedError
    | NotFoundError
    | ConflictError
    | LikenessRefusedError
    | PolicyRefusedError
    | SuspendedError
    | RateLimitedError,
    strawberry.union("EntrySubmitResult"),
]
EntryWithdrawResult = Annotated[
    EntryWithdrawSuccess | SignInRequiredError | NotAllowedError | NotFoundError | ConflictError,
    strawberry.union("EntryWithdrawResult"),
]
BountyAwardResult = Annotated[
    BountyAwardSuccess | SignInRequiredError | NotAllowedError | NotFoundError | ConflictError,
    strawberry.union("BountyAwardResult"),
]
BountySplitResult = Annotated[
    BountySplitSuccess | SignInRequiredError | NotAllowedError | NotFoundError | ConflictError | InvalidInputError,
    strawberry.union("BountySplitResult"),
]
OutcomePublishResult = Annotated[
    OutcomePublishSuccess
    | SignInRequiredError
    | NotAllowedError
    | NotFoundError
    | ConflictError
    | InvalidInputError
    | LikenessRefusedError
    | PolicyRefusedError
    | SuspendedError
    | RateLimitedError,
    strawberry.union("OutcomePublishResult"),
]


@strawberry.enum(description="What happened to a bounty.")
class BountyEventKind(StrEnum):
    """What happened to a bounty."""

    OPENED = "OPENED"
    PLEDGED = "PLEDGED"
    ENTRY_SUBMITTED = "ENTRY_SUBMITTED"
    ENTRY_WITHDRAWN = "ENTRY_WITHDRAWN"
    JUDGING = "JUDGING"
    AWARDED = "AWARDED"
    REFUNDED = "REFUNDED"
    CANCELLED = "CANCELLED"
    PUBLISHED = "PUBLISHED"
    HIDDEN = "HIDDEN"
    SHOWN = "SHOWN"
    CHANGED = "CHANGED"
    EXTENDED = "EXTENDED"


KINDS: dict[type[bounties.BountyFact], BountyEventKind] = {
    bounties.BountyOpened: BountyEventKind.OPENED,
    bounties.BountyPledged: BountyEventKind.PLEDGED,
    bounties.EntrySubmitted: BountyEventKind.ENTRY_SUBMITTED,
    bounties.EntryWithdrawn: BountyEventKind.ENTRY_WITHDRAWN,
    bounties.BountyClosed: BountyEventKind.JUDGING,
    bounties.BountyAwarded: BountyEventKind.AWARDED,
    bounties.BountySplit: BountyEventKind.AWARDED,
    bounties.BountyHidden: BountyEventKind.HIDDEN,
    bounties.BountyShown: BountyEventKind.SHOWN,
    bounties.BountyChanged: BountyEventKind.CHANGED,
    bounties.BountyExtended: BountyEventKind.EXTENDED,
    bounties.BountyRefunded: BountyEventKind.REFUNDED,
    bounties.BountyCancelled: BountyEventKind.CANCELLED,
    bounties.OutcomePublished: BountyEventKind.PUBLISHED,
}
"""The kind of event that each fact is told as."""


@strawberry.type(
    description="Something happened to a bounty; `bounty` is how it stands now, null to who can't see it, and where it "
    "left what the filter asks for."
)
class BountyEvent(FeedEvent):
    """Something happened to a bounty."""

    kind: BountyEventKind | None
    bounty: Bounty | None
    bounty_id: strawberry.ID | None = strawberry.field(
        description="Which bounty, also where `bounty` is null: it was HIDDEN, or no longer matches the filter."
    )
