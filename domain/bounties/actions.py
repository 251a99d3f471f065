"""The deeds of a bounty's life: open, pledge, award, cancel, and what the clock does."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from domain.bounties import rules
from domain.bounties.facts import BountyAwarded, BountyCancelled, BountyOpened, BountyPledged, BountyRefunded
from domain.bounties.reads import bounties_by_ids, entries_by_ids
from domain.bounties.rules import BountyStatus, Step
from domain.bounties.statements import state_cancellation
from domain.bounties.steps import lock_bounty, lock_entry, pay_out, record, take
from domain.bounties.tables import BountyRow, PledgeRow
from domain.bounties.values import Bounty, BountyEntry, BountyTerms
from domain.kernel.findings import Signal
from domain.kernel.ids import AccountId, BountyId, Credits, EntryId, PledgeId, Subject, new_id
from domain.kernel.limits import within_limit
from domain.kernel.refusals import LikenessRefused, NotAllowed
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch
from domain.kernel.text import clean
from domain.kernel.work import Work, work
from domain.ledger import Purse, Reason, transfer
from domain.registry.gates import examine_texts
from domain.resources import Holder, files_of

DUE_BATCH = 100
"""How many bounties one call of a clock's deed looks at."""


async def open_bounty(scope: Scope, terms: BountyTerms) -> Bounty:
    """Open a bounty with a first pledge, which goes into escrow at once.

    Raises SignInRequired, Suspended, InvalidInput, PolicyRefused, LikenessRefused, RateLimited, NotEnoughCredits.
    """
    actor = scope.require_active()
    terms = _checked(scope, terms)
    await within_limit(scope, "bounty-open", actor.account_id)
    _pass_gate(scope, terms)
    bounty_id = BountyId(new_id())
    async with work(scope.now) as w:
        await _insert(w, scope, bounty_id, actor.account_id, terms)
        await _escrow(w, scope, bounty_id, actor.account_id, terms.pledge)
        await record(
            w,
            bounty_id,
            Step.OPEN,
            at=scope.now,
            before=None,
            reached=BountyStatus.OPEN,
            actor_id=actor.account_id,
            amount=terms.pledge,
        )
        w.tell(BountyOpened(bounty_id=bounty_id, initiator_id=actor.account_id))
    return await _bounty(bounty_id)


async def pledge(scope: Scope, bounty_id: BountyId, amount: Credits) -> Bounty:
    """Put more credits into the pot of an open bounty; anybody may.

    Raises SignInRequired, Suspended, NotFound, Conflict, InvalidInput, RateLimited, NotEnoughCredits.
    """
    actor = scope.require_active()
    await within_limit(scope, "bounty-pledge", actor.account_id)
    async with work(scope.now) as w:
        bounty = await lock_bounty(w, bounty_id, scope.now)
        await take(w, scope, bounty, Step.PLEDGE, amount=amount)
        rules.check_pledge(amount, bounty.pot, scope.ports.policy, "amount")
        pledge_id = await _escrow(w, scope, bounty_id, actor.account_id, amount)
        w.tell(BountyPledged(bounty_id=bounty_id, pledge_id=pledge_id, backer_id=actor.account_id, amount=int(amount)))
    return await _bounty(bounty_id)


async def award(scope: Scope, bounty_id: BountyId, *, to: EntryId) -> tuple[Bounty, BountyEntry]:
    """Hand the pot to one accepted entry. Only the initiator may, and only once.

    Raises SignInRequired, NotAllowed, NotFound, Conflict.
    """
    actor = scope.require_actor()
    # The files are asked too, lest an entry wins in the moment between a newer verdict and the reaction to it.
    verdicts = [file.scan.verdict for file in (await files_of([Holder("entry", to)]))[Holder("entry", to)]]
    async with work(scope.now) as w:
        bounty = await lock_bounty(w, bounty_id, scope.now)
        if actor.account_id != bounty.initiator_id:
            raise NotAllowed("Only the initiator of a bounty may award it.")
        rules.after(Step.AWARD, bounty.stands)
        entry = await lock_entry(w, bounty_id, to)
        rules.check_award(entry.status, verdicts, author=entry.author_id, initiator=bounty.initiator_id)
        bounty = await take(w, scope, bounty, Step.AWARD, entry_id=to, amount=bounty.pot)
        await pay_out(w, bounty, Reason.BOUNTY_AWARD, to=entry.author_id)
        w.tell(
            BountyAwarded(bounty_id=bounty_id, entry_id=to, author_id=entry.author_id, initiator_id=bounty.initiator_id)
        )
    return await _bounty(bounty_id), (await entries_by_ids(scope, [to]))[to]


