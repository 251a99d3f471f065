"""What the clock does to bounties: it closes them, reminds who judges, and keeps the promise when nobody did."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from domain.bounties import rules
from domain.bounties.facts import BountyRefunded, InitiatorReminded, News
from domain.bounties.pot.awarding import Grant, Verdicts, hand_out, verdicts_of
from domain.bounties.pot.cancelling import submitted_entries
from domain.bounties.pot.dealing import linked_entries, report
from domain.bounties.pot.reconciling import stop_if_wrong
from domain.bounties.rules import BountyStatus, Step
from domain.bounties.stakeholders import tell_stakeholders
from domain.bounties.steps import BooksDisagree, LockedBounty, LockedEntry, lock_bounty, lock_entries, pay_out, take
from domain.bounties.tables import BountyRow
from domain.kernel.ids import BountyId
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch
from domain.kernel.work import Work, work

DUE_BATCH = 100
"""How many bounties one call of a clock's deed looks at."""

_REMINDABLE = """
    SELECT id FROM bounty
    WHERE status = 'JUDGING' AND judged_by > $1 AND reminders < 2 AND held_at IS NULL
    AND $1 >= closes_at + (judged_by - closes_at) * (reminders + 1) * 3 / 7
    AND EXISTS (SELECT FROM bounty_entry e WHERE e.bounty_id = bounty.id AND e.status = 'ACCEPTED')
    ORDER BY judged_by LIMIT $2
"""


async def close_due(scope: Scope) -> int:
    """Close to entries what has reached its `closesAt`; gives how many it closed. The clock calls it."""
    return await _each_due(
        scope, "SELECT id FROM bounty WHERE status = 'OPEN' AND closes_at <= $1 ORDER BY closes_at LIMIT $2", _close
    )


async def remind_due(scope: Scope) -> int:
    """Remind initiators after three and after six sevenths of their time to judge; gives how many. The clock calls it.

    Each reminder is sent once, and only while there is an accepted entry to judge; who missed the first gets one only.
    """
    return await _each_due(scope, _REMINDABLE, _remind)


async def refund_due(scope: Scope) -> int:
    """Give every pledge back where nobody judged by `judgedBy`; gives how many bounties. The clock calls it.

    Where an award was promised, `auto_award_due` decides.
    """
    return await _each_due(
        scope,
        """
        SELECT id FROM bounty WHERE status = 'JUDGING' AND judged_by <= $1
        AND NOT auto_award AND payouts_stopped_at IS NULL ORDER BY judged_by LIMIT $2
        """,
        _refund,
    )


async def auto_award_due(scope: Scope) -> int:
    """Keep the promise of bounties that nobody judged by `judgedBy`; gives how many ended. The clock calls it.

    The pot goes to the entry that was submitted first, of those in time that are accepted, clean at this moment, and
    of an author who is independent of the initiator. Where there is none, every pledge goes back.
    """
    return await _each_due(
        scope,
        """
        SELECT id FROM bounty WHERE status = 'JUDGING' AND judged_by <= $1
        AND auto_award AND payouts_stopped_at IS NULL ORDER BY judged_by LIMIT $2
        """,
        _auto_award,
    )


async def _each_due(scope: Scope, sql: str, deed: Callable[[Scope, BountyId], Awaitable[bool]]) -> int:
    """Do a deed to each that is due, each in its own work; one that fails keeps none of the others waiting.

    One whose books turn out to be wrong is stopped, and waits until they agree again.
    """
    done, failures = 0, []
    for row in await fetch(sql, scope.now, DUE_BATCH):
        try:
            done += await deed(scope, BountyId(row["id"]))
        except BooksDisagree:
            await stop_if_wrong(scope, BountyId(row["id"]))
        except Exception as failure:
            failures.append(failure)
    if failures:
        raise ExceptionGroup(f"{len(failures)} of the bounties that are due could not be moved on", failures)
    return done


async def _close(scope: Scope, bounty_id: BountyId) -> bool:
    async with work(scope.now) as w:
        return (await lock_bounty(w, bounty_id, scope.now)).closed_now


async def _remind(scope: Scope, bounty_id: BountyId) -> bool:
    async with work(scope.now) as w:
        bounty = await lock_bounty(w, bounty_id, scope.now)
        if bounty.stands is not BountyStatus.JUDGING:
            return False
        nth = rules.reminders_due(closes_at=bounty.closes_at, judged_by=bounty.judged_by, now=scope.now)
        if nth <= bounty.reminders:
            return False
        await BountyRow.update({BountyRow.reminders: nth}).where(BountyRow.id == bounty_id)
        w.tell(InitiatorReminded(bounty_id, bounty.initiator_id, nth=nth, judged_by=bounty.judged_by))
        return True


async def _refund(scope: Scope, bounty_id: BountyId) -> bool:
    async with work(scope.now) as w:
        bounty = await _lock_unjudged(w, scope, bounty_id)
        if bounty is None:
            return False
        await _give_back(w, scope, bounty)
        return True


async def _auto_award(scope: Scope, bounty_id: BountyId) -> bool:
    verdicts = await verdicts_of(await submitted_entries(bounty_id))
    async with work(scope.now) as w:
        bounty = await _lock_unjudged(w, scope, bounty_id)
        if bounty is None:
            return False
        # What is out of public sight is not paid for: nobody may ask for it now.
        in_time = [] if bounty.held else await _in_the_running(w, bounty, verdicts)
        linked = await linked_entries(w, scope, bounty, in_time)
        await report(w, scope, [entry.id for entry in linked])
        winner = next((entry for entry in in_time if entry not in linked), None)
        if winner is None:
            await _give_back(w, scope, bounty)
        else:
            await hand_out(w, scope, bounty, [Grant(winner, 100, bounty.pot)], Step.AWARD)
        return True


async def _lock_unjudged(w: Work, scope: Scope, bounty_id: BountyId) -> LockedBounty | None:
    """Lock a bounty whose time to judge ran out, ready for its last step; None where somebody else has ended it."""
    bounty = await lock_bounty(w, bounty_id, scope.now)
    if bounty.status is not BountyStatus.JUDGING or bounty.stands is not BountyStatus.REFUNDED:
        return None
    return replace(bounty, stands=bounty.status)


async def _in_the_running(w: Work, bounty: LockedBounty, verdicts: Verdicts) -> Sequence[LockedEntry]:
    """Lock the entries, and give those that may win now and came in time, the earliest first."""
    entries = await lock_entries(w, bounty.id, list(verdicts))
    arrived = [
        (entry.submitted_at, entry.id, entry)
        for entry in entries
        if entry.submitted_at is not None
        and entry.submitted_at < bounty.closes_at
        and rules.may_win(entry.status, verdicts[entry.id])
    ]
    return [entry for _, _, entry in sorted(arrived, key=lambda each: each[:2])]


async def _give_back(w: Work, scope: Scope, bounty: LockedBounty) -> None:
    """Refund every pledge."""
    before = bounty.status
    bounty = await take(w, scope, bounty, Step.REFUND, amount=bounty.pot)
    received = await pay_out(w, bounty)
    w.tell(BountyRefunded(bounty_id=bounty.id, before=before))
    await tell_stakeholders(w, bounty, News.REFUNDED, received=received)
