"""Calling a bounty off: authors whose entries were accepted get a part of the pot, the backers the rest."""

from collections.abc import Sequence

from domain.bounties import rules
from domain.bounties.facts import BountyCancelled, News
from domain.bounties.pot.awarding import Verdicts, verdicts_of
from domain.bounties.pot.dealing import linked_entries, report
from domain.bounties.pot.pots import consolation
from domain.bounties.pot.reconciling import stop_if_wrong
from domain.bounties.reads import bounties_by_ids
from domain.bounties.rules import Step
from domain.bounties.stakeholders import require_unconcerned, tell_stakeholders
from domain.bounties.statements import state_cancellation
from domain.bounties.steps import BooksDisagree, LockedBounty, lock_bounty, lock_entries, pay_out, take
from domain.bounties.values import Bounty
from domain.kernel.ids import AccountId, BountyId, EntryId
from domain.kernel.refusals import NotAllowed
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch
from domain.kernel.work import Work, work


async def cancel(scope: Scope, bounty_id: BountyId) -> Bounty:
    """Call a bounty off. The initiator and moderators may, but of these nobody whom it concerns.

    The authors of accepted entries share a part of the pot that the policy fixes; the rest goes back to the backers. A
    moderator's cancellation of somebody else's bounty is a restriction, so it states its reasons. Raises
    SignInRequired, NotAllowed, NotFound, Conflict.
    """
    actor = scope.require_actor()
    verdicts = await verdicts_of(await submitted_entries(bounty_id))
    try:
        async with work(scope.now) as w:
            bounty = await lock_bounty(w, bounty_id, scope.now)
            mine = actor.account_id == bounty.initiator_id
            if not mine and not scope.is_moderator:
                raise NotAllowed("Only the initiator of a bounty and moderators may cancel it.")
            if not mine:
                await require_unconcerned(w, scope, bounty_id, actor.account_id)
            await call_off(w, scope, bounty, await authors_to_pay(w, scope, bounty, verdicts))
            if not mine:
                await state_cancellation(w, bounty, scope.now)
    except BooksDisagree:
        await stop_if_wrong(scope, bounty_id)
        raise
    return (await bounties_by_ids(scope, [bounty_id]))[bounty_id]


async def call_off(w: Work, scope: Scope, bounty: LockedBounty, authors: Sequence[AccountId] = ()) -> None:
    """Cancel a locked bounty: `authors` share the part of the pot that the policy fixes, and backers get the rest.

    Raises Conflict.
    """
    before = bounty.status
    bounty = await take(w, scope, bounty, Step.CANCEL, amount=bounty.pot)
    payments = consolation(bounty.pot, authors, scope.ports.policy.cancel_share_percent)
    received = await pay_out(w, bounty, payments)
    w.tell(BountyCancelled(bounty_id=bounty.id, before=before))
    await tell_stakeholders(w, bounty, News.CANCELLED, received=received, but=[scope.account_id])


async def submitted_entries(bounty_id: BountyId) -> Sequence[EntryId]:
    """Name the entries of a bounty that have been submitted, the earliest first."""
    rows = await fetch(
        """
        SELECT id FROM bounty_entry WHERE bounty_id = $1 AND status IN ('SCANNING', 'HELD', 'ACCEPTED')
        ORDER BY submitted_at, id
        """,
        bounty_id,
    )
    return [EntryId(row["id"]) for row in rows]


async def authors_to_pay(w: Work, scope: Scope, bounty: LockedBounty, verdicts: Verdicts) -> Sequence[AccountId]:
    """Give the authors, each once, of entries that are accepted and clean now and independent of the initiator."""
    entries = await lock_entries(w, bounty.id, list(verdicts))
    clean = [entry for entry in entries if rules.may_win(entry.status, verdicts[entry.id])]
    linked = await linked_entries(w, scope, bounty, clean)
    await report(w, scope, [entry.id for entry in linked])
    return list(dict.fromkeys(entry.author_id for entry in clean if entry not in linked))
