"""Sweeps: leased to one at a time, noted page by page, gone on with where they were cut off."""

from uuid import UUID

import asyncpg

from domain.kernel import sweeps
from domain.kernel.sweeps import Page, Walk

FIRST, SECOND = UUID(int=1), UUID(int=2)


async def lapse(db: asyncpg.Pool) -> None:
    await db.execute("UPDATE sweep SET lease_until = now() - interval '1 second'")


async def test_a_sweep_walks_to_its_goal_once(db: asyncpg.Pool) -> None:
    walk = await sweeps.take("files", goal=3, worker="a")

    assert walk == Walk("files", "a", since=0, goal=3, after=None)
    assert await sweeps.advance(walk, Page(FIRST, 1))
    assert await sweeps.finish(walk)
    assert await sweeps.done("files") == 3
    assert await sweeps.take("files", goal=3, worker="a") is None


async def test_a_newer_goal_waits_until_the_walk_at_hand_is_over(db: asyncpg.Pool) -> None:
    walk = await sweeps.take("files", goal=3, worker="a")
    assert walk is not None
    await sweeps.advance(walk, Page(FIRST, 0))
    await sweeps.leave(walk)

    resumed = await sweeps.take("files", goal=5, worker="b")
    assert resumed == Walk("files", "b", since=0, goal=3, after=FIRST)
    await sweeps.finish(resumed)

    assert await sweeps.take("files", goal=5, worker="b") == Walk("files", "b", since=3, goal=5, after=None)


async def test_who_lost_the_lease_notes_nothing_more(db: asyncpg.Pool) -> None:
    lost = await sweeps.take("files", goal=3, worker="a")
    assert lost is not None
    assert await sweeps.take("files", goal=3, worker="b") is None
    await lapse(db)
    holding = await sweeps.take("files", goal=3, worker="b")
    assert holding is not None

    assert not await sweeps.advance(lost, Page(SECOND, 0))
    assert not await sweeps.finish(lost)
    await sweeps.leave(lost)

    assert await db.fetchrow("SELECT done, goal, after, worker FROM sweep") == (0, 3, None, "b")
    assert await sweeps.advance(holding, Page(FIRST, 0))


async def test_a_table_is_read_in_pieces_by_its_key(db: asyncpg.Pool) -> None:
    sql = """
        SELECT n.id FROM (VALUES (1), (2), (3), (4), (5)) v (x), LATERAL (SELECT lpad(x::text, 32, '0')::uuid AS id) n
        WHERE $1::uuid IS NULL OR n.id > $1 ORDER BY n.id LIMIT $2
    """

    whole = [[row["id"].int for row in rows] async for rows in sweeps.pages(sql, after=None, at_once=2)]
    rest = [[row["id"].int for row in rows] async for rows in sweeps.pages(sql, after=UUID(int=3), at_once=9)]

    assert (whole, rest) == ([[1, 2], [3, 4], [5]], [[4, 5]])
