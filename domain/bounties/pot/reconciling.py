"""Proving the books: what lies in escrow is what the bounties that run owe, pledge by pledge and altogether.

Nothing is repaired here. Where the books disagree, an alarm is told and the payouts of that bounty stop, until a
person has looked and the books agree again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from domain.accounts import moderators
from domain.bounties import rules
from domain.bounties.facts import EscrowMismatch
from domain.bounties.reads import bounties_by_ids
from domain.bounties.rules import Step
from domain.bounties.steps import lock_bounty, take
from domain.bounties.tables import BountyRow
from domain.bounties.values import Books, Bounty
from domain.kernel.ids import AccountId, BountyId
from domain.kernel.inbox import inbox_of
from domain.kernel.outbox import newest_of
from domain.kernel.refusals import Conflict, NotAllowed
from domain.kernel.scope import Scope
from domain.kernel.work import Work, pool, work
from domain.ledger import escrowed_in_all

BATCH = 1000
"""How many bounties are proved by one statement."""

_TOLD_AGAIN_AFTER = timedelta(days=1)
_FIRST = BountyId(UUID(int=0))
_ONE = "b.id = $1"
_NEXT = "b.id > $1 ORDER BY b.id LIMIT $2"


@dataclass(frozen=True, slots=True)
class Proof:
    """What a reconciliation found: the books that disagree, and those for which it has raised an alarm now.

    A bounty that was stopped before is wrong for as long as it is, and no new alarm.
    """

    proved: int
    wrong: Sequence[Books]
    alarms: Sequence[Books]


async def reconcile(scope: Scope) -> Proof:
    """Prove the books of every bounty and of all together; stop the payouts of those that disagree, and raise alarm.

    The product itself and its operator may. Raises NotAllowed.
    """
    if not scope.system:
        raise NotAllowed("Only the operator has the books proved.")
    proved, suspects, altogether = await _prove(scope)
    wrong, alarms = [], []
    for bounty_id in suspects:
        books, is_new = await stop_if_wrong(scope, bounty_id)
        if not books.agree:
            wrong.append(books)
        if is_new:
            alarms.append(books)
    if not altogether.agree:
        wrong.append(altogether)
        alarms.append(altogether)
        await _raise_alarm(scope, altogether)
    return Proof(proved, wrong, alarms)


async def resume(scope: Scope, bounty_id: BountyId) -> Bounty:
    """Let the payouts of a bounty go on, once its books agree again; the operator may.

    Raises NotAllowed, NotFound, Conflict.
    """
    if not scope.system:
        raise NotAllowed("Only the operator lets payouts go on.")
    async with work(scope.now) as w:
        bounty = await lock_bounty(w, bounty_id, scope.now)
        if bounty.payouts_stopped_at is None:
            raise Conflict("The payouts of this bounty are not stopped.", state=bounty.status)
        [books] = await _books(w, _ONE, bounty_id)
        if not books.agree:
            raise Conflict(
                f"The books of this bounty still disagree: its pledges are {books.pledged}, its pot {books.pot}, "
                f"and {books.escrowed} credits lie in escrow where {books.owed} should.",
                state=rules.PAYOUT_STOPPED,
            )
        await BountyRow.update({BountyRow.payouts_stopped_at: None}).where(BountyRow.id == bounty_id)
        await take(w, scope, bounty, Step.RESUME)
    return (await bounties_by_ids(scope, [bounty_id]))[bounty_id]


async def _prove(scope: Scope) -> tuple[int, Sequence[BountyId], Books]:
    """Read the books of all bounties in one snapshot; give how many there are, which disagree, and the sum of all."""
    proved, owed, pot, suspects, after = 0, 0, 0, [], _FIRST
    async with work(scope.now) as w:
        await w.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        while batch := await _books(w, _NEXT, after, BATCH):
            suspects += [books.bounty_id for books in batch if books.bounty_id is not None and not books.agree]
            owed += sum(books.owed for books in batch)
            pot += sum(books.pot for books in batch)
            proved, after = proved + len(batch), batch[-1].bounty_id or after
        escrowed = await escrowed_in_all(w)
    return proved, suspects, Books(None, escrowed, owed, pledged=owed, pot=pot, agree=escrowed == owed)


async def stop_if_wrong(scope: Scope, bounty_id: BountyId) -> tuple[Books, bool]:
    """Look again under the bounty's lock, and stop its payouts if its books do disagree; tell whether that was new."""
    async with work(scope.now) as w:
        bounty = await lock_bounty(w, bounty_id, scope.now)
        [books] = await _books(w, _ONE, bounty_id)
        if books.agree or bounty.payouts_stopped_at is not None:
            return books, False
        await BountyRow.update({BountyRow.payouts_stopped_at: scope.now}).where(BountyRow.id == bounty_id)
        await take(w, scope, bounty, Step.STOP)
        w.tell(_alarm(books))
        return books, True


async def _raise_alarm(scope: Scope, books: Books) -> None:
    told = _alarm(books)
    to_tell = [account_id for account_id in await moderators() if not await _knows(scope, account_id, told)]
    async with work(scope.now) as w:
        w.tell(replace(told, moderator_ids=tuple(to_tell)))


async def _knows(scope: Scope, account_id: AccountId, told: EscrowMismatch) -> bool:
    """Say whether a moderator was told of the same difference within a day: while it lasts they are told once a day."""
    last = await newest_of(pool(), inbox_of(account_id), told.kind, since=scope.now - _TOLD_AGAIN_AFTER)
    return isinstance(last, EscrowMismatch) and last.difference == told.difference


async def _books(w: Work, which: str, *arguments: object) -> list[Books]:
    """Read the books of some bounties: in one statement, every pledge beside its purse, and the pot beside them all."""
    rows = await w.fetch(
        f"""
        SELECT b.id, b.pot, b.status IN ('OPEN', 'JUDGING') AS runs, books.*
        FROM bounty b CROSS JOIN LATERAL (
            -- Its own pledges by their index, whatever the planner thinks of a whole batch.
            SELECT coalesce(sum(p.amount), 0)::bigint AS pledged, coalesce(sum(purse.balance), 0)::bigint AS escrowed,
                   coalesce(bool_and(coalesce(purse.balance, 0) =
                       CASE WHEN b.status IN ('OPEN', 'JUDGING') THEN p.amount ELSE 0 END), true) AS each
            FROM bounty_pledge p LEFT JOIN purse ON purse.kind = 'PLEDGE' AND purse.belongs_to = p.id
            WHERE p.bounty_id = b.id
        ) books
        WHERE {which}
        """,  # noqa: S608 - a constant of this module
        *arguments,
    )
    return [
        Books(
            BountyId(row["id"]),
            escrowed=row["escrowed"],
            owed=row["pledged"] if row["runs"] else 0,
            pledged=row["pledged"],
            pot=row["pot"],
            agree=row["each"] and row["pot"] == row["pledged"],
        )
        for row in rows
    ]


def _alarm(books: Books) -> EscrowMismatch:
    return EscrowMismatch(books.bounty_id, books.escrowed, books.owed, books.pledged, books.pot)
