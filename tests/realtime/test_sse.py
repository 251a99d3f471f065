"""Server-sent events: one operation a connection, alive between events, gone when its client or session is."""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette

from countenance import metrics
from domain.kernel.ids import BountyId
from tests import factories
from tests.realtime import world
from tests.realtime.clients import events
from tests.realtime.world import FEED, number
from tests.serving import Api

STREAM = {"accept": "text/event-stream"}


@pytest.mark.usefixtures("relay")
async def test_events_come_in_order_and_resume(url: str, bounty: BountyId) -> None:
    await world.relayed()
    async with events(url, FEED) as stream:
        await world.tell(bounty, 3)
        first = [await asyncio.wait_for(anext(stream), 5) for _ in range(3)]
    await world.tell(bounty, 2)
    async with events(url, FEED, after=first[-1][1]["data"]["bountyFeed"]["cursor"]) as stream:
        then = [await asyncio.wait_for(anext(stream), 5) for _ in range(2)]

    told = [data["data"]["bountyFeed"] for event, data in first + then if event == "next"]
    assert [number(event) for event in told] == list(range(number(told[0]), number(told[0]) + 5))


async def test_a_query_is_one_event_and_the_end(url: str) -> None:
    async with events(url, "{ __typename }") as stream:
        said = [event async for event in stream]

    assert said == [("next", {"data": {"__typename": "Query"}}), ("complete", None)]


async def test_a_stream_may_be_opened_by_get_but_not_for_a_mutation(url: str) -> None:
    async with httpx.AsyncClient() as http:
        query = await http.get(f"{url}/graphql", params={"query": "{ __typename }"}, headers=STREAM)
        mutation = await http.get(
            f"{url}/graphql", params={"query": "mutation { signOut { __typename } }"}, headers=STREAM
        )

    assert query.text == ':\n\nevent: next\ndata: {"data":{"__typename":"Query"}}\n\nevent: complete\ndata:\n\n'
    assert mutation.status_code == 405


async def test_what_cannot_begin_is_refused_as_a_plain_answer(url: str) -> None:
    async with httpx.AsyncClient() as http:
        response = await http.post(f"{url}/graphql", json={"query": "subscription {"}, headers=STREAM)

    assert response.status_code == 400
    assert response.headers["content-type"] == "application/graphql-response+json; charset=utf-8"


async def test_a_refused_subscription_is_one_event_and_the_end(url: str) -> None:
    async with events(url, "subscription { inbox { message } }") as stream:
        [(event, data), end] = [said async for said in stream]

    assert (event, end) == ("next", ("complete", None))
    assert data["errors"][0]["extensions"] == {"code": "SIGN_IN_REQUIRED"}


async def test_a_quiet_stream_says_that_it_lives(url: str) -> None:
    async with (
        httpx.AsyncClient(timeout=5) as http,
        http.stream("POST", f"{url}/graphql", json={"query": FEED}, headers=STREAM) as response,
    ):
        comments = [chunk async for _, chunk in _numbered(response, 3)]

    assert comments == [":\n\n"] * 3


async def test_the_stream_ends_at_once_when_its_client_is_gone(url: str, live_app: Starlette) -> None:
    followed = live_app.state.feed._tails
    async with (
        httpx.AsyncClient() as http,
        http.stream("POST", f"{url}/graphql", json={"query": FEED}, headers=STREAM),
        asyncio.timeout(1),
    ):
        while "bounties" not in followed:  # noqa: ASYNC110 - by polling
            await asyncio.sleep(0.01)
        during = metrics.STREAMS._value.get()

    async with asyncio.timeout(1):
        while followed or metrics.STREAMS._value.get():  # noqa: ASYNC110 - by polling
            await asyncio.sleep(0.01)
    assert during == 1


async def test_signing_out_completes_the_stream(url: str, client: Api) -> None:
    someone = await factories.signed_in()
    async with events(url, "subscription { inbox { message } }", token=someone.token) as stream:
        ended = asyncio.create_task(anext(stream))

        await client.data("mutation { signOut { __typename } }", token=someone.token)

        assert await asyncio.wait_for(ended, 5) == ("complete", None)


async def _numbered(response: httpx.Response, count: int):  # type: ignore[no-untyped-def]
    """Give so many chunks."""
    chunks = response.aiter_text()
    for n in range(count):
        yield n, await anext(chunks)
