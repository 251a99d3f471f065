"""The event log: facts written by deeds, numbered in commit order by one relay, read after a cursor.

`id > cursor` on the facts themselves would skip those that commit late; so a fact gets its feed number when it is
relayed, under an advisory lock that only one relay in the world holds.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import asyncpg

from domain.kernel.facts import Fact

RELAY_LOCK = 0x0C07_FEED
"""The advisory lock of the one relay."""


@dataclass(frozen=True)
class FeedItem:
    """A numbered fact as a subscriber reads it."""

    no: int
    kind: str
    body: dict[str, Any]
    at: datetime

    @cached_property
    def fact(self) -> Fact:
        """The fact itself, read once for all. Raises LookupError for a kind that this release doesn't know."""
        return Fact.read(self.kind, self.body)


@dataclass(frozen=True, slots=True)
class Relayed:
    """A fact that the relay has just numbered, with the topics to nudge."""

    fact_id: int
    no: int
    kind: str
    body: dict[str, Any]
    topics: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class FeedBounds:
    """The epoch that cursors belong to, the last number given, and the highest one already thinned out."""

    epoch: str
    last_no: int
    floor_no: int

    def cursor(self, no: int) -> str:
        """Write the cursor after which the feed goes on behind a number."""
        return f"{self.epoch}.{no}"


async def write_facts(connection: Any, facts: Sequence[Fact], at: datetime | None) -> None:
    """Store the facts of a deed in one statement, in the order in which they were told."""
    if not facts:
        return
    await connection.execute(
        """
        INSERT INTO fact (kind, body, topics, lasting, at)
        SELECT kind, body, topics, lasting, coalesce($5, now())
        FROM unnest($1::text[], $2::jsonb[], $3::jsonb[], $4::bool[])
             WITH ORDINALITY AS f(kind, body, topics, lasting, n) ORDER BY n
        """,
        [fact.kind for fact in facts],
        [json.dumps(fact.to_json()) for fact in facts],
        [json.dumps(list(fact.topics())) for fact in facts],
        [fact.lasting for fact in facts],
        at,
    )


async def number_facts(
    connection: asyncpg.Connection, limit: int = 500, *, unheard: Collection[str] = ()
) -> list[Relayed]:
    """Number committed facts that have no number yet and put them into the feed; one transaction.

    The caller should hold RELAY_LOCK; the state's row is locked too, so that a fact gets one number whoever calls. Late
    commits are seen by the next call and get later numbers. Facts of the kinds `unheard`, to which nobody reacts, are
    done with at once.
    """
    if not await connection.fetchval("SELECT EXISTS (SELECT FROM fact WHERE feed_no IS NULL)"):
        return []
    async with connection.transaction():
        await connection.execute("SELECT FROM feed_state WHERE id = 1 FOR UPDATE")
        rows = await connection.fetch(
            "SELECT id, kind, body, topics, at FROM fact WHERE feed_no IS NULL ORDER BY id LIMIT $1", limit
        )
        if not rows:
            return []
        last = await connection.fetchval(
            "UPDATE feed_state SET last_no = last_no + $1 WHERE id = 1 RETURNING last_no", len(rows)
        )
        relayed = [_relayed(row, number) for number, row in enumerate(rows, start=last - len(rows) + 1)]
        await connection.execute(
            """
            UPDATE fact SET feed_no = n.no, reacted_at = CASE WHEN kind = ANY($3::text[]) THEN now() END
            FROM unnest($1::bigint[], $2::bigint[]) AS n(id, no) WHERE fact.id = n.id
            """,
            [r.fact_id for r in relayed],
            [r.no for r in relayed],
            list(unheard),
        )
        entries = [(r.no, topic, r.kind, json.dumps(r.body), r.at) for r in relayed for topic in r.topics]
        await connection.executemany(
            "INSERT INTO feed (no, topic, kind, body, at) VALUES ($1, $2, $3, $4::jsonb, $5)", entries
        )
        return relayed


def _relayed(row: asyncpg.Record, number: int) -> Relayed:
    return Relayed(
        fact_id=row["id"],
        no=number,
        kind=row["kind"],
        body=json.loads(row["body"]),
        topics=tuple(json.loads(row["topics"])),
        at=row["at"],
    )


async def feed_after(
    connection: asyncpg.Connection | asyncpg.Pool, topic: str, after: int, limit: int = 200
) -> list[FeedItem]:
    """Read what `topic` carries after number `after`, in order."""
    rows = await connection.fetch(
        "SELECT no, kind, body, at FROM feed WHERE topic = $1 AND no > $2 ORDER BY no LIMIT $3",
        topic,
        after,
        limit,
    )
    return [FeedItem(no=r["no"], kind=r["kind"], body=json.loads(r["body"]), at=r["at"]) for r in rows]


