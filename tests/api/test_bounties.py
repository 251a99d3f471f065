"""Bounties through the API: the deeds, who sees what, and how many statements a page takes."""

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from domain import bounties
from domain.bounties import Bounty, BountyEntry, EntryStatus
from domain.kernel.ids import Credits, new_id
from domain.kernel.paging import PageAsk
from domain.kernel.ports import Policy, Ports
from domain.kernel.scope import Actor, Role, Scope
from domain.registry.snapshot import Person, Snapshot
from tests import factories
from tests.actions.bounties import accepted, opened, submitted, validated
from tests.counting import counted
from tests.serving import Api

OPEN = """
mutation ($input: BountyOpenInput!) {
  bountyOpen(input: $input) {
    __typename
    ... on BountyOpenSuccess {
      bounty { id kind title status pot backerCount entryCount initiator { handle purse { available escrowed } } }
    }
    ... on UserError { code message }
    ... on InvalidInputError { field }
    ... on PolicyRefusedError { policy }
    ... on NotEnoughCreditsError { needed held }
    ... on LikenessRefusedError { findings { signal verdict detail person { id } } }
  }
}
"""
PLEDGE = """
mutation ($id: ID!, $amount: Credits!) {
  bountyPledge(bountyId: $id, amount: $amount) {
    __typename
    ... on BountyPledgeSuccess { bounty { pot backerCount } }
    ... on ConflictError { state message }
    ... on InvalidInputError { field message }
  }
}
"""
ENTER = """
mutation ($input: EntryDraftInput!) {
  entryDraft(input: $input) {
    __typename
    ... on EntryDraftSuccess {
      entry { id status note scan { verdict } author { handle } bounty { title } outcome { files { name } } }
    }
    ... on UserError { code message }
  }
}
"""
SUBMIT = """
mutation ($id: ID!) {
  entrySubmit(entryId: $id) {
    __typename
    ... on EntrySubmitSuccess { entry { status bounty { entryCount } } }
    ... on ConflictError { state message }
    ... on LikenessRefusedError { message }
  }
}
"""
AWARD = """
mutation ($bounty: ID!, $entry: ID!) {
  bountyAward(bountyId: $bounty, entryId: $entry) {
    __typename
    ... on BountyAwardSuccess {
      bounty { status awardedEntry { id } }
      entry { status outcome { files { name sizeBytes sha256 downloadUrl } publishedResource { id } } }
    }
    ... on UserError { code message }
    ... on ConflictError { state }
  }
}
"""
SEEN = """
query ($id: ID!, $entry: ID!) {
  bounty(id: $id) {
    title entryCount
    awardedEntry { id }
    entries { totalCount edges { node { id note scan { verdict } outcome { files { name downloadUrl } } } } }
  }
  node(id: $entry) { id ... on BountyEntry { outcome { files { name } } } }
}
"""
PAGE = """
query ($first: Int!) {
  bounties(first: $first) {
    totalCount
    pageInfo { hasNextPage }
    edges { cursor node {
      id title pot backerCount entryCount
      initiator { handle purse { available } }
      statementOfReasons { puid }
      awardedEntry { id outcome { files { downloadUrl } } }
      entries(first: 5) { totalCount edges { node {
        id author { handle } scan { verdict findings { detail person { id } } } statementOfReasons { puid }
        bounty { title initiator { handle } }
      } } }
    } }
  }
}
"""


@dataclass(frozen=True)
class Party:
    """Somebody with a token, and the authority that it gives."""

    token: str
    scope: Scope


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0))


async def _party(ports: Ports, handle: str = "", *, role: Role = Role.MEMBER) -> Party:
    signed = await factories.signed_in(handle, role=role)
    actor = Actor(signed.account.id, signed.account.handle, signed.account.role, signed.session_id)
    await factories.give(actor, 1000)
    return Party(signed.token, Scope(ports=ports, actor=actor))


def _id(thing: Bounty | BountyEntry) -> str:
    return f"{'bounty' if isinstance(thing, Bounty) else 'entry'}_{thing.id.hex}"


