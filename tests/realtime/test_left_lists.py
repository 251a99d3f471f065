"""Feeds with a filter tell also what leaves it, live and from a cursor on, so that no list of a client goes stale."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from countenance.relay import Relay
from domain import bounties, likeness, moderation, resources
from domain.bounties import Bounty, TermsChange
from domain.kernel.ids import CaseId, PersonId, ResourceId, Subject, new_id
from domain.kernel.ports import Policy, Ports
from domain.kernel.scope import Scope
from domain.kernel.work import pool
from domain.moderation import Cause, Decision
from tests.actions.bounties import opened, some_moderator, somebody
from tests.realtime import world
from tests.realtime.clients import Socket, socket
from tests.resourcing import NAME, drafted, registered, scanned, uploaded
from tests.sweeping import swept
from tests.vault.world import Member
from tests.vault.world import some_moderator as signed_moderator

BOUNTIES = """
subscription ($filter: BountyFilter, $after: Cursor) {
  bountyFeed(filter: $filter, after: $after) { cursor kind bountyId bounty { title } }
}
"""
CASES = """
subscription ($filter: CaseFilter, $after: Cursor) {
  moderationFeed(filter: $filter, after: $after) { cursor kind caseId case { status } }
}
"""
RESOURCE = """
subscription ($id: ID!, $after: Cursor) {
  resourceActivity(resourceId: $id, after: $after) { cursor resourceId resource { status } }
}
"""


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0))


@dataclass
class Follower:
    """Somebody on one subscription, who notes what they hear without its cursors."""

    live: Socket
    field: str
    cursors: list[str]

    async def hears(self, number: int) -> list[tuple[Any, ...]]:
        """Give the next events, each as the tuple of its other fields."""
        told = [(await self.live.next("1"))[self.field] for _ in range(number)]
        self.cursors += [event["cursor"] for event in told]
        return [tuple(value for name, value in event.items() if name != "cursor") for event in told]


async def _follow(live: Socket, query: str, field: str, after: str | None = None, **variables: Any) -> Follower:
    if after is None:
        await live.subscribe("1", query, **variables)
    else:
        await live.subscribe_unawaited("1", query, after=after, **variables)
    return Follower(live, field, [])


def _id(bounty: Bounty) -> str:
    return f"bounty_{bounty.id.hex}"


# Bounties.


async def test_who_follows_open_bounties_hears_that_one_is_cancelled_and_again_from_a_cursor_on(
    url: str, relay: Relay, ports: Ports
) -> None:
    initiator = await somebody(ports)
    await world.relayed()
    async with socket(url) as first, socket(url) as second:
        follower = await _follow(first, BOUNTIES, "bountyFeed", filter={"status": "OPEN"})
        judging = await _follow(second, BOUNTIES, "bountyFeed", filter={"status": "JUDGING"})
        bounty = await opened(initiator)
        told = await follower.hears(1)
        await bounties.pledge(initiator, bounty.id, bounty.pot)
        told += await follower.hears(1)
        await bounties.cancel(initiator, bounty.id)
        told += await follower.hears(1)

        assert await judging.live.silent()
    async with socket(url) as late:
        after = follower.cursors[0]
        replayed = await _follow(late, BOUNTIES, "bountyFeed", after, filter={"status": "OPEN"})
        missed = await replayed.hears(2)

        assert await late.silent()
    seen, gone = {"title": bounty.title}, None
    assert told == [("OPENED", _id(bounty), seen), ("PLEDGED", _id(bounty), seen), ("CANCELLED", _id(bounty), gone)]
    assert missed == [("PLEDGED", _id(bounty), gone), ("CANCELLED", _id(bounty), gone)]
    assert replayed.cursors == follower.cursors[1:]


@pytest.mark.parametrize(
    ("wanted", "change"),
    [
        pytest.param({}, TermsChange(mature=True), id="mature"),
        pytest.param({"kind": "LORA"}, TermsChange(kind=bounties.BountyKind.EMBEDDING), id="kind"),
        pytest.param({"search": "lighthouse"}, TermsChange(title="Windmills", brief="On a hill."), id="words"),
    ],
)
async def test_a_change_of_terms_tells_that_a_bounty_left_the_list(
    url: str, relay: Relay, ports: Ports, wanted: dict[str, object], change: TermsChange
) -> None:
    initiator = await somebody(ports)
    bounty = await opened(initiator, title="A lighthouse")
    await world.relayed()
    async with socket(url) as live:
        follower = await _follow(live, BOUNTIES, "bountyFeed", filter=wanted)
        await bounties.change_terms(initiator, bounty.id, change)

        assert await follower.hears(1) == [("CHANGED", _id(bounty), None)]


@pytest.mark.parametrize("wanted", [{}, {"kind": "IMAGE", "mature": True}, {"minPot": 500, "mature": True}])
async def test_a_change_of_what_was_in_no_list_is_not_told(
    url: str, relay: Relay, ports: Ports, wanted: dict[str, object]
) -> None:
    initiator = await somebody(ports)
    bounty = await opened(initiator, title="A lighthouse", mature=True)
    await world.relayed()
    async with socket(url) as live:
        await live.subscribe("1", BOUNTIES, filter=wanted)
        await bounties.change_terms(initiator, bounty.id, TermsChange(title="Windmills"))

        assert await live.silent()


async def test_a_bounty_that_was_hidden_and_then_ended_is_told_as_hidden_from_a_cursor_on(
    url: str, relay: Relay, ports: Ports
) -> None:
    initiator = await somebody(ports)
    await world.relayed()
    async with socket(url) as live:
        follower = await _follow(live, BOUNTIES, "bountyFeed", filter={"status": "OPEN"})
        bounty = await opened(initiator, title=f"After {NAME}")
        await follower.hears(1)
    person, _ = await registered(initiator)
    await swept(Scope.of_system(ports))
    await bounties.cancel(initiator, bounty.id)
    await world.relayed()
    async with socket(url) as late:
        replayed = await _follow(late, BOUNTIES, "bountyFeed", follower.cursors[0], filter={"status": "OPEN"})

        assert await replayed.hears(1) == [("HIDDEN", _id(bounty), None)]
        assert await late.silent()
    await likeness.withdraw(Scope.of_system(ports), PersonId(person.id))


async def test_a_fact_of_an_earlier_release_is_told_to_all_who_may_have_had_the_bounty(
    url: str, relay: Relay, ports: Ports
) -> None:
    initiator = await somebody(ports)
    bounty = await opened(initiator)
    await world.relayed()
    async with socket(url) as first, socket(url) as second:
        follower = await _follow(first, BOUNTIES, "bountyFeed", filter={"status": "JUDGING"})
        await second.subscribe("1", BOUNTIES, filter={"status": "JUDGING", "kind": "IMAGE"})
        await pool().execute(
            "INSERT INTO fact (kind, body, topics) VALUES ('BountyPledged', $1::jsonb, '[\"bounties\"]')",
            f'{{"bounty_id": "{bounty.id}", "pledge_id": "{new_id()}", "backer_id": "{new_id()}", "amount": 1}}',
        )

        assert await follower.hears(1) == [("PLEDGED", _id(bounty), None)]
        assert await second.silent()


# Cases.


async def _case(ports: Ports) -> tuple[CaseId, Subject]:
    subject = Subject("bounty", (await opened(await somebody(ports))).id)
    await moderation.note(Scope.of_system(ports), subject, Cause.REVIEW, "for the test")
    return CaseId(await pool().fetchval("SELECT id FROM moderation_case WHERE subject_id = $1", subject.id)), subject


async def test_who_follows_open_cases_hears_that_another_moderator_claims_one(
    url: str, relay: Relay, ports: Ports
) -> None:
    ada, ben = await signed_moderator(ports), await signed_moderator(ports)
    case_id, _ = await _case(ports)
    named = f"case_{case_id.hex}"
    await world.relayed()
    async with socket(url, ada.token) as live:
        follower = await _follow(live, CASES, "moderationFeed", filter={"status": "OPEN"})
        await moderation.claim_case(ben.scope, case_id)
        told = await follower.hears(1)
        await moderation.release_case(ben.scope, case_id)
        told += await follower.hears(1)
        await moderation.claim_case(ada.scope, case_id)
        await moderation.claim_case(ada.scope, case_id)  # renewed: it is in no list of open cases any more
        told += await follower.hears(1)
        await moderation.decide_case(ada.scope, case_id, Decision.NO_ACTION, explanation="A cat.")

        assert await live.silent()
    async with socket(url, ada.token) as late:
        after = follower.cursors[0]
        replayed = await _follow(late, CASES, "moderationFeed", after, filter={"status": "OPEN"})

        assert await replayed.hears(2) == [("RELEASED", named, None), ("CLAIMED", named, None)]
    assert told == [("CLAIMED", named, None), ("RELEASED", named, {"status": "OPEN"}), ("CLAIMED", named, None)]


async def test_who_follows_their_own_cases_hears_when_one_is_theirs_no_more(
    url: str, relay: Relay, ports: Ports
) -> None:
    ada, ben = await signed_moderator(ports), await signed_moderator(ports)
    case_id, _ = await _case(ports)
    named = f"case_{case_id.hex}"
    await moderation.claim_case(ada.scope, case_id)
    await world.relayed()

    async with socket(url, ada.token) as mine, socket(url, ben.token) as theirs:
        own = await _follow(mine, CASES, "moderationFeed", filter={"mine": True})
        await theirs.subscribe("1", CASES, filter={"mine": True})
        await moderation.decide_case(ada.scope, case_id, Decision.NO_ACTION, explanation="A cat.")

        assert await own.hears(1) == [("DECIDED", named, None)]
        assert await theirs.silent()


# Resources.


async def _published(owner: Scope) -> ResourceId:
    resource_id = await drafted(owner)
    await uploaded(owner, resource_id)
    await resources.submit(owner, resource_id)
    await scanned(owner)
    await world.relayed()
    return resource_id


async def test_everybody_who_follows_a_resource_hears_that_it_is_gone(url: str, relay: Relay, ports: Ports) -> None:
    owner: Member = await signed_moderator(ports)
    resource_id = await _published(owner.scope)
    named = f"resource_{resource_id.hex}"
    async with socket(url) as public, socket(url, owner.token) as own:
        follower = await _follow(public, RESOURCE, "resourceActivity", id=named)
        owning = await _follow(own, RESOURCE, "resourceActivity", id=named)
        await resources.remove(await some_moderator(ports), resource_id)

        assert await follower.hears(1) == [(named, None)]
        assert await owning.hears(1) == [(named, {"status": "REMOVED"})]


async def test_what_happens_to_a_resource_out_of_sight_is_told_to_its_owner_alone(
    url: str, relay: Relay, ports: Ports
) -> None:
    owner: Member = await signed_moderator(ports)
    resource_id = await _published(owner.scope)
    named = f"resource_{resource_id.hex}"
    async with socket(url) as public, socket(url, owner.token) as own:
        await public.subscribe("1", RESOURCE, id=named)
        owning = await _follow(own, RESOURCE, "resourceActivity", id=named)
        await pool().execute("UPDATE resource SET status = 'HELD', cause = 'SCAN' WHERE id = $1", resource_id)
        await resources.remove(owner.scope, resource_id)

        assert await owning.hears(1) == [(named, {"status": "REMOVED"})]
        assert await public.silent()


@pytest.mark.parametrize("there", [True, False], ids=["a draft of somebody's", "nothing"])
async def test_a_resource_that_is_not_to_be_seen_can_not_be_followed(
    url: str, relay: Relay, ports: Ports, *, there: bool
) -> None:
    resource_id = await drafted(await somebody(ports)) if there else new_id()
    async with socket(url) as live:
        await live.subscribe_unawaited("1", RESOURCE, id=f"resource_{resource_id.hex}")
        answer = await live.receive()

    assert (answer["type"], answer["payload"][0]["message"]) == ("error", "There is no resource with this id.")
    assert answer["payload"][0]["extensions"] == {"code": "NOT_FOUND"}
