"""Jobs that an upheld claim stops: noted under it, with nothing charged, and final whatever becomes of the claim."""

from dataclasses import replace

import pytest

from domain import generation, likeness
from domain.generation import JobStatus, Use
from domain.kernel.findings import Signal, Verdict
from domain.kernel.ids import Subject
from domain.kernel.ports import Policy, Ports
from domain.kernel.scope import Scope
from domain.likeness import AffectedAction
from domain.resources import ResourceChanged
from tests import factories
from tests.actions.bounties import followed
from tests.claiming import filed
from tests.fakes import finished
from tests.resourcing import NAME, adopted
from tests.studio import Studio, claim_one, lora, picture, studio


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0))


@pytest.fixture
async def given(ports: Ports) -> Studio:
    """A member with credits and something to draw with."""
    return await studio(ports)


async def test_what_is_held_for_a_claim_stops_the_jobs_that_use_it_and_nothing_is_charged(
    given: Studio, ports: Ports, nobody: Scope, system: Scope
) -> None:
    named = await lora(given.scope, title=f"After {NAME}")
    running = await generation.request(given.scope, given.wish(uses=(Use(named),)))
    drawn = await claim_one(ports)
    assert await generation.start(system, drawn) is not None
    waiting = await generation.request(given.scope, given.wish(uses=(Use(named),)))
    other = await generation.request(given.scope, given.wish(uses=(Use(given.lora),)))

    await filed(nobody, locations=(f"resource_{named.hex}",))
    await followed(ports)

    assert [(await given.job(each)).status for each in (waiting, other)] == [JobStatus.REFUSED, JobStatus.QUEUED]
    assert (await generation.renew(system, drawn)).stop
    await generation.keep_picture(system, drawn, picture(drawn))
    await generation.finish(system, drawn, finished(drawn.job_id, drawn.attempt))
    stopped = await given.job(running)
    assert (stopped.status, stopped.charged) == (JobStatus.REFUSED, 0)
    assert [(each.signal, each.verdict, each.person_id) for each in stopped.refusal or ()] == [
        (Signal.NAME_IN_TEXT, Verdict.BLOCKED, None)
    ]


async def test_what_a_claim_that_was_withdrawn_had_held_stops_nothing_any_more(
    given: Studio, ports: Ports, nobody: Scope, system: Scope
) -> None:
    named = await lora(given.scope, title=f"After {NAME}")
    made = await filed(nobody, locations=(f"resource_{named.hex}",))
    await followed(ports)
    await likeness.withdraw_claim(nobody, made.claim.case_code, made.pin)
    await followed(ports)
    waiting = await generation.request(given.scope, given.wish(uses=(Use(named),)))

    held = ResourceChanged(named, given.actor.account_id, "HELD", before="PUBLISHED", cause="CLAIM")
    await generation.resource_changed(system, held)

    assert (await given.job(waiting)).status is JobStatus.QUEUED


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
