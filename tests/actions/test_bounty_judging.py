"""When nobody judges: reminders first; then the promise is kept, or every pledge goes back."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from domain import bounties
from domain.bounties import Bounty, BountyStatus
from domain.kernel.clock import HandClock
from domain.kernel.findings import Verdict
from domain.kernel.ids import Credits
from domain.kernel.ports import Policy, Ports
from domain.kernel.refusals import Conflict
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch
from tests.actions.bounties import accepted, escrowed, history, opened, somebody, submitted, told, validated
from tests.factories import available


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0))


async def _now(bounty: Bounty, scope: Scope) -> Bounty:
    return (await bounties.bounties_by_ids(scope, [bounty.id]))[bounty.id]


async def _tick(system: Scope) -> tuple[int, int, int]:
    """What the clock does when it comes by: what it closed, awarded and refunded."""
    closed = await bounties.close_due(system)
    return closed, await bounties.auto_award_due(system), await bounties.refund_due(system)


async def test_a_promise_pays_the_earliest_good_entry(
    ports: Ports, system: Scope, clock: HandClock, tmp_path: Path
) -> None:
    initiator, first, second = [await somebody(ports) for _ in range(3)]
    bounty = await opened(initiator, pledge=Credits(100), auto_award=True)
    early = await accepted(first, bounty, tmp_path)
    clock.turn(timedelta(minutes=1))
    await accepted(second, bounty, tmp_path)
    clock.turn(timedelta(days=1))
    assert await _tick(system) == (1, 0, 0)
    clock.turn(timedelta(days=7))

    assert [await _tick(system), await _tick(system)] == [(0, 1, 0), (0, 0, 0)]

    after = await _now(bounty, system)
    assert (after.status, after.awarded_entry_id) == (BountyStatus.AWARDED, early.id)
    assert [await available(scope.require_actor()) for scope in (initiator, first, second)] == [900, 1100, 1000]
    assert (await history(bounty))[-2:] == [("CLOSE", "OPEN", "JUDGING"), ("AWARD", "JUDGING", "AWARDED")]
    [step] = await fetch("SELECT actor_id FROM bounty_step WHERE step = 'AWARD'")
    assert (step["actor_id"], await told("BountyAwarded"), await escrowed()) == (None, 1, 0)
    assert await bounties.outcomes(
        initiator, [(await bounties.entries_by_ids(initiator, [early.id]))[early.id]], urls=False
    )


async def test_without_the_promise_every_pledge_goes_back_whatever_was_entered(
    ports: Ports, system: Scope, clock: HandClock, tmp_path: Path
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator, pledge=Credits(100))
    await accepted(author, bounty, tmp_path)
    clock.turn(timedelta(days=9))

    assert await _tick(system) == (1, 0, 1)

    assert (await _now(bounty, system)).status is BountyStatus.REFUNDED
    assert [await available(scope.require_actor()) for scope in (initiator, author)] == [1000, 1000]
    rows = await fetch("SELECT topics, (body ->> 'credits')::int AS credits FROM fact WHERE kind = 'StakeholderTold'")
    assert {row["topics"]: row["credits"] for row in rows} == {
        f'["inbox:{initiator.account_id}"]': 100,
        f'["inbox:{author.account_id}"]': 0,
    }


@pytest.mark.parametrize("entry", ["none", "held", "blocked", "scanning", "withdrawn", "reversed"])
async def test_a_promise_without_a_good_entry_refunds(
    ports: Ports, system: Scope, clock: HandClock, db: asyncpg.Pool, tmp_path: Path, *, entry: str
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator, pledge=Credits(100), auto_award=True)
    if entry in ("withdrawn", "reversed"):
        made = await accepted(author, bounty, tmp_path)
    elif entry != "none":
        made = await submitted(author, bounty, tmp_path)
    if entry in ("held", "blocked"):
        await validated(ports, Verdict(entry.upper()))
    if entry == "withdrawn":
        await bounties.withdraw_entry(author, made.id)
    if entry == "reversed":  # a newer verdict that nobody has reacted to yet
        await db.execute("UPDATE scan SET verdict = 'BLOCKED'")
    clock.turn(timedelta(days=9))

    assert await _tick(system) == (1, 1, 0)

    assert (await _now(bounty, system)).status is BountyStatus.REFUNDED
    assert [await available(scope.require_actor()) for scope in (initiator, author)] == [1000, 1000]
    assert (await escrowed(), await told("BountyAwarded"), await told("BountyRefunded")) == (0, 0, 1)


async def test_two_clocks_at_once_keep_a_promise_once(
    ports: Ports, system: Scope, clock: HandClock, tmp_path: Path
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator, pledge=Credits(100), auto_award=True)
    await accepted(author, bounty, tmp_path)
    clock.turn(timedelta(days=9))
    await bounties.close_due(system)

    done = await asyncio.gather(*(bounties.auto_award_due(system) for _ in range(5)))

    assert (sum(done), await available(author.require_actor()), await escrowed()) == (1, 1100, 0)


async def test_the_initiator_judges_no_more_once_the_time_ran_out(
    ports: Ports, clock: HandClock, tmp_path: Path
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator, auto_award=True)
    entry = await accepted(author, bounty, tmp_path)
    clock.turn(timedelta(days=8))

    with pytest.raises(Conflict) as refused:
        await bounties.award(initiator, bounty.id, to=entry.id)

    assert refused.value.message == "This bounty can't be awarded any more: its time to judge ran out."
    assert await escrowed() == 100


async def test_the_initiator_is_reminded_twice_while_there_is_something_to_judge(
    ports: Ports, system: Scope, clock: HandClock, tmp_path: Path
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator)
    await accepted(author, bounty, tmp_path)
    clock.turn(timedelta(days=1))
    await bounties.close_due(system)

    reminded = []
    for hours in (71, 1, 71, 1, 23, 1):
        clock.turn(timedelta(hours=hours))
        reminded.append([await bounties.remind_due(system), await bounties.remind_due(system)])

    assert reminded == [[0, 0], [1, 0], [0, 0], [1, 0], [0, 0], [0, 0]]
    rows = await fetch(
        "SELECT topics, (body ->> 'nth')::int AS nth FROM fact WHERE kind = 'InitiatorReminded' ORDER BY id"
    )
    assert [(row["topics"], row["nth"]) for row in rows] == [(f'["inbox:{initiator.account_id}"]', n) for n in (1, 2)]


async def test_nobody_is_reminded_of_nothing_and_who_missed_one_gets_one(
    ports: Ports, system: Scope, clock: HandClock, tmp_path: Path
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator)
    await submitted(author, bounty, tmp_path)
    clock.turn(timedelta(days=7, hours=1))
    await bounties.close_due(system)
    assert await bounties.remind_due(system) == 0

    await validated(ports)

    assert [await bounties.remind_due(system), await bounties.remind_due(system)] == [1, 0]
    [row] = await fetch("SELECT (body ->> 'nth')::int AS nth FROM fact WHERE kind = 'InitiatorReminded'")
    assert row["nth"] == 2


async def test_nobody_is_reminded_once_it_is_judged(
    ports: Ports, system: Scope, clock: HandClock, tmp_path: Path
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator)
    entry = await accepted(author, bounty, tmp_path)
    clock.turn(timedelta(days=1))
    await bounties.close_due(system)
    await bounties.award(initiator, bounty.id, to=entry.id)
    clock.turn(timedelta(days=4))

    assert (await bounties.remind_due(system), await told("InitiatorReminded")) == (0, 0)
