"""Processes killed between any two steps of what ends a bounty: nothing is done by half, and it is paid once."""

import asyncio
import random
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg
import pytest

from domain import bounties
from domain.bounties import BountyStatus
from domain.kernel.clock import HandClock
from domain.kernel.ports import Policy, Ports
from domain.kernel.scope import Scope
from tests import factories
from tests.actions.backed import BY_THE_INITIATOR, ENDS, POT, Backed, backed
from tests.actions.bounties import escrowed, followed
from tests.counting import digests
from tests.faults.dying import APPLICATION, DONE, KILLED, REFUSED, Order, carried_out


@dataclass(frozen=True)
class Scene:
    """Where the bounties of a test are."""

    db: asyncpg.Pool
    url: str
    ports: Ports
    clock: HandClock
    folder: Path

    async def backed(self, deed: str) -> tuple[Backed, Order]:
        """A bounty, and the order for a deed to it by whoever may."""
        made = await backed(self.ports, self.clock, self.folder, ends_by=deed)
        actor = made.initiator.require_actor() if deed in BY_THE_INITIATOR else None
        return made, Order(deed, self.url, made.at, made.bounty_id, made.entry_ids, actor)

    async def end(self, order: Order) -> int:
        """Run an order, and wait until the server has noticed that its process is gone."""
        ended = await carried_out(order)
        async with asyncio.timeout(10):
            while await self.db.fetchval(  # noqa: ASYNC110 - the server has no event for it
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1", APPLICATION
            ):
                await asyncio.sleep(0.002)
        return ended

    async def digests(self) -> dict[str, str]:
        """What each table holds, in short."""
        return await digests(self.db)

    async def killed_everywhere(self, order: Order) -> int:
        """Kill a deed after its first statement, and after its second when it is tried again, and so on, each time in a
        new process, until one has committed; say after which statement. Nothing at all may have changed before."""
        before = await self.digests()
        for n in range(1, 200):
            assert await self.end(replace(order, dies_after=n)) == KILLED
            changed = {name for name, rows in (await self.digests()).items() if rows != before[name]}
            if changed:
                assert {"bounty", "bounty_step", "fact"} <= changed, changed
                return n
        raise AssertionError("The deed never commits.")


@pytest.fixture
def scene(db: asyncpg.Pool, database_url: str, ports: Ports, clock: HandClock, tmp_path: Path) -> Scene:
    """An empty database where nobody gets credits but by the test."""
    return Scene(db, database_url, replace(ports, policy=Policy(signup_grant=0)), clock, tmp_path)


@pytest.mark.parametrize("deed", list(ENDS))
async def test_a_deed_killed_after_each_of_its_statements_is_done_once(scene: Scene, deed: str) -> None:
    made, order = await scene.backed(deed)

    points = await scene.killed_everywhere(order)
    committed = await scene.digests()
    again = await scene.end(order)

    assert points > 5
    assert again == (REFUSED if deed in BY_THE_INITIATOR else DONE)
    assert await scene.digests() == committed
    await made.check_ended(deed)
    await followed(scene.ports)
    await made.check_ended(deed)


@pytest.mark.parametrize("deed", list(ENDS))
async def test_a_deed_killed_while_the_server_commits_is_done_once(scene: Scene, deed: str) -> None:
    made, order = await scene.backed(deed)

    ended = await scene.end(replace(order, dies_committing=True))
    reached = (await made.bounty()).status
    again = await scene.end(order)

    refused = deed in BY_THE_INITIATOR and reached is ENDS[deed][0]
    assert (ended, again) == (KILLED, REFUSED if refused else DONE)
    await made.check_ended(deed)


async def test_a_pledge_killed_anywhere_is_in_the_pot_and_in_escrow_or_not_at_all(scene: Scene) -> None:
    made, order = await scene.backed("award")
    backer = made.people[4].require_actor()
    await factories.give(backer, 37)

    await scene.killed_everywhere(replace(order, deed="pledge", actor=backer))

    assert (await made.bounty()).pot == await escrowed() == POT + 37
    assert await factories.available(backer) == 0
    assert (await bounties.reconcile(Scope.of_system(scene.ports))).wrong == []


async def test_a_closing_killed_anywhere_is_written_down_once(scene: Scene) -> None:
    made, order = await scene.backed("close")

    await scene.killed_everywhere(order)
    again = await scene.end(order)

    closed = await scene.db.fetchval("SELECT count(*) FROM bounty_step WHERE step = 'CLOSE'")
    assert (again, closed, (await made.bounty()).status) == (DONE, 1, BountyStatus.JUDGING)
    assert await escrowed() == POT


@pytest.mark.timeout(900)
async def test_deeds_that_race_and_die_end_a_bounty_once(scene: Scene, crashes: int) -> None:
    dice = random.Random(crashes)
    for _ in range(crashes):
        deeds = dice.sample(BY_THE_INITIATOR, 2)
        made, order = await scene.backed(deeds[0])
        before = await made.purses()

        raced = [replace(order, deed=deed, dies_after=dice.randint(1, 30)) for deed in deeds]
        await asyncio.gather(*(scene.end(each) for each in raced))
        reached = (await made.bounty()).status
        unpaid = await made.purses() == before
        again = await scene.end(order)

        assert unpaid is (reached is BountyStatus.OPEN)
        assert again == (DONE if reached is BountyStatus.OPEN else REFUSED)
        await made.check_ended(*deeds)