def _terms(ports: Ports, **change: Any) -> dict[str, Any]:
    closes_at = (ports.clock.now() + timedelta(days=2)).isoformat()
    return {"kind": "LORA", "title": "Paper boats", "brief": "Folded.", "pledge": 100, "closesAt": closes_at, **change}


async def test_a_bounty_is_opened_and_its_pledge_is_in_escrow(client: Api, ports: Ports) -> None:
    ada = await _party(ports, "ada")

    answer = await client.data(OPEN, {"input": _terms(ports)}, token=ada.token)

    bounty = answer["bountyOpen"]["bounty"]
    assert bounty.pop("id").startswith("bounty_")
    assert bounty == {
        "kind": "LORA",
        "title": "Paper boats",
        "status": "OPEN",
        "pot": 100,
        "backerCount": 1,
        "entryCount": 0,
        "initiator": {"handle": "ada", "purse": {"available": 900, "escrowed": 100}},
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pledge": 5}, {"__typename": "InvalidInputError", "field": "input.pledge"}),
        ({"pledge": 5000}, {"__typename": "NotEnoughCreditsError", "needed": 5000, "held": 1000}),
        ({"title": ""}, {"__typename": "InvalidInputError", "field": "input.title"}),
        (
            {"mature": True, "depictsRealPerson": True},
            {"__typename": "PolicyRefusedError", "policy": "real-person-mature/1"},
        ),
    ],
)
async def test_what_can_not_be_opened_is_refused_as_data(
    client: Api, ports: Ports, db: asyncpg.Pool, change: dict[str, Any], said: dict[str, Any]
) -> None:
    ada = await _party(ports)

    answer = (await client.data(OPEN, {"input": _terms(ports, **change)}, token=ada.token))["bountyOpen"]

    assert {name: answer[name] for name in said} == said
    assert await db.fetchval("SELECT count(*) FROM bounty") == 0


async def test_a_protected_name_is_refused_and_named_to_nobody(client: Api, ports: Ports) -> None:
    ports.registry.adopt(Snapshot(1, (Person(new_id(), "Test Person Aldebaran"),)))  # type: ignore[attr-defined]
    ada = await _party(ports)

    answer = await client.data(OPEN, {"input": _terms(ports, brief="As test person ALDEBARAN.")}, token=ada.token)

    refused = answer["bountyOpen"]
    assert (refused["__typename"], refused["code"]) == ("LikenessRefusedError", "LIKENESS_REFUSED")
    [finding] = refused["findings"]
    assert (finding["signal"], finding["person"], "aldebaran" in str(refused).casefold()) == (
        "NAME_IN_TEXT",
        None,
        False,
    )


async def test_anonymous_callers_are_asked_to_sign_in(client: Api, ports: Ports) -> None:
    bounty = await opened((await _party(ports)).scope)

    answers = [
        (await client.data(OPEN, {"input": _terms(ports)}))["bountyOpen"],
        (await client.data(PLEDGE, {"id": _id(bounty), "amount": 20}))["bountyPledge"],
        (await client.data(ENTER, {"input": {"bountyId": _id(bounty)}}))["entryDraft"],
        (await client.data(AWARD, {"bounty": _id(bounty), "entry": f"entry_{new_id().hex}"}))["bountyAward"],
    ]

    assert {answer["__typename"] for answer in answers} == {"SignInRequiredError"}


async def test_a_note_that_names_somebody_by_now_is_refused_as_data(client: Api, ports: Ports) -> None:
    ada, ben = await _party(ports), await _party(ports)
    entry = await bounties.draft_entry(ben.scope, (await opened(ada.scope)).id, note="It is Test Person Aldebaran.")
    ports.registry.adopt(Snapshot(1, (Person(new_id(), "Test Person Aldebaran"),)))  # type: ignore[attr-defined]

    answer = (await client.data(SUBMIT, {"id": _id(entry)}, token=ben.token))["entrySubmit"]

    assert answer == {
        "__typename": "LikenessRefusedError",
        "message": "This note names a real person who does not allow it: take the name out.",
    }
    assert (await bounties.entries_by_ids(ben.scope, [entry.id]))[entry.id].status is EntryStatus.DRAFT


