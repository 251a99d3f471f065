"""Thinning out: passing facts go first, each topic knows what it lost, and nothing goes before it was reacted to."""

from datetime import timedelta

import asyncpg
import pytest

from countenance.relay import thin_history
from domain.generation import GenerationFinished, GenerationStepped
from domain.kernel.clock import HandClock
from domain.kernel.ids import AccountId, JobId, new_id
from domain.kernel.outbox import feed_after, feed_between, feed_bounds, number_facts, topic_floor
from domain.kernel.scope import Scope
from domain.kernel.work import work

DRAWN = JobId(new_id())
OTHER = JobId(new_id())


@pytest.fixture
async def history(db: asyncpg.Pool, system: Scope) -> asyncpg.Pool:
    """Three steps and the end of one job, one step of another; numbered, and with nothing left to react to."""
    async with work(system.now) as w:
        for step in (1, 2, 3):
            w.tell(GenerationStepped(DRAWN, attempt=1, image=1, quantity=1, step=step, steps=3))
        w.tell(GenerationFinished(DRAWN, AccountId(new_id()), "SUCCEEDED"))
        w.tell(GenerationStepped(OTHER, attempt=1, image=1, quantity=1, step=1, steps=9))
    async with db.acquire() as connection:
        await number_facts(connection)  # type: ignore[arg-type]  # the pool's connection is one
    await db.execute("UPDATE fact SET reacted_at = now()")
    return db


async def kinds(db: asyncpg.Pool, job: JobId, after: int = 0) -> list[str]:
    """What a job's topic still holds."""
    return [item.kind for item in await feed_after(db, f"job:{job}", after)]


async def test_nothing_young_is_thinned_out(history: asyncpg.Pool, system: Scope) -> None:
    assert await thin_history(system) == 0
    assert await kinds(history, DRAWN) == ["GenerationStepped"] * 3 + ["GenerationFinished"]
    assert await topic_floor(history, f"job:{DRAWN}") == 0


async def test_passing_facts_go_first_and_their_topics_know(
    history: asyncpg.Pool, system: Scope, clock: HandClock
) -> None:
    clock.turn(timedelta(days=2))

    thinned = await thin_history(system)

    assert thinned == 4
    assert await kinds(history, DRAWN) == ["GenerationFinished"]
    assert await kinds(history, OTHER) == []
    assert await topic_floor(history, f"job:{DRAWN}") == 3
    assert await topic_floor(history, f"job:{OTHER}") == 5
    assert await topic_floor(history, "bounties") == 0


async def test_lasting_facts_go_later_for_all_topics(history: asyncpg.Pool, system: Scope, clock: HandClock) -> None:
    clock.turn(timedelta(days=15))

    thinned = await thin_history(system)

    assert thinned == 5
    assert (await feed_bounds(history)).floor_no == 4
    assert await topic_floor(history, "bounties") == 4
    assert await topic_floor(history, f"job:{OTHER}") == 5
    assert await history.fetchval("SELECT count(*) FROM fact") == 0


async def test_what_nobody_has_reacted_to_is_kept(history: asyncpg.Pool, system: Scope, clock: HandClock) -> None:
    await history.execute("UPDATE fact SET reacted_at = NULL WHERE kind = 'GenerationFinished'")
    clock.turn(timedelta(days=15))

    assert await thin_history(system) == 4
    assert await kinds(history, DRAWN) == ["GenerationFinished"]


async def test_several_topics_are_read_in_one_statement(history: asyncpg.Pool) -> None:
    found = await feed_between(history, [f"job:{DRAWN}", f"job:{OTHER}", "bounties"], 2, 5)

    assert [(topic, item.no) for topic, item in found] == [
        (f"job:{DRAWN}", 3),
        (f"job:{DRAWN}", 4),
        (f"job:{OTHER}", 5),
    ]