async def cancel(scope: Scope, bounty_id: BountyId) -> Bounty:
    """Call a bounty off; every pledge goes back whole. The initiator and moderators may.

    A moderator's cancellation of somebody else's bounty is a restriction, so it states its reasons. Raises
    SignInRequired, NotAllowed, NotFound, Conflict.
    """
    actor = scope.require_actor()
    async with work(scope.now) as w:
        bounty = await lock_bounty(w, bounty_id, scope.now)
        mine = actor.account_id == bounty.initiator_id
        if not mine and not scope.is_moderator:
            raise NotAllowed("Only the initiator of a bounty and moderators may cancel it.")
        bounty = await take(w, scope, bounty, Step.CANCEL, amount=bounty.pot)
        await pay_out(w, bounty, Reason.BOUNTY_REFUND, to=None)
        if not mine:
            await state_cancellation(w, bounty, scope.now)
        w.tell(BountyCancelled(bounty_id=bounty_id))
    return await _bounty(bounty_id)


async def close_due(scope: Scope) -> int:
    """Close to entries what has reached its `closesAt`; gives how many it closed. The clock calls it."""
    return await _each_due(
        scope, "SELECT id FROM bounty WHERE status = 'OPEN' AND closes_at <= $1 ORDER BY closes_at LIMIT $2", _close
    )


async def refund_due(scope: Scope) -> int:
    """Give every pledge back where nobody judged by `judgedBy`; gives how many bounties. The clock calls it."""
    return await _each_due(
        scope, "SELECT id FROM bounty WHERE status = 'JUDGING' AND judged_by <= $1 ORDER BY judged_by LIMIT $2", _refund
    )


async def _each_due(scope: Scope, sql: str, deed: Callable[[Scope, BountyId], Awaitable[bool]]) -> int:
    """Do a deed to each that is due, each in its own work; one that fails keeps none of the others waiting."""
    done, failures = 0, []
    for row in await fetch(sql, scope.now, DUE_BATCH):
        try:
            done += await deed(scope, BountyId(row["id"]))
        except Exception as failure:
            failures.append(failure)
    if failures:
        raise ExceptionGroup(f"{len(failures)} of the bounties that are due could not be moved on", failures)
    return done


async def _close(scope: Scope, bounty_id: BountyId) -> bool:
    async with work(scope.now) as w:
        return (await lock_bounty(w, bounty_id, scope.now)).closed_now


async def _refund(scope: Scope, bounty_id: BountyId) -> bool:
    async with work(scope.now) as w:
        bounty = await lock_bounty(w, bounty_id, scope.now)
        if bounty.status is not BountyStatus.JUDGING or bounty.stands is not BountyStatus.REFUNDED:
            return False
        bounty = await take(w, scope, replace(bounty, stands=bounty.status), Step.REFUND, amount=bounty.pot)
        await pay_out(w, bounty, Reason.BOUNTY_REFUND, to=None)
        w.tell(BountyRefunded(bounty_id=bounty_id))
        return True


def _checked(scope: Scope, terms: BountyTerms) -> BountyTerms:
    rules.check_kind(terms.kind)
    title = clean(terms.title, "input.title", rules.MAX_TITLE, min_length=1)
    brief = clean(terms.brief, "input.brief", rules.MAX_BRIEF, min_length=1)
    rules.check_closing(terms.closes_at, scope.now)
    rules.check_pledge(terms.pledge, 0, scope.ports.policy, "input.pledge")
    rules.check_labels(mature=terms.mature, depicts_real_person=terms.depicts_real_person)
    return replace(terms, title=title, brief=brief)


def _pass_gate(scope: Scope, terms: BountyTerms) -> None:
    """Refuse a bounty that names a protected person.

    Whoever enters makes it, not the initiator: a person's consent to named creators covers nobody here.
    """
    findings = examine_texts(
        scope.ports.registry.matcher,
        [("title", terms.title), ("brief", terms.brief)],
        Signal.NAME_IN_TEXT,
        account=None,
        mature=terms.mature,
    )
    if findings:
        raise LikenessRefused(
            "This bounty names a real person who does not allow it: take the name out.", findings=findings
        )


async def _insert(w: Work, scope: Scope, bounty_id: BountyId, initiator_id: AccountId, terms: BountyTerms) -> None:
    await BountyRow.insert(
        BountyRow(
            {
                BountyRow.id: bounty_id,
                BountyRow.kind: terms.kind,
                BountyRow.title: terms.title,
                BountyRow.brief: terms.brief,
                BountyRow.status: BountyStatus.OPEN,
                BountyRow.mature: terms.mature,
                BountyRow.depicts_real_person: terms.depicts_real_person,
                BountyRow.initiator_id: initiator_id,
                BountyRow.pot: 0,
                BountyRow.backer_count: 0,
                BountyRow.created_at: scope.now,
                BountyRow.closes_at: terms.closes_at,
                BountyRow.judged_by: rules.judged_by(terms.closes_at, scope.ports.policy),
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


async def _bounty(bounty_id: BountyId) -> Bounty:
    return (await bounties_by_ids([bounty_id]))[bounty_id]
