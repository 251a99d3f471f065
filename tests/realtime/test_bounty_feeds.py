"""The live feeds of bounties: every step with its kind, only what matches, and nobody's secrets."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from countenance.relay import Relay
from domain import bounties
from domain.bounties import Bounty, Share, TermsChange
from domain.kernel.ids import Credits, new_id
from domain.kernel.ports import Policy, Ports
from domain.kernel.scope import Actor, Role, Scope
from tests import factories
from tests.actions.bounties import accepted, opened, some_moderator, somebody
from tests.realtime import world
from tests.realtime.clients import Socket, socket

FEED = """
subscription ($filter: BountyFilter, $after: Cursor) {
  bountyFeed(filter: $filter, after: $after) { kind bounty { title status pot } }
}
"""
ACTIVITY = """
subscription ($id: ID!) {
  bountyActivity(bountyId: $id) {
    kind bounty { status entryCount awardedEntry { id } entries { totalCount edges { node { status } } } }
  }
}
"""
CASES = "subscription { moderationFeed { kind } }"


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0))


async def _signed(ports: Ports, *, role: Role = Role.MEMBER) -> tuple[str, Scope]:
    signed = await factories.signed_in(role=role)
    actor = Actor(signed.account.id, signed.account.handle, signed.account.role, signed.session_id)
    await factories.give(actor, 1000)
    return signed.token, Scope(ports=ports, actor=actor)


def _id(bounty: Bounty) -> str:
    return f"bounty_{bounty.id.hex}"


async def _kinds(live: Socket, name: str, field: str, number: int) -> list[str]:
    return [(await live.next(name))[field]["kind"] for _ in range(number)]


async def test_the_feed_tells_every_step_in_order(url: str, relay: Relay, ports: Ports, tmp_path: Path) -> None:
    initiator, author, other = [await somebody(ports) for _ in range(3)]
    await world.relayed()
    async with socket(url) as live:
        await live.subscribe("1", FEED)

        bounty = await opened(initiator)
        await bounties.pledge(other, bounty.id, Credits(50))
        entry = await accepted(author, bounty, tmp_path)
        mistaken = await accepted(other, bounty, tmp_path)
        await bounties.withdraw_entry(other, mistaken.id)
        await bounties.award(initiator, bounty.id, to=entry.id)
        await bounties.cancel(initiator, (await opened(initiator)).id)

        assert await _kinds(live, "1", "bountyFeed", 8) == [
            "OPENED",
            "PLEDGED",
            "ENTRY_SUBMITTED",
            "ENTRY_SUBMITTED",
            "ENTRY_WITHDRAWN",
            "AWARDED",
            "OPENED",
            "CANCELLED",
        ]


async def test_changes_extensions_and_splits_are_told(url: str, relay: Relay, ports: Ports, tmp_path: Path) -> None:
    initiator, first, second = [await somebody(ports) for _ in range(3)]
    bounty = await opened(initiator)
    await world.relayed()
    async with socket(url) as live:
        await live.subscribe("1", ACTIVITY, id=_id(bounty))

        await bounties.change_terms(initiator, bounty.id, TermsChange(title="Ink lighthouses"))
        await bounties.extend(initiator, bounty.id, bounty.closes_at + timedelta(days=1))
        entries = [await accepted(author, bounty, tmp_path) for author in (first, second)]
        await bounties.split(initiator, bounty.id, [Share(entry.id, 50) for entry in entries])

        told = ["CHANGED", "EXTENDED", "ENTRY_SUBMITTED", "ENTRY_SUBMITTED", "AWARDED"]
        assert await _kinds(live, "1", "bountyActivity", 5) == told


async def test_a_filter_lets_through_what_matches_and_hides_mature_ones(url: str, relay: Relay, ports: Ports) -> None:
    initiator = await somebody(ports)
    await world.relayed()
    async with socket(url) as live:
        await live.subscribe("rich", FEED, filter={"minPot": 200})
        await opened(initiator, title="small")
        await opened(initiator, title="mature", pledge=Credits(300), mature=True)
        bounty = await opened(initiator, title="large", pledge=Credits(300))

        event = (await live.next("rich"))["bountyFeed"]

        assert event == {"kind": "OPENED", "bounty": {"title": bounty.title, "status": "OPEN", "pot": 300}}
        assert await live.silent()


async def test_one_bounty_is_followed_with_the_authority_of_each_viewer(
    url: str, relay: Relay, ports: Ports, tmp_path: Path
) -> None:
    token, initiator = await _signed(ports)
    author = await somebody(ports)
    bounty, another = await opened(initiator), await opened(initiator)
    await world.relayed()
    async with socket(url, token) as mine, socket(url) as public:
        await mine.subscribe("1", ACTIVITY, id=_id(bounty))
        await public.subscribe("1", ACTIVITY, id=_id(bounty))
        await bounties.pledge(author, another.id, Credits(20))
        entry = await accepted(author, bounty, tmp_path)
        await bounties.award(initiator, bounty.id, to=entry.id)

        seen = [(await mine.next("1"))["bountyActivity"] for _ in range(2)]
        told = [(await public.next("1"))["bountyActivity"] for _ in range(2)]

    assert [event["kind"] for event in seen] == [event["kind"] for event in told] == ["ENTRY_SUBMITTED", "AWARDED"]
    assert [event["bounty"]["entries"]["totalCount"] for event in seen] == [1, 1]
    assert [event["bounty"]["entries"]["totalCount"] for event in told] == [0, 0]
    assert seen[1]["bounty"]["awardedEntry"] == {"id": f"entry_{entry.id.hex}"}
    assert told[1]["bounty"]["awardedEntry"] is None


async def test_a_bounty_that_is_not_there_can_not_be_followed(url: str) -> None:
    async with socket(url) as live:
        await live.subscribe_unawaited("1", ACTIVITY, id=f"bounty_{new_id().hex}")

        answer = await live.receive()

    assert _code(answer) == "NOT_FOUND"


async def test_moderators_alone_follow_cases(url: str, ports: Ports) -> None:
    member, _ = await _signed(ports)
    moderator, _ = await _signed(ports, role=Role.MODERATOR)
    await some_moderator(ports)

    async with socket(url) as nobody, socket(url, member) as one, socket(url, moderator) as two:
        for live in (nobody, one, two):
            await live.subscribe_unawaited("1", CASES)

        assert _code(await nobody.receive()) == "SIGN_IN_REQUIRED"
        assert _code(await one.receive()) == "NOT_ALLOWED"
        assert await two.silent()


def _code(message: Any) -> str:
    payload = message["payload"]
    errors = payload if isinstance(payload, list) else payload["errors"]
    return str(errors[0]["extensions"]["code"])
