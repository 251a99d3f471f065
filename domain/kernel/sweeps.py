"""Sweeps: everything of one kind that is stored is brought up to a version of something, page by page, by key.

A sweep has a name and remembers the version that everything has been brought up to. While it walks it also remembers
where the walk leads and the last key that is done, so that a walk that was cut off goes on where it was. One worker
leases it at a time. That a page is done twice must do no harm: the worker may die before it has noted it.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

import asyncpg

from domain.kernel.sql import fetch, fetch_one
from domain.kernel.work import work

LEASE_SECONDS = 30
"""A lease is renewed with each page, which takes a few seconds at most; after so long it falls to the next who asks."""


@dataclass(frozen=True, slots=True)
class Walk:
    """A sweep on its way, leased to a worker: from what it was done up to, to its goal, `after` this key."""

    name: str
    worker: str
    since: int
    goal: int
    after: UUID | None


class Page(NamedTuple):
    """A page that is done: its last key, and how many things were touched on it."""

    last: UUID
    touched: int


async def take(name: str, *, goal: int, worker: str) -> Walk | None:
    """Lease a sweep that has not come to this version yet; None when it has, or when somebody else walks.

    A walk that was begun is gone on with: it ends at the goal that it began with, and the next leads on from there.
    """
    async with work() as w:
        await w.execute("INSERT INTO sweep (name, done) VALUES ($1, 0) ON CONFLICT (name) DO NOTHING", name)
        row = await w.one(
            """
            UPDATE sweep SET goal = coalesce(goal, $2), worker = $3, lease_until = now() + make_interval(secs => $4)
            WHERE name = $1 AND (goal IS NOT NULL OR done < $2) AND (lease_until IS NULL OR lease_until < now())
            RETURNING done, goal, after
            """,
            name,
            goal,
            worker,
            LEASE_SECONDS,
        )
    return Walk(name, worker, row["done"], row["goal"], row["after"]) if row else None


async def advance(walk: Walk, page: Page) -> bool:
    """Note that a page is done, which also renews the lease; False when that has passed to somebody else."""
    return await _noted(walk, f"after = $4, lease_until = now() + interval '{LEASE_SECONDS} seconds'", page.last)


async def finish(walk: Walk) -> bool:
    """Note that everything has been brought up to the goal."""
    return await _noted(walk, "done = $4, goal = NULL, after = NULL, worker = NULL, lease_until = NULL", walk.goal)


async def leave(walk: Walk) -> None:
    """Give the lease back, for whoever goes on."""
    await _noted(walk, "worker = NULL, lease_until = $4", None)


async def done(name: str) -> int:
    """Give the version that everything has been brought up to."""
    row = await fetch_one("SELECT done FROM sweep WHERE name = $1", name)
    return row["done"] if row else 0


async def pages(sql: str, *, after: UUID | None, at_once: int = 500) -> AsyncGenerator[list[asyncpg.Record]]:
    """Read rows in bounded pieces by their `id`; the next piece is fetched while one is looked at.

    `sql` takes the last id that is done, or NULL, as $1, and the number of rows as $2.
    """
    coming = asyncio.ensure_future(fetch(sql, after, at_once))
    try:
        while rows := await coming:
            coming = asyncio.ensure_future(fetch(sql, rows[-1]["id"], at_once))
            yield rows
    finally:
        coming.cancel()
        await asyncio.wait({coming})


async def _noted(walk: Walk, change: str, value: object) -> bool:
    """Change a sweep while its lease is this worker's, on this walk."""
    async with work() as w:
        done = await w.execute(
            f"UPDATE sweep SET {change} WHERE name = $1 AND worker = $2 AND goal = $3",  # noqa: S608 - ours
            walk.name,
            walk.worker,
            walk.goal,
            value,
        )
    return done == "UPDATE 1"
