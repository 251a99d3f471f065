"""The live feed loses nothing: cut off, nudged late or never, joined by many at once, resumed from long ago."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from starlette.applications import Starlette

from countenance.feed import LiveFeed, Nudge
from countenance.relay import Relay
from countenance.sessions import refresh
from domain.kernel.ids import BountyId
from domain.kernel.outbox import thin_out
from domain.kernel.ports import Ports
from domain.kernel.scope import Scope
from domain.kernel.work import pool
from schema.context import Heard
from tests.realtime import world
from tests.realtime.clients import socket
from tests.realtime.world import FEED, number
from tests.stopping import stopped


async def heard(events: AsyncIterator[Heard], count: int) -> list[int]:
    """Take so many events and give their numbers."""
    async with asyncio.timeout(10):
        return [int((await anext(events)).cursor.partition(".")[2]) for _ in range(count)]


async def test_a_client_that_was_cut_off_gets_all_fifty_in_order_once(url: str, relay: Relay, bounty: BountyId) -> None:
    await world.relayed()
    async with socket(url) as live:
        await live.subscribe("1", FEED)
        await world.tell(bounty)
        last = (await live.next("1"))["bountyFeed"]

    await world.tell(bounty, 50)
    await world.relayed()
    async with socket(url) as live:
        await live.subscribe_unawaited("1", FEED, after=last["cursor"])
        missed = [(await live.next("1"))["bountyFeed"] for _ in range(50)]
        await world.tell(bounty)
        then = (await live.next("1"))["bountyFeed"]
        silent = await live.silent()

    first = number(last) + 1
    assert [number(event) for event in missed] == list(range(first, first + 50))
    assert {event["resync"] for event in missed} == {False}
    assert number(then) == first + 50
    assert silent


async def test_a_cursor_that_is_none_of_ours_is_refused(url: str) -> None:
    async with socket(url) as live:
        await live.subscribe_unawaited("1", FEED, after="yesterday")

        error = await live.receive()

    assert (error["id"], error["type"]) == ("1", "error")
    assert error["payload"][0]["extensions"] == {"code": "INVALID_INPUT", "field": "after"}


@pytest.mark.parametrize("cursor", ["0" * 32 + ".1", "{epoch}.999999"], ids=["another life", "the future"])
async def test_a_cursor_of_another_life_of_the_log_begins_with_a_resync(
    url: str, relay: Relay, bounty: BountyId, cursor: str
) -> None:
    last_no = await world.relayed()
    epoch = (await pool().fetchval("SELECT epoch FROM feed_state")).hex
    async with socket(url) as live:
        await live.subscribe_unawaited("1", FEED, after=cursor.format(epoch=epoch))
        first = (await live.next("1"))["bountyFeed"]
        await world.tell(bounty)
        second = (await live.next("1"))["bountyFeed"]

    assert (first["resync"], first["kind"], first["bounty"]) == (True, None, None)
    assert number(first) == last_no
    assert (second["resync"], number(second)) == (False, last_no + 1)


async def test_history_that_was_thinned_out_begins_with_a_resync(
    url: str, relay: Relay, bounty: BountyId, ports: Ports
) -> None:
    await world.relayed()
    async with socket(url) as live:
        await live.subscribe("1", FEED)
        await world.tell(bounty, 3)
        cursors = [(await live.next("1"))["bountyFeed"]["cursor"] for _ in range(3)]
    await pool().execute("UPDATE fact SET at = at - interval '30 days', reacted_at = now()")
    edge = ports.clock.now() - timedelta(days=14)
    await thin_out(pool(), passing_before=edge, lasting_before=edge)
    await world.tell(bounty)
    await world.relayed()

    async with socket(url) as live:
        await live.subscribe_unawaited("1", FEED, after=cursors[0])
        gone = (await live.next("1"))["bountyFeed"]
        await live.subscribe_unawaited("2", FEED, after=cursors[2])
        kept = (await live.next("2"))["bountyFeed"]

    assert gone["resync"] is True
    assert (kept["resync"], kept["kind"]) == (False, "PLEDGED")


class TestWithoutNudges:
    """The log is the truth: an event that nobody was nudged for is late, and never lost."""

    async def test_a_lost_nudge_costs_a_moment(
        self, ports: Ports, redis_url: str, bounty: BountyId, relay: Relay
    ) -> None:
        await world.relayed()
        feed = LiveFeed(redis_url, refresh, poll_seconds=0.1)
        feed.nudges._heard = lambda raw: None  # deaf
        reading = asyncio.create_task(feed.run())
        events = feed.follow(Scope(ports), f"bounty:{bounty}", None)
        waiting = asyncio.create_task(heard(events, 3))
        await asyncio.sleep(0.05)

        await world.tell(bounty, 3)

        assert len(await waiting) == 3
        await stopped(reading)


class TestNudges:
    """A nudge names what was numbered; only nudges without a gap between them save a look at the log."""

    def test_a_nudge_is_read_as_it_was_written(self) -> None:
        nudge = Nudge(4, 6, frozenset({"bounties", "bounty:1"}))

        assert Nudge.decode(nudge.encode()) == nudge

    @pytest.mark.parametrize("raw", ["", "{}", "[1]", '["a", 2, []]', "[1, 2, 3]", "null"])
    def test_anything_else_is_no_nudge(self, raw: str) -> None:
        assert Nudge.decode(raw) is None


async def test_many_first_subscribers_at_once_all_hear_everything(url: str, relay: Relay, bounty: BountyId) -> None:
    await world.relayed()

    async def one() -> list[int]:
        async with socket(url) as live:
            await live.subscribe("1", FEED)
            ready.append(None)
            return [number((await live.next("1", 20))["bountyFeed"]) for _ in range(10)]

    ready: list[None] = []
    async with asyncio.timeout(60), asyncio.TaskGroup() as clients:  # one that fails ends the wait for the others
        hearing = [clients.create_task(one()) for _ in range(60)]
        while len(ready) < 60:  # noqa: ASYNC110 - by polling
            await asyncio.sleep(0.01)
        await world.tell(bounty, 10)

    heard_by_all = [each.result() for each in hearing]
    last_no = await world.relayed()
    assert heard_by_all == [list(range(last_no - 9, last_no + 1))] * 60


async def test_whoever_joins_in_the_middle_misses_nothing_after_that(
    ports: Ports, app: Starlette, url: str, relay: Relay, bounty: BountyId
) -> None:
    await world.relayed()
    feed: LiveFeed = app.state.feed
    telling = asyncio.create_task(world.tell(bounty, 150))

    async def join(delay: float) -> tuple[int, list[int]]:
        await asyncio.sleep(delay)
        start = await feed.head()
        events = feed.follow(Scope(ports), f"bounty:{bounty}", None)
        return start, await heard(events, 5)

    joined = await asyncio.gather(*(join(0.004 * n) for n in range(20)))

    await telling
    for start, numbers in joined:
        assert numbers == list(range(numbers[0], numbers[0] + 5))
        assert numbers[0] >= start + 1


async def test_a_follower_who_was_too_slow_reads_the_rest_from_the_log(
    ports: Ports, app: Starlette, url: str, relay: Relay, bounty: BountyId
) -> None:
    first = await world.relayed() + 1
    feed: LiveFeed = app.state.feed
    slow = feed.follow(Scope(ports), f"bounty:{bounty}", None)
    quick = feed.follow(Scope(ports), f"bounty:{bounty}", None)
    got = asyncio.create_task(heard(slow, 1))
    also = asyncio.create_task(heard(quick, 700))
    await asyncio.sleep(0.05)

    await world.tell_at_once(bounty, 700)
    begun = await got
    everything = await also
    rest = await heard(slow, 699)

    assert everything == list(range(first, first + 700))
    assert begun + rest == everything


async def test_following_ends_with_the_session(
    ports: Ports, app: Starlette, url: str, relay: Relay, bounty: BountyId
) -> None:
    await world.relayed()
    actor = await world.session()
    events = app.state.feed.follow(Scope(ports, actor=actor), f"bounty:{bounty}", None)
    waiting = asyncio.create_task(heard(events, 1))
    await asyncio.sleep(0.05)

    await pool().execute("DELETE FROM session")
    await world.tell(bounty)

    with pytest.raises(StopAsyncIteration):
        await waiting