async def test_an_entry_goes_from_draft_to_the_award(client: Api, ports: Ports, tmp_path: Path) -> None:
    ada, ben = await _party(ports, "ada"), await _party(ports, "ben")
    bounty = await opened(ada.scope, title="Paper boats")
    drafted = await client.data(ENTER, {"input": {"bountyId": _id(bounty), "note": "Mine."}}, token=ben.token)
    entry = drafted["entryDraft"]["entry"]
    entry_id = entry.pop("id")
    empty = (await client.data(SUBMIT, {"id": entry_id}, token=ben.token))["entrySubmit"]
    other = await accepted(ben.scope, bounty, tmp_path, b"weights")

    awarded = (await client.data(AWARD, {"bounty": _id(bounty), "entry": _id(other)}, token=ada.token))["bountyAward"]
    again = (await client.data(AWARD, {"bounty": _id(bounty), "entry": _id(other)}, token=ada.token))["bountyAward"]

    assert entry == {
        "status": "DRAFT",
        "note": "Mine.",
        "scan": {"verdict": "PENDING"},
        "author": {"handle": "ben"},
        "bounty": {"title": "Paper boats"},
        "outcome": None,
    }
    assert (empty["__typename"], empty["state"]) == ("ConflictError", "DRAFT")
    assert awarded["bounty"] == {"status": "AWARDED", "awardedEntry": {"id": _id(other)}}
    [file] = awarded["entry"]["outcome"]["files"]
    assert (file["sizeBytes"], len(file["sha256"])) == (7, 64)
    assert file["downloadUrl"].startswith("http://testserver/vault/reads/")
    assert (again["__typename"], again["state"]) == ("ConflictError", "AWARDED")


async def test_each_viewer_sees_what_is_theirs_to_see(client: Api, ports: Ports, tmp_path: Path) -> None:
    ada, winner, loser = [await _party(ports) for _ in range(3)]
    backer, moderator = await _party(ports), await _party(ports, role=Role.MODERATOR)
    bounty = await opened(ada.scope)
    await bounties.pledge(backer.scope, bounty.id, Credits(50))
    won = await accepted(winner.scope, bounty, tmp_path, b"weights")
    lost = await accepted(loser.scope, bounty, tmp_path)
    await bounties.award(ada.scope, bounty.id, to=won.id)

    async def seen(token: str) -> dict[str, Any]:
        answer = await client.data(SEEN, {"id": _id(bounty), "entry": _id(won)}, token=token)
        entries = answer["bounty"]["entries"]
        nodes = [edge["node"] for edge in entries["edges"]]
        return {
            "entries": {node["id"] for node in nodes},
            "total": entries["totalCount"],
            "awarded": answer["bounty"]["awardedEntry"] is not None,
            "outcomes": sum(node["outcome"] is not None for node in nodes),
            "node": answer["node"] is not None,
            "count": answer["bounty"]["entryCount"],
        }

    both, first, second = {_id(won), _id(lost)}, {_id(won)}, {_id(lost)}
    nothing = {"entries": set(), "total": 0, "awarded": False, "outcomes": 0, "node": False, "count": 2}
    assert await seen("") == nothing
    assert await seen(backer.token) == nothing
    assert await seen(loser.token) == {**nothing, "entries": second, "total": 1}
    assert await seen(winner.token) == {**nothing, "entries": first, "total": 1, "awarded": True, "node": True}
    assert await seen(moderator.token) == {**nothing, "entries": both, "total": 2, "awarded": True, "node": True}
    assert await seen(ada.token) == {
        "entries": both,
        "total": 2,
        "awarded": True,
        "outcomes": 1,
        "node": True,
        "count": 2,
    }


