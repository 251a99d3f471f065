"""How a bounty begins and grows: it is opened with a first pledge, and anybody may add to the pot."""

from domain.bounties import offers, rules, terms
from domain.bounties.facts import BountyPledged
from domain.bounties.reads import bounties_by_ids
from domain.bounties.rules import BountyStatus, Step
from domain.bounties.standing.texts import examine, examine_terms
from domain.bounties.steps import lock_bounty, record, take
from domain.bounties.tables import BountyRow, PledgeRow
from domain.bounties.values import Bounty, BountyTerms
from domain.kernel.ids import AccountId, BountyId, Credits, PledgeId, Subject, new_id
from domain.kernel.limits import within_limit
from domain.kernel.scope import Scope
from domain.kernel.work import Work, work
from domain.ledger import Purse, Reason, transfer
from domain.resources import Judge


async def open_bounty(scope: Scope, asked: BountyTerms) -> Bounty:
    """Open a bounty with a first pledge, which goes into escrow at once.

    It is told and listed once its texts were looked at; one whose texts raise too much doubt waits for a moderator.
    Raises SignInRequired, Suspended, InvalidInput, PolicyRefused, LikenessRefused, RateLimited, NotEnoughCredits.
    """
    actor = scope.require_active()
    asked = terms.checked(asked)
    offers.check_closing(asked.closes_at, scope.now)
    offers.check_pledge(asked.pledge, 0, scope.ports.policy, "input.pledge")
    await within_limit(scope, "bounty-open", actor.account_id)
    bounty_id, judge = BountyId(new_id()), Judge(scope)
    await judge.ask(examine, asked.title, asked.brief, mature=asked.mature)
    async with work(scope.now) as w:
        await judge.hold(w)
        await _insert(w, scope, bounty_id, actor.account_id, asked)
        await record(
            w,
            bounty_id,
            Step.OPEN,
            at=scope.now,
            before=None,
            reached=BountyStatus.OPEN,
            actor_id=actor.account_id,
            amount=asked.pledge,
        )
        await examine_terms(w, scope, bounty_id, judge)
        await _escrow(w, scope, bounty_id, actor.account_id, asked.pledge)
    return await _bounty(scope, bounty_id)


async def pledge(scope: Scope, bounty_id: BountyId, amount: Credits) -> Bounty:
    """Put more credits into the pot of an open bounty; anybody may.

    Raises SignInRequired, Suspended, NotFound, Conflict, InvalidInput, RateLimited, NotEnoughCredits.
    """
    actor = scope.require_active()
    await within_limit(scope, "bounty-pledge", actor.account_id)
    async with work(scope.now) as w:
        bounty = await lock_bounty(w, bounty_id, scope.now)
        await take(w, scope, bounty, Step.PLEDGE, amount=amount)
        offers.check_pledge(amount, bounty.pot, scope.ports.policy, "amount")
        pledge_id = await _escrow(w, scope, bounty_id, actor.account_id, amount)
        w.tell(
            BountyPledged(
                bounty_id=bounty_id,
                pledge_id=pledge_id,
                backer_id=actor.account_id,
                amount=int(amount),
                before=bounty.status,
            )
        )
    return await _bounty(scope, bounty_id)


async def _insert(w: Work, scope: Scope, bounty_id: BountyId, initiator_id: AccountId, asked: BountyTerms) -> None:
    await BountyRow.insert(
        BountyRow(
            {
                BountyRow.id: bounty_id,
                BountyRow.kind: asked.kind,
                BountyRow.title: asked.title,
                BountyRow.brief: asked.brief,
                BountyRow.status: BountyStatus.OPEN,
                BountyRow.mature: asked.mature,
                BountyRow.depicts_real_person: asked.depicts_real_person,
                BountyRow.auto_award: asked.auto_award,
                BountyRow.initiator_id: initiator_id,
                BountyRow.pot: 0,
                BountyRow.backer_count: 0,
                BountyRow.created_at: scope.now,
                BountyRow.closes_at: asked.closes_at,
                BountyRow.judged_by: rules.judged_by(asked.closes_at, scope.ports.policy),
            }
        )
    )


async def _escrow(w: Work, scope: Scope, bounty_id: BountyId, backer_id: AccountId, amount: Credits) -> PledgeId:
    """Put a pledge into escrow and into the pot, under the lock of the bounty's row."""
    pledge_id = PledgeId(new_id())
    await w.execute(
        """
        UPDATE bounty SET pot = pot + $2, backer_count = backer_count
            + (NOT EXISTS (SELECT FROM bounty_pledge WHERE bounty_id = $1 AND backer_id = $3))::int
        WHERE id = $1
        """,
        bounty_id,
        amount,
        backer_id,
    )
    await PledgeRow.insert(
        PledgeRow(
            {
                PledgeRow.id: pledge_id,
                PledgeRow.bounty_id: bounty_id,
                PledgeRow.backer_id: backer_id,
                PledgeRow.amount: amount,
                PledgeRow.pledged_at: scope.now,
            }
        )
    )
    await transfer(
        w,
        amount,
        debit=Purse.account(backer_id),
        credit=Purse.pledge(pledge_id, holder=backer_id),
        reason=Reason.BOUNTY_PLEDGE,
        subject=Subject("bounty", bounty_id),
        key=f"bounty-pledge:{pledge_id}",
    )
    return pledge_id


async def _bounty(scope: Scope, bounty_id: BountyId) -> Bounty:
    return (await bounties_by_ids(scope, [bounty_id]))[bounty_id]
