"""One execution for many: what is shared, what never is, and who runs alone until they have caught up."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from starlette.applications import Starlette

from countenance import graphql, metrics, sharing
from countenance.documents import Documents, Operation
from countenance.impartial import IMPARTIAL, Impartiality
from countenance.relay import Relay
from countenance.sharing import Subscriptions
from domain.kernel.ids import BountyId
from domain.kernel.ports import Ports
from domain.kernel.scope import Scope
from tests import factories
from tests.realtime import world
from tests.realtime.clients import socket
from tests.realtime.world import FEED, number

PRIVATE = "subscription { bountyFeed { bounty { initiator { handle purse { available } } } } }"


def rooms() -> float:
    """How many executions run now."""
    return metrics.ROOMS._value.get()


@contextlib.contextmanager
def counted() -> Iterator[list[str]]:
    """Count the reads of bounties that events cause."""
    seen: list[str] = []
    genuine = sharing.Subscriptions._answers

    async def counting(self: Subscriptions, *args: Any) -> AsyncIterator[tuple[int, str]]:
        async for no, text in genuine(self, *args):
            seen.append(text)
            yield no, text

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sharing.Subscriptions, "_answers", counting)
        yield seen


async def test_equal_subscriptions_are_executed_once(url: str, relay: Relay, bounty: BountyId) -> None:
    await world.relayed()
    before = rooms()
    with counted() as executed:
        async with contextlib.AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(socket(url)) for _ in range(20)]
            for client in clients:
                await client.subscribe("same", FEED)
            running = rooms() - before

            await world.tell(bounty, 5)

            for client in clients:
                numbers = [number((await client.next("same"))["bountyFeed"]) for _ in range(5)]
                assert numbers == list(range(numbers[0], numbers[0] + 5))

    assert running == 1
    assert len(executed) == 5
    async with asyncio.timeout(2):
        while rooms() != before:  # noqa: ASYNC110 - by polling
            await asyncio.sleep(0.01)


async def test_members_share_what_is_the_same_for_everybody(url: str, relay: Relay, bounty: BountyId) -> None:
    await world.relayed()
    before = rooms()
    tokens = ["", (await factories.signed_in()).token, (await factories.signed_in()).token]
    async with contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(socket(url, token)) for token in tokens]
        for client in clients:
            await client.subscribe("1", FEED)
        public = rooms() - before
        for client in clients:
            await client.subscribe("2", PRIVATE)
        private = rooms() - before - public

    assert (public, private) == (1, 3)


def test_every_impartial_field_is_there_and_is_what_everybody_may_see() -> None:
    types = graphql.schema()._schema.type_map

    for name, fields in IMPARTIAL.items():
        assert fields <= types[name].fields.keys(), name
    viewers_own = {"purse", "entries", "awardedEntry", "statementOfReasons", "outcome", "note"}
    assert not viewers_own & frozenset().union(*IMPARTIAL.values())


@pytest.mark.parametrize(
    ("query", "impartial"),
    [
        (
            "subscription { bountyFeed { ... on FeedEvent { at } bounty { ...B } } } fragment B on Bounty { pot }",
            True,
        ),
        ("subscription { bountyFeed { bounty { initiator { handle } } } }", True),
        ("subscription { bountyFeed { bounty { ...B } } } fragment B on Bounty { entries { totalCount } }", False),
        ("subscription { bountyFeed { bounty { initiator { purse { available } } } } }", False),
        ("subscription { inbox { cursor } }", False),
        ("subscription { moderationFeed { cursor } }", False),
    ],
)
def test_one_field_of_the_viewers_own_makes_it_their_own(query: str, impartial: bool) -> None:
    schema = graphql.schema()._schema
    documents = Documents(schema, introspection=True, suggestions=False)

    assert Impartiality(schema).of(documents.operation(query, None)) is impartial


async def test_what_only_one_may_see_goes_to_that_one_alone(url: str, relay: Relay, ports: Ports) -> None:
    initiator, other = await factories.signed_in("initiator"), await factories.signed_in("other")
    async with socket(url, initiator.token) as mine, socket(url, other.token) as theirs, socket(url) as nobodys:
        for live in (mine, theirs, nobodys):
            await live.subscribe("1", PRIVATE)

        actor = await world.actor_of(initiator)
        await factories.give(actor, 100)
        await world.open_bounty(ports, actor)

        seen = [(await live.next("1"))["bountyFeed"]["bounty"]["initiator"] for live in (mine, theirs, nobodys)]

    assert seen[0]["purse"] is not None
    assert [one["purse"] for one in seen[1:]] == [None, None]


async def test_a_resumed_client_catches_up_alone_and_then_shares(
    url: str, app: Starlette, relay: Relay, bounty: BountyId
) -> None:
    await world.relayed()
    async with socket(url) as early, socket(url) as late:
        with counted() as executed:
            await early.subscribe("1", FEED)
            await world.tell(bounty)
            cursor = (await early.next("1"))["bountyFeed"]["cursor"]
            await world.tell(bounty, 10)
            for _ in range(10):
                last = (await early.next("1"))["bountyFeed"]
            await late.subscribe_unawaited("1", FEED, after=cursor)
            missed = [number((await late.next("1"))["bountyFeed"]) for _ in range(10)]
            before = len(executed)
            await world.tell(bounty, 10)
            for live in (early, late):
                then = [number((await live.next("1"))["bountyFeed"]) for _ in range(10)]
                assert then == list(range(number(last) + 1, number(last) + 11))

    assert missed == list(range(number(last) - 9, number(last) + 1))
    assert len(executed) - before == 10


async def test_whoever_does_not_read_costs_nobody_and_loses_nothing(
    live_app: Starlette, relay: Relay, bounty: BountyId, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "_MOST_ITEMS", 10)
    first = await world.relayed() + 1
    subscriptions: Subscriptions = live_app.state.subscriptions
    operation = operation_of(live_app, FEED)
    start = await subscriptions.start(operation, None)
    slow = subscriptions.texts(operation, None, Scope(ports), start)
    quick = subscriptions.texts(operation, None, Scope(ports), start)
    begun = asyncio.create_task(take(slow, 1))
    eager = asyncio.create_task(take(quick, 100))
    await asyncio.sleep(0.05)

    await world.tell(bounty, 100)

    one, everything = await begun, await eager
    rest = await take(slow, 99)
    for texts in (slow, quick):
        await texts.aclose()
    assert everything == list(range(first, first + 100))
    assert one + rest == everything


async def test_with_the_last_subscriber_the_execution_ends(url: str, app: Starlette, relay: Relay) -> None:
    before = rooms()
    async with socket(url) as live:
        await live.subscribe("1", FEED)
        during = rooms() - before

    async with asyncio.timeout(2):
        while rooms() != before:  # noqa: ASYNC110 - by polling
            await asyncio.sleep(0.01)
    assert during == 1
    assert app.state.feed._tails == {}


def operation_of(app: Starlette, text: str) -> Operation:
    """Read a document as the server does."""
    return app.state.subscriptions._executor.documents.operation(text, None)


async def take(texts: AsyncIterator[str], count: int) -> list[int]:
    """Take so many answers and give their numbers."""
    import orjson

    async with asyncio.timeout(10):
        return [number(orjson.loads(await anext(texts))["data"]["bountyFeed"]) for _ in range(count)]
