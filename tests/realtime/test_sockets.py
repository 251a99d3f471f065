"""graphql-transport-ws, close to the wire: what ends a socket, what ends one operation, and who is on it."""

from datetime import timedelta

import orjson
import pytest
import websockets
from starlette.applications import Starlette

from countenance.relay import Relay
from domain.kernel.clock import HandClock
from domain.kernel.ids import BountyId
from tests import factories
from tests.realtime import world
from tests.realtime.clients import raw_socket, socket
from tests.realtime.world import FEED
from tests.serving import Api

INIT = {"type": "connection_init"}
ACK = {"type": "connection_ack"}


async def test_a_query_and_its_end(url: str) -> None:
    async with socket(url) as live:
        await live.send({"id": "q", "type": "subscribe", "payload": {"query": "{ __typename }"}})

        assert await live.receive() == {"id": "q", "type": "next", "payload": {"data": {"__typename": "Query"}}}
        assert await live.receive() == {"id": "q", "type": "complete"}


async def test_an_event_reaches_a_subscriber(url: str, relay: Relay, bounty: BountyId) -> None:
    await world.relayed()
    async with socket(url) as live:
        await live.subscribe("1", FEED)

        await world.tell(bounty)

        event = (await live.next("1"))["bountyFeed"]
        assert (event["kind"], event["resync"]) == ("PLEDGED", False)
        assert event["bounty"]["title"] == "A harbour at dawn"


async def test_pings_are_answered_before_and_after_the_acknowledgement(url: str) -> None:
    async with raw_socket(url) as live:
        await live.send({"type": "ping", "payload": {"t": 1}})
        assert await live.receive() == {"type": "pong"}
        await live.send(INIT)
        assert await live.receive() == ACK
        await live.send({"type": "pong"})
        await live.send({"type": "ping"})
        assert await live.receive() == {"type": "pong"}


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("[]", id="array"),
        pytest.param('"subscribe"', id="string"),
        pytest.param("1", id="number"),
        pytest.param("null", id="null"),
        pytest.param("{", id="no JSON"),
        pytest.param(b'{"type":"ping"}', id="binary"),
        pytest.param({"type": "start", "id": "1"}, id="unknown type"),
        pytest.param({"id": "1"}, id="no type"),
        pytest.param({"type": ["ping"]}, id="type that is no string"),
        pytest.param({"type": "subscribe", "payload": {"query": "{a}"}}, id="no id"),
        pytest.param({"type": "subscribe", "id": 1, "payload": {"query": "{a}"}}, id="id that is no string"),
        pytest.param({"type": "subscribe", "id": "", "payload": {"query": "{a}"}}, id="empty id"),
        pytest.param({"type": "subscribe", "id": "1"}, id="no payload"),
        pytest.param({"type": "subscribe", "id": "1", "payload": {}}, id="no query"),
        pytest.param(
            {"type": "subscribe", "id": "1", "payload": {"query": "{a}", "variables": []}}, id="variables in a list"
        ),
        pytest.param({"type": "complete"}, id="complete without id"),
    ],
)
async def test_what_is_none_of_the_protocol_closes_with_4400(url: str, message: object) -> None:
    async with socket(url) as live:
        await live.send(message)

        code, reason = await live.closed()

    assert code == 4400
    assert reason


@pytest.mark.parametrize("payload", ["token", 5, True, ["token"]])
async def test_a_payload_that_is_no_object_closes_with_4400(url: str, payload: object) -> None:
    async with raw_socket(url) as live:
        await live.send({"type": "connection_init", "payload": payload})

        assert await live.closed() == (4400, "The payload of connection_init must be an object")


@pytest.mark.parametrize("name", ["token", "Authorization"])
@pytest.mark.parametrize("value", [5, 0, False, ["token"], {"token": "token"}])
async def test_a_token_that_is_no_string_closes_with_4400(url: str, name: str, value: object) -> None:
    async with raw_socket(url) as live:
        await live.send({"type": "connection_init", "payload": {name: value}})

        assert await live.closed() == (4400, f"`{name}` in the payload of connection_init must be a string")


