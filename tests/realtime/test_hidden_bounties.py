"""Bounties that are held: the feeds tell that they went out of sight, and show nothing of them but to who may see."""

from dataclasses import replace
from typing import Any

import pytest

from countenance.relay import Relay
from domain import bounties, likeness, moderation
from domain.bounties import Bounty, Review
from domain.kernel.ids import PersonId
from domain.kernel.ports import Policy, Ports
from domain.kernel.scope import Actor, Scope
from tests import factories
from tests.actions.bounties import opened, some_moderator, somebody
from tests.realtime import world
from tests.realtime.clients import socket
from tests.resourcing import NAME, adopted, registered
from tests.sweeping import swept

FEED = """
subscription ($filter: BountyFilter) { bountyFeed(filter: $filter) { kind bountyId bounty { title } } }
"""
ACTIVITY = """
subscription ($id: ID!) { bountyActivity(bountyId: $id) { kind bountyId bounty { title heldAt } } }
"""
INBOX = "subscription { inbox { kind message subject { id } } }"


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0))


async def _signed(ports: Ports) -> tuple[str, Scope]:
    signed = await factories.signed_in()
    actor = Actor(signed.account.id, signed.account.handle, signed.account.role, signed.session_id)
    await factories.give(actor, 1000)
    return signed.token, Scope(ports=ports, actor=actor)


def _id(bounty: Bounty) -> str:
    return f"bounty_{bounty.id.hex}"


def _event(kind: str, bounty: Bounty, seen: dict[str, Any] | None) -> dict[str, Any]:
    return {"kind": kind, "bountyId": _id(bounty), "bounty": seen}


async def test_the_feed_says_that_a_bounty_went_out_of_sight_and_shows_it_when_it_is_back(
    url: str, relay: Relay, ports: Ports
) -> None:
    _, initiator = await _signed(ports)
    bounty = await opened(initiator, title=f"After {NAME}")
    await world.relayed()
    async with socket(url) as live:
        await live.subscribe("all", FEED)
        await live.subscribe("rich", FEED, filter={"minPot": 200})
        person, _ = await registered(initiator)
        await swept(Scope.of_system(ports))
        hidden = (await live.next("all"))["bountyFeed"]
        await likeness.withdraw(Scope.of_system(ports), PersonId(person.id))
        await adopted(initiator)
        await swept(Scope.of_system(ports))

        assert hidden == _event("HIDDEN", bounty, None)
        assert (await live.next("all"))["bountyFeed"] == _event("SHOWN", bounty, {"title": bounty.title})
        assert await live.silent()


async def test_who_is_in_a_bounty_goes_on_seeing_it_and_nobody_else_does(url: str, relay: Relay, ports: Ports) -> None:
    token, initiator = await _signed(ports)
    bounty = await opened(initiator, title=f"After {NAME}")
    await world.relayed()
    async with socket(url, token) as mine, socket(url) as public:
        await mine.subscribe("1", ACTIVITY, id=_id(bounty))
        await public.subscribe("1", ACTIVITY, id=_id(bounty))
        await registered(initiator)
        await swept(Scope.of_system(ports))
        seen, told = (await mine.next("1"))["bountyActivity"], (await public.next("1"))["bountyActivity"]
        await bounties.cancel(initiator, bounty.id)
        ended = (await mine.next("1"))["bountyActivity"]
        silent = await public.silent()
    async with socket(url) as late:
        await late.subscribe_unawaited("1", ACTIVITY, id=_id(bounty))
        refused = await late.receive()

    assert (seen["kind"], seen["bounty"]["title"]) == ("HIDDEN", bounty.title)
    assert seen["bounty"]["heldAt"] is not None
    assert told == _event("HIDDEN", bounty, None)
    assert (ended["kind"], silent) == ("CANCELLED", True)
    assert refused["payload"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_a_bounty_that_waits_for_a_review_is_opened_to_the_feed_when_it_is_listed(
    url: str, relay: Relay, ports: Ports
) -> None:
    token, initiator = await _signed(ports)
    moderator = await some_moderator(ports)
    await world.relayed()
    async with socket(url) as live, socket(url, token) as mine:
        await live.subscribe("1", FEED)
        await mine.subscribe("1", INBOX)
        bounty = await opened(initiator, brief="A LoRA of my neighbour, please.")
        waits = (await mine.next("1"))["inbox"]
        other = await opened(await somebody(ports))
        first = (await live.next("1"))["bountyFeed"]
        await moderation.review_bounty(moderator, bounty.id, Review.LIST, explanation="The neighbour is a cat.")

        assert first == _event("OPENED", other, {"title": other.title})
        assert (await live.next("1"))["bountyFeed"] == _event("OPENED", bounty, {"title": bounty.title})
        listed = (await mine.next("1"))["inbox"]
    assert (waits["kind"], waits["subject"]) == ("BOUNTY_DECIDED", {"id": _id(bounty)})
    assert waits["message"] == "Your bounty waits until a moderator has looked at it; its findings say why."
    assert listed["message"] == "Your bounty is listed: everybody can see it."
