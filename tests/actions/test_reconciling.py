"""The books are proved pledge by pledge; where they disagree nothing is repaired: an alarm is told and payouts stop."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from countenance.workers.books import prove_books
from domain import bounties
from domain.bounties import Bounty, BountyEntry, BountyStatus, Share
from domain.bounties.pot import reconciling
from domain.kernel.clock import HandClock
from domain.kernel.ids import Credits
from domain.kernel.outbox import number_facts
from domain.kernel.ports import Policy, Ports
from domain.kernel.refusals import Conflict, NotAllowed
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch
from tests.actions.bounties import accepted, escrowed, history, opened, some_moderator, somebody, told
from tests.factories import available


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0))


async def falsify(db: asyncpg.Pool, statement: str, *arguments: object) -> None:
    """Write what no deed can: past the triggers that keep the books, as a slip of somebody with a shell would."""
    async with db.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(statement, *arguments)


async def took_a_credit(db: asyncpg.Pool, bounty: Bounty) -> None:
    """One purse holds a credit too few."""
    await falsify(
        db,
        "UPDATE purse SET balance = balance - 1 WHERE belongs_to = (SELECT id FROM bounty_pledge WHERE bounty_id = $1)",
        bounty.id,
    )


async def put_it_back(db: asyncpg.Pool, bounty: Bounty) -> None:
    """The credit is there again."""
    await falsify(
        db,
        "UPDATE purse SET balance = balance + 1 WHERE belongs_to = (SELECT id FROM bounty_pledge WHERE bounty_id = $1)",
        bounty.id,
    )


async def _now(bounty: Bounty, scope: Scope) -> Bounty:
    return (await bounties.bounties_by_ids(scope, [bounty.id]))[bounty.id]


async def _alarms() -> list[str]:
    return [row["body"] for row in await fetch("SELECT body FROM fact WHERE kind = 'EscrowMismatch' ORDER BY id")]


async def test_books_that_agree_are_left_alone(
    ports: Ports, system: Scope, clock: HandClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciling, "BATCH", 2)
    initiator, author = await somebody(ports), await somebody(ports)
    awarded, cancelled, split, refunded, open_one = [await opened(initiator, pledge=Credits(50)) for _ in range(5)]
    for bounty in (awarded, cancelled, split, open_one):
        await bounties.pledge(author, bounty.id, Credits(33))
    await bounties.award(initiator, awarded.id, to=(await accepted(author, awarded, tmp_path)).id)
    two = [await accepted(author, split, tmp_path) for _ in range(2)]
    await bounties.split(initiator, split.id, [Share(two[0].id, 99), Share(two[1].id, 1)])
    await accepted(author, cancelled, tmp_path)
    await bounties.cancel(initiator, cancelled.id)
    clock.turn(timedelta(days=9))
    await bounties.close_due(system)
    await bounties.refund_due(system)

    proof = await bounties.reconcile(system)

    assert (proof.proved, proof.wrong, proof.alarms) == (5, [], [])
    assert (await told("EscrowMismatch"), await prove_books(system)) == (0, 0)
    assert (await _now(refunded, system)).status is BountyStatus.REFUNDED


async def test_a_credit_that_is_missing_stops_payouts_and_raises_one_alarm(
    ports: Ports, system: Scope, db: asyncpg.Pool
) -> None:
    initiator = await somebody(ports)
    bounty, sound = await opened(initiator, pledge=Credits(100)), await opened(initiator, pledge=Credits(40))
    await took_a_credit(db, bounty)

    first, second = await bounties.reconcile(system), await bounties.reconcile(system)

    [own, altogether] = first.wrong
    assert (own.bounty_id, own.escrowed, own.owed, own.pledged, own.pot) == (bounty.id, 99, 100, 100, 100)
    assert (altogether.bounty_id, altogether.escrowed, altogether.owed) == (None, 139, 140)
    assert [books.bounty_id for books in first.alarms] == [bounty.id, None]
    assert [books.bounty_id for books in second.alarms] == [None]
    assert (await _now(bounty, system)).payouts_stopped_at == system.now
    assert (await _now(sound, system)).payouts_stopped_at is None
    assert (await history(bounty))[-1] == ("STOP", "OPEN", "OPEN")
    assert [row["topics"] for row in await fetch("SELECT topics FROM fact WHERE kind = 'EscrowMismatch'")] == ["[]"] * 3
    assert await escrowed() == 139  # nothing was repaired


async def test_every_moderator_finds_books_that_disagree_in_their_inbox_once_a_day_while_they_do(
    ports: Ports, system: Scope, db: asyncpg.Pool, clock: HandClock
) -> None:
    moderators = sorted([await some_moderator(ports) for _ in range(2)], key=lambda scope: str(scope.account_id))
    bounty = await opened(await somebody(ports), pledge=Credits(100))
    inboxes = [f"inbox:{moderator.account_id}" for moderator in moderators]

    async def proved(after: timedelta) -> list[str]:
        clock.turn(after)
        await bounties.reconcile(system)
        async with db.acquire() as connection:
            relayed = await number_facts(connection)
        return [topic for fact in relayed if fact.kind == "EscrowMismatch" for topic in fact.topics]

    assert await proved(timedelta(0)) == []
    await took_a_credit(db, bounty)
    assert await proved(timedelta(minutes=10)) == inboxes
    assert await proved(timedelta(minutes=10)) == []
    await took_a_credit(db, bounty)
    assert await proved(timedelta(minutes=10)) == inboxes
    assert await proved(timedelta(hours=25)) == inboxes


Deed = Callable[[Scope, Bounty, BountyEntry], Awaitable[object]]


@pytest.mark.parametrize(
    "deed",
    [
        lambda scope, bounty, entry: bounties.award(scope, bounty.id, to=entry.id),
        lambda scope, bounty, _: bounties.cancel(scope, bounty.id),
        lambda scope, bounty, _: bounties.pledge(scope, bounty.id, Credits(10)),
    ],
    ids=["award", "cancel", "pledge"],
)
async def test_no_credits_move_while_payouts_are_stopped_and_all_do_afterwards(
    ports: Ports, system: Scope, db: asyncpg.Pool, tmp_path: Path, deed: Deed
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator, pledge=Credits(100))
    entry = await accepted(author, bounty, tmp_path)
    await took_a_credit(db, bounty)
    await bounties.reconcile(system)

    with pytest.raises(Conflict) as refused:
        await deed(initiator, bounty, entry)
    assert refused.value.state == "PAYOUT_STOPPED"
    assert (await escrowed(), await available(author.require_actor())) == (99, 1000)
    with pytest.raises(Conflict, match="still disagree: its pledges are 100, its pot 100, and 99 credits") as stopped:
        await bounties.resume(system, bounty.id)
    assert stopped.value.state == "PAYOUT_STOPPED"

    await put_it_back(db, bounty)
    after = await bounties.resume(system, bounty.id)
    await deed(initiator, bounty, entry)

    assert after.payouts_stopped_at is None
    assert "RESUME" in [step for step, _, _ in await history(bounty)]
    assert (await bounties.reconcile(system)).wrong == []


async def test_a_split_is_refused_while_payouts_are_stopped(
    ports: Ports, system: Scope, db: asyncpg.Pool, tmp_path: Path
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator, pledge=Credits(100))
    entries = [await accepted(author, bounty, tmp_path) for _ in range(2)]
    await took_a_credit(db, bounty)
    await bounties.reconcile(system)

    with pytest.raises(Conflict) as refused:
        await bounties.split(initiator, bounty.id, [Share(entry.id, 50) for entry in entries])

    assert (refused.value.state, await fetch("SELECT FROM bounty_award")) == ("PAYOUT_STOPPED", [])


@pytest.mark.parametrize("auto_award", [False, True])
async def test_the_clock_waits_until_the_books_agree(
    ports: Ports, system: Scope, db: asyncpg.Pool, clock: HandClock, tmp_path: Path, *, auto_award: bool
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator, pledge=Credits(100), auto_award=auto_award)
    await accepted(author, bounty, tmp_path)
    await took_a_credit(db, bounty)
    await bounties.reconcile(system)
    clock.turn(timedelta(days=9))
    await bounties.close_due(system)

    waited = [await bounties.refund_due(system), await bounties.auto_award_due(system)]
    await put_it_back(db, bounty)
    await bounties.resume(system, bounty.id)
    done = [await bounties.refund_due(system), await bounties.auto_award_due(system)]

    assert (waited, done) == ([0, 0], [not auto_award, auto_award])
    assert (await available(author.require_actor()), await escrowed()) == (1100 if auto_award else 1000, 0)


async def test_a_payout_from_wrong_books_is_refused_even_before_they_are_proved(
    ports: Ports, db: asyncpg.Pool, tmp_path: Path
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    short, thick = await opened(initiator, pledge=Credits(100)), await opened(initiator, pledge=Credits(100))
    entries = [await accepted(author, bounty, tmp_path) for bounty in (short, thick)]
    await took_a_credit(db, short)
    await db.execute("UPDATE bounty SET pot = 101 WHERE id = $1", thick.id)

    for bounty, entry in zip((short, thick), entries, strict=True):
        with pytest.raises(Conflict) as refused:
            await bounties.award(initiator, bounty.id, to=entry.id)
        assert refused.value.state == "PAYOUT_STOPPED"

    assert (await available(author.require_actor()), await fetch("SELECT FROM bounty_award")) == (1000, [])
    assert await told("EscrowMismatch") == 2
    assert (await _now(short, initiator)).payouts_stopped_at == (await _now(thick, initiator)).payouts_stopped_at
    assert (await _now(short, initiator)).payouts_stopped_at is not None


async def test_a_refund_from_wrong_books_stops_and_keeps_no_other_waiting(
    ports: Ports, system: Scope, db: asyncpg.Pool, clock: HandClock
) -> None:
    initiator = await somebody(ports)
    wrong, sound = await opened(initiator, pledge=Credits(100)), await opened(initiator, pledge=Credits(50))
    await took_a_credit(db, wrong)
    clock.turn(timedelta(days=9))
    await bounties.close_due(system)

    refunded = [await bounties.refund_due(system), await bounties.refund_due(system)]

    assert (refunded, await told("EscrowMismatch")) == ([1, 0], 1)
    assert ((await _now(wrong, system)).status, (await _now(sound, system)).status) == ("JUDGING", "REFUNDED")
    assert (await history(wrong))[-1] == ("STOP", "JUDGING", "JUDGING")


async def test_two_wrongs_do_not_make_it_right(ports: Ports, system: Scope, db: asyncpg.Pool) -> None:
    initiator, backer = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator, pledge=Credits(100))
    await bounties.pledge(backer, bounty.id, Credits(100))
    await falsify(
        db,
        "UPDATE purse SET balance = balance + CASE WHEN holder_id = $1 THEN 5 ELSE -5 END WHERE kind = 'PLEDGE'",
        backer.account_id,
    )

    proof = await bounties.reconcile(system)

    assert [(books.bounty_id, books.escrowed, books.owed) for books in proof.wrong] == [(bounty.id, 200, 200)]


async def test_an_ended_bounty_with_credits_left_in_escrow_is_found(
    ports: Ports, system: Scope, db: asyncpg.Pool
) -> None:
    initiator = await somebody(ports)
    bounty = await bounties.cancel(initiator, (await opened(initiator, pledge=Credits(100))).id)
    await falsify(db, "UPDATE purse SET balance = 7 WHERE kind = 'PLEDGE'")

    proof = await bounties.reconcile(system)

    assert [(books.bounty_id, books.escrowed, books.owed) for books in proof.wrong] == [(bounty.id, 7, 0), (None, 7, 0)]
    assert (await _now(bounty, system)).payouts_stopped_at is not None


async def test_proving_while_credits_move_raises_no_false_alarm(ports: Ports, system: Scope) -> None:
    initiator = await somebody(ports)
    running = [await opened(initiator, pledge=Credits(10)) for _ in range(4)]
    backers = [await somebody(ports) for _ in range(4)]

    async def move() -> None:
        for n, backer in enumerate(backers):
            await asyncio.gather(*(bounties.pledge(backer, bounty.id, Credits(10)) for bounty in running[n:]))
            await bounties.cancel(initiator, running[n].id)

    proofs = await asyncio.gather(move(), *(bounties.reconcile(system) for _ in range(8)))

    assert [proof.wrong for proof in proofs if proof is not None] == [[]] * 8


async def test_only_the_operator_proves_books_and_lets_payouts_go_on(ports: Ports, system: Scope) -> None:
    initiator = await somebody(ports)
    bounty = await opened(initiator)

    with pytest.raises(NotAllowed):
        await bounties.reconcile(initiator)
    with pytest.raises(NotAllowed):
        await bounties.resume(initiator, bounty.id)
    with pytest.raises(Conflict, match="are not stopped"):
        await bounties.resume(system, bounty.id)

    assert await history(bounty) == [("OPEN", None, "OPEN")]
