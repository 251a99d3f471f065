"""Reports, cases and appeals: what is there, what is not yet, and who is told so; the public figures."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from domain.kernel.ids import new_id
from domain.kernel.ports import Policy, Ports
from domain.kernel.scope import Role
from tests import factories
from tests.actions.bounties import opened, somebody
from tests.serving import Api

SAYS = "__typename ... on UserError { code message } ... on ConflictError { state }"
MEMBERS = {
    "reportFile": 'mutation { said: reportFile(input: {subjectId: "x", reason: SPAM, detail: "d"}) { %s } }',
    "appealFile": 'mutation { said: appealFile(input: {subjectId: "x", explanation: "e"}) { %s } }',
}
MODERATORS = {
    "caseClaim": 'mutation { said: caseClaim(caseId: "x") { %s } }',
    "caseRelease": 'mutation { said: caseRelease(caseId: "x") { %s } }',
    "caseDecide": 'mutation { said: caseDecide(input: {caseId: "x", decision: HOLD, explanation: "e"}) { %s } }',
    "appealDecide": 'mutation { said: appealDecide(input: {appealId: "x", overturn: true, answer: "a"}) { %s } }',
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
    return replace(ports, policy=Policy(signup_grant=0))


async def _said(client: Api, document: str, token: str = "") -> dict[str, Any]:
    answer: dict[str, Any] = (await client.data(document % SAYS, token=token))["said"]
    return answer


@pytest.mark.parametrize("deed", [*MEMBERS, *MODERATORS])
async def test_what_is_not_there_yet_says_so_to_whoever_may_do_it(client: Api, db: asyncpg.Pool, deed: str) -> None:
    document = {**MEMBERS, **MODERATORS}[deed]
    role = Role.MEMBER if deed in MEMBERS else Role.MODERATOR
    token = (await factories.signed_in(role=role)).token
    facts = await db.fetchval("SELECT count(*) FROM fact")

    nobody, somebody_fit = await _said(client, document), await _said(client, document, token)

    assert nobody["__typename"] == "SignInRequiredError"
    assert (somebody_fit["__typename"], somebody_fit["state"]) == ("ConflictError", "NOT_YET")
    assert await db.fetchval("SELECT count(*) FROM fact") == facts


@pytest.mark.parametrize("deed", list(MODERATORS))
async def test_members_may_not_work_on_cases(client: Api, deed: str) -> None:
    token = (await factories.signed_in()).token

    answer = await _said(client, MODERATORS[deed], token)

    assert (answer["__typename"], answer["code"]) == ("NotAllowedError", "NOT_ALLOWED")


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
