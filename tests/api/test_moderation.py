"""Reports, cases and appeals: what is there, what is not yet, and who is told so; the desk; the public figures."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from domain import moderation
from domain.kernel.ids import Subject, new_id
from domain.kernel.ports import Policy, Ports
from domain.kernel.scope import Role, Scope
from domain.moderation import Cause
from tests import factories
from tests.actions.bounties import opened, somebody, submitted
from tests.actions.cases import case_of_dealing, case_of_entry, case_of_review
from tests.counting import counted
from tests.serving import Api
from tests.vault.world import Member, some_moderator

SAYS = "__typename ... on UserError { code message } ... on ConflictError { state }"
NOT_YET = {
    "reportFile": 'mutation { said: reportFile(input: {subjectId: "x", reason: SPAM, detail: "d"}) { %s } }',
    "appealFile": 'mutation { said: appealFile(input: {subjectId: "x", explanation: "e"}) { %s } }',
    "appealDecide": 'mutation { said: appealDecide(input: {appealId: "x", overturn: true, answer: "a"}) { %s } }',
}
MODERATORS = {
    "caseClaim": 'mutation { said: caseClaim(caseId: "x") { %s } }',
    "caseRelease": 'mutation { said: caseRelease(caseId: "x") { %s } }',
    "caseDecide": 'mutation { said: caseDecide(input: {caseId: "x", decision: HOLD, explanation: "e"}) { %s } }',
    "caseOpenFile": 'mutation { said: caseOpenFile(caseId: "x", fileId: "y", purpose: "p") { %s } }',
    "appealDecide": NOT_YET["appealDecide"],
}
LISTS = """
{
  myReports { edges { node { id } } pageInfo { hasNextPage endCursor } }
  moderationCases { totalCount edges { node { id } } pageInfo { hasNextPage } }
}
"""
NO_REPORTS = {"edges": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
NO_CASES = {"totalCount": 0, "edges": [], "pageInfo": {"hasNextPage": False}}
FIGURES = """
query ($from: DateTime!, $to: DateTime!) {
  transparencyReport(from: $from, to: $to) {
    bountiesOpened bountiesDepictingRealPeople entriesSubmitted realPersonEntryShare claimsReceived claimsUpheld
    claimsOverdue medianHoursToClaimDecision reportsFiled reportsUpheld rewardsPaid appealsFiled appealsOverturned
    generationsRefused
  }
}
"""


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0), marks_key=b"a key of 32 bytes, for the tests")


async def _said(client: Api, document: str, token: str = "") -> dict[str, Any]:
    answer: dict[str, Any] = (await client.data(document % SAYS, token=token))["said"]
    return answer


@pytest.mark.parametrize("deed", list(NOT_YET))
async def test_what_is_not_there_yet_says_so_to_whoever_may_do_it(client: Api, db: asyncpg.Pool, deed: str) -> None:
    role = Role.MODERATOR if deed in MODERATORS else Role.MEMBER
    token = (await factories.signed_in(role=role)).token
    facts = await db.fetchval("SELECT count(*) FROM fact")

    nobody, somebody_fit = await _said(client, NOT_YET[deed]), await _said(client, NOT_YET[deed], token)

    assert nobody["__typename"] == "SignInRequiredError"
    assert (somebody_fit["__typename"], somebody_fit["state"]) == ("ConflictError", "NOT_YET")
    assert await db.fetchval("SELECT count(*) FROM fact") == facts


@pytest.mark.parametrize("deed", list(MODERATORS))
async def test_members_may_not_work_on_cases(client: Api, deed: str) -> None:
    token = (await factories.signed_in()).token

    nobody, answer = await _said(client, MODERATORS[deed]), await _said(client, MODERATORS[deed], token)

    assert nobody["__typename"] == "SignInRequiredError"
    assert (answer["__typename"], answer["code"]) == ("NotAllowedError", "NOT_ALLOWED")


@pytest.mark.parametrize("deed", [each for each in MODERATORS if each.startswith("case")])
async def test_a_case_that_is_not_there_is_not_found(client: Api, deed: str) -> None:
    token = (await factories.signed_in(role=Role.MODERATOR)).token

    assert (await _said(client, MODERATORS[deed], token))["__typename"] == "NotFoundError"


async def test_lists_are_empty_for_those_whose_they_are_and_null_to_others(client: Api) -> None:
    member = (await factories.signed_in()).token
    moderator = (await factories.signed_in(role=Role.MODERATOR)).token

    assert await client.data(LISTS) == {"myReports": None, "moderationCases": None}
    assert await client.data(LISTS, token=member) == {"myReports": NO_REPORTS, "moderationCases": None}
    assert await client.data(LISTS, token=moderator) == {"myReports": NO_REPORTS, "moderationCases": NO_CASES}


async def test_nodes_of_what_is_not_there_yet_are_null(client: Api) -> None:
    token = (await factories.signed_in(role=Role.MODERATOR)).token
    ids = [f"{prefix}_{new_id().hex}" for prefix in ("report", "case", "appeal")]

    answer = await client.data("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ids}, token=token)

    assert answer == {"nodes": [None, None, None]}


async def test_anybody_reads_the_public_figures(client: Api, ports: Ports) -> None:
    initiator = await somebody(ports)
    await opened(initiator)
    await opened(initiator, depicts_real_person=True)
    now = initiator.now
    span = {"from": (now - timedelta(hours=1)).isoformat(), "to": (now + timedelta(hours=1)).isoformat()}

    figures = (await client.data(FIGURES, span))["transparencyReport"]
    turned = await client.ask(FIGURES, {"from": span["to"], "to": span["from"]})

    assert (figures.pop("bountiesOpened"), figures.pop("bountiesDepictingRealPeople")) == (2, 1)
    assert (figures.pop("realPersonEntryShare"), figures.pop("medianHoursToClaimDecision")) == (None, None)
    assert set(figures.values()) == {0}
    assert turned["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


CASE = """
fragment Whole on ModerationCase {
  id status priority dueAt openedAt claimExpiresAt
  claimedBy { handle }
  subject { id __typename ... on BountyEntry { status author { handle } } ... on Bounty { title heldAt } }
  reports { id } claims { id }
  findings { signal verdict detail person { displayName } }
  history { at kind detail digest actor { handle } }
}
"""
DESK = (
    """