@pytest.mark.parametrize("payload", [None, {}, {"token": None}, {"token": ""}, {"other": 5}])
async def test_who_gives_no_token_connects_as_nobody(url: str, payload: object) -> None:
    async with raw_socket(url) as live:
        await live.send({"type": "connection_init", "payload": payload})
        assert await live.receive() == ACK
        await live.send({"id": "1", "type": "subscribe", "payload": {"query": "{ viewer { handle } }"}})

        assert (await live.next("1"))["viewer"] is None


async def test_a_silent_client_is_closed_with_4408(url: str) -> None:
    async with raw_socket(url) as live:
        assert await live.closed() == (4408, "Connection initialisation timeout")


async def test_an_operation_before_the_acknowledgement_closes_with_4401(url: str) -> None:
    async with raw_socket(url) as live:
        await live.send({"id": "1", "type": "subscribe", "payload": {"query": "{ __typename }"}})

        assert await live.closed() == (4401, "Unauthorized")


async def test_a_second_init_closes_with_4429(url: str) -> None:
    async with socket(url) as live:
        await live.send(INIT)

        assert await live.closed() == (4429, "Too many initialisation requests")


async def test_an_id_in_use_closes_with_4409(url: str) -> None:
    async with socket(url) as live:
        await live.subscribe("same", FEED)
        await live.send({"id": "same", "type": "subscribe", "payload": {"query": FEED}})

        assert await live.closed() == (4409, "Subscriber for same already exists")


async def test_another_subprotocol_closes_with_4406(url: str) -> None:
    async with raw_socket(url, subprotocols=None) as live:
        assert await live.closed() == (4406, "Subprotocol not acceptable")


async def test_a_message_that_is_too_long_closes_with_1009(url: str) -> None:
    async with socket(url) as live:
        await live.send('"' + "x" * (1024 * 1024) + '"')

        assert (await live.closed())[0] == 1009


async def test_a_syntax_error_ends_its_own_operation_alone(url: str, relay: Relay, bounty: BountyId) -> None:
    await world.relayed()
    async with socket(url) as live:
        await live.subscribe("good", FEED)
        await live.send({"id": "bad", "type": "subscribe", "payload": {"query": "subscription {"}})

        error = await live.receive()
        await world.tell(bounty)
        event = await live.next("good")

    assert (error["id"], error["type"]) == ("bad", "error")
    assert error["payload"][0]["message"] == "Syntax Error: Expected Name, found <EOF>."
    assert event["bountyFeed"]["kind"] == "PLEDGED"


async def test_several_operations_without_a_name_are_refused(url: str) -> None:
    async with socket(url) as live:
        query = "query A { __typename } query B { __typename }"
        await live.send({"id": "1", "type": "subscribe", "payload": {"query": query}})

        error = await live.receive()

    assert error["payload"] == [
        {"message": "This document has several operations: say by `operationName` which one to run."}
    ]


async def test_a_refused_subscription_says_its_code(url: str) -> None:
    async with socket(url) as live:
        query = "subscription { inbox { message } }"
        await live.send({"id": "1", "type": "subscribe", "payload": {"query": query}})

        error = await live.receive()

    assert (error["id"], error["type"]) == ("1", "error")
    assert error["payload"][0]["message"] == "Sign in to do this."
    assert error["payload"][0]["extensions"] == {"code": "SIGN_IN_REQUIRED"}


async def test_one_socket_runs_a_hundred_operations_and_no_more(url: str) -> None:
    async with socket(url) as live:
        for n in range(100):
            await live.send({"id": str(n), "type": "subscribe", "payload": {"query": FEED}})
        await live.send({"id": "more", "type": "subscribe", "payload": {"query": FEED}})
        refused = await live.receive()
        await live.send({"id": "0", "type": "complete"})
        await live.subscribe("more", FEED)

    assert (refused["id"], refused["type"]) == ("more", "error")
    assert refused["payload"][0]["message"].startswith("At most 100 operations may run on one socket")


