"""Reading the inbox: what concerned the signed-in account, newest first, by pages, and nobody else's business."""

import asyncpg
import pytest

from domain.accounts import SignedIn
from domain.bounties import BountyAwarded, InitiatorReminded
from domain.generation import GenerationFinished
from domain.kernel.facts import Fact
from domain.kernel.ids import AccountId, BountyId, JobId, ResourceId, new_id
from domain.kernel.outbox import number_facts
from domain.kernel.ports import Ports
from domain.kernel.work import work
from domain.resources import ResourceChanged
from tests import factories
from tests.counting import counted
from tests.fakes import at
from tests.realtime.world import open_bounty
from tests.serving import Api

INBOX = """
query ($first: Int! = 20, $after: Cursor) {
  inboxEntries(first: $first, after: $after) {
    edges { cursor node { cursor resync kind message subject { __typename id } } }
    pageInfo { hasNextPage hasPreviousPage endCursor }
  }
}
"""


async def told(db: asyncpg.Pool, *facts: Fact) -> int:
    """Write facts in one work and number them; give the last number."""
    async with work() as w:
        for fact in facts:
            w.tell(fact)
    async with db.acquire() as connection:
        return (await number_facts(connection))[-1].no


@pytest.fixture
async def someone() -> SignedIn:
    """Somebody with an inbox."""
    return await factories.signed_in("aldebaran")


async def test_the_newest_comes_first_with_its_sentence_and_its_subject(
    client: Api, db: asyncpg.Pool, ports: Ports, someone: SignedIn
) -> None:
    mine, bounty = someone.account.id, await open_bounty(ports)
    last = await told(
        db,
        GenerationFinished(JobId(new_id()), mine, "SUCCEEDED"),
        ResourceChanged(ResourceId(new_id()), mine, "SCANNING"),
        ResourceChanged(ResourceId(new_id()), AccountId(new_id()), "PUBLISHED"),
        BountyAwarded(bounty, new_id(), author_id=mine, initiator_id=new_id()),
    )

    inbox = (await client.data(INBOX, token=someone.token))["inboxEntries"]

    epoch = (await db.fetchval("SELECT epoch FROM feed_state")).hex
    assert [edge["node"] for edge in inbox["edges"]] == [
        {
            "cursor": f"{epoch}.{last}",
            "resync": False,
            "kind": "BOUNTY_AWARDED",
            "message": "Your entry was awarded, and the pot is yours.",
            "subject": {"__typename": "Bounty", "id": f"bounty_{bounty.hex}"},
        },
        {
            "cursor": f"{epoch}.{last - 3}",
            "resync": False,
            "kind": "GENERATION_FINISHED",
            "message": "Your pictures are ready.",
            "subject": None,
        },
    ]
    assert inbox["pageInfo"]["hasNextPage"] is False


async def test_pages_follow_on_from_one_another(client: Api, db: asyncpg.Pool, someone: SignedIn) -> None:
    mine = someone.account.id
    await told(
        db, *(GenerationFinished(JobId(new_id()), mine, status) for status in ("SUCCEEDED", "FAILED", "REFUSED"))
    )

    first = (await client.data(INBOX, {"first": 2}, token=someone.token))["inboxEntries"]
    await told(db, GenerationFinished(JobId(new_id()), mine, "CANCELLED"))
    after = {"first": 2, "after": first["pageInfo"]["endCursor"]}
    second = (await client.data(INBOX, after, token=someone.token))["inboxEntries"]

    assert [edge["node"]["message"] for edge in first["edges"] + second["edges"]] == [
        "Your pictures were refused, and the job says why; nothing was charged.",
        "Your pictures could not be drawn; nothing was charged.",
        "Your pictures are ready.",
    ]
    assert (first["pageInfo"]["hasNextPage"], first["pageInfo"]["hasPreviousPage"]) == (True, False)
    assert (second["pageInfo"]["hasNextPage"], second["pageInfo"]["hasPreviousPage"]) == (False, True)


async def test_nobody_else_reads_it(client: Api, db: asyncpg.Pool, someone: SignedIn) -> None:
    other = await factories.signed_in("betelgeuse")
    await told(db, GenerationFinished(JobId(new_id()), someone.account.id, "SUCCEEDED"))

    assert (await client.data(INBOX))["inboxEntries"] is None
    assert (await client.data(INBOX, token=other.token))["inboxEntries"]["edges"] == []


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"first": 101}, "`first` must be from 1 to 100."),
        ({"after": "WyJhIl0"}, "This cursor is not one of ours: pass a cursor exactly as it was given."),
        ({"after": "WzEsMl0"}, "This cursor is not one of ours: pass a cursor exactly as it was given."),
    ],
)
async def test_what_is_no_page_is_refused(
    client: Api, someone: SignedIn, variables: dict[str, object], message: str
) -> None:
    answer = await client.ask(INBOX, variables, token=someone.token)

    assert answer["data"]["inboxEntries"] is None
    assert answer["errors"][0]["message"] == message
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


async def test_a_page_costs_as_many_statements_as_one_event(
    client: Api, db: asyncpg.Pool, ports: Ports, someone: SignedIn
) -> None:
    ids = [await open_bounty(ports) for _ in range(5)]
    closing = at("2026-03-08T12:30:00+00:00")
    await told(db, *(_reminded(bounty, someone, n, closing) for bounty in ids for n in (1, 2)))

    numbers = []
    for first in (1, 10):
        await client.data(INBOX, {"first": first}, token=someone.token)
        with counted(db) as statements:
            page = await client.data(INBOX, {"first": first}, token=someone.token)
        numbers.append((len(page["inboxEntries"]["edges"]), len(statements)))

    [(one, few), (ten, many)] = numbers
    assert (one, ten) == (1, 10)
    assert many == few


def _reminded(bounty: BountyId, someone: SignedIn, nth: int, judged_by: object) -> InitiatorReminded:
    return InitiatorReminded(bounty, someone.account.id, nth=nth, judged_by=judged_by)  # type: ignore[arg-type]