query ($filter: CaseFilter, $first: Int! = 20, $after: Cursor) {
  moderationCases(filter: $filter, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } edges { cursor node { ...Whole } }
  }
}
"""
    + CASE
)
NODE = "query ($id: ID!) { node(id: $id) { ...Whole } }" + CASE
CLAIM = (
    "mutation ($id: ID!) { said: caseClaim(caseId: $id) { __typename ... on CaseClaimSuccess { case { ...Whole } } "
    "... on ConflictError { state } } }" + CASE
)
RELEASE = (
    "mutation ($id: ID!) { said: caseRelease(caseId: $id) { __typename ... on CaseReleaseSuccess { case { ...Whole } } "
    "... on ConflictError { state } } }" + CASE
)
DECIDE = (
    "mutation ($input: CaseDecisionInput!) { said: caseDecide(input: $input) { __typename "
    "... on CaseDecideSuccess { case { ...Whole } } ... on ConflictError { state } "
    "... on InvalidInputError { field message } ... on UserError { code } } }" + CASE
)


def _id(case: moderation.Case) -> str:
    return f"case_{case.id.hex}"


async def _desk(client: Api, member: Member, **asked: Any) -> Any:
    return (await client.data(DESK, asked, token=member.token))["moderationCases"]


async def test_a_case_is_claimed_released_and_decided_through_the_desk(
    client: Api, ports: Ports, tmp_path: Path
) -> None:
    of = await case_of_dealing(ports, tmp_path)
    ada, ben = await some_moderator(ports), await some_moderator(ports)

    [edge] = (await _desk(client, ada))["edges"]
    claimed = (await client.data(CLAIM, {"id": _id(of.case)}, token=ada.token))["said"]
    taken = (await client.data(CLAIM, {"id": _id(of.case)}, token=ben.token))["said"]
    released = (await client.data(RELEASE, {"id": _id(of.case)}, token=ada.token))["said"]
    await client.data(CLAIM, {"id": _id(of.case)}, token=ben.token)
    answer = {"caseId": _id(of.case), "decision": "RESTORE", "explanation": "A dormitory."}
    decided = (await client.data(DECIDE, {"input": answer}, token=ben.token))["said"]
    again = (await client.data(DECIDE, {"input": answer}, token=ben.token))["said"]

    assert (edge["node"]["status"], edge["node"]["claimedBy"], edge["node"]["reports"]) == ("OPEN", None, [])
    assert edge["node"]["subject"] == {
        "id": f"entry_{of.entry.id.hex}",
        "__typename": "BountyEntry",
        "status": "ACCEPTED",
        "author": {"handle": of.author.require_actor().handle},
    }
    assert (claimed["case"]["status"], claimed["case"]["claimedBy"]) == ("CLAIMED", {"handle": ada.handle})
    assert (taken["__typename"], taken["state"]) == ("ConflictError", "CLAIMED")
    assert (released["case"]["status"], released["case"]["claimExpiresAt"]) == ("OPEN", None)
    assert (decided["case"]["status"], decided["case"]["claimedBy"]) == ("DECIDED", None)
    log = [(each["kind"], (each["actor"] or {}).get("handle")) for each in decided["case"]["history"]]
    assert log == [
        ("OPENED", None),
        ("CLAIMED", ada.handle),
        ("RELEASED", ada.handle),
        ("CLAIMED", ben.handle),
        ("DECIDED", ben.handle),
    ]
    assert len({each["digest"] for each in decided["case"]["history"]}) == 5
    assert (again["__typename"], again["state"]) == ("ConflictError", "DECIDED")


async def test_a_decision_that_does_not_fit_says_which_field_is_at_fault(client: Api, ports: Ports) -> None:
    case, _, _ = await case_of_review(ports)
    moderator = await some_moderator(ports)
    await client.data(CLAIM, {"id": _id(case)}, token=moderator.token)
    answer = {"caseId": _id(case), "decision": "NO_ACTION", "explanation": "Never mind."}

    said = (await client.data(DECIDE, {"input": answer}, token=moderator.token))["said"]
    strict = (await client.data(DECIDE, {"input": {**answer, "strike": True}}, token=moderator.token))["said"]

    assert (said["code"], said["field"]) == ("INVALID_INPUT", "input.decision")
    assert said["message"] == "This bounty waits for a moderator: RESTORE lists it, and REMOVE refuses it."
    assert (strict["code"], strict["state"]) == ("CONFLICT", "NOT_YET")


async def test_cases_and_their_logs_are_for_moderators_alone(client: Api, ports: Ports, tmp_path: Path) -> None:
    of = await case_of_entry(ports, tmp_path)
    member, moderator = (await factories.signed_in()).token, await some_moderator(ports)

    hidden = [await client.data(NODE, {"id": _id(of.case)}, token=token) for token in ("", member)]
    seen = (await client.data(NODE, {"id": _id(of.case)}, token=moderator.token))["node"]

    assert hidden == [{"node": None}] * 2
    assert [(each["signal"], each["verdict"]) for each in seen["findings"]] == [("FACE_IN_SAMPLE", "HELD")]


async def test_a_report_reason_finds_none_and_a_bent_cursor_is_refused(
    client: Api, ports: Ports, tmp_path: Path
) -> None:
    await case_of_entry(ports, tmp_path)
    moderator = await some_moderator(ports)

    bent = await client.ask(DESK, {"after": "WzEsMiwzXQ"}, token=moderator.token)

    assert (await _desk(client, moderator, filter={"reason": "SPAM"}))["totalCount"] == 0
    assert (await _desk(client, moderator, filter={"status": "OPEN", "overdue": False}))["totalCount"] == 1
    assert (await _desk(client, moderator, filter={"mine": True}))["edges"] == []
    assert bent["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


async def test_a_page_of_cases_takes_the_same_number_of_statements_whatever_its_size(
    client: Api, ports: Ports, system: Scope, db: asyncpg.Pool, tmp_path: Path
) -> None:
    for _ in range(3):
        bounty = await opened(await somebody(ports))
        entry = await submitted(await somebody(ports), bounty, tmp_path)
        for subject in (Subject("bounty", bounty.id), Subject("entry", entry.id)):
            await moderation.note(system, subject, Cause.VALIDATION, "for the test")
    moderators = [await some_moderator(ports) for _ in range(6)]
    for moderator, edge in zip(moderators, (await _desk(client, moderators[0]))["edges"], strict=True):
        await client.data(CLAIM, {"id": edge["node"]["id"]}, token=moderator.token)

    async def statements(first: int) -> int:
        with counted(db) as heard:
            assert len((await _desk(client, moderators[0], first=first))["edges"]) == first
        return len(heard)

    # Each page has cases about bounties and about entries, claimed by several moderators.
    assert await statements(3) == await statements(6)
    page = await _desk(client, moderators[0], first=4)
    rest = await _desk(client, moderators[0], first=4, after=page["pageInfo"]["endCursor"])
    assert len({edge["node"]["id"] for edge in page["edges"] + rest["edges"]}) == 6
