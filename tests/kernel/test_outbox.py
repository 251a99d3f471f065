"""The event log: numbers follow commits, not ids, and nothing is skipped."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

import asyncpg
import pytest

from domain.kernel.facts import Fact
from domain.kernel.outbox import feed_after, feed_bounds, number_facts
from domain.kernel.work import work


@dataclass(frozen=True, slots=True)
class LampLit(Fact):
    """A fact with two topics."""

    lamp: int

    def topics(self) -> Iterable[str]:
        return ("lamps", f"lamp:{self.lamp}")


@dataclass(frozen=True, slots=True)
class LampDusted(Fact):
    """A fact that nobody follows."""

    lamp: int


async def _light(*lamps: int) -> None:
    async with work() as w:
        for lamp in lamps:
            w.tell(LampLit(lamp))


async def _number(db: asyncpg.Pool, limit: int = 500) -> list[tuple[int, int]]:
    async with db.acquire() as connection:
        return [(item.no, item.body["lamp"]) for item in await number_facts(connection, limit)]


async def _heard(db: asyncpg.Pool, topic: str, after: int) -> list[tuple[int, int]]:
    return [(item.no, item.body["lamp"]) for item in await feed_after(db, topic, after)]


async def test_a_late_commit_with_an_earlier_id_is_not_skipped(db: asyncpg.Pool) -> None:
    async with db.acquire() as slow:
        late = slow.transaction()
        await late.start()
        await slow.execute("INSERT INTO fact (kind, body, topics) VALUES ('LampLit', '{\"lamp\": 1}', '[\"lamps\"]')")
        await _light(2)
        assert await _number(db) == [(1, 2)]
        assert await _heard(db, "lamps", 0) == [(1, 2)]
        await late.commit()
    assert await db.fetch("SELECT body->>'lamp' AS lamp FROM fact ORDER BY id") == [("1",), ("2",)]

    assert await _number(db) == [(2, 1)]

    assert await _heard(db, "lamps", 1) == [(2, 1)], "a cursor on ids would have passed by lamp 1"


async def test_facts_of_a_deed_keep_their_order_and_reach_each_of_their_topics(db: asyncpg.Pool) -> None:
    await _light(3, 1, 2)

    assert await _number(db) == [(1, 3), (2, 1), (3, 2)]

    assert await _heard(db, "lamps", 0) == [(1, 3), (2, 1), (3, 2)]
    assert await _heard(db, "lamp:1", 0) == [(2, 1)]
    assert await _heard(db, "lamp:9", 0) == []


async def test_a_fact_is_numbered_once_and_numbers_go_on_without_a_gap(db: asyncpg.Pool) -> None:
    await _light(1, 2, 3)

    assert await _number(db, limit=2) == [(1, 1), (2, 2)]
    assert await _number(db, limit=2) == [(3, 3)]
    assert await _number(db, limit=2) == []
    assert (await feed_bounds(db)).last_no == 3


async def test_a_numbering_that_fails_gives_no_number_away(db: asyncpg.Pool) -> None:
    await _light(1)
    await db.execute("INSERT INTO feed (no, topic, kind, body, at) VALUES (1, 'lamps', 'LampLit', '{}', now())")

    with pytest.raises(asyncpg.UniqueViolationError):
        await _number(db)

    assert (await feed_bounds(db)).last_no == 0
    assert await db.fetchval("SELECT feed_no FROM fact") is None


async def test_a_fact_without_topics_is_numbered_for_its_reactions_and_fed_to_nobody(db: asyncpg.Pool) -> None:
    async with work() as w:
        w.tell(LampDusted(1))

    assert await _number(db) == [(1, 1)]

    assert await db.fetchval("SELECT count(*) FROM feed") == 0


async def test_what_is_read_after_a_cursor_is_the_fact_itself(db: asyncpg.Pool) -> None:
    await _light(1, 2)
    await _number(db)

    [item] = await feed_after(db, "lamps", 1)

    assert (item.no, item.fact) == (2, LampLit(2))
    assert await feed_after(db, "lamps", 0, limit=1) != [item]


async def test_a_kind_that_this_release_does_not_know_is_a_lookup_error(db: asyncpg.Pool) -> None:
    await db.execute("INSERT INTO feed (no, topic, kind, body, at) VALUES (1, 'lamps', 'LampStolen', '{}', now())")

    [item] = await feed_after(db, "lamps", 0)

    with pytest.raises(LookupError):
        _ = item.fact


async def test_two_who_number_at_once_give_each_fact_one_number(db: asyncpg.Pool) -> None:
    await _light(*range(50))

    numbered = await asyncio.gather(*(_number(db, 10) for _ in range(5)))

    assert sorted(no for part in numbered for no, _ in part) == list(range(1, 51))
    assert sorted(lamp for part in numbered for _, lamp in part) == list(range(50))
    assert await _heard(db, "lamps", 0) == [(lamp + 1, lamp) for lamp in range(50)]
