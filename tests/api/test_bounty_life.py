"""The life of a bounty through the API: terms that change, one extension, a split pot, and who sees what of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from domain import bounties
from domain.bounties import Bounty, BountyEntry, Share
from domain.kernel.ids import Credits
from domain.kernel.ports import Policy, Ports
from domain.kernel.scope import Actor, Role, Scope
from tests import factories
from tests.actions.bounties import accepted, opened
from tests.counting import counted
from tests.serving import Api

OPEN = """
mutation ($input: BountyOpenInput!) {
  bountyOpen(input: $input) {
    ... on BountyOpenSuccess { bounty { autoAward extendedAt payoutsStopped awards { percent } } }
  }
}
"""
CHANGE = """
mutation ($id: ID!, $input: BountyTermsInput!) {
  bountyChangeTerms(bountyId: $id, input: $input) {
    __typename
    ... on BountyChangeTermsSuccess { bounty { title brief kind closesAt judgedBy autoAward mature } }
    ... on UserError { code message }
    ... on ConflictError { state }
    ... on InvalidInputError { field }
  }
}
"""
EXTEND = """
mutation ($id: ID!, $closesAt: DateTime!) {
  bountyExtend(bountyId: $id, closesAt: $closesAt) {
    __typename
    ... on BountyExtendSuccess { bounty { closesAt extendedAt } }
    ... on UserError { code message }
    ... on ConflictError { state }
    ... on InvalidInputError { field }
  }
}
"""
SPLIT = """
mutation ($id: ID!, $shares: [BountyShareInput!]!) {
  bountySplit(bountyId: $id, shares: $shares) {
    __typename
    ... on BountySplitSuccess {
      bounty { status pot awardedEntry { id } awards { percent amount entry { id outcome { files { name } } } } }
    }
    ... on UserError { code message }
    ... on ConflictError { state }
    ... on InvalidInputError { field }
  }
}
"""
AWARD = """
mutation ($id: ID!, $entry: ID!) {
  bountyAward(bountyId: $id, entryId: $entry) { __typename ... on UserError { message } }
}
"""
SEEN = "query ($id: ID!) { bounty(id: $id) { status awardedEntry { id } awards { percent amount entry { id } } } }"
PAGE = """
query ($first: Int!) {
  bounties(first: $first) {
    edges { node { id autoAward extendedAt payoutsStopped awards { percent amount entry { id author { handle } } } } }
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


async def _party(ports: Ports, *, role: Role = Role.MEMBER, **kept: Any) -> Party:
    signed = await factories.signed_in(role=role, **kept)
    actor = Actor(signed.account.id, signed.account.handle, signed.account.role, signed.session_id)
    await factories.give(actor, 1000)
    return Party(signed.token, Scope(ports=ports, actor=actor))


def _id(thing: Bounty | BountyEntry) -> str:
    return f"{'bounty' if isinstance(thing, Bounty) else 'entry'}_{thing.id.hex}"


def _shares(entries: Sequence[BountyEntry], *percents: int) -> list[dict[str, Any]]:
    return [{"entryId": _id(entry), "percent": percent} for entry, percent in zip(entries, percents, strict=True)]


@pytest.mark.parametrize(("asked", "promised"), [({}, False), ({"autoAward": True}, True)])
async def test_a_promise_is_made_by_who_opens_and_shown_to_everybody(
    client: Api, ports: Ports, asked: dict[str, Any], promised: bool
) -> None:
    ada = await _party(ports)
    closes_at = (ports.clock.now() + timedelta(days=2)).isoformat()
    terms = {"kind": "LORA", "title": "Paper boats", "brief": "Folded.", "pledge": 100, "closesAt": closes_at, **asked}

    made = await client.data(OPEN, {"input": terms}, token=ada.token)
    listed = await client.data(PAGE, {"first": 1})

    assert made["bountyOpen"]["bounty"] == {
        "autoAward": promised,
        "extendedAt": None,
        "payoutsStopped": False,
        "awards": [],
    }
    assert listed["bounties"]["edges"][0]["node"]["autoAward"] is promised


async def test_terms_are_changed_and_a_null_changes_nothing(client: Api, ports: Ports) -> None:
    ada, ben = await _party(ports), await _party(ports)
    bounty = await opened(ada.scope)
    change = {"title": "Ink boats", "brief": None, "kind": "EMBEDDING", "autoAward": True}

    changed = await client.data(CHANGE, {"id": _id(bounty), "input": change}, token=ada.token)
    denied = await client.data(CHANGE, {"id": _id(bounty), "input": change}, token=ben.token)
    nothing = await client.data(CHANGE, {"id": _id(bounty), "input": {"title": None}}, token=ada.token)
    await bounties.draft_entry(ben.scope, bounty.id)
    frozen = await client.data(CHANGE, {"id": _id(bounty), "input": change}, token=ada.token)

    said = changed["bountyChangeTerms"]["bounty"]
    assert (said["title"], said["brief"], said["kind"], said["autoAward"]) == (
        "Ink boats",
        bounty.brief,
        "EMBEDDING",
        True,
    )
    assert denied["bountyChangeTerms"] == {
        "__typename": "NotAllowedError",
        "code": "NOT_ALLOWED",
        "message": "Only the initiator of a bounty may change its terms.",
    }
    assert nothing["bountyChangeTerms"]["field"] == "input"
    assert frozen["bountyChangeTerms"] == {
        "__typename": "ConflictError",
        "code": "CONFLICT",
        "message": "Somebody has begun an entry, so the terms are frozen: you can only extend the deadline, once.",
        "state": "TERMS_FROZEN",
    }


async def test_a_deadline_is_extended_once(client: Api, ports: Ports) -> None:
    ada = await _party(ports)
    bounty = await opened(ada.scope)
    later = bounty.closes_at + timedelta(days=7)
    asked = {"id": _id(bounty), "closesAt": later.isoformat()}

    too_far = await client.data(
        EXTEND, {**asked, "closesAt": (later + timedelta(hours=1)).isoformat()}, token=ada.token
    )
    extended, again = [await client.data(EXTEND, asked, token=ada.token) for _ in range(2)]

    assert (too_far["bountyExtend"]["field"], again["bountyExtend"]["state"]) == ("closesAt", "EXTENDED")
    said = extended["bountyExtend"]["bounty"]
    assert datetime.fromisoformat(said["closesAt"]) == later
    assert said["extendedAt"] is not None


async def test_a_split_opens_every_awarded_outcome_for_the_initiator_alone(
    client: Api, ports: Ports, tmp_path: Path
) -> None:
    ada, ben, cleo, dan = [await _party(ports) for _ in range(4)]
    moderator = await _party(ports, role=Role.MODERATOR)
    bounty = await opened(ada.scope, pledge=Credits(101))
    entries = [await accepted(each.scope, bounty, tmp_path) for each in (ben, cleo, dan)]
    asked = {"id": _id(bounty), "shares": _shares(entries[:2], 70, 30)}

    answer = await client.data(SPLIT, asked, token=ada.token)

    said = answer["bountySplit"]["bounty"]
    assert (said["status"], said["awardedEntry"]["id"]) == ("AWARDED", _id(entries[0]))
    assert [(each["percent"], each["amount"], each["entry"]["id"]) for each in said["awards"]] == [
        (70, 71, _id(entries[0])),
        (30, 30, _id(entries[1])),
    ]
    assert all(each["entry"]["outcome"]["files"] for each in said["awards"])
    seen = {}
    for name, party in {"ada": ada, "ben": ben, "cleo": cleo, "dan": dan, "moderator": moderator}.items():
        found = (await client.data(SEEN, {"id": _id(bounty)}, token=party.token))["bounty"]
        seen[name] = [each["percent"] for each in found["awards"]]
    nobody = (await client.data(SEEN, {"id": _id(bounty)}))["bounty"]
    assert seen == {"ada": [70, 30], "ben": [70], "cleo": [30], "dan": [], "moderator": [70, 30]}
    assert (nobody["status"], nobody["awardedEntry"], nobody["awards"]) == ("AWARDED", None, [])


async def test_shares_that_do_not_add_up_and_ids_of_something_else_are_refused(
    client: Api, ports: Ports, tmp_path: Path
) -> None:
    ada, ben = await _party(ports), await _party(ports)
    bounty = await opened(ada.scope)
    entries = [await accepted(ben.scope, bounty, tmp_path) for _ in range(2)]

    short = await client.data(SPLIT, {"id": _id(bounty), "shares": _shares(entries, 70, 29)}, token=ada.token)
    wrong = [{"entryId": _id(bounty), "percent": 50}, *_shares(entries[:1], 50)]
    other = await client.data(SPLIT, {"id": _id(bounty), "shares": wrong}, token=ada.token)
    nobody = await client.data(SPLIT, {"id": _id(bounty), "shares": _shares(entries, 70, 30)})

    assert short["bountySplit"]["field"] == "shares"
    assert other["bountySplit"]["__typename"] == "NotFoundError"
    assert nobody["bountySplit"]["__typename"] == "SignInRequiredError"
    assert (await client.data(SEEN, {"id": _id(bounty)}))["bounty"]["status"] == "OPEN"


async def test_self_dealing_is_refused_in_a_sentence_that_tells_nothing(
    client: Api, ports: Ports, tmp_path: Path
) -> None:
    ada, second = await _party(ports, email="a.da@gmail.com"), await _party(ports, email="ada+2@gmail.com")
    bounty = await opened(ada.scope)
    entry = await accepted(second.scope, bounty, tmp_path)

    answer = await client.data(AWARD, {"id": _id(bounty), "entry": _id(entry)}, token=ada.token)

    assert answer["bountyAward"] == {
        "__typename": "NotAllowedError",
        "message": "This entry can't be awarded: the author of an entry must be independent of the initiator.",
    }


async def test_a_page_with_awards_takes_as_many_statements_for_one_bounty_as_for_six(
    client: Api, ports: Ports, db: asyncpg.Pool, tmp_path: Path
) -> None:
    ada, ben = await _party(ports), await _party(ports)
    for _ in range(6):
        bounty = await opened(ada.scope)
        entries = [await accepted(ben.scope, bounty, tmp_path) for _ in range(2)]
        await bounties.split(ada.scope, bounty.id, [Share(entry.id, 50) for entry in entries])
    await client.data(PAGE, {"first": 6}, token=ada.token)

    with counted(db) as few:
        await client.data(PAGE, {"first": 1}, token=ada.token)
    with counted(db) as many:
        large = await client.data(PAGE, {"first": 6}, token=ada.token)

    assert [len(edge["node"]["awards"]) for edge in large["bounties"]["edges"]] == [2] * 6
    assert len(many) == len(few)
