"""How much one network and one caller may keep open, and that very many followers leave room for others."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from countenance.crowds import Crowd, Crowded, Turn
from countenance.relay import Relay
from countenance.settings import Settings
from countenance.sharing import Subscriptions
from domain.kernel.ids import BountyId
from domain.kernel.ports import Ports
from domain.kernel.scope import Scope
from domain.kernel.work import pool
from tests import factories, serving
from tests.realtime import world
from tests.realtime.clients import events, raw_socket, socket
from tests.realtime.world import FEED

FILTERED = "subscription ($least: Credits) { bountyFeed(filter: {minPot: $least}) { kind } }"
RESUMING = """
subscription ($least: Credits, $after: Cursor) { bountyFeed(filter: {minPot: $least}, after: $after) { kind } }
"""
NETWORK = "At most 3 live connections may be open from one network: close some first."
CALLER = (
    "At most 4 subscriptions may run at once for one account, or one network where nobody is signed in: "
    "complete some first."
)


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    """Settings with little room."""
    return serving.settings(
        database_url,
        redis_url,
        tmp_path,
        connections_per_network=3,
        subscriptions_per_caller=4,
        database_connections=4,
    )


def test_a_crowd_counts_each_key_and_forgets_who_has_left() -> None:
    crowd = Crowd(1, "At most {most}.")

    with crowd.joined("one"), crowd.joined("other"), pytest.raises(Crowded) as refused, crowd.joined("one"):
        pass
    with crowd.joined("one"):
        again = dict(crowd._open)

    assert (str(refused.value), again, crowd._open) == ("At most 1.", {"one": 1}, {})


async def test_a_network_has_so_many_sockets_and_streams_and_no_more(url: str) -> None:
    async with socket(url), socket(url), events(url, FEED):
        async with raw_socket(url) as more:
            refused = await more.closed()
        async with httpx.AsyncClient() as http:
            asked = {"json": {"query": FEED}, "headers": {"accept": "text/event-stream"}}
            stream = await http.post(f"{url}/graphql", **asked)  # type: ignore[arg-type]  # as httpx takes them
            plain = await http.post(f"{url}/graphql", json={"query": "{ __typename }"})

    assert refused == (4429, NETWORK)
    assert (stream.status_code, stream.json()) == (429, {"errors": [{"message": NETWORK}]})
    assert plain.json() == {"data": {"__typename": "Query"}}


async def test_who_has_left_makes_room(url: str) -> None:
    async with socket(url), socket(url):
        for _ in range(3):
            async with events(url, "{ __typename }") as stream:
                assert len([said async for said in stream]) == 2
        async with asyncio.timeout(5):
            while await _is_refused(url):  # noqa: ASYNC110 - by polling
                await asyncio.sleep(0.01)


async def _is_refused(url: str) -> bool:
    async with raw_socket(url) as live:
        await live.send({"type": "connection_init"})
        with contextlib.suppress(Exception):
            return bool((await live.receive())["type"] != "connection_ack")
    return True


async def test_a_caller_has_so_many_subscriptions_on_all_connections_and_no_more(url: str) -> None:
    signed = await factories.signed_in()
    async with socket(url) as first, socket(url) as second, socket(url, signed.token) as theirs:
        for n in range(3):
            await first.subscribe(str(n), FILTERED, least=n)
        await second.subscribe("last", FILTERED, least=7)
        await second.subscribe_unawaited("more", FILTERED, least=8)
        refused = await second.receive()
        await theirs.subscribe("own", FILTERED, least=8)  # an account has a share of its own
        await first.send({"id": "0", "type": "complete"})
        await first.send({"type": "ping"})
        assert await first.receive() == {"type": "pong"}
        await second.subscribe("more", FILTERED, least=8)

    assert refused == {"id": "more", "type": "error", "payload": [{"message": CALLER}]}


async def test_a_stream_beyond_a_callers_share_says_so_and_ends(url: str) -> None:
    async with socket(url) as live:
        for n in range(4):
            await live.subscribe(str(n), FILTERED, least=n)
        async with events(url, FEED) as stream:
            said = [each async for each in stream]

    assert said == [("next", {"errors": [{"message": CALLER}]}), ("complete", None)]


async def test_only_so_many_executions_look_at_an_event_at_once(
    live_app: Starlette, relay: Relay, bounty: BountyId, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.relayed()
    looking, most = 0, 0
    subscriptions, genuine = live_app.state.subscriptions, live_app.state.feed._refresh

    async def refresh(scope: Scope) -> Scope | None:
        nonlocal looking, most
        looking += 1
        most = max(most, looking)
        await asyncio.sleep(0.002)
        fresh = await genuine(scope)
        looking -= 1
        return fresh

    monkeypatch.setattr(live_app.state.feed, "_refresh", refresh)
    monkeypatch.setattr(subscriptions, "_callers", Crowd(11, ""))
    async with contextlib.AsyncExitStack() as stack:
        rooms = [await _texts(stack, subscriptions, Scope(ports), FILTERED, least=least) for least in range(11)]
        hearing = [asyncio.ensure_future(anext(texts)) for texts in rooms]
        await asyncio.sleep(0.1)
        await world.tell(bounty)

        told = await asyncio.wait_for(asyncio.gather(*hearing), 10)

    assert told == ['{"data":{"bountyFeed":{"kind":"PLEDGED"}}}'] * 11
    assert (most, subscriptions._places._value) == (2, 2)


async def test_who_does_not_read_the_past_keeps_nobody_waiting(
    live_app: Starlette, relay: Relay, bounty: BountyId, ports: Ports
) -> None:
    await world.tell(bounty, 3)
    await world.relayed()
    epoch = (await pool().fetchval("SELECT epoch FROM feed_state")).hex
    subscriptions, nobody = live_app.state.subscriptions, Scope(ports)
    async with contextlib.AsyncExitStack() as stack:
        for least in range(3):
            slow = await _texts(stack, subscriptions, nobody, RESUMING, least=least, after=f"{epoch}.0")
            assert "OPENED" in await asyncio.wait_for(anext(slow), 5)
        quick = await _texts(stack, subscriptions, nobody, FEED)
        hearing = asyncio.ensure_future(anext(quick))
        await asyncio.sleep(0.05)

        await world.tell(bounty)

        assert "PLEDGED" in await asyncio.wait_for(hearing, 5)


@pytest.mark.parametrize("places", [1, 3])
async def test_turns_are_given_in_order_and_only_once(places: int) -> None:
    semaphore = asyncio.Semaphore(places)
    turns = [Turn(semaphore) for _ in range(places + 1)]
    for turn in turns[:places]:
        await turn.take()

    waiting = asyncio.create_task(turns[places].take())
    await asyncio.sleep(0)
    waited = not waiting.done()
    turns[0].give()
    turns[0].give()
    await waiting

    assert (waited, semaphore.locked()) == (True, True)
    assert await asyncio.wait_for(Turn().take(), 1) is None


async def _texts(
    stack: contextlib.AsyncExitStack, subscriptions: Subscriptions, scope: Scope, query: str, **variables: Any
) -> AsyncIterator[str]:
    operation = subscriptions._executor.documents.operation(query, None)
    start = await subscriptions.start(operation, variables)
    texts = subscriptions.texts(operation, variables, scope, start)
    await stack.enter_async_context(contextlib.aclosing(texts))
    return texts