async def feed_between(
    connection: asyncpg.Connection | asyncpg.Pool, topics: Collection[str], since: int, until: int
) -> list[tuple[str, FeedItem]]:
    """Read what several topics carry above number `since`, up to `until`, in order, each with its topic."""
    rows = await connection.fetch(
        "SELECT no, topic, kind, body, at FROM feed WHERE topic = ANY($1::text[]) AND no > $2 AND no <= $3 ORDER BY no",
        list(topics),
        since,
        until,
    )
    return [(r["topic"], FeedItem(no=r["no"], kind=r["kind"], body=json.loads(r["body"]), at=r["at"])) for r in rows]


async def feed_before(
    connection: asyncpg.Connection | asyncpg.Pool, topic: str, kinds: Collection[str], before: int | None, limit: int
) -> list[FeedItem]:
    """Read the newest facts of some kinds that `topic` carries, below number `before` where it is given."""
    rows = await connection.fetch(
        """
        SELECT no, kind, body, at FROM feed
        WHERE topic = $1 AND kind = ANY($2::text[]) AND ($3::bigint IS NULL OR no < $3) ORDER BY no DESC LIMIT $4
        """,
        topic,
        list(kinds),
        before,
        limit,
    )
    return [FeedItem(no=r["no"], kind=r["kind"], body=json.loads(r["body"]), at=r["at"]) for r in rows]


async def newest_of(
    connection: asyncpg.Connection | asyncpg.Pool, topic: str, kind: str, *, since: datetime
) -> Fact | None:
    """Read the newest fact of a kind that a topic carries, not older than `since`."""
    row = await connection.fetchrow(
        "SELECT kind, body FROM feed WHERE topic = $1 AND kind = $2 AND at >= $3 ORDER BY no DESC LIMIT 1",
        topic,
        kind,
        since,
    )
    return Fact.read(row["kind"], json.loads(row["body"])) if row else None


async def topic_floor(connection: asyncpg.Connection | asyncpg.Pool, topic: str) -> int:
    """Give the number up to which a topic's history may have gaps, because it was thinned out."""
    floor: int = await connection.fetchval(
        """
        SELECT greatest(floor_no, (SELECT no FROM feed_floor WHERE topic = $1)) FROM feed_state WHERE id = 1
        """,
        topic,
    )
    return floor


async def thin_out(
    connection: asyncpg.Connection | asyncpg.Pool, *, passing_before: datetime, lasting_before: datetime
) -> int:
    """Forget facts of passing interest from before one time and all facts from before another; give how many.

    The floors are raised in the same statement, so a reader who finds rows gone also finds the floor that tells it so.
    Facts whose reactions are still due are kept.
    """
    passing = await connection.fetchval(
        """
        WITH gone AS (
            DELETE FROM fact WHERE NOT lasting AND at < $1 AND reacted_at IS NOT NULL RETURNING feed_no
        ), thinned AS (
            DELETE FROM feed USING gone WHERE feed.no = gone.feed_no RETURNING feed.topic, feed.no
        ), raised AS (
            INSERT INTO feed_floor (topic, no) SELECT topic, max(no) FROM thinned GROUP BY topic
            ON CONFLICT (topic) DO UPDATE SET no = greatest(feed_floor.no, excluded.no)
        )
        SELECT count(*) FROM gone
        """,
        passing_before,
    )
    lasting = await connection.fetchval(
        """
        WITH gone AS (
            DELETE FROM fact WHERE at < $1 AND reacted_at IS NOT NULL RETURNING feed_no
        ), thinned AS (
            DELETE FROM feed USING gone WHERE feed.no = gone.feed_no
        ), passed AS (
            DELETE FROM feed_floor WHERE no <= (SELECT max(feed_no) FROM gone)
        ), raised AS (
            UPDATE feed_state SET floor_no = greatest(floor_no, (SELECT max(feed_no) FROM gone)) WHERE id = 1
        )
        SELECT count(*) FROM gone
        """,
        lasting_before,
    )
    return int(passing) + int(lasting)


async def feed_bounds(connection: asyncpg.Connection | asyncpg.Pool) -> FeedBounds:
    """Read the epoch and the range of numbers that the feed holds."""
    row = await connection.fetchrow("SELECT epoch, last_no, floor_no FROM feed_state WHERE id = 1")
    if row is None:
        raise LookupError("The feed has no state row: run the migrations.")
    return FeedBounds(epoch=row["epoch"].hex, last_no=row["last_no"], floor_no=row["floor_no"])
