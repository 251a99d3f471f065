"""Reviewing a bounty that waits: what is decided about it decides the case about it too, in the same work."""

from collections.abc import Mapping

from domain import bounties
from domain.bounties import Bounty, Review
from domain.kernel.ids import BountyId, Subject
from domain.kernel.scope import Scope
from domain.kernel.text import clean
from domain.kernel.work import work
from domain.moderation import rules
from domain.moderation.case_reads import locked_about
from domain.moderation.deciding import MAX_EXPLANATION, close
from domain.moderation.rules import Decision

_DECISIONS: Mapping[Review, Decision] = {Review.LIST: Decision.RESTORE, Review.REFUSE: Decision.REMOVE}
"""What a review decides in the case about the bounty."""


async def review_bounty(scope: Scope, bounty_id: BountyId, decision: Review, *, explanation: str) -> Bounty:
    """List or refuse a bounty that waits, and decide the case about it, unless another moderator has claimed that.

    Raises SignInRequired, NotAllowed, NotFound, InvalidInput, Conflict, RegistryUnread.
    """
    moderator = scope.require_moderator()
    explanation = clean(explanation, "explanation", MAX_EXPLANATION, min_length=1)
    judge = await bounties.judge_of(scope, bounty_id)
    try:
        async with work(scope.now) as w:
            await judge.hold(w)
            case = await locked_about(w, Subject("bounty", bounty_id), scope.now)
            if case is not None:
                rules.check_review(case.status, case.claimed_by, moderator.account_id)
            await bounties.review(w, scope, bounty_id, judge, decision, explanation=explanation)
            if case is not None:
                await close(w, scope, case, _DECISIONS[decision], explanation)
    except bounties.BooksDisagree:
        await bounties.stop_if_wrong(scope, bounty_id)
        raise
    return (await bounties.bounties_by_ids(scope, [bounty_id]))[bounty_id]