async def test_a_completed_subscription_is_silent_and_its_id_free(url: str, relay: Relay, bounty: BountyId) -> None:
    await world.relayed()
    async with socket(url) as live:
        await live.subscribe("1", FEED)
        await live.send({"id": "1", "type": "complete"})
        await world.tell(bounty)
        assert await live.silent()

        await live.subscribe("1", FEED)
        await world.tell(bounty)

        assert (await live.next("1"))["bountyFeed"]["kind"] == "PLEDGED"


async def test_the_token_comes_with_connection_init(url: str) -> None:
    someone = await factories.signed_in("aldebaran")
    query = {"id": "1", "type": "subscribe", "payload": {"query": "{ viewer { handle } }"}}
    async with raw_socket(url) as live:
        await live.send({"type": "connection_init", "payload": {"Authorization": f"Bearer {someone.token}"}})
        await live.receive()
        await live.send(query)

        assert (await live.next("1"))["viewer"] == {"handle": "aldebaran"}


async def test_an_unknown_token_closes_with_4403(url: str) -> None:
    async with raw_socket(url) as live:
        await live.send({"type": "connection_init", "payload": {"token": "nobody's"}})

        assert (await live.closed())[0] == 4403


async def test_the_cookie_counts_for_our_own_pages_only(url: str) -> None:
    someone = await factories.signed_in("aldebaran")
    cookie = {"Cookie": f"countenance_session={someone.token}"}
    async with socket(url, additional_headers={**cookie, "Origin": url}) as live:
        await live.send({"id": "1", "type": "subscribe", "payload": {"query": "{ viewer { handle } }"}})
        assert (await live.next("1"))["viewer"] == {"handle": "aldebaran"}

    with pytest.raises(websockets.InvalidStatus, match="403"):
        async with raw_socket(url, additional_headers={**cookie, "Origin": "https://evil.example"}):
            pass


async def test_signing_out_closes_the_socket(url: str, client: Api) -> None:
    someone = await factories.signed_in()
    async with socket(url, someone.token) as live:
        await live.subscribe("1", "subscription { inbox { message } }")

        await client.data("mutation { signOut { __typename } }", token=someone.token)

        assert await live.closed(5) == (4403, "Session ended")


async def test_an_expired_session_closes_the_socket(url: str, clock: HandClock) -> None:
    someone = await factories.signed_in()
    async with socket(url, someone.token) as live:
        clock.turn(timedelta(days=31))

        assert await live.closed(5) == (4403, "Session ended")


async def test_authority_is_read_anew_for_each_operation(url: str) -> None:
    someone = await factories.signed_in("aldebaran")
    query = {"id": "1", "type": "subscribe", "payload": {"query": "{ viewer { role } }"}}
    async with socket(url, someone.token) as live:
        await live.send(query)
        before = await live.next("1")
        await live.receive()
        await world.promote(someone.account.id)
        await live.send(query)
        after = await live.next("1")

    assert (before["viewer"]["role"], after["viewer"]["role"]) == ("MEMBER", "MODERATOR")


async def test_frames_are_text(url: str) -> None:
    async with raw_socket(url) as live:
        await live.send(orjson.dumps(INIT).decode())

        assert isinstance(await live.raw.recv(), str)


async def test_a_failure_outside_the_resolvers_ends_its_operation_alone(
    url: str, live_app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> int:
        raise ConnectionRefusedError("the database at 10.0.0.7 is away")

    async with socket(url) as live:
        monkeypatch.setattr(live_app.state.feed, "head", away)
        await live.subscribe_unawaited("1", FEED)
        error = await live.receive()
        monkeypatch.undo()
        await live.subscribe("2", FEED)

    assert (error["id"], error["type"]) == ("1", "error")
    assert error["payload"][0]["extensions"]["code"] == "INTERNAL"
