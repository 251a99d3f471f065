"""Held bounties through the API: who sees them and why, what moderators decide, and what the figures count."""

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from domain import bounties, resources
from domain.bounties import Bounty
from domain.kernel.ids import Credits
from domain.kernel.ports import Policy, Ports
from domain.kernel.scope import Actor, Role, Scope
from tests import factories
from tests.actions.bounties import accepted, followed, opened, submitted
from tests.counting import counted
from tests.resourcing import NAME, registered, spooled
from tests.serving import Api

RISKY = "A LoRA of my neighbour, please."

SEEN = """
query ($id: ID!) {
  node(id: $id) { id }
  bounty(id: $id) {
    title depictsRealPerson heldAt statementOfReasons { decisionFacts }
    findings { signal verdict score detail person { displayName } }
  }
  bounties(filter: {search: "After"}) { totalCount edges { node { id } } }
}
"""
REVIEW = """
mutation ($id: ID!, $decision: BountyReview!, $why: String!) {
  bountyReview(bountyId: $id, decision: $decision, explanation: $why) {
    __typename
    ... on BountyReviewSuccess { bounty { status heldAt initiator { purse { available } } } }
    ... on UserError { code message }
    ... on ConflictError { state }
    ... on InvalidInputError { field }
  }
}
"""
WAITING = """
query ($first: Int!) {
  bountiesToReview(first: $first) {
    totalCount pageInfo { hasNextPage }
    edges { node { title heldAt initiator { handle } findings { detail person { displayName } } } }
  }
}
"""
REPORT = """
query ($from: DateTime!, $to: DateTime!) {
  transparencyReport(from: $from, to: $to) {
    bountiesOpened bountiesDepictingRealPeople entriesSubmitted realPersonEntryShare
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


def _id(bounty: Bounty) -> str:
    return f"bounty_{bounty.id.hex}"


async def test_a_held_bounty_is_seen_by_who_is_in_it_and_explained_to_its_initiator(
    client: Api, ports: Ports, tmp_path: Path
) -> None:
    ada, ben, eve, stranger = [await _party(ports) for _ in range(4)]
    moderator = await _party(ports, role=Role.MODERATOR)
    bounty = await opened(ada.scope, title=f"After {NAME}")
    await submitted(ben.scope, bounty, tmp_path)
    await bounties.pledge(eve.scope, bounty.id, Credits(20))
    await registered(ada.scope)
    await followed(ports)

    seen: dict[str, dict[str, Any]] = {
        who: await client.data(SEEN, {"id": _id(bounty)}, token=party.token if party else "")
        for who, party in {
            "nobody": None,
            "stranger": stranger,
            "initiator": ada,
            "author": ben,
            "backer": eve,
            "moderator": moderator,
        }.items()
    }

    for who in ("nobody", "stranger"):
        assert seen[who] == {"node": None, "bounty": None, "bounties": {"totalCount": 0, "edges": []}}
    for who in ("initiator", "author", "backer", "moderator"):
        assert (seen[who]["bounty"]["title"], seen[who]["bounty"]["depictsRealPerson"]) == (bounty.title, True)
        assert (seen[who]["node"], seen[who]["bounties"]["totalCount"]) == ({"id": _id(bounty)}, 1)
        assert seen[who]["bounty"]["heldAt"] is not None
    for who in ("author", "backer"):
        assert (seen[who]["bounty"]["findings"], seen[who]["bounty"]["statementOfReasons"]) == ([], None)
    [own], [full] = (seen[who]["bounty"]["findings"] for who in ("initiator", "moderator"))
    assert (own["signal"], own["verdict"], own["person"]) == ("NAME_IN_TEXT", "BLOCKED", None)
    assert NAME not in own["detail"] + seen["initiator"]["bounty"]["statementOfReasons"]["decisionFacts"]
    assert full["person"] == {"displayName": NAME}


async def test_a_moderator_reviews_what_waits(client: Api, ports: Ports) -> None:
    ada, moderator = await _party(ports, "ada"), await _party(ports, role=Role.MODERATOR)
    first, second = await opened(ada.scope, brief=RISKY), await opened(ada.scope, brief=RISKY)

    waiting = (await client.data(WAITING, {"first": 1}, token=moderator.token))["bountiesToReview"]
    listed = await client.data(
        REVIEW, {"id": _id(first), "decision": "LIST", "why": "It is a cat."}, token=moderator.token
    )
    refused = await client.data(
        REVIEW, {"id": _id(second), "decision": "REFUSE", "why": "A private person."}, token=moderator.token
    )

    assert (waiting["totalCount"], waiting["pageInfo"]["hasNextPage"]) == (2, True)
    [edge] = waiting["edges"]
    assert edge["node"]["initiator"] == {"handle": "ada"}
    assert edge["node"]["findings"][0]["detail"].startswith("risk 0.6 of 1 by bounty-risk/1")
    assert listed["bountyReview"]["bounty"] == {
        "status": "OPEN",
        "heldAt": None,
        "initiator": {"purse": {"available": 800}},
    }
    assert refused["bountyReview"]["bounty"]["status"] == "CANCELLED"
    assert (await client.data(WAITING, {"first": 1}, token=moderator.token))["bountiesToReview"]["totalCount"] == 0
    assert await factories.available(ada.scope.require_actor()) == 900


async def test_nobody_else_reviews(client: Api, ports: Ports, db: asyncpg.Pool) -> None:
    ada, moderator = await _party(ports), await _party(ports, role=Role.MODERATOR)
    bounty, own = await opened(ada.scope, brief=RISKY), await opened(moderator.scope, brief=RISKY)
    plain = await opened(ada.scope)

    async def answer(party: Party | None, asked: Bounty, why: str = "Fine.") -> dict[str, Any]:
        variables = {"id": _id(asked), "decision": "LIST", "why": why}
        said = (await client.data(REVIEW, variables, token=party.token if party else ""))["bountyReview"]
        return {name: value for name, value in said.items() if name in ("__typename", "state", "field")}

    assert await answer(None, bounty) == {"__typename": "SignInRequiredError"}
    assert await answer(ada, bounty) == {"__typename": "NotAllowedError"}
    assert await answer(moderator, own) == {"__typename": "NotAllowedError"}
    assert await answer(moderator, plain) == {"__typename": "ConflictError", "state": "LISTED"}
    assert await answer(moderator, bounty, "") == {"__typename": "InvalidInputError", "field": "explanation"}
    assert (await client.data(WAITING, {"first": 1}, token=ada.token))["bountiesToReview"] is None
    assert await db.fetch("SELECT FROM bounty_review") == []


async def test_a_page_of_what_waits_takes_the_same_number_of_statements_whatever_its_size(
    client: Api, ports: Ports, db: asyncpg.Pool
) -> None:
    moderator = await _party(ports, role=Role.MODERATOR)
    for _ in range(4):
        await opened((await _party(ports)).scope, brief=RISKY)

    async def statements(first: int) -> int:
        with counted(db) as heard:
            await client.data(WAITING, {"first": first}, token=moderator.token)
        return len(heard)

    assert await statements(1) == await statements(4)


async def test_the_figures_count_those_that_were_marked_later(client: Api, ports: Ports, tmp_path: Path) -> None:
    ada, ben = await _party(ports), await _party(ports)
    named, other = await opened(ada.scope, title=f"After {NAME}"), await opened(ada.scope)
    await opened(ada.scope, depicts_real_person=True)
    for bounty in (named, other):
        await accepted(ben.scope, bounty, tmp_path)
    await registered(ada.scope)
    await followed(ports)
    now = ports.clock.now()

    report = await client.data(
        REPORT, {"from": (now - timedelta(hours=1)).isoformat(), "to": (now + timedelta(hours=1)).isoformat()}
    )

    assert report["transparencyReport"] == {
        "bountiesOpened": 3,
        "bountiesDepictingRealPeople": 2,
        "entriesSubmitted": 2,
        "realPersonEntryShare": 0.5,
    }


BEGIN = """
mutation ($input: UploadBeginInput!) {
  uploadBegin(input: $input) {
    __typename
    ... on UploadBeginSuccess { ticket { maxSizeBytes } }
    ... on UserError { code }
    ... on InvalidInputError { field }
  }
}
"""
REFERENCES = "query ($id: ID!) { bounty(id: $id) { references { id scan { verdict } url width } } }"
REMOVE = """
mutation ($id: ID!) {
  bountyReferenceRemove(referenceId: $id) {
    __typename
    ... on BountyReferenceRemoveSuccess { bounty { references { id } } }
    ... on UserError { code }
  }
}
"""


async def test_a_reference_picture_is_begun_seen_by_its_initiator_and_removed(client: Api, ports: Ports) -> None:
    ada, ben = await _party(ports), await _party(ports)
    bounty = await opened(ada.scope)
    asked = {"fileName": "boat.png", "sizeBytes": 7, "bountyId": _id(bounty)}

    both = await client.data(BEGIN, {"input": {**asked, "entryId": "entry_" + "0" * 32}}, token=ada.token)
    others = await client.data(BEGIN, {"input": asked}, token=ben.token)
    begun = await client.data(BEGIN, {"input": asked}, token=ada.token)
    upload = await bounties.begin_reference(ada.scope, bounty.id, file_name="boat.png", size_bytes=7)
    await resources.complete_upload(ada.scope, upload.id, spooled(ada.scope, b"picture"))
    own = (await client.data(REFERENCES, {"id": _id(bounty)}, token=ada.token))["bounty"]["references"]
    seen = (await client.data(REFERENCES, {"id": _id(bounty)}, token=ben.token))["bounty"]["references"]
    [named] = [reference["id"] for reference in own]
    refused = await client.data(REMOVE, {"id": named}, token=ben.token)
    removed = await client.data(REMOVE, {"id": named}, token=ada.token)

    assert both["uploadBegin"] == {
        "__typename": "InvalidInputError",
        "code": "INVALID_INPUT",
        "field": "input.resourceId",
    }
    assert others["uploadBegin"] == {"__typename": "NotAllowedError", "code": "NOT_ALLOWED"}
    assert begun["uploadBegin"]["ticket"] == {"maxSizeBytes": ports.policy.max_sample_bytes}
    assert [{**each, "id": ""} for each in own] == [
        {"id": "", "scan": {"verdict": "PENDING"}, "url": None, "width": None}
    ]
    assert seen == []
    assert refused["bountyReferenceRemove"] == {"__typename": "NotAllowedError", "code": "NOT_ALLOWED"}
    assert removed["bountyReferenceRemove"]["bounty"] == {"references": []}
