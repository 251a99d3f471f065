"""The feed of claims: every step live and from a cursor on, to moderators alone."""

from datetime import timedelta

import pytest

from countenance.relay import Relay
from domain import likeness
from domain.kernel.clock import HandClock
from domain.kernel.ports import Ports
from domain.kernel.scope import Scope
from tests import factories
from tests.claiming import filed
from tests.realtime.clients import socket
from tests.vault.world import some_moderator

FEED = """
subscription ($after: Cursor) {
  likenessClaimFeed(after: $after) { cursor resync kind percent claim { id status overdue } }
}
"""
STEPS = [
    ("RECEIVED", None),
    ("LOOKED_INTO", None),
    ("ESCALATED", 50),
    ("ESCALATED", 80),
    ("ESCALATED", 100),
    ("DECIDED", None),
]


async def test_moderators_hear_of_a_claim_from_its_receipt_to_its_decision_and_resume_at_a_cursor(
    url: str, relay: Relay, ports: Ports, clock: HandClock
) -> None:
    ada = await some_moderator(ports)
    async with socket(url, ada.token) as live:
        await live.subscribe("1", FEED)
        made = await filed(Scope(ports=ports))
        told = [(await live.next("1"))["likenessClaimFeed"] for _ in STEPS[:2]]
        clock.turn(timedelta(hours=49))
        await likeness.tick(Scope.of_system(ports))
        await likeness.decide_claim(ada.scope, made.claim.id, uphold=False, explanation="x")
        told += [(await live.next("1"))["likenessClaimFeed"] for _ in STEPS[2:]]
    async with socket(url, ada.token) as late:
        await late.subscribe_unawaited("1", FEED, after=told[0]["cursor"])
        missed = [(await late.next("1"))["likenessClaimFeed"] for _ in STEPS[1:]]

    assert [(event["kind"], event["percent"]) for event in told] == STEPS
    assert {event["claim"]["id"] for event in told} == {f"claim_{made.claim.id.hex}"}
    assert [event["cursor"] for event in missed] == [event["cursor"] for event in told[1:]]
    assert missed[-1]["claim"] == {"id": f"claim_{made.claim.id.hex}", "status": "REJECTED", "overdue": False}


@pytest.mark.usefixtures("relay")
async def test_nobody_else_follows_claims(url: str) -> None:
    someone = await factories.signed_in()
    async with socket(url, someone.token) as live:
        await live.subscribe_unawaited("1", FEED)

        message = await live.receive()

    assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "NOT_ALLOWED")
