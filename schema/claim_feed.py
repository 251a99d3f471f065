"""Claims as moderators follow them."""

from enum import StrEnum

import strawberry

from domain.kernel.facts import Fact
from domain.likeness import ClaimDecided, ClaimEscalated, ClaimLookedInto, ClaimReceived, ClaimWithdrawn
from schema.feed import FeedEvent
from schema.likeness import LikenessClaim


@strawberry.enum(
    description="What happened to a claim. RECEIVED also says that one which came by e-mail was completed; LOOKED_INTO "
    "that what it names was looked at, and held where it agreed; ESCALATED that a share of its time is over."
)
class LikenessClaimEventKind(StrEnum):
    """What happened to a claim."""

    RECEIVED = "RECEIVED"
    LOOKED_INTO = "LOOKED_INTO"
    ESCALATED = "ESCALATED"
    DECIDED = "DECIDED"
    WITHDRAWN = "WITHDRAWN"


CLAIM_EVENTS: dict[type[Fact], LikenessClaimEventKind] = {
    ClaimReceived: LikenessClaimEventKind.RECEIVED,
    ClaimLookedInto: LikenessClaimEventKind.LOOKED_INTO,
    ClaimEscalated: LikenessClaimEventKind.ESCALATED,
    ClaimDecided: LikenessClaimEventKind.DECIDED,
    ClaimWithdrawn: LikenessClaimEventKind.WITHDRAWN,
}
"""How the feed tells each fact about a claim."""


@strawberry.type(description="Something happened to a claim; `claim` is how it stands now.")
class LikenessClaimEvent(FeedEvent):
    """Something happened to a claim."""

    kind: LikenessClaimEventKind | None
    claim: LikenessClaim | None
    percent: int | None = strawberry.field(
        description="Of ESCALATED: so many per cent of the time to decide are over: 50, 80, or 100 when it is overdue."
    )
