"""Cases about resources: what opens and closes them, what moderators decide, and what nobody can lift."""

import asyncio
import json
from dataclasses import replace

import asyncpg
import pytest

from countenance.sealing import Seal
from domain import generation, likeness, moderation, reasons, resources
from domain.generation import JobStatus, Use
from domain.kernel.findings import Finding, Signal, Verdict
from domain.kernel.ids import ResourceId, Subject
from domain.kernel.ports import Policy, Ports
from domain.kernel.refusals import Conflict, InvalidInput, NotAllowed
from domain.kernel.scope import Role, Scope
from domain.kernel.wire import MetadataText
from domain.kernel.work import work
from domain.likeness import AffectedAction, Filed
from domain.moderation import CaseStatus, Cause, Decision, rules
from domain.resources import ResourceStatus
from domain.resources.settling import settle
from migrations.moderation.moderation_2026_11_29t01_20_00_000000 import BACK_FILL
from tests import fakes
from tests.actions.bounties import followed, some_moderator, somebody, told
from tests.actions.cases import ALIKE, OpenedResource, case_of_resource, claimed, log_of, seen, the_case, written
from tests.claiming import filed
from tests.resourcing import NAME, adopted, published, registered, scanned, submitted, the
from tests.studio import claim_one, picture, studio