async def test_a_page_takes_as_many_statements_for_two_bounties_as_for_eight(
    client: Api, ports: Ports, db: asyncpg.Pool, tmp_path: Path
) -> None:
    ada, ben = await _party(ports), await _party(ports)
    for n in range(8):
        bounty = await opened(ada.scope)
        for _ in range(2):
            await submitted(ben.scope, bounty, tmp_path)
        if n % 2:
            await validated(ports)
            [first, *_] = (await bounties.entry_pages(ada.scope, [bounty.id], PageAsk()))[bounty.id].items
            await bounties.award(ada.scope, bounty.id, to=first.id)
    await client.data(PAGE, {"first": 8}, token=ada.token)

    with counted(db) as few:
        small = await client.data(PAGE, {"first": 2}, token=ada.token)
    with counted(db) as many:
        large = await client.data(PAGE, {"first": 8}, token=ada.token)

    assert (len(small["bounties"]["edges"]), len(large["bounties"]["edges"])) == (2, 8)
    assert large["bounties"]["totalCount"] == 8
    assert [len(edge["node"]["entries"]["edges"]) for edge in large["bounties"]["edges"]] == [2] * 8
    assert len(many) == len(few)


async def test_what_is_not_selected_is_not_read(client: Api, ports: Ports, db: asyncpg.Pool) -> None:
    await opened((await _party(ports)).scope)
    query = "{ bounties { edges { node { title pot entryCount } } } }"
    await client.data(query)

    with counted(db) as heard:
        await client.data(query)

    assert len(heard) == 1


async def test_lists_are_filtered_sorted_and_paged(client: Api, ports: Ports) -> None:
    ada = await _party(ports)
    for title, pot in [("a", 30), ("b", 50), ("c", 40)]:
        await opened(ada.scope, title=title, pledge=Credits(pot))
    query = """
      query ($after: Cursor, $filter: BountyFilter) {
        bounties(order: LARGEST_POT, first: 2, after: $after, filter: $filter) {
          totalCount pageInfo { hasNextPage endCursor } edges { node { title } }
        }
      }
    """

    first = (await client.data(query))["bounties"]
    rest = (await client.data(query, {"after": first["pageInfo"]["endCursor"]}))["bounties"]
    rich = (await client.data(query, {"filter": {"minPot": 45}}))["bounties"]
    broken = await client.ask(query, {"after": "bm90IGEgY3Vyc29y"})

    assert [edge["node"]["title"] for page in (first, rest) for edge in page["edges"]] == ["b", "c", "a"]
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)
    assert (first["totalCount"], [edge["node"]["title"] for edge in rich["edges"]]) == (3, ["b"])
    assert broken["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


async def test_an_id_of_nothing_is_null_not_an_error(client: Api, ports: Ports) -> None:
    ada = await _party(ports)

    answer = await client.data(
        "query ($a: ID!, $b: ID!, $c: ID!)"
        " { a: bounty(id: $a) { id } b: bounty(id: $b) { id } c: bounty(id: $c) { id } }",
        {"a": f"bounty_{new_id().hex}", "b": "bounty_x", "c": f"account_{new_id().hex}"},
        token=ada.token,
    )

    assert answer == {"a": None, "b": None, "c": None}


async def test_an_outcome_is_published_through_the_api(client: Api, ports: Ports, tmp_path: Path) -> None:
    ada, ben = await _party(ports), await _party(ports)
    bounty = await opened(ada.scope)
    entry = await accepted(ben.scope, bounty, tmp_path)
    await bounties.award(ada.scope, bounty.id, to=entry.id)
    mutation = """
      mutation ($id: ID!, $input: ResourceDraftInput!) {
        outcomePublish(entryId: $id, input: $input) {
          __typename
          ... on OutcomePublishSuccess { resource { title status owner { id } } }
          ... on ConflictError { state }
          ... on NotAllowedError { code }
        }
      }
    """
    given = {"id": _id(entry), "input": {"kind": "LORA", "title": "Paper boats"}}

    not_mine = (await client.data(mutation, given, token=ben.token))["outcomePublish"]
    published = (await client.data(mutation, given, token=ada.token))["outcomePublish"]
    again = (await client.data(mutation, given, token=ada.token))["outcomePublish"]

    assert not_mine == {"__typename": "NotAllowedError", "code": "NOT_ALLOWED"}
    owner = {"id": f"account_{ada.scope.require_actor().account_id.hex}"}
    assert published["resource"] == {"title": "Paper boats", "status": "SCANNING", "owner": owner}
    assert again == {"__typename": "ConflictError", "state": "PUBLISHED"}
