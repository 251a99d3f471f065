"""Bounties that wait for a moderator."""

import strawberry

from domain import bounties, moderation
from domain.bounties import Review
from domain.kernel.ids import BountyId, FileId
from domain.kernel.paging import ask
from domain.kernel.refusals import NotFound
from schema.bounties import Bounty, BountyConnection
from schema.bounty_reviews import (
    BountyReferenceRemoveResult,
    BountyReferenceRemoveSuccess,
    BountyReviewResult,
    BountyReviewSuccess,
)
from schema.context import Info
from schema.node import id_of, one, parse_id
from schema.scalars import Cursor
from schema.wanted import Wanted


@strawberry.type
class BountyReviewsQuery:
    """What waits for a moderator."""

    @strawberry.field(
        description="Bounties that wait for a moderator, the one that waits longest first. Null to everyone else."
    )
    async def bounties_to_review(
        self, info: Info, first: int = 20, after: Cursor | None = strawberry.UNSET
    ) -> BountyConnection | None:
        """Load a page of them."""
        wanted, scope = Wanted.of(info), info.context.scope
        asked = ask(first, after or None, width=1)
        if not scope.is_moderator:
            return None
        page = await bounties.bounties_to_review(scope, asked, total="totalCount" in wanted)
        return await BountyConnection.of(scope, page, wanted)


@strawberry.type
class BountyReviewsMutation:
    """What moderators decide about them, and what an initiator does about pictures."""

    @strawberry.mutation(
        description="Decide about a bounty that waits, and with it the case about it. Moderators only, and nobody whom "
        "it concerns; refused while another moderator has claimed that case."
    )
    async def bounty_review(
        self, info: Info, bounty_id: strawberry.ID, decision: Review, explanation: str
    ) -> BountyReviewResult:
        """List it or refuse it."""
        scope, named = info.context.scope, BountyId(id_of(bounty_id, Bounty))
        bounty = await moderation.review_bounty(scope, named, decision, explanation=explanation)
        wanted = Wanted.of(info).on("BountyReviewSuccess")["bounty"]
        return BountyReviewSuccess(bounty=await one(Bounty, scope, bounty, wanted))

    @strawberry.mutation(description="Take a reference picture out of one's own bounty.")
    async def bounty_reference_remove(self, info: Info, reference_id: strawberry.ID) -> BountyReferenceRemoveResult:
        """Remove a picture."""
        scope, named = info.context.scope, parse_id(reference_id)
        if named is None or named[0] != "file":
            raise NotFound("There is no such picture.")
        bounty = await bounties.remove_reference(scope, FileId(named[1]))
        wanted = Wanted.of(info).on("BountyReferenceRemoveSuccess")["bounty"]
        return BountyReferenceRemoveSuccess(bounty=await one(Bounty, scope, bounty, wanted))
