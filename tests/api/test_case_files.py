"""Files of entries for a case: who may look into them, until when, and who is shown that they did."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from domain import bounties, moderation
from domain.kernel.clock import HandClock
from domain.kernel.findings import Verdict
from domain.kernel.ids import CaseId, Credits, Subject
from domain.kernel.paging import PageAsk
from domain.kernel.ports import Policy, Ports
from domain.kernel.scope import Scope
from domain.moderation import Cause, Decision
from tests.actions.bounties import opened, submitted, uploaded, validated
from tests.actions.cases import LOOKS_LIKE, the_case
from tests.counting import counted
from tests.factories import give
from tests.serving import Api
from tests.vault.world import Member, file_of_entry, link_to, some_member, some_moderator

MODEL = bytes(range(256)) * 40
WHY = "The face in the sample picture has to be compared."

OPEN = """
mutation ($case: ID!, $file: ID!, $purpose: String!) {
  said: caseOpenFile(caseId: $case, fileId: $file, purpose: $purpose) {
    __typename
    ... on CaseOpenFileSuccess { url expiresAt case { history { kind detail actor { handle } } } }
    ... on UserError { code message } ... on ConflictError { state } ... on InvalidInputError { field }
  }
}
"""
ENTRY = """
query ($id: ID!) { node(id: $id) { ... on BountyEntry {
  outcome { files { name } } files { name }
  caseFiles { id name sizeBytes sha256 verdict erasedAt }
  reads { totalCount edges { node { kind reader { handle } fileName caseId purpose complete } } }
} } }
"""
FROM_CASE = """
query ($id: ID!) { node(id: $id) { ... on ModerationCase {
  findings { signal }
  subject { ... on Bounty { entries { edges { node { caseFiles { id } } } } } ... on BountyEntry { caseFiles { id } } }
} } }
"""


@dataclass(frozen=True)
class World:
    """An entry that validation held, the case about it, and who claimed that."""

    case_id: CaseId
    bounty: bounties.Bounty
    entry: bounties.BountyEntry
    file_id: str
    initiator: Member
    author: Member
    moderator: Member

    @property
    def asked(self) -> dict[str, str]:
        """What the moderator asks for."""
        return {"case": f"case_{self.case_id.hex}", "file": self.file_id, "purpose": WHY}

    @property
    def entry_id(self) -> str:
        """The global id of the entry."""
        return f"entry_{self.entry.id.hex}"


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0))


@pytest.fixture
async def world(ports: Ports, system: Scope, tmp_path: Path) -> World:
    """A case that a moderator has claimed."""
    initiator, author, moderator = await some_member(ports), await some_member(ports), await some_moderator(ports)
    bounty = await opened(initiator.scope)
    entry = await submitted(author.scope, bounty, tmp_path, MODEL)
    await validated(ports, Verdict.HELD, findings=[LOOKS_LIKE])
    case_id = (await the_case(system)).id
    await moderation.claim_case(moderator.scope, case_id)
    file_id = f"file_{(await file_of_entry(entry)).id.hex}"
    return World(case_id, bounty, entry, file_id, initiator, author, moderator)


async def _asked(client: Api, member: Member | None, asked: dict[str, str]) -> dict[str, Any]:
    said: dict[str, Any] = (await client.data(OPEN, asked, token=member.token if member else ""))["said"]
    return said


async def _link(client: Api, world: World) -> str:
    said = await _asked(client, world.moderator, world.asked)
    assert said["__typename"] == "CaseOpenFileSuccess", said
    return str(said["url"]).removeprefix("http://testserver")


async def _nothing_was_given(db: asyncpg.Pool) -> bool:
    return (
        await db.fetch("SELECT FROM outcome_read WHERE case_id IS NOT NULL") == []
        and await db.fetch("SELECT FROM case_event WHERE kind = 'FILE_OPENED'") == []
    )


async def test_a_moderator_with_a_case_opens_a_file_and_its_author_sees_that_and_why(
    client: Api, db: asyncpg.Pool, world: World
) -> None:
    said = await _asked(client, world.moderator, world.asked)
    link = said["url"].removeprefix("http://testserver")

    whole = await client.http.get(link, headers=world.moderator.headers)
    part = await client.http.get(link, headers={**world.moderator.headers, "range": "bytes=5-9"})

    assert (whole.status_code, whole.content) == (200, MODEL)
    assert (part.status_code, part.content) == (206, MODEL[5:10])
    assert [(event["kind"], (event["actor"] or {}).get("handle")) for event in said["case"]["history"]][-1] == (
        "FILE_OPENED",
        world.moderator.handle,
    )
    assert said["case"]["history"][-1]["detail"].endswith(f"of entry {world.entry.id.hex}: {WHY}")
    name = (await file_of_entry(world.entry)).name
    common = {"reader": {"handle": world.moderator.handle}, "fileName": name}
    common |= {"caseId": world.asked["case"], "purpose": WHY}
    for_author = (await client.data(ENTRY, {"id": world.entry_id}, token=world.author.token))["node"]["reads"]
    assert [edge["node"] for edge in for_author["edges"]] == [
        {"kind": "DOWNLOAD", **common, "complete": True},
        {"kind": "DOWNLOAD", **common, "complete": True},
        {"kind": "LINK", **common, "complete": None},
    ]
    own = (await client.data(ENTRY, {"id": world.entry_id}, token=world.moderator.token))["node"]
    assert (own["reads"]["totalCount"], own["outcome"], own["files"]) == (3, None, [])
    for_initiator = (await client.data(ENTRY, {"id": world.entry_id}, token=world.initiator.token))["node"]
    assert (for_initiator["reads"]["totalCount"], for_initiator["caseFiles"]) == (0, [])
    [row] = await db.fetch("SELECT case_id, purpose, account_id FROM outcome_read WHERE case_id IS NOT NULL")
    assert tuple(row) == (world.case_id, WHY, world.moderator.scope.account_id)


async def test_files_are_listed_to_who_holds_the_case_and_findings_to_every_moderator(
    client: Api, ports: Ports, world: World
) -> None:
    other = await some_moderator(ports)
    file = await file_of_entry(world.entry)

    async def seen(member: Member) -> Any:
        return (await client.data(FROM_CASE, {"id": world.asked["case"]}, token=member.token))["node"]

    [listed] = (await client.data(ENTRY, {"id": world.entry_id}, token=world.moderator.token))["node"]["caseFiles"]
    held, without = await seen(world.moderator), await seen(other)
    await moderation.release_case(world.moderator.scope, world.case_id)

    assert listed == {
        "id": world.file_id,
        "name": file.name,
        "sizeBytes": len(MODEL),
        "sha256": file.sha256,
        "verdict": "HELD",
        "erasedAt": None,
    }
    assert held == {"findings": [{"signal": "FACE_IN_SAMPLE"}], "subject": {"caseFiles": [{"id": world.file_id}]}}
    assert without == {"findings": [{"signal": "FACE_IN_SAMPLE"}], "subject": {"caseFiles": []}}
    assert (await seen(world.moderator))["subject"] == {"caseFiles": []}


async def test_nobody_without_the_claim_is_given_a_link(
    client: Api, ports: Ports, db: asyncpg.Pool, world: World, tmp_path: Path
) -> None:
    other = await some_moderator(ports)
    stranger = await submitted(world.author.scope, await opened(world.initiator.scope), tmp_path)
    elsewhere = f"file_{(await file_of_entry(stranger)).id.hex}"

    async def code(member: Member | None, **change: str) -> str:
        return str((await _asked(client, member, {**world.asked, **change}))["code"])

    assert await code(None) == "SIGN_IN_REQUIRED"
    for member in (world.author, world.initiator, other):
        assert await code(member) == "NOT_ALLOWED"
    assert await code(world.moderator, file=elsewhere) == "NOT_ALLOWED"
    assert await code(world.moderator, file="file_" + "0" * 32) == "NOT_FOUND"
    assert await code(world.moderator, file=world.entry_id) == "NOT_FOUND"
    assert await code(world.moderator, case="case_" + "0" * 32) == "NOT_FOUND"
    assert await code(world.moderator, purpose="  ") == "INVALID_INPUT"
    await moderation.release_case(world.moderator.scope, world.case_id)
    assert await code(world.moderator) == "CONFLICT"
    assert await _nothing_was_given(db)


async def test_a_moderator_who_backs_the_bounty_after_claiming_opens_nothing(
    client: Api, db: asyncpg.Pool, world: World
) -> None:
    link = await _link(client, world)
    await give(world.moderator.scope.require_actor(), 100)
    await bounties.pledge(world.moderator.scope, world.bounty.id, Credits(50))

    answer = await client.http.get(link, headers=world.moderator.headers)
    again = await _asked(client, world.moderator, world.asked)

    assert (answer.status_code, again["code"]) == (403, "NOT_ALLOWED")
    assert MODEL[:16] not in answer.content
    assert await db.fetch("SELECT FROM outcome_download") == []


Ends = Callable[[World, HandClock, asyncpg.Pool], Awaitable[object]]


async def _runs_out(_: World, clock: HandClock, __: asyncpg.Pool) -> None:
    clock.turn(timedelta(minutes=4))  # the link itself lasts five


async def _released(world: World, *_: object) -> None:
    await moderation.release_case(world.moderator.scope, world.case_id)


async def _decided(world: World, *_: object) -> None:
    await moderation.decide_case(world.moderator.scope, world.case_id, Decision.NO_ACTION, explanation="Fine.")


async def _taken_over(world: World, clock: HandClock, db: asyncpg.Pool) -> None:
    await _released(world)
    await moderation.claim_case((await some_moderator(world.moderator.scope.ports)).scope, world.case_id)


async def _demoted(world: World, clock: HandClock, db: asyncpg.Pool) -> None:
    await db.execute("UPDATE account SET role = 'MEMBER' WHERE id = $1", world.moderator.scope.account_id)


@pytest.mark.parametrize("ends", [_runs_out, _released, _decided, _taken_over, _demoted])
async def test_a_link_stops_opening_when_the_claim_ends(
    client: Api, clock: HandClock, db: asyncpg.Pool, world: World, ends: Ends
) -> None:
    clock.turn(timedelta(minutes=27))
    link = await _link(client, world)
    before = await client.http.get(link, headers=world.moderator.headers)

    await ends(world, clock, db)
    after = await client.http.get(link, headers=world.moderator.headers)

    assert (before.status_code, after.status_code) == (200, 403)
    assert MODEL[:16] not in after.content
    assert await db.fetchval("SELECT count(*) FROM outcome_download") == 1


async def test_a_link_opens_for_the_moderator_alone_and_for_five_minutes(
    client: Api, ports: Ports, clock: HandClock, db: asyncpg.Pool, world: World
) -> None:
    link = await _link(client, world)
    other = await some_moderator(ports)

    others = [await client.http.get(link, headers=each.headers) for each in (world.author, world.initiator, other)]
    nobody = await client.http.get(link)
    clock.turn(timedelta(minutes=5))
    late = await client.http.get(link, headers=world.moderator.headers)

    assert {answer.status_code for answer in (*others, nobody, late)} == {403}
    assert await db.fetch("SELECT FROM outcome_download") == []


async def test_a_case_about_the_bounty_opens_what_was_handed_in_to_it_and_no_draft(
    client: Api, system: Scope, world: World, tmp_path: Path
) -> None:
    draft = await bounties.draft_entry(world.author.scope, world.bounty.id, note="Not yet.")
    drafted = f"file_{(await uploaded(world.author.scope, draft.id, tmp_path)).hex}"
    await moderation.release_case(world.moderator.scope, world.case_id)
    asked = {**world.asked, "case": await _claim_bounty(world, system)}

    said = await _asked(client, world.moderator, asked)
    refused = await _asked(client, world.moderator, {**asked, "file": drafted})
    seen = await client.data(FROM_CASE, {"id": asked["case"]}, token=world.moderator.token)

    assert (said["__typename"], refused["code"]) == ("CaseOpenFileSuccess", "NOT_FOUND")
    files = [edge["node"]["caseFiles"] for edge in seen["node"]["subject"]["entries"]["edges"]]
    assert files == [[], [{"id": world.file_id}]]


async def _claim_bounty(world: World, system: Scope) -> str:
    """Claim a case about the bounty; gives its global id."""
    await moderation.note(system, Subject("bounty", world.bounty.id), Cause.BOOKS, "for the test")
    page = await moderation.case_page(world.moderator.scope, PageAsk(), moderation.CaseFilter())
    [about] = [case for case in page.items if case.subject.kind == "bounty"]
    await moderation.claim_case(world.moderator.scope, about.id)
    return f"case_{about.id.hex}"


async def test_erased_files_stay_erased(client: Api, db: asyncpg.Pool, world: World) -> None:
    link = await _link(client, world)
    await bounties.withdraw_entry(world.author.scope, world.entry.id)
    await bounties.delete_files(world.author.scope, world.entry.id)

    gone = await client.http.get(link, headers=world.moderator.headers)
    again = await _asked(client, world.moderator, world.asked)
    [listed] = (await client.data(ENTRY, {"id": world.entry_id}, token=world.moderator.token))["node"]["caseFiles"]

    assert (gone.status_code, again["code"]) == (404, "NOT_FOUND")
    assert listed["erasedAt"] is not None
    assert await db.fetch("SELECT FROM outcome_download") == []


async def test_what_an_initiator_bought_opens_for_a_case_and_otherwise_for_them_alone(
    client: Api, ports: Ports, system: Scope, tmp_path: Path
) -> None:
    initiator, author, moderator = await some_member(ports), await some_member(ports), await some_moderator(ports)
    entry = await submitted(author.scope, await opened(initiator.scope), tmp_path, MODEL)
    await validated(ports)
    await bounties.award(initiator.scope, entry.bounty_id, to=entry.id)
    theirs = await link_to(initiator, entry)
    await moderation.note(system, Subject("entry", entry.id), Cause.VALIDATION, "for the test")
    case = await the_case(system)
    await moderation.claim_case(moderator.scope, case.id)
    file_id = f"file_{(await file_of_entry(entry)).id.hex}"

    said = await _asked(client, moderator, {"case": f"case_{case.id.hex}", "file": file_id, "purpose": WHY})
    opens = await client.http.get(said["url"].removeprefix("http://testserver"), headers=moderator.headers)
    stolen = await client.http.get(theirs, headers=moderator.headers)
    node = (await client.data(ENTRY, {"id": f"entry_{entry.id.hex}"}, token=moderator.token))["node"]

    assert (opens.status_code, opens.content, stolen.status_code) == (200, MODEL, 403)
    assert node["outcome"] is None
    assert (await client.http.get(theirs, headers=initiator.headers)).status_code == 200


async def test_files_of_many_entries_are_read_in_as_many_statements_as_of_one(
    client: Api, system: Scope, db: asyncpg.Pool, world: World, tmp_path: Path
) -> None:
    for _ in range(3):
        await submitted(world.author.scope, world.bounty, tmp_path)
    await _claim_bounty(world, system)
    query = """
    query ($id: ID!, $first: Int!) { bounty(id: $id) {
      entries(first: $first) { edges { node { caseFiles { name } reads { edges { node { purpose caseId } } } } } }
    } }
    """

    async def statements(first: int) -> int:
        asked = {"id": f"bounty_{world.bounty.id.hex}", "first": first}
        with counted(db) as heard:
            await client.data(query, asked, token=world.moderator.token)
        return len(heard)

    assert await statements(1) == await statements(4)
