"""A moderator's decision about a bounty that raised too much doubt to be listed at once."""

from dataclasses import replace

from domain import reasons
from domain.bounties.pot.cancelling import call_off
from domain.bounties.stakeholders import require_unconcerned
from domain.bounties.standing import hold_statements, holds
from domain.bounties.standing.holding import HoldCause, lock_hold, note_statement, settle_hold
from domain.bounties.standing.holds import Hold, Review, ReviewStatus, hold_of
from domain.bounties.standing.texts import examine, judged
from domain.bounties.steps import LockedBounty, lock_bounty
from domain.bounties.tables import ReviewRow
from domain.kernel.ids import BountyId
from domain.kernel.refusals import NotFound
from domain.kernel.scope import Scope
from domain.kernel.work import Work
from domain.resources import Judge


async def review(
    w: Work, scope: Scope, bounty_id: BountyId, judge: Judge, decision: Review, *, explanation: str
) -> None:
    """Decide about a bounty that waits: list it, or refuse it, which calls it off. Moderators whom it doesn't concern.

    The work is moderation's, which decides the case about it too. Its texts are looked at again by `judge`, which holds
    the registry of this moment in it, and which a moderator can't overrule. Raises SignInRequired, NotAllowed,
    NotFound, Conflict.
    """
    actor = scope.require_moderator()
    bounty = await lock_bounty(w, bounty_id, scope.now)
    await require_unconcerned(w, scope, bounty_id, actor.account_id)
    await decide_review(w, scope, bounty, judge, decision, explanation=explanation)


async def decide_review(
    w: Work, scope: Scope, bounty: LockedBounty, judge: Judge | None, decision: Review, *, explanation: str
) -> None:
    """List or refuse a locked bounty that waits, for a moderator who may.

    `judge` holds the registry in this work; it may only be left out where the bounty is refused. Raises Conflict.
    """
    row = await lock_hold(w, bounty.id)
    if row is None:
        raise NotFound("There is no bounty with this id.")
    hold = hold_of(row)
    if judge is not None:
        hold = judged(hold, await judge.ask(examine, bounty.title, bounty.brief, mature=bounty.mature))
    holds.check_review(hold, decision, stands=bounty.stands)
    await ReviewRow.insert(
        ReviewRow(
            {
                ReviewRow.bounty_id: bounty.id,
                ReviewRow.moderator_id: scope.require_moderator().account_id,
                ReviewRow.decision: decision,
                ReviewRow.explanation: explanation,
                ReviewRow.decided_at: scope.now,
            }
        )
    )
    if decision is Review.LIST:
        await settle_hold(w, scope, row, replace(hold, review=ReviewStatus.LISTED), HoldCause.REVIEW)
    else:
        await settle_hold(w, scope, row, replace(hold, review=ReviewStatus.REFUSED), HoldCause.REVIEW)
        await call_off(w, scope, bounty)
        await _state_refusal(w, scope, bounty, hold, explanation)


async def _state_refusal(w: Work, scope: Scope, bounty: LockedBounty, hold: Hold, explanation: str) -> None:
    """State why it was refused; that stays in force whatever the registry says later."""
    statement = hold_statements.of_refusal(
        bounty.subject, bounty.initiator_id, hold, explanation, content_date=bounty.created_at, at=scope.now
    )
    await reasons.state(w, statement)
    await note_statement(w, bounty.id, None)
