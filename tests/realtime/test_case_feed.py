"""The feed of cases: every step live on both transports, from a cursor on, to moderators and as long as they are."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from countenance.relay import Relay
from domain import bounties, moderation
from domain.kernel.ids import CaseId, Subject
from domain.kernel.ports import Policy, Ports
from domain.kernel.refusals import NotAllowed
from domain.kernel.scope import Scope
from domain.kernel.work import pool
from domain.moderation import Cause, Decision
from tests import factories
from tests.actions.bounties import accepted, opened, somebody
from tests.actions.cases import RISKY
from tests.realtime import world
from tests.realtime.clients import events, socket
from tests.vault.world import Member, some_moderator

FEED = """
subscription ($filter: CaseFilter, $after: Cursor) {
  moderationFeed(filter: $filter, after: $after) {
    cursor resync kind case { id status priority claimedBy { handle } subject { id } history { kind } }
  }
}
"""
INBOX = "subscription { inbox { kind message subject { id } } }"
STEPS = ["OPENED", "CLAIMED", "CHANGED", "RELEASED", "CLAIMED", "DECIDED"]


@dataclass(frozen=True)
class Desk:
    """Moderators, a case that is about to be opened, and what becomes of it."""

    ports: Ports
    ada: Member
    ben: Member

    async def open(self) -> tuple[CaseId, Subject]:
        """Have a bounty wait for a moderator, and give the case that the relay opens for it."""
        bounty = await opened(await somebody(self.ports), brief=RISKY)
        subject = Subject("bounty", bounty.id)
        return await _case_about(bounty.id), subject

    async def decide(self, case_id: CaseId, subject: Subject) -> None:
        """Take every step that a case can take."""
        await moderation.claim_case(self.ada.scope, case_id)
        await moderation.note(Scope.of_system(self.ports), subject, Cause.CLAIM, "for the test")
        await moderation.release_case(self.ada.scope, case_id)
        await moderation.claim_case(self.ben.scope, case_id)
        await moderation.decide_case(self.ben.scope, case_id, Decision.RESTORE, explanation="A cat.")


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0))


@pytest.fixture
async def desk(ports: Ports) -> Desk:
    """Two moderators."""
    return Desk(ports, await some_moderator(ports), await some_moderator(ports))


async def test_every_step_is_told_and_resumed_at_a_cursor_on_a_socket(url: str, relay: Relay, desk: Desk) -> None:
    async with socket(url, desk.ada.token) as live:
        await live.subscribe("1", FEED)
        case_id, subject = await desk.open()
        await desk.decide(case_id, subject)
        told = [(await live.next("1"))["moderationFeed"] for _ in STEPS]
    async with socket(url, desk.ada.token) as late:
        await late.subscribe_unawaited("1", FEED, after=told[1]["cursor"])
        missed = [(await late.next("1"))["moderationFeed"] for _ in STEPS[2:]]

    assert [event["kind"] for event in told] == STEPS
    assert {event["case"]["id"] for event in told} == {f"case_{case_id.hex}"}
    assert {event["case"]["subject"]["id"] for event in told} == {f"bounty_{subject.id.hex}"}
    assert [event["kind"] for event in missed] == STEPS[2:]
    assert [event["cursor"] for event in missed] == [event["cursor"] for event in told[2:]]
    assert missed[-1]["case"]["status"] == "DECIDED"


async def test_every_step_is_told_as_server_sent_events(url: str, relay: Relay, desk: Desk) -> None:
    await world.relayed()
    async with events(url, FEED, token=desk.ada.token) as stream:
        case_id, subject = await desk.open()
        await desk.decide(case_id, subject)
        told = [await asyncio.wait_for(anext(stream), 5) for _ in STEPS]
    first = told[0][1]["data"]["moderationFeed"]["cursor"]
    async with events(url, FEED, token=desk.ada.token, after=first) as stream:
        missed = [await asyncio.wait_for(anext(stream), 5) for _ in STEPS[1:]]

    assert [_kind(event) for event in told] == STEPS
    assert [_kind(event) for event in missed] == STEPS[1:]


async def test_a_filter_leaves_out_what_does_not_match_now(url: str, relay: Relay, desk: Desk) -> None:
    async with socket(url, desk.ada.token) as mine, socket(url, desk.ben.token) as theirs:
        await mine.subscribe("1", FEED, filter={"mine": True})
        await theirs.subscribe("1", FEED, filter={"reason": "SPAM"})
        case_id, _ = await desk.open()
        assert await mine.silent()
        await moderation.claim_case(desk.ada.scope, case_id)

        event = (await mine.next("1"))["moderationFeed"]
        assert (event["kind"], event["case"]["claimedBy"]) == ("CLAIMED", {"handle": desk.ada.handle})
        assert await theirs.silent()


async def test_who_is_a_moderator_no_more_hears_nothing_more(url: str, relay: Relay, desk: Desk) -> None:
    async with socket(url, desk.ben.token) as live:
        await live.subscribe("1", FEED)
        await pool().execute("UPDATE account SET role = 'MEMBER' WHERE id = $1", desk.ben.scope.account_id)
        await desk.open()
        message = await live.receive()

    assert message["type"] == "error"
    assert message["payload"][0]["extensions"]["code"] == "NOT_ALLOWED"


async def test_owners_are_told_of_decisions(url: str, relay: Relay, ports: Ports, tmp_path: Path) -> None:
    ports = replace(ports, marks_key=b"a key of 32 bytes, for the tests")
    initiator, author, moderator = [await some_moderator(ports) for _ in range(3)]
    await factories.give(initiator.scope.require_actor(), 100)
    await pool().execute(
        "UPDATE account_sign_up SET network_mark = $1 WHERE account_id = ANY($2::uuid[])",
        bytes(32),
        [initiator.scope.account_id, author.scope.account_id],
    )
    entry = await accepted(author.scope, await opened(initiator.scope), tmp_path)
    with pytest.raises(NotAllowed):
        await bounties.award(initiator.scope, entry.bounty_id, to=entry.id)
    case_id = await _case_about(entry.id)
    await moderation.claim_case(moderator.scope, case_id)
    await world.relayed()
    async with socket(url, initiator.token) as asking, socket(url, author.token) as entering:
        await asking.subscribe("1", INBOX)
        await entering.subscribe("1", INBOX)
        await moderation.decide_case(moderator.scope, case_id, Decision.RESTORE, explanation="A dormitory.")
        lifted = (await asking.next("1"))["inbox"]
        await moderation.note(Scope.of_system(ports), Subject("entry", entry.id), Cause.CLAIM, "for the test")
        second = await pool().fetchval("SELECT id FROM moderation_case WHERE decided_at IS NULL")
        await moderation.claim_case(moderator.scope, second)
        await moderation.decide_case(moderator.scope, second, Decision.REMOVE, explanation="Of somebody.")
        removed = (await entering.next("1"))["inbox"]

    assert lifted["message"] == "An award that was refused to you can be made now: a moderator has looked at it."
    assert lifted["subject"] == {"id": f"bounty_{entry.bounty_id.hex}"}
    assert (removed["kind"], removed["subject"]) == ("ENTRY_DECIDED", {"id": f"entry_{entry.id.hex}"})
    assert removed["message"] == "A moderator removed your entry; its statement of reasons says why."


async def _case_about(subject_id: UUID) -> CaseId:
    """Wait until the relay has opened a case about something."""
    asked = "SELECT id FROM moderation_case WHERE subject_id = $1"
    async with asyncio.timeout(10):
        while (found := await pool().fetchval(asked, subject_id)) is None:  # noqa: ASYNC110 - by polling
            await asyncio.sleep(0.02)
    return CaseId(found)


def _kind(event: tuple[str, Any]) -> str:
    return str(event[1]["data"]["moderationFeed"]["kind"])
