"""Pictures that were delivered are withheld when their words name somebody who does not allow it now."""

import json
from collections.abc import Callable

import asyncpg
import pytest

from domain import generation, likeness, reasons
from domain.generation import JobStatus
from domain.kernel.ids import JobId, PersonId, Subject
from domain.kernel.ports import Ports
from domain.kernel.scope import Actor, Scope
from domain.likeness import AffectedAction
from domain.registry.snapshot import Consent
from tests import factories, fakes
from tests.actions.test_claim_effects import affected, claimed, decided, withdrawn
from tests.resourcing import NAME, adopted, registered
from tests.studio import Studio, claim_one, picture, studio
from tests.sweeping import swept

Acting = Callable[[Actor], Scope]


@pytest.fixture
async def given(ports: Ports) -> Studio:
    """A member with credits and something to draw with."""
    return await studio(ports)


async def drawn(given: Studio, **change: object) -> JobId:
    """A job whose picture was delivered and paid for."""
    job_id = await generation.request(given.scope, given.wish(**change))
    system = Scope.of_system(given.scope.ports)
    claimed = await claim_one(given.scope.ports)
    assert await generation.start(system, claimed) is not None
    await generation.keep_picture(system, claimed, picture(claimed))
    await generation.finish(system, claimed, fakes.finished(claimed.job_id, claimed.attempt))
    return job_id


async def shown(scope: Scope, *job_ids: JobId) -> list[int]:
    """How many pictures of each job are given out."""
    found = await generation.pictures_of(scope, list(job_ids))
    return [len(found.get(each, ())) for each in job_ids]


async def test_what_names_somebody_now_is_withheld_and_given_back_as_it_was(
    db: asyncpg.Pool, given: Studio, system: Scope
) -> None:
    named, negative, other = [
        await drawn(given, **words)
        for words in ({"prompt": f"a photo of {NAME}"}, {"negative_prompt": NAME}, {"prompt": "a lighthouse"})
    ]
    before = await db.fetch("SELECT * FROM generation_job ORDER BY id")
    [image] = (await generation.pictures_of(given.scope, [named]))[named]

    person, _ = await registered(system)
    touched = await swept(system)
    withheld = await given.job(named)
    stated = await reasons.statements_by_subject(given.scope, [Subject("job", named)])

    assert touched == 2
    assert await shown(given.scope, named, negative, other) == [0, 0, 1]
    assert await generation.pictures_by_ids(given.scope, [image.id]) == {}
    assert withheld.withheld is not None
    assert [(finding.person_id, finding.detail) for finding in withheld.withheld] == [
        (person.id, "prompt: a registered name at characters 12–32")
    ]
    assert (withheld.status, withheld.refusal, withheld.charged) == (JobStatus.SUCCEEDED, None, 1)
    assert await factories.available(given.actor) == 97
    assert NAME not in stated[Subject("job", named)].facts

    await likeness.withdraw(system, PersonId(person.id))
    await adopted(system)
    assert await swept(system) == 2

    assert await shown(given.scope, named, negative, other) == [1, 1, 1]
    assert (await given.job(named)).withheld is None
    assert await reasons.statements_by_subject(given.scope, [Subject("job", named)]) == {}
    assert await db.fetch("SELECT * FROM generation_job ORDER BY id") == before
    rows = await db.fetch("SELECT body FROM fact WHERE kind = 'PicturesWithheld' ORDER BY id")
    told = [(body["job_id"], body["withheld"]) for body in (json.loads(row["body"]) for row in rows)]
    assert told == [(str(named), True), (str(negative), True), (str(named), False), (str(negative), False)]


async def test_done_again_nothing_changes(db: asyncpg.Pool, given: Studio, system: Scope) -> None:
    await drawn(given, prompt=NAME)
    await registered(system)
    await swept(system)
    before = await db.fetch("SELECT * FROM generation_withheld"), await db.fetchval("SELECT count(*) FROM fact")
    await db.execute("UPDATE sweep SET done = 0")

    assert await swept(system) == 0

    assert (
        await db.fetch("SELECT * FROM generation_withheld"),
        await db.fetchval("SELECT count(*) FROM fact"),
    ) == before


async def test_a_named_creator_keeps_what_they_drew(given: Studio, system: Scope) -> None:
    job_id = await drawn(given, prompt=NAME)
    await registered(system, consent=Consent.NAMED_CREATORS, creators=[given.actor.account_id])

    assert await swept(system) == 0

    assert await shown(given.scope, job_id) == [1]


async def test_a_job_under_way_is_refused_and_not_charged(given: Studio, system: Scope) -> None:
    waiting = await generation.request(given.scope, given.wish(prompt=NAME))
    await registered(system)

    assert await swept(system) == 1

    job = await given.job(waiting)
    assert (job.status, job.charged, await factories.available(given.actor)) == (JobStatus.REFUSED, 0, 100)
    assert await swept(system) == 0


async def test_it_is_noted_under_the_claim_and_restored_with_it(
    db: asyncpg.Pool, given: Studio, nobody: Scope, acting: Acting
) -> None:
    job_id = await drawn(given, prompt=NAME)
    made = await claimed(nobody)

    await decided(acting(await factories.moderator()), made.claim, uphold=True)
    noted = await affected(made.claim)
    hidden = await shown(given.scope, job_id)
    await withdrawn(nobody, made)

    assert (noted, hidden) == ({Subject("job", job_id): AffectedAction.DISABLED}, [0])
    assert await affected(made.claim) == {Subject("job", job_id): AffectedAction.RESTORED}
    assert await shown(given.scope, job_id) == [1]
