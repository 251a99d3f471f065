"""The inbox: what concerns the signed-in account, in one sentence each, and nobody else's business."""

import pytest

from domain.bounties import BountyAwarded, EntryDecided
from domain.generation import GenerationFinished
from domain.kernel.facts import Fact
from domain.kernel.ids import AccountId, BountyId, JobId, ResourceId, new_id
from domain.kernel.work import work
from domain.resources import ResourceChanged
from tests import factories
from tests.realtime import world
from tests.realtime.clients import socket
from tests.serving import Api

INBOX = """
subscription ($after: Cursor) { inbox(after: $after) { cursor resync kind message subject { __typename id } } }
"""


async def told(*facts: Fact) -> None:
    """Write facts in one work."""
    async with work() as w:
        for fact in facts:
            w.tell(fact)


@pytest.mark.usefixtures("relay")
async def test_an_account_hears_what_concerns_it_and_nothing_else(url: str, bounty: BountyId) -> None:
    winner, initiator = await factories.signed_in("winner"), await factories.signed_in("initiator")
    await world.relayed()
    async with socket(url, winner.token) as theirs, socket(url, initiator.token) as mine:
        for live in (theirs, mine):
            await live.subscribe("1", INBOX)

        await told(
            ResourceChanged(ResourceId(new_id()), AccountId(new_id()), "PUBLISHED"),
            BountyAwarded(bounty, new_id(), author_id=winner.account.id, initiator_id=initiator.account.id),
        )

        won, gave = (await theirs.next("1"))["inbox"], (await mine.next("1"))["inbox"]

    subject = {"__typename": "Bounty", "id": f"bounty_{bounty.hex}"}
    assert (won["kind"], won["message"]) == ("BOUNTY_AWARDED", "Your entry was awarded, and the pot is yours.")
    assert (gave["kind"], gave["message"]) == ("BOUNTY_AWARDED", "You awarded a bounty: its outcome is yours.")
    assert won["subject"] == gave["subject"] == subject


@pytest.mark.usefixtures("relay")
async def test_what_is_nothing_new_is_left_out_and_the_unseen_has_no_subject(url: str, bounty: BountyId) -> None:
    someone = await factories.signed_in()
    mine = someone.account.id
    await world.relayed()
    async with socket(url, someone.token) as live:
        await live.subscribe("1", INBOX)

        await told(
            ResourceChanged(ResourceId(new_id()), mine, "SCANNING"),
            ResourceChanged(ResourceId(new_id()), mine, "BLOCKED"),
            EntryDecided(new_id(), bounty, author_id=mine, initiator_id=new_id(), status="HELD", before="SCANNING"),
            GenerationFinished(JobId(new_id()), mine, "SUCCEEDED"),
        )

        events = [(await live.next("1"))["inbox"] for _ in range(3)]

    assert [(event["kind"], event["message"], event["subject"]) for event in events] == [
        (
            "RESOURCE_DECIDED",
            "Your resource was blocked; its statement of reasons says why. Decisions can't be appealed here yet.",
            None,
        ),
        ("ENTRY_DECIDED", "Your entry is held until a moderator has looked at it.", None),
        ("GENERATION_FINISHED", "Your pictures are ready.", None),
    ]


@pytest.mark.usefixtures("relay")
async def test_a_resync_says_so(url: str) -> None:
    someone = await factories.signed_in()
    async with socket(url, someone.token) as live:
        await live.subscribe_unawaited("1", INBOX, after="0" * 32 + ".1")

        event = (await live.next("1"))["inbox"]

    assert (event["resync"], event["kind"], event["message"], event["subject"]) == (True, None, None, None)


@pytest.mark.usefixtures("relay")
async def test_the_live_inbox_goes_on_after_what_was_read(url: str, client: Api) -> None:
    someone = await factories.signed_in()
    await told(GenerationFinished(JobId(new_id()), someone.account.id, "SUCCEEDED"))
    await world.relayed()
    read = (await client.data("{ inboxEntries { edges { node { cursor } } } }", token=someone.token))["inboxEntries"]
    await told(GenerationFinished(JobId(new_id()), someone.account.id, "FAILED"))
    async with socket(url, someone.token) as live:
        await live.subscribe_unawaited("1", INBOX, after=read["edges"][0]["node"]["cursor"])

        event = (await live.next("1"))["inbox"]

    assert event["message"] == "Your pictures could not be drawn; nothing was charged."
