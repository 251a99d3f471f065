"""Pages of bounties: they stand still while bounties come and change, and cost no more statements than a short one."""

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from domain import bounties
from domain.bounties import Bounty
from domain.kernel.clock import HandClock
from domain.kernel.ids import Credits
from domain.kernel.ports import Policy, Ports
from domain.kernel.scope import Actor, Scope
from tests import factories
from tests.actions.bounties import followed, opened, somebody
from tests.api.test_bounty_matrix import BOUNTY_FIELDS, ENTRY_FIELDS
from tests.counting import counted
from tests.serving import Api

LIST = """
query ($order: BountyOrder!, $first: Int!, $after: Cursor, $filter: BountyFilter) {
  bounties(order: $order, first: $first, after: $after, filter: $filter) {
    totalCount pageInfo { hasNextPage endCursor } edges { node { id pot closesAt } }
  }
}
"""
EVERYTHING = f"""
query ($first: Int!) {{
  bounties(order: LARGEST_POT, first: $first, filter: {{search: "lighthuoses"}}) {{
    totalCount pageInfo {{ hasNextPage }}
    edges {{ cursor node {{
      {BOUNTY_FIELDS}
      purse: initiator {{ handle purse {{ available escrowed }} }}
      all: entries(first: 5) {{ totalCount edges {{ node {{ {ENTRY_FIELDS} }} }} }}
    }} }}
  }}
}}
"""


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0))


async def _some(initiator: Scope, count: int, dice: random.Random) -> list[Bounty]:
    """Bounties with pots and deadlines of which some are equal."""
    return [
        await opened(
            initiator,
            pledge=Credits(10 * dice.randint(1, 5)),
            closes_at=initiator.now + timedelta(days=dice.randint(1, 5)),
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize("order", ["NEWEST", "CLOSING_SOON", "LARGEST_POT"])
async def test_who_reads_on_while_bounties_come_and_change_sees_each_that_stood_still_once(
    client: Api, ports: Ports, order: str
) -> None:
    dice = random.Random(order)
    initiator = await somebody(ports, credits=100_000)
    made = await _some(initiator, 24, dice)
    moving = set(dice.sample(made, 8))
    still = [bounty for bounty in made if bounty not in moving]
    seen: list[str] = []
    asked: dict[str, Any] = {"order": order, "first": 3, "after": None}

    while True:
        page = (await client.data(LIST, asked))["bounties"]
        seen += [edge["node"]["id"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        asked["after"] = page["pageInfo"]["endCursor"]
        if moving:
            await _change(initiator, moving.pop(), dice)
        if len(seen) < 60:
            await _some(initiator, 2, dice)

    assert [seen.count(f"bounty_{bounty.id.hex}") for bounty in still] == [1] * len(still)
    if order != "CLOSING_SOON":  # a deadline that was moved on is further down, where it is seen again
        assert len(seen) == len(set(seen))


async def _change(initiator: Scope, bounty: Bounty, dice: random.Random) -> None:
    """Change what bounties are sorted by, or take one out of the list of open ones."""
    match dice.randint(0, 2):
        case 0:
            await bounties.pledge(initiator, bounty.id, Credits(10 * dice.randint(1, 9)))
        case 1:
            await bounties.extend(initiator, bounty.id, bounty.closes_at + timedelta(hours=dice.randint(1, 100)))
        case _:
            await bounties.cancel(initiator, bounty.id)


async def test_a_page_of_50_with_everything_takes_as_many_statements_as_one_of_2(
    client: Api, ports: Ports, db: asyncpg.Pool, clock: HandClock
) -> None:
    signed = await factories.signed_in()
    initiator = Scope(ports, Actor(signed.account.id, signed.account.handle, signed.account.role))
    await factories.give(initiator.require_actor(), 10_000)
    authors = [await somebody(ports) for _ in range(2)]
    for bounty in await _some(initiator, 50, random.Random(1)):
        await bounties.pledge(authors[0], bounty.id, Credits(10))
        for author in authors:
            await bounties.draft_entry(author, bounty.id, note="Mine.")
    await followed(ports)
    await client.data(EVERYTHING, {"first": 50}, token=signed.token)

    with counted(db) as few:
        small = await client.data(EVERYTHING, {"first": 2}, token=signed.token)
    with counted(db) as many:
        large = await client.data(EVERYTHING, {"first": 50}, token=signed.token)

    assert (len(small["bounties"]["edges"]), len(large["bounties"]["edges"])) == (2, 50)
    assert [edge["node"]["all"]["totalCount"] for edge in large["bounties"]["edges"]] == [2] * 50
    assert {edge["node"]["backerCount"] for edge in large["bounties"]["edges"]} == {2}
    assert len(many) == len(few)
    assert len(many) <= 30


async def test_a_misspelt_search_finds_page_by_page_what_the_right_one_finds(client: Api, ports: Ports) -> None:
    initiator = await somebody(ports, credits=10_000)
    for n in range(7):
        await opened(initiator, title=f"Paper boats {n}" if n % 2 else f"Watercolour lighthouses {n}", brief="Drawn.")
    await followed(ports)

    async def found(search: str) -> list[str]:
        asked: dict[str, Any] = {"order": "NEWEST", "first": 2, "after": None, "filter": {"search": search}}
        ids: list[str] = []
        while True:
            page = (await client.data(LIST, asked))["bounties"]
            ids += [edge["node"]["id"] for edge in page["edges"]]
            if not page["pageInfo"]["hasNextPage"]:
                assert page["totalCount"] == len(ids)
                return ids
            asked["after"] = page["pageInfo"]["endCursor"]

    right = await found("watercolour lighthouses")

    assert len(right) == 4
    assert await found("watercolor lihgthouses") == right
    assert await found("watercolor bots") == []
    assert len(await found("bots")) == 3
