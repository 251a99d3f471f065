"""The relay: one in the world, in commit order, taken over when it dies; reactions at least once, never for ever."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import asyncpg
import pytest
import structlog
from redis.asyncio import Redis

from countenance import reacting
from countenance.feed import Nudge
from countenance.nudges import FEED as CHANNEL
from countenance.reacting import MAX_ATTEMPTS, Reactor
from countenance.relay import Relay
from domain.bounties import BountyClosed, BountyPledged
from domain.kernel.ids import new_id
from domain.kernel.outbox import RELAY_LOCK, feed_after
from domain.kernel.ports import Ports
from domain.kernel.work import work
from domain.reactions import REACTIONS
from tests import serving
from tests.realtime import world
from tests.stopping import stopped


@pytest.fixture
def reactions() -> Iterator[dict[Any, Any]]:
    """The table of reactions, empty and for this test alone."""
    kept = dict(REACTIONS)
    REACTIONS.clear()
    yield REACTIONS
    REACTIONS.clear()
    REACTIONS.update(kept)


@pytest.fixture
async def late(ports: Ports, database_url: str, redis_url: str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Starts a relay when it is called: the table of reactions is read at its start."""
    async with contextlib.AsyncExitStack() as stack:

        async def start() -> None:
            await stack.enter_async_context(serving.relaying(ports, database_url, redis_url))

        yield start


class TestNumbering:
    """Facts get their numbers in commit order, from one relay."""

    async def test_the_nudge_says_what_was_numbered(self, db: asyncpg.Pool, redis_url: str, relay: Relay) -> None:
        last_no = await world.relayed()
        bounty = new_id()
        redis = Redis.from_url(redis_url)
        async with redis.pubsub(ignore_subscribe_messages=True) as heard:
            await heard.subscribe(CHANNEL)
            await heard.get_message(timeout=1)

            await world.tell_at_once(bounty, 2)  # type: ignore[arg-type]

            message = await heard.get_message(timeout=5)
        await redis.aclose()

        assert Nudge.decode(message["data"].decode()) == Nudge(
            last_no, last_no + 2, frozenset({"bounties", f"bounty:{bounty}"})
        )
        assert [item.no for item in await feed_after(db, "bounties", last_no)] == [last_no + 1, last_no + 2]

    async def test_a_second_relay_waits_and_takes_over(
        self, ports: Ports, db: asyncpg.Pool, database_url: str, redis_url: str, relay: Relay
    ) -> None:
        redis = Redis.from_url(redis_url)
        second = Relay(ports, database_url=database_url, redis=redis)
        waiting = asyncio.create_task(second.run())
        await asyncio.sleep(0.2)
        before = (relay.active.is_set(), second.active.is_set())

        relay.active.clear()
        await db.execute(
            """
            SELECT pg_terminate_backend(pid) FROM pg_locks
            WHERE locktype = 'advisory' AND granted AND objid = $1::bigint::oid
            """,
            RELAY_LOCK,
        )

        async with asyncio.timeout(5):
            await asyncio.wait(
                [asyncio.ensure_future(one.active.wait()) for one in (relay, second)],
                return_when=asyncio.FIRST_COMPLETED,
            )
        await world.tell(new_id(), 3)  # type: ignore[arg-type]
        await world.relayed()
        await stopped(waiting)
        await redis.aclose()
        assert before == (True, False)

    async def test_facts_are_relayed_even_when_nobody_can_be_nudged(
        self, ports: Ports, db: asyncpg.Pool, database_url: str
    ) -> None:
        async with serving.relaying(ports, database_url, "redis://127.0.0.1:1/0"):
            await world.tell(new_id(), 3)  # type: ignore[arg-type]

            assert await world.relayed() == 3


