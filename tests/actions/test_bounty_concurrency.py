"""Many people at once: no deadlock, no credit lost or made, and a bounty ends in exactly one way."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from domain import bounties
from domain.bounties import BountyStatus, Share
from domain.kernel.clock import HandClock
from domain.kernel.ids import Credits
from domain.kernel.ports import Policy, Ports
from domain.kernel.refusals import Refusal
from domain.kernel.scope import Scope
from tests import factories
from tests.actions.backed import POT, backed
from tests.actions.bounties import escrowed, history, opened, some_moderator, somebody

Deed = Callable[[], Awaitable[object]]


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0))


async def _at_once(deeds: list[Deed]) -> Counter[str]:
    """Do them all at once; count how each ended. Anything but a refusal is a defect and raised."""

    async def outcome(deed: Deed) -> str:
        try:
            done = await deed()
        except Refusal as refusal:
            return type(refusal).__name__
        return "nothing" if done == 0 else "done"

    return Counter(await asyncio.gather(*(outcome(deed) for deed in deeds)))


async def test_200_pledges_at_once_are_all_in_the_pot_or_refused(ports: Ports, db: asyncpg.Pool) -> None:
    initiator = await somebody(ports, credits=100)
    bounty = await opened(initiator, pledge=Credits(100))
    backers = [await somebody(ports, credits=40) for _ in range(40)]

    def pledging(backer: Scope) -> Deed:
        return lambda: bounties.pledge(backer, bounty.id, Credits(10))

    ended = await _at_once([pledging(backer) for backer in backers for _ in range(5)])

    [found] = (await bounties.bounties_by_ids(initiator, [bounty.id])).values()
    assert ended == {"done": 160, "NotEnoughCredits": 40}
    assert (found.pot, found.backer_count, await escrowed()) == (1700, 41, 1700)
    assert [await factories.available(backer.require_actor()) for backer in backers] == [0] * 40
    assert await db.fetchval("SELECT count(*) FROM bounty_pledge") == 161
    assert (await bounties.reconcile(Scope.of_system(ports))).wrong == []


@pytest.mark.parametrize("seed", range(4))
async def test_50_ways_to_end_a_bounty_at_once_are_one_end(
    ports: Ports, clock: HandClock, tmp_path: Path, seed: int
) -> None:
    made = await backed(ports, clock, tmp_path, ends_by="award")
    moderator = await some_moderator(ports)
    clock.turn(timedelta(days=2))
    # Workers whose clock is ahead: for them the time to judge is over already.
    ahead = replace(ports, clock=HandClock(clock.now() + timedelta(days=10)))
    shares = [Share(made.entry_ids[0], 67), Share(made.entry_ids[1], 33)]
    deeds: list[Deed] = [
        *[lambda: bounties.award(made.initiator, made.bounty_id, to=made.entry_ids[0])] * 12,
        *[lambda: bounties.split(made.initiator, made.bounty_id, shares)] * 12,
        *[lambda: bounties.cancel(made.initiator, made.bounty_id)] * 6,
        *[lambda: bounties.cancel(moderator, made.bounty_id)] * 6,
        *[lambda: bounties.close_due(Scope.of_system(ports))] * 4,
        *[lambda: bounties.refund_due(Scope.of_system(ahead))] * 10,
    ]
    random.Random(seed).shuffle(deeds)

    ended = await _at_once(deeds)

    closings = ended["done"] - 1
    assert closings in (0, 1)
    assert ended["Conflict"] + ended["nothing"] == 49 - closings
    await made.check_ended("award", "split", "cancel", "refund")
    steps = [step for step in await history(await made.bounty()) if step[0] == "CLOSE"]
    assert steps == [("CLOSE", "OPEN", "JUDGING")]


async def test_pledges_that_race_with_the_end_are_paid_out_or_refused(
    ports: Ports, clock: HandClock, tmp_path: Path
) -> None:
    made = await backed(ports, clock, tmp_path, ends_by="award")
    backers = [await somebody(ports, credits=10) for _ in range(30)]

    def pledging(backer: Scope) -> Deed:
        return lambda: bounties.pledge(backer, made.bounty_id, Credits(10))

    deeds: list[Deed] = [pledging(backer) for backer in backers]
    deeds.insert(10, lambda: bounties.award(made.initiator, made.bounty_id, to=made.entry_ids[0]))

    ended = await _at_once(deeds)

    bounty = await made.bounty()
    late = ended["Conflict"]
    left = [await factories.available(backer.require_actor()) for backer in backers]
    assert ended["done"] == 31 - late
    assert (bounty.status, bounty.pot) == (BountyStatus.AWARDED, POT + 10 * (30 - late))
    assert sum(left) == 10 * late
    assert (await made.purses())[3] == bounty.pot
    assert await escrowed() == 0