WHY = "I have looked at it, and this is why."
NEARLY = "After Test Person Aldebarran"
"""Nearly the registered name, and not quite."""


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test, and accounts are compared."""
    return replace(
        ports, policy=Policy(signup_grant=0), marks_key=b"a key of 32 bytes, for the tests", sealer=Seal("ab" * 32)
    )


async def decided(of: OpenedResource, decision: Decision, *, explanation: str = WHY) -> Scope:
    """A moderator who has claimed the case and decided it."""
    case = await the_case(Scope.of_system(of.owner.ports))
    moderator = await claimed(of.owner.ports, case.id)
    await moderation.decide_case(moderator, case.id, decision, explanation=explanation)
    return moderator


async def refused_decision(of: OpenedResource, decision: Decision) -> str:
    """A moderator claims the case and is refused a decision that does not fit: what was said."""
    case = await the_case(Scope.of_system(of.owner.ports))
    moderator = await claimed(of.owner.ports, case.id)
    with pytest.raises(InvalidInput) as refused:
        await moderation.decide_case(moderator, case.id, decision, explanation=WHY)
    await moderation.release_case(moderator, case.id)
    return refused.value.message


async def status_of(of: OpenedResource) -> ResourceStatus:
    return (await the(of.owner, of.resource_id)).status


async def statement_on(of: OpenedResource) -> reasons.Statement | None:
    subject = Subject("resource", of.resource_id)
    return (await reasons.statements_by_subject(of.owner, [subject])).get(subject)


async def open_cases(db: asyncpg.Pool) -> int:
    return int(await db.fetchval("SELECT count(*) FROM moderation_case WHERE decided_at IS NULL"))


async def pointed_at(nobody: Scope, resource_id: ResourceId, **changed: object) -> Filed:
    """A claim that names a resource, looked into."""
    made = await filed(nobody, locations=(f"resource_{resource_id.hex}",), **changed)
    await followed(nobody.ports)
    return made


async def judged(scope: Scope, made: Filed, *, uphold: bool) -> None:
    """A claim that a moderator decides."""
    await likeness.decide_claim(
        await some_moderator(scope.ports), made.claim.id, uphold=uphold, explanation="It is looked at."
    )
    await adopted(scope)
    await followed(scope.ports)


# What opens and closes a case.


async def test_what_validation_holds_opens_a_case(ports: Ports, system: Scope) -> None:
    of = await case_of_resource(ports)

    assert (of.case.subject, of.case.bounty_id) == (Subject("resource", of.resource_id), None)
    assert (of.case.status, of.case.causes) == (CaseStatus.OPEN, (Cause.VALIDATION,))
    assert of.case.priority == pytest.approx(2.0, abs=0.001)
    assert await log_of(system, of.case) == [("OPENED", "SCANNING → HELD, by VALIDATION")]
    assert await moderation.findings_of(system, [of.case]) == {of.case.id: (ALIKE,)}
    assert await moderation.findings_of(of.owner, [of.case]) == {}
    assert await told("CaseOpened") == 1


async def test_what_is_published_or_blocked_opens_none(db: asyncpg.Pool, ports: Ports) -> None:
    owner = await somebody(ports)
    await published(owner, b"1")
    await submitted(owner, b"2")
    await scanned(owner, findings=[replace(ALIKE, verdict=Verdict.BLOCKED)])
    await followed(ports)

    assert await db.fetch("SELECT FROM moderation_case") == []


async def test_a_registry_that_holds_opens_a_case_and_one_that_frees_closes_it(
    db: asyncpg.Pool, ports: Ports, system: Scope
) -> None:
    owner = await somebody(ports)
    resource_id = await published(owner, title=NEARLY)
    person, _ = await registered(owner)
    await followed(ports)
    case = await the_case(system)
    moderator = await claimed(ports, case.id)

    await likeness.withdraw(system, person.id)
    await adopted(owner)
    await followed(ports)

    assert (await the(owner, resource_id)).status is ResourceStatus.PUBLISHED
    closed = await seen(moderator, case.id)
    assert (closed.status, closed.decision, closed.claimed_by) == (CaseStatus.DECIDED, Decision.NO_ACTION, None)
    assert await log_of(system, case) == [
        ("OPENED", "PUBLISHED → HELD, by VALIDATION"),
        ("CLAIMED", (await log_of(system, case))[1][1]),
        ("JOINED", "HELD → PUBLISHED, by VALIDATION"),
        ("CLOSED", "nothing is left to decide"),
    ]
    assert await db.fetchval("SELECT decided_by FROM moderation_case") is None
    assert (await told("CaseDecided"), await moderation.verify(system, case.id)) == (1, None)


@pytest.mark.parametrize("by", ["OWNER", "MODERATOR"])
async def test_what_is_taken_away_by_another_way_closes_the_case(
    db: asyncpg.Pool, ports: Ports, system: Scope, by: str
) -> None:
    of = await case_of_resource(ports)

    await resources.remove(of.owner if by == "OWNER" else await some_moderator(ports), of.resource_id)
    await followed(ports)

    assert await open_cases(db) == 0
    assert [said for _, said in await log_of(system, of.case)][1:] == [
        f"HELD → REMOVED, by {by}",
        "nothing is left to decide",
    ]


async def test_findings_that_change_join_the_case(ports: Ports, system: Scope) -> None:
    owner = await somebody(ports)
    await published(owner, title=NEARLY, description="After Elisabetta Canopuss")
    await registered(owner)
    await followed(ports)
    await registered(owner, "Elisabetta Canopus")
    await followed(ports)

    case = await the_case(system)

    assert [kind for kind, _ in await log_of(system, case)] == ["OPENED", "JOINED"]
    assert (await log_of(system, case))[1][1] == "what it is HELD for has changed, by VALIDATION"
    [first, second] = (await moderation.findings_of(system, [case]))[case.id]
    assert {first.verdict, second.verdict} == {Verdict.HELD}


async def test_a_fact_that_is_told_again_changes_nothing(db: asyncpg.Pool, ports: Ports, system: Scope) -> None:
    of = await case_of_resource(ports)
    await decided(of, Decision.RESTORE)
    await followed(ports)
    before = await written(db)

    await db.execute("UPDATE fact SET reacted_at = NULL")
    await followed(ports)

    assert await written(db) == before
    assert await open_cases(db) == 0


async def test_a_claim_opens_a_case_that_closes_when_it_is_rejected(
    db: asyncpg.Pool, ports: Ports, nobody: Scope, system: Scope
) -> None:
    owner = await somebody(ports)
    resource_id = await published(owner, b"1", MetadataText("ss_output_name", NAME))
    made = await pointed_at(nobody, resource_id)
    case = await the_case(system)

    await judged(owner, made, uphold=False)

    assert (case.subject, case.causes) == (Subject("resource", resource_id), (Cause.CLAIM,))
    assert await open_cases(db) == 0
    assert [kind for kind, _ in await log_of(system, case)] == ["OPENED", "JOINED", "CLOSED"]


# What is decided.


async def test_a_restored_resource_is_published_and_may_be_drawn_with(
    db: asyncpg.Pool, ports: Ports, system: Scope
) -> None:
    of = await case_of_resource(ports)
    held = await statement_on(of)

    moderator = await decided(of, Decision.RESTORE, explanation="It is nobody.")
    await followed(ports)

    assert held is not None
    assert await status_of(of) is ResourceStatus.PUBLISHED
    [usable] = (await resources.usable(of.owner, [of.resource_id])).values()
    assert (usable.allowed, usable.reasons) == (True, ())
    assert await statement_on(of) is None
    case = await seen(moderator, of.case.id)
    assert (case.status, case.decision) == (CaseStatus.DECIDED, Decision.RESTORE)
    assert (await log_of(system, of.case))[-1] == ("DECIDED", "RESTORE: It is nobody.")
    assert await open_cases(db) == 0
    [fact] = await db.fetch("SELECT body, topics FROM fact WHERE body ->> 'cause' = 'MODERATOR'")
    assert json.loads(fact["body"])["status"] == "PUBLISHED"
    assert f"inbox:{of.owner.account_id}" in fact["topics"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ("UPDATE scan SET findings = findings", ResourceStatus.PUBLISHED),
        ("UPDATE scan SET findings = jsonb_set(findings, '{0,score}', '0.9')", ResourceStatus.HELD),
        ("UPDATE scan SET sha256 = repeat('0', 64)", ResourceStatus.HELD),
        ("UPDATE stored_file SET sha256 = repeat('0', 64)", ResourceStatus.HELD),
        ("UPDATE scan SET verdict = 'BLOCKED'", ResourceStatus.BLOCKED),
    ],
)
async def test_what_was_let_pass_is_held_again_for_anything_new(
    db: asyncpg.Pool, ports: Ports, system: Scope, *, change: str, status: ResourceStatus
) -> None:
    of = await case_of_resource(ports)
    await decided(of, Decision.RESTORE)
    await followed(ports)

    await db.execute(change)
    allowed = (await resources.usable(of.owner, [of.resource_id]))[of.resource_id].allowed
    await resettled(system, of.resource_id)
    await followed(ports)

    assert await status_of(of) is status
    assert allowed is (status is ResourceStatus.PUBLISHED)
    assert await open_cases(db) == (status is ResourceStatus.HELD)


async def resettled(system: Scope, resource_id: ResourceId) -> None:
    """Settle a resource as it is settled when something about it has changed."""
    matcher = system.ports.registry.matcher
    async with work(system.now) as w:
        await resources.hold_registry(w, matcher)
        await settle(w, system, resource_id, matcher, rejudged=True)


async def test_words_that_were_let_pass_are_held_again_when_they_change_or_somebody_else_is_named(
    db: asyncpg.Pool, ports: Ports, system: Scope
) -> None:
    owner = await somebody(ports)
    resource_id = await published(owner, title=NEARLY)
    await registered(owner)
    await followed(ports)
    of = OpenedResource(await the_case(system), resource_id, owner)
    await decided(of, Decision.RESTORE)
    await followed(ports)
    let_pass = await status_of(of)

    await db.execute("UPDATE resource SET description = 'Other words.'")
    await resettled(system, resource_id)
    changed = await status_of(of)
    await db.execute("UPDATE resource SET description = 'Soft washes.'")
    await resettled(system, resource_id)
    as_before = await status_of(of)
    await registered(owner, "Test Person Aldebaron")
    await followed(ports)

    assert (let_pass, changed, as_before) == (
        ResourceStatus.PUBLISHED,
        ResourceStatus.HELD,
        ResourceStatus.PUBLISHED,
    )
    assert await status_of(of) is ResourceStatus.HELD


async def test_what_blocks_is_restored_by_nobody(db: asyncpg.Pool, ports: Ports) -> None:
    of = await case_of_resource(ports)
    exact = json.dumps([replace(ALIKE, verdict=Verdict.BLOCKED).to_json()])
    await db.execute("UPDATE scan SET verdict = 'BLOCKED', findings = $1::jsonb", exact)
    await resettled(Scope.of_system(ports), of.resource_id)
    await followed(ports)

    said = await refused_decision(of, Decision.RESTORE)

    assert said.startswith("Validation blocks this resource, and what blocks is let pass by nobody")
    assert (await status_of(of), await db.fetchval("SELECT let_pass FROM resource")) == (ResourceStatus.BLOCKED, "[]")


async def test_a_finding_that_blocks_beside_one_that_holds_is_not_let_pass(ports: Ports) -> None:
    exact = Finding(Signal.UNSAFE_FORMAT, Verdict.BLOCKED, "file: it is unsafe")
    owner = await somebody(ports)
    resource_id = await submitted(owner)
    await scanned(owner, findings=[ALIKE, exact])

    [usable] = (await resources.usable(owner, [resource_id])).values()

    assert (await the(owner, resource_id)).status is ResourceStatus.BLOCKED
    assert {finding.verdict for finding in usable.reasons} == {Verdict.HELD, Verdict.BLOCKED}


async def test_what_nobody_has_examined_is_not_let_pass(db: asyncpg.Pool, ports: Ports) -> None:
    of = await case_of_resource(ports)
    await db.execute("UPDATE scan SET findings = '[]', error = 'The validator did not survive it.'")

    said = await refused_decision(of, Decision.RESTORE)

    assert said == "A file of this resource could not be examined, and what nobody has examined is not let pass."
    assert await status_of(of) is ResourceStatus.HELD
    await decided(of, Decision.REMOVE)
    assert await status_of(of) is ResourceStatus.REMOVED


async def test_an_open_claim_keeps_holding_what_validation_held_before(
    db: asyncpg.Pool, ports: Ports, nobody: Scope, system: Scope
) -> None:
    owner = await somebody(ports)
    resource_id = await submitted(owner)
    await scanned(owner, MetadataText("ss_output_name", NAME), findings=[ALIKE])
    await followed(ports)
    of = OpenedResource(await the_case(system), resource_id, owner)
    made = await pointed_at(nobody, resource_id)
    before = await written(db)

    said = await refused_decision(of, Decision.RESTORE)

    assert said == (
        "An open claim holds this resource, and keeps holding it until it is decided: decide the claim first."
    )
    assert await status_of(of) is ResourceStatus.HELD
    assert (await the_case(system)).causes == (Cause.VALIDATION, Cause.CLAIM)
    [item] = (await likeness.affected_by([made.claim.id]))[made.claim.id]
    assert (item.action, item.findings) == (AffectedAction.HELD, ())  # what was never public is not told
    assert (await written(db))[1] == before[1] + 2  # claimed and released, and nothing else
    await judged(owner, made, uphold=False)
    assert await status_of(of) is ResourceStatus.HELD  # what validation found still holds it
    await decided(of, Decision.RESTORE)
    assert await status_of(of) is ResourceStatus.PUBLISHED


async def test_a_newer_registry_that_speaks_against_it_meanwhile_lets_nothing_be_restored(
    db: asyncpg.Pool, ports: Ports, system: Scope
) -> None:
    owner = await somebody(ports)
    resource_id = await submitted(owner, title=NEARLY)
    await scanned(owner, findings=[ALIKE])
    await followed(ports)
    case = await the_case(system)
    moderator = await claimed(ports, case.id)
    await registered(owner)  # this process knows it, and no sweep has come by yet
    before = await written(db)

    with pytest.raises(Conflict) as refused:
        await moderation.decide_case(moderator, case.id, Decision.RESTORE, explanation=WHY)

    assert refused.value.message.endswith("look at its findings again.")
    assert (await written(db), await db.fetchval("SELECT let_pass FROM resource")) == (before, "[]")
    assert (await the(owner, resource_id)).status is ResourceStatus.HELD
    assert (await seen(moderator, case.id)).status is CaseStatus.CLAIMED


async def test_a_removed_resource_is_gone_with_the_moderators_reasons(
    db: asyncpg.Pool, ports: Ports, nobody: Scope
) -> None:
    of = await case_of_resource(ports)

    await decided(of, Decision.REMOVE)
    await followed(ports)

    statement = await statement_on(of)
    assert statement is not None
    assert (statement.explanation, statement.visibility) == (WHY, (reasons.Visibility.REMOVED,))
    assert (statement.automated_detection, statement.automated_decision) == (True, reasons.Automation.NOT_AUTOMATED)
    assert await status_of(of) is ResourceStatus.REMOVED
    assert await resources.resources_by_ids(nobody, [of.resource_id]) == {}
    assert await open_cases(db) == 0


async def test_a_removal_stops_jobs_that_use_it_and_charges_nothing(ports: Ports, system: Scope) -> None:
    given = await studio(ports)
    drawn_id = await generation.request(given.scope, given.wish(uses=(Use(given.lora),)))
    drawn = await claim_one(ports)
    await generation.start(system, drawn)
    waiting = await generation.request(given.scope, given.wish(uses=(Use(given.lora),)))
    other = await generation.request(given.scope, given.wish())
    await moderation.note(system, Subject("resource", given.lora), Cause.VALIDATION, "for the test")

    await decided(OpenedResource(await the_case(system), given.lora, given.scope), Decision.REMOVE)
    await followed(ports)
    stop = (await generation.renew(system, drawn)).stop
    await generation.keep_picture(system, drawn, picture(drawn))
    await generation.finish(system, drawn, fakes.finished(drawn.job_id, drawn.attempt))

    jobs = [await given.job(each) for each in (drawn_id, waiting, other)]
    assert stop
    assert [job.status for job in jobs] == [JobStatus.REFUSED, JobStatus.REFUSED, JobStatus.QUEUED]
    assert [job.charged for job in jobs] == [0, 0, 0]
    assert jobs[0].refusal is not None
    assert [finding.detail for finding in jobs[0].refusal] == ["resource: a moderator holds it, or has removed it"]


async def test_a_hold_opens_a_case_anew_and_is_lifted_by_it_alone(
    db: asyncpg.Pool, ports: Ports, system: Scope
) -> None:
    of = await case_of_resource(ports)
    await decided(of, Decision.HOLD, explanation="Until I have asked around.")
    await followed(ports)
    again = await the_case(system)
    statement = await statement_on(of)

    await db.execute("UPDATE scan SET verdict = 'CLEAN', findings = '[]'")
    await resettled(system, of.resource_id)
    await followed(ports)
    still = await status_of(of)
    refused = await refused_decision(of, Decision.NO_ACTION)
    await decided(of, Decision.RESTORE)
    await followed(ports)

    assert (again.id != of.case.id, again.causes) == (True, (Cause.HOLD,))
    assert statement is not None
    assert statement.explanation == "Until I have asked around."
    assert still is ResourceStatus.HELD
    assert refused.startswith("A moderator's hold stands on this")
    assert await status_of(of) is ResourceStatus.PUBLISHED
    assert (await statement_on(of), await open_cases(db)) == (None, 0)
    assert await db.fetchval("SELECT moderator_hold FROM resource") is None


async def test_a_claim_and_a_moderators_hold_do_not_lift_one_another(
    ports: Ports, nobody: Scope, system: Scope
) -> None:
    owner = await somebody(ports)
    resource_id = await published(owner, b"1", MetadataText("ss_output_name", NAME))
    made = await pointed_at(nobody, resource_id)
    of = OpenedResource(await the_case(system), resource_id, owner)
    await decided(of, Decision.HOLD)
    await followed(ports)
    said = await refused_decision(of, Decision.RESTORE)

    await judged(owner, made, uphold=False)
    held = await status_of(of)
    statement = await statement_on(of)
    await decided(of, Decision.RESTORE)

    assert said.startswith("An open claim holds this resource")
    assert held is ResourceStatus.HELD
    assert statement is not None
    assert statement.explanation == WHY
    assert await status_of(of) is ResourceStatus.PUBLISHED


async def test_a_stale_fact_does_not_close_the_case_of_a_hold(db: asyncpg.Pool, ports: Ports, system: Scope) -> None:
    of = await case_of_resource(ports)
    await decided(of, Decision.HOLD)
    await followed(ports)
    again = await the_case(system)

    await moderation.note(system, of.case.subject, None, "HELD → PUBLISHED, by VALIDATION", over=True)

    assert (await the_case(system)).id == again.id
    assert [kind for kind, _ in await log_of(system, again)] == ["OPENED", "JOINED"]


async def test_what_is_held_is_not_left_without_a_decision(db: asyncpg.Pool, ports: Ports) -> None:
    of = await case_of_resource(ports)
    moderator = await claimed(ports, of.case.id)
    before = await written(db)

    with pytest.raises(InvalidInput):
        await moderation.decide_case(moderator, of.case.id, Decision.NO_ACTION, explanation=WHY)
    with pytest.raises(Conflict) as refused:
        await moderation.decide_case(moderator, of.case.id, Decision.LABEL_MATURE, explanation=WHY)

    assert refused.value.state == "NOT_YET"
    assert (await written(db), await status_of(of)) == (before, ResourceStatus.HELD)


async def test_two_decisions_at_once_are_one(db: asyncpg.Pool, ports: Ports) -> None:
    of = await case_of_resource(ports)
    moderator = await claimed(ports, of.case.id)

    answers = await asyncio.gather(
        *[
            moderation.decide_case(moderator, of.case.id, decision, explanation=WHY)
            for decision in (Decision.RESTORE, Decision.REMOVE, Decision.HOLD, Decision.RESTORE)
        ],
        return_exceptions=True,
    )

    assert {type(each) for each in answers} == {moderation.Case, Conflict}
    assert len([each for each in answers if isinstance(each, moderation.Case)]) == 1
    assert await db.fetchval("SELECT count(*) FROM case_event WHERE kind = 'DECIDED'") == 1


# Whom it concerns.


async def test_nobody_decides_about_a_resource_of_their_own(db: asyncpg.Pool, ports: Ports) -> None:
    of = await case_of_resource(ports)
    await db.execute("UPDATE account SET role = 'MODERATOR' WHERE id = $1", of.owner.account_id)
    owner = of.owner.as_(replace(of.owner.require_actor(), role=Role.MODERATOR))
    kin = await some_moderator(ports)
    await db.execute(
        "UPDATE account_sign_up SET email_mark = (SELECT email_mark FROM account_sign_up WHERE account_id = $2)"
        " WHERE account_id = $1",
        kin.account_id,
        of.owner.account_id,
    )
    before = await written(db)

    for moderator in (owner, kin):
        with pytest.raises(NotAllowed):
            await moderation.claim_case(moderator, of.case.id)

    assert await written(db) == before
    assert (await seen(kin, of.case.id)).status is CaseStatus.OPEN


async def test_whoever_made_it_is_a_party_as_well(db: asyncpg.Pool, ports: Ports) -> None:
    of = await case_of_resource(ports)
    maker = await claimed(ports, of.case.id)
    await db.execute("UPDATE resource SET credited_to_id = $1", maker.account_id)

    with pytest.raises(NotAllowed):
        await moderation.decide_case(maker, of.case.id, Decision.RESTORE, explanation=WHY)

    assert await status_of(of) is ResourceStatus.HELD


# What was held before there were such cases.


async def test_resources_that_are_held_already_get_a_case_each(
    db: asyncpg.Pool, ports: Ports, nobody: Scope, system: Scope
) -> None:
    owner = await somebody(ports)
    by_scan = await submitted(owner, b"1")
    await scanned(owner, findings=[ALIKE])
    by_claim = await published(owner, b"2", MetadataText("ss_output_name", NAME))
    await published(owner, b"3")
    await pointed_at(nobody, by_claim)
    async with db.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute("DELETE FROM case_event")
        await connection.execute("DELETE FROM moderation_case")

    for _ in range(2):
        for statement in BACK_FILL:
            await db.execute(statement)

    ids = [row["id"] for row in await db.fetch("SELECT id FROM moderation_case")]
    cases = (await moderation.cases_by_ids(system, ids)).values()
    assert {case.subject.id: case.causes for case in cases} == {
        by_scan: (Cause.VALIDATION,),
        by_claim: (Cause.CLAIM,),
    }
    for case in cases:
        assert await moderation.verify(system, case.id) is None
        [(kind, said)] = await log_of(system, case)
        assert (kind, said) == ("OPENED", f"it was held before there were cases about resources, by {case.causes[0]}")
        assert case.rank == pytest.approx(rules.rank(case.causes, pot=0, due_at=case.due_at))
    moderator = await claimed(ports, next(case.id for case in cases if case.subject.id == by_scan))
    [mine] = [case for case in cases if case.subject.id == by_scan]
    await moderation.decide_case(moderator, mine.id, Decision.RESTORE, explanation=WHY)
    assert (await the(owner, by_scan)).status is ResourceStatus.PUBLISHED