async def test_a_part_that_fails_while_it_is_ended_does_not_keep_the_relay_alive(
    ports: Ports, database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies_of_being_cancelled(_: Reactor) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise OSError("the connection was closed under a query") from None

    monkeypatch.setattr(Reactor, "run", dies_of_being_cancelled)
    redis = Redis.from_url(redis_url)
    relay = Relay(ports, database_url=database_url, redis=redis)
    running = asyncio.create_task(relay.run())
    await asyncio.wait_for(relay.active.wait(), 5)
    await asyncio.sleep(0.05)

    running.cancel()

    done, _ = await asyncio.wait([running], timeout=2)
    await redis.aclose()
    assert done == {running}
    assert running.cancelled()


class TestReactions:
    """Reactions run in order and at least once; one that fails doesn't hold up the others."""

    @staticmethod
    async def told(*amounts: int) -> None:
        """Write facts and number them."""
        for amount in amounts:
            async with work() as w:
                w.tell(BountyPledged(bounty_id=new_id(), pledge_id=new_id(), backer_id=new_id(), amount=amount))

    @staticmethod
    async def left(db: asyncpg.Pool) -> list[tuple[int, int, str | None]]:
        rows = await db.fetch("SELECT body, attempts, last_error FROM fact WHERE reacted_at IS NULL ORDER BY id")
        return [(json.loads(row["body"])["amount"], row["attempts"], row["last_error"]) for row in rows]

    async def test_they_run_in_order_and_once(
        self, db: asyncpg.Pool, late: Callable[[], Awaitable[None]], reactions: dict[Any, Any]
    ) -> None:
        heard: list[tuple[str, int]] = []

        async def first(_: Any, fact: BountyPledged) -> None:
            heard.append(("first", fact.amount))

        async def second(scope: Any, fact: BountyPledged) -> None:
            assert scope.system
            heard.append(("second", fact.amount))

        reactions[BountyPledged] = (first, second)
        await self.told(1, 2)

        await late()

        await self.done(db)
        await asyncio.sleep(0.05)
        assert heard == [("first", 1), ("second", 1), ("first", 2), ("second", 2)]

    async def test_one_that_fails_is_tried_again_while_the_others_go_on(
        self,
        db: asyncpg.Pool,
        late: Callable[[], Awaitable[None]],
        reactions: dict[Any, Any],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(reacting, "_FIRST_PAUSE", 0.02)
        heard: list[int] = []
        failures = iter([True, True, False])

        async def reaction(_: Any, fact: BountyPledged) -> None:
            if fact.amount == 1 and next(failures):
                raise RuntimeError("not now")
            heard.append(fact.amount)

        reactions[BountyPledged] = (reaction,)
        await self.told(1, 2, 3)

        await late()

        await self.done(db)
        assert heard == [2, 3, 1]

    async def test_one_that_never_succeeds_is_parked_loudly(
        self, ports: Ports, db: asyncpg.Pool, reactions: dict[Any, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reacting, "_FIRST_PAUSE", 0.0)
        monkeypatch.setattr(reacting, "_LONGEST_PAUSE", 0.0)
        tries: list[int] = []

        async def reaction(_: Any, fact: BountyPledged) -> None:
            if fact.amount == 1:
                tries.append(fact.amount)
                raise RuntimeError("never\0")

        reactions[BountyPledged] = (reaction,)
        await self.told(1, 2)
        await db.execute("UPDATE fact SET feed_no = id")
        reactor = Reactor(ports)

        with structlog.testing.capture_logs() as logged:
            while await reactor.react():
                pass

        assert len(tries) == MAX_ATTEMPTS
        assert await self.left(db) == [(1, MAX_ATTEMPTS, "RuntimeError: never")]
        assert [line["event"] for line in logged if line["log_level"] == "error"] == [
            "a reaction is given up; look at fact.last_error"
        ]

    async def test_a_kind_of_a_newer_release_is_left_to_it(
        self, ports: Ports, db: asyncpg.Pool, reactions: dict[Any, Any]
    ) -> None:
        reactions[BountyClosed] = ()
        await db.execute("INSERT INTO fact (kind, body, topics, feed_no) VALUES ('FromTheFuture', '{}', '[]', 1)")

        assert await Reactor(ports).react() == 0

        row = await db.fetchrow("SELECT reacted_at, attempts FROM fact")
        assert (row["reacted_at"], row["attempts"]) == (None, 0)

    async def done(self, db: asyncpg.Pool) -> None:
        """Wait until every fact is reacted to."""
        async with asyncio.timeout(5):
            while await db.fetchval("SELECT EXISTS (SELECT FROM fact WHERE reacted_at IS NULL)"):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
