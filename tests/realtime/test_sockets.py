"""graphql-transport-ws, close to the wire."""

from countenance.relay import Relay
from tests import factories
from tests.realtime.clients import socket
from tests.serving import Api

FEED = "subscription ($after: Cursor) { bountyFeed(after: $after) { cursor resync kind bounty { title } } }"
OPEN = """
mutation ($title: String!, $closesAt: DateTime!) {
  bountyOpen(input: {kind: LORA, title: $title, brief: "b", pledge: 10, closesAt: $closesAt}) {
    __typename ... on BountyOpenSuccess { bounty { id } } ... on UserError { message }
  }
}
"""


async def test_a_subscriber_hears_what_happens(url: str, relay: Relay, client: Api) -> None:
    from datetime import UTC, datetime, timedelta

    someone = await factories.signed_in()
    closes = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    async with socket(url) as live:
        await live.subscribe("1", FEED)

        print(await client.data(OPEN, {"title": "A harbour at dawn", "closesAt": closes}, token=someone.token))

        event = await live.next("1")
    assert event["bountyFeed"]["kind"] == "OPENED"
