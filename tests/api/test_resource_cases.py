"""Cases about resources at the desk: what moderators see, decide and open, and what the owner is told."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from domain import moderation, resources
from domain.kernel.clock import HandClock
from domain.kernel.findings import Finding, Signal, Verdict
from domain.kernel.ids import CaseId, ResourceId, Subject
from domain.kernel.ports import Policy, Ports
from domain.kernel.scope import Scope
from domain.moderation import Cause, Decision
from domain.resources import Holder
from tests.actions.bounties import followed
from tests.actions.cases import ALIKE, the_case
from tests.counting import counted
from tests.resourcing import drafted, filled, scanned, submitted, uploaded
from tests.serving import Api
from tests.vault.world import Member, some_member, some_moderator

MODEL, PICTURE = bytes(range(256)) * 40, b"a picture" * 100
WHY = "The face in the sample has to be compared."
RESEMBLES = Finding(Signal.FACE_IN_SAMPLE, Verdict.HELD, "sample picture: a person must look", 0.62)

CASE = """
query ($id: ID!) { node(id: $id) { ... on ModerationCase {
  status
  findings { signal verdict detail score person { id } }
  subject { __typename id ... on Resource { title files { id name } samples { id name } } }
  history { kind detail actor { handle } }
} } }
"""
DECIDE = """
mutation ($input: CaseDecisionInput!) { said: caseDecide(input: $input) {
  __typename ... on CaseDecideSuccess { case { status subject { ... on Resource { status } } } }
  ... on UserError { code message } ... on ConflictError { state } ... on InvalidInputError { field }
} }
"""
OPEN = """
mutation ($case: ID!, $file: ID!, $purpose: String!) {
  said: caseOpenFile(caseId: $case, fileId: $file, purpose: $purpose) {
    __typename
    ... on CaseOpenFileSuccess { url expiresAt case { history { kind detail actor { handle } } } }
    ... on UserError { code message } ... on ConflictError { state }
  }
}
"""
RESOURCE = """
query ($id: ID!) { resource(id: $id) {
  status generation { allowed reasons { detail } } statementOfReasons { groundExplanation decisionVisibility }
} }
"""


@dataclass(frozen=True)
class World:
    """A resource that validation held, the case about it, and who claimed that."""

    case_id: CaseId
    resource_id: ResourceId
    model_id: str
    sample_id: str
    owner: Member
    moderator: Member

    @property
    def asked(self) -> dict[str, str]:
        """What the moderator asks for: the sample."""
        return {"case": f"case_{self.case_id.hex}", "file": self.sample_id, "purpose": WHY}


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0))


@pytest.fixture
async def world(ports: Ports, system: Scope) -> World:
    """A case that a moderator has claimed."""
    owner, moderator = await some_member(ports), await some_moderator(ports)
    resource_id = await drafted(owner.scope)
    model = await uploaded(owner.scope, resource_id, MODEL)
    sample = await filled(owner.scope, Holder("sample", resource_id), PICTURE, name="sample.png")
    await resources.submit(owner.scope, resource_id)
    await scanned(owner.scope, findings=[RESEMBLES])
    await followed(ports)
    case_id = (await the_case(system)).id
    await moderation.claim_case(moderator.scope, case_id)
    return World(case_id, resource_id, f"file_{model.hex}", f"file_{sample.hex}", owner, moderator)


async def _asked(client: Api, member: Member | None, asked: dict[str, str]) -> dict[str, Any]:
    said: dict[str, Any] = (await client.data(OPEN, asked, token=member.token if member else ""))["said"]
    return said


async def _link(client: Api, world: World) -> str:
    return str((await _asked(client, world.moderator, world.asked))["url"])


async def _decide(client: Api, world: World, decision: str) -> dict[str, Any]:
    answer = {"caseId": world.asked["case"], "decision": decision, "explanation": "I have looked."}
    said: dict[str, Any] = (await client.data(DECIDE, {"input": answer}, token=world.moderator.token))["said"]
    return said


async def _resource(client: Api, world: World, member: Member | None) -> Any:
    token = member.token if member else ""
    return (await client.data(RESOURCE, {"id": f"resource_{world.resource_id.hex}"}, token=token))["resource"]


async def test_moderators_see_what_was_found_where_and_how_sure(client: Api, world: World) -> None:
    asked = {"id": world.asked["case"]}

    seen = (await client.data(CASE, asked, token=world.moderator.token))["node"]

    found = {"signal": "FACE_IN_SAMPLE", "verdict": "HELD", "detail": RESEMBLES.detail, "score": 0.6, "person": None}
    assert seen["findings"] == [found] * 2
    assert seen["subject"] == {
        "__typename": "Resource",
        "id": f"resource_{world.resource_id.hex}",
        "title": "Watercolour",
        "files": [{"id": world.model_id, "name": "a.safetensors"}],
        "samples": [{"id": world.sample_id, "name": "sample.png"}],
    }
    assert [each["kind"] for each in seen["history"]] == ["OPENED", "CLAIMED"]
    assert await client.data(CASE, asked, token=world.owner.token) == {"node": None}


async def test_a_restored_resource_is_everybodys(client: Api, world: World) -> None:
    before = await _resource(client, world, world.owner)

    said = await _decide(client, world, "RESTORE")

    assert said["case"] == {"status": "DECIDED", "subject": {"status": "PUBLISHED"}}
    assert (before["status"], before["generation"]["allowed"]) == ("HELD", False)
    assert before["statementOfReasons"] is not None
    assert await _resource(client, world, None) == {
        "status": "PUBLISHED",
        "generation": {"allowed": True, "reasons": []},
        "statementOfReasons": None,
    }


async def test_a_removed_resource_tells_its_owner_why(client: Api, world: World) -> None:
    said = await _decide(client, world, "REMOVE")

    assert said["case"] == {"status": "DECIDED", "subject": {"status": "REMOVED"}}
    assert await _resource(client, world, None) is None
    assert (await _resource(client, world, world.owner))["statementOfReasons"] == {
        "groundExplanation": "I have looked.",
        "decisionVisibility": ["DECISION_VISIBILITY_CONTENT_REMOVED"],
    }


async def test_what_does_not_fit_is_refused_in_one_sentence(client: Api, db: asyncpg.Pool, world: World) -> None:
    before = await db.fetchval("SELECT count(*) FROM fact")

    nothing, label = await _decide(client, world, "NO_ACTION"), await _decide(client, world, "LABEL_MATURE")

    assert (nothing["code"], nothing["field"]) == ("INVALID_INPUT", "input.decision")
    assert (label["code"], label["state"]) == ("CONFLICT", "NOT_YET")
    assert label["message"] == "This release does not label resources as mature yet; nothing was decided."
    assert await db.fetchval("SELECT count(*) FROM fact") == before
    assert (await _resource(client, world, world.owner))["status"] == "HELD"


@pytest.mark.parametrize("which", ["model_id", "sample_id"])
async def test_files_and_samples_open_for_a_claimed_case(
    client: Api, db: asyncpg.Pool, world: World, which: str
) -> None:
    content = {"model_id": MODEL, "sample_id": PICTURE}[which]
    asked = {**world.asked, "file": getattr(world, which)}

    said = await _asked(client, world.moderator, asked)
    whole = await client.http.get(said["url"], headers=world.moderator.headers)
    part = await client.http.get(said["url"], headers={**world.moderator.headers, "range": "bytes=5-9"})
    beyond = await client.http.get(said["url"], headers={**world.moderator.headers, "range": "bytes=99999-"})

    assert (whole.status_code, whole.content) == (200, content)
    assert (part.status_code, part.content) == (206, content[5:10])
    assert beyond.status_code == 416
    assert whole.headers["cache-control"] == "private, no-store"
    assert whole.headers["content-disposition"].startswith("attachment;")
    event = said["case"]["history"][-1]
    assert (event["kind"], event["actor"]) == ("FILE_OPENED", {"handle": world.moderator.handle})
    file_hex = asked["file"].removeprefix("file_")
    assert event["detail"] == f"a link to file {file_hex} of resource {world.resource_id.hex}: {WHY}"
    [row] = await db.fetch("SELECT case_id, account_id, purpose FROM case_read")
    assert tuple(row) == (world.case_id, world.moderator.scope.account_id, WHY)


async def test_nobody_without_the_claim_is_given_a_link(
    client: Api, ports: Ports, db: asyncpg.Pool, world: World
) -> None:
    other = await some_moderator(ports)
    elsewhere = await uploaded(world.owner.scope, await drafted(world.owner.scope), b"another")

    async def code(member: Member | None, **change: str) -> str:
        return str((await _asked(client, member, {**world.asked, **change}))["code"])

    assert await code(None) == "SIGN_IN_REQUIRED"
    for member in (world.owner, other):
        assert await code(member) == "NOT_ALLOWED"
    assert await code(world.moderator, file=f"file_{elsewhere.hex}") == "NOT_ALLOWED"
    assert await code(world.moderator, file="file_" + "0" * 32) == "NOT_FOUND"
    assert await code(world.moderator, file=world.asked["case"]) == "NOT_FOUND"
    assert await code(world.moderator, purpose="  ") == "INVALID_INPUT"
    await moderation.release_case(world.moderator.scope, world.case_id)
    assert await code(world.moderator) == "CONFLICT"
    assert await db.fetch("SELECT FROM case_read") == []
    assert await db.fetch("SELECT FROM case_event WHERE kind = 'FILE_OPENED'") == []


Ends = Callable[[World, HandClock, asyncpg.Pool], Awaitable[object]]


async def _runs_out(_: World, clock: HandClock, __: asyncpg.Pool) -> None:
    clock.turn(timedelta(minutes=4))  # the link itself lasts five


async def _released(world: World, *_: object) -> None:
    await moderation.release_case(world.moderator.scope, world.case_id)


async def _decided(world: World, *_: object) -> None:
    await moderation.decide_case(world.moderator.scope, world.case_id, Decision.REMOVE, explanation="Fine.")


async def _withdrawn(world: World, *_: object) -> None:
    await resources.remove(world.owner.scope, world.resource_id)
    await followed(world.owner.scope.ports)


async def _demoted(world: World, _: HandClock, db: asyncpg.Pool) -> None:
    await db.execute("UPDATE account SET role = 'MEMBER' WHERE id = $1", world.moderator.scope.account_id)


@pytest.mark.parametrize("ends", [_runs_out, _released, _decided, _withdrawn, _demoted])
async def test_a_link_stops_opening_when_the_claim_ends(
    client: Api, clock: HandClock, db: asyncpg.Pool, world: World, ends: Ends
) -> None:
    clock.turn(timedelta(minutes=27))
    link = await _link(client, world)
    before = await client.http.get(link, headers=world.moderator.headers)

    await ends(world, clock, db)
    after = await client.http.get(link, headers=world.moderator.headers)

    assert (before.status_code, after.status_code) == (200, 403)
    assert PICTURE[:9] not in after.content


async def test_a_link_opens_for_the_moderator_alone_and_for_five_minutes(
    client: Api, ports: Ports, clock: HandClock, world: World
) -> None:
    link = await _link(client, world)
    other = await some_moderator(ports)

    others = [await client.http.get(link, headers=each.headers) for each in (world.owner, other)]
    nobody = await client.http.get(link)
    bent = await client.http.get("/cases/reads/nothing", headers=world.moderator.headers)
    clock.turn(timedelta(minutes=5))
    late = await client.http.get(link, headers=world.moderator.headers)

    assert {answer.status_code for answer in (*others, nobody, late)} == {403}
    assert bent.status_code == 404


async def test_a_page_of_cases_about_resources_takes_as_many_statements_as_one(
    client: Api, ports: Ports, system: Scope, db: asyncpg.Pool, world: World
) -> None:
    for n in range(3):
        resource_id = await submitted(world.owner.scope, bytes([n]) * 9)
        await moderation.note(system, Subject("resource", resource_id), Cause.VALIDATION, "for the test")
    await scanned(world.owner.scope, findings=[ALIKE])
    desk = """
    query ($first: Int!) { moderationCases(first: $first) { edges { node { findings { detail } subject { id } } } } }
    """

    async def statements(first: int) -> int:
        with counted(db) as heard:
            page = (await client.data(desk, {"first": first}, token=world.moderator.token))["moderationCases"]
        assert len(page["edges"]) == first
        return len(heard)

    assert await statements(1) == await statements(4)
