"""Jobs that an upheld claim stops: noted under it, with nothing charged, and final whatever becomes of the claim."""

from dataclasses import replace

import pytest

from domain import generation, likeness
from domain.generation import JobStatus
from domain.kernel.findings import Signal
from domain.kernel.ids import Subject
from domain.kernel.ports import Policy, Ports
from domain.kernel.scope import Scope
from domain.likeness import AffectedAction
from tests import factories
from tests.actions.bounties import followed
from tests.claiming import filed
from tests.resourcing import NAME, adopted
from tests.studio import Studio, studio


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0))


@pytest.fixture
async def given(ports: Ports) -> Studio:
    """A member with credits and something to draw with."""
    return await studio(ports)


async def test_a_job_that_an_upheld_claim_stops_is_noted_under_it(given: Studio, ports: Ports, nobody: Scope) -> None:
    stopped = await generation.request(given.scope, given.wish(prompt=f"{NAME} at sea"))
    other = await generation.request(given.scope, given.wish())
    made = await filed(nobody)
    judge = given.scope.as_(await factories.moderator())

    await likeness.decide_claim(judge, made.claim.id, uphold=True, explanation="It is they.")
    await adopted(judge)
    await followed(ports)

    assert [(await given.job(each)).status for each in (stopped, other)] == [JobStatus.REFUSED, JobStatus.QUEUED]
    [item] = (await likeness.affected_by([made.claim.id]))[made.claim.id]
    assert (item.subject, item.action) == (Subject("job", stopped), AffectedAction.REMOVED)
    assert [finding.signal for finding in item.findings] == [Signal.NAME_IN_TEXT]

    await likeness.withdraw_claim(nobody, made.claim.case_code, made.pin)
    await adopted(judge)
    await followed(ports)

    [after] = (await likeness.affected_by([made.claim.id]))[made.claim.id]
    assert after.action is AffectedAction.REMOVED
    assert (await given.job(stopped)).status is JobStatus.REFUSED
