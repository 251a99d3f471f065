"""What a member does: quote, request, cancel; and what a refusal leaves behind, which is nothing."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from domain import generation
from domain.generation import JobPriority, JobStatus, Use
from domain.kernel.clock import HandClock
from domain.kernel.findings import Signal
from domain.kernel.ids import JobId, ResourceId, new_id
from domain.kernel.ports import Policy, Ports
from domain.kernel.refusals import (
    Conflict,
    InvalidInput,
    LikenessRefused,
    NotAllowed,
    NotEnoughCredits,
    NotFound,
    RateLimited,
    SignInRequired,
)
from domain.kernel.scope import Actor, Scope
from domain.registry.snapshot import Person, Snapshot
from tests import factories, fakes
from tests.studio import claim_one, facts, lora, picture, stepped, studio

ALDEBARAN = Person(id=new_id(), name="Test Person Aldebaran")


@pytest.fixture
def registry(ports: Ports) -> fakes.HeldRegistry:
    """The registry of these ports, to be set by hand."""
    assert isinstance(ports.registry, fakes.HeldRegistry)
    return ports.registry


async def test_a_request_queues_a_job_and_holds_its_cost(ports: Ports) -> None:
    given = await studio(ports, credits=100)

    job_id = await generation.request(given.scope, given.wish(quantity=3, uses=(Use(given.lora, 0.5),)))

    job = await given.job(job_id)
    assert (job.status, job.cost, job.charged, job.progress, job.refusal) == (JobStatus.QUEUED, 3, 0, None, None)
    assert await generation.queue_positions([job_id]) == {job_id: 1}
    assert await factories.available(given.actor) == 97
    assert await facts() == [
        ("GenerationRequested", {"job_id": str(job_id), "owner_id": str(given.actor.account_id)}),
    ]


async def test_a_quote_prices_and_writes_nothing(ports: Ports) -> None:
    given = await studio(ports)
    await generation.request(given.scope, given.wish())

    found = await generation.quote(given.scope, given.wish(width=512, height=512, steps=25, quantity=2))
    first = await generation.quote(given.scope, given.wish(priority=JobPriority.HIGH))

    assert (found.cost, found.queue_length, found.estimated_seconds) == (14, 1, None)
    assert (first.cost, first.queue_length) == (1, 0)
    assert len(await facts()) == 1
    assert await factories.available(given.actor) == 99


async def test_a_quote_estimates_from_what_was_drawn_lately(ports: Ports, clock: HandClock, system: Scope) -> None:
    given = await studio(ports)
    await generation.request(given.scope, given.wish())
    claimed = await claim_one(ports)
    await generation.start(system, claimed)
    clock.turn(timedelta(seconds=4))
    await generation.keep_picture(system, claimed, picture(claimed))
    await generation.finish(system, claimed, fakes.finished(claimed.job_id, claimed.attempt))

    found = await generation.quote(given.scope, given.wish(quantity=2))

    assert found.estimated_seconds == 8.0


async def test_nobody_asks_without_signing_in(nobody: Scope, ports: Ports) -> None:
    given = await studio(ports)

    with pytest.raises(SignInRequired):
        await generation.quote(nobody, given.wish())
    with pytest.raises(SignInRequired):
        await generation.request(nobody, given.wish())

    assert await facts() == []


async def test_words_that_name_a_protected_person_are_refused_and_cost_nothing(
    ports: Ports, registry: fakes.HeldRegistry
) -> None:
    given = await studio(ports)
    registry.adopt(Snapshot(version=1, persons=(ALDEBARAN,)))

    with pytest.raises(LikenessRefused) as refused:
        await generation.request(given.scope, given.wish(negative_prompt="no test-person_aldebaran please"))

    [finding] = refused.value.findings
    assert (finding.signal, finding.person_id) == (Signal.NAME_IN_TEXT, ALDEBARAN.id)
    assert "negative prompt" in finding.detail
    assert "ldebaran" not in finding.detail + refused.value.message
    assert await factories.available(given.actor) == 100
    assert await facts() == []


async def test_a_blocked_resource_is_refused_with_its_findings(ports: Ports, registry: fakes.HeldRegistry) -> None:
    given = await studio(ports)
    named = await lora(given.scope, title="In the manner of Test Person Aldebaran")
    registry.adopt(Snapshot(version=1, persons=(ALDEBARAN,)))

    with pytest.raises(LikenessRefused) as refused:
        await generation.request(given.scope, given.wish(uses=(Use(given.lora), Use(named))))

    assert [finding.signal for finding in refused.value.findings] == [Signal.NAME_IN_TEXT]
    assert await facts() == []


async def test_a_resource_in_the_wrong_place_is_invalid_and_an_unknown_one_not_found(ports: Ports) -> None:
    given = await studio(ports)

    with pytest.raises(InvalidInput) as as_checkpoint:
        await generation.request(given.scope, given.wish(checkpoint_id=given.lora))
    with pytest.raises(InvalidInput) as beside:
        await generation.request(
            given.scope, given.wish(checkpoint_id=given.checkpoint, uses=(Use((await studio(ports)).checkpoint),))
        )
    with pytest.raises(NotFound):
        await generation.request(given.scope, given.wish(uses=(Use(ResourceId(new_id())),)))

    assert as_checkpoint.value.field == "input.checkpointId"
    assert beside.value.field == "input.resources.0.resourceId"
    assert await facts() == []


async def test_a_purse_that_holds_too_little_refuses_the_job(ports: Ports) -> None:
    given = await studio(ports, credits=2)

    with pytest.raises(NotEnoughCredits) as refused:
        await generation.request(given.scope, given.wish(quantity=3))

    assert (refused.value.needed, refused.value.held) == (3, 2)
    assert await factories.available(given.actor) == 2
    assert await facts() == []


async def test_a_member_has_a_bounded_number_of_unfinished_jobs(ports: Ports) -> None:
    given = await studio(replace(ports, policy=Policy(max_jobs_in_flight=2)))

    asked = [generation.request(given.scope, given.wish()) for _ in range(5)]
    found = await asyncio.gather(*asked, return_exceptions=True)

    assert sum(isinstance(each, RateLimited) for each in found) == 3
    assert await factories.available(given.actor) == 98


async def test_a_waiting_job_is_cancelled_at_once_for_nothing(ports: Ports) -> None:
    given = await studio(ports)
    job_id = await generation.request(given.scope, given.wish())

    await generation.cancel(given.scope, job_id)

    job = await given.job(job_id)
    assert (job.status, job.charged) == (JobStatus.CANCELLED, 0)
    assert job.finished_at is not None
    assert await factories.available(given.actor) == 100
    with pytest.raises(Conflict) as refused:
        await generation.cancel(given.scope, job_id)
    assert refused.value.state == "CANCELLED"


async def test_a_job_that_is_drawn_is_marked_and_the_cluster_told(ports: Ports, system: Scope) -> None:
    given = await studio(ports)
    job_id = await generation.request(given.scope, given.wish())
    await generation.start(system, await claim_one(ports))

    await generation.cancel(given.scope, job_id)
    await generation.cancel(given.scope, job_id)

    assert (await given.job(job_id)).status == JobStatus.RUNNING
    assert [kind for kind, _ in await facts()].count("GenerationStopAsked") == 1


async def test_only_its_owner_cancels_a_job(ports: Ports, acting: Callable[[Actor], Scope]) -> None:
    given = await studio(ports)
    job_id = await generation.request(given.scope, given.wish())

    with pytest.raises(NotFound):
        await generation.cancel(acting(await factories.member()), job_id)
    with pytest.raises(NotAllowed):
        await generation.cancel(acting(await factories.moderator()), job_id)
    with pytest.raises(NotFound):
        await generation.cancel(given.scope, JobId(new_id()))

    assert (await given.job(job_id)).status == JobStatus.QUEUED


async def test_only_its_owner_and_moderators_see_a_job(ports: Ports, acting: Callable[[Actor], Scope]) -> None:
    given = await studio(ports)
    job_id = await generation.request(given.scope, given.wish())

    seen = {
        name: list(await generation.jobs_by_ids(scope, [job_id]))
        for name, scope in {
            "owner": given.scope,
            "moderator": acting(await factories.moderator()),
            "member": acting(await factories.member()),
            "nobody": given.scope.as_(None),
        }.items()
    }

    assert seen == {"owner": [job_id], "moderator": [job_id], "member": [], "nobody": []}


async def test_the_queue_goes_by_turn_and_priorities_are_head_starts(ports: Ports, clock: HandClock) -> None:
    given = await studio(ports)
    low = await generation.request(given.scope, given.wish(priority=JobPriority.LOW))
    clock.turn(timedelta(seconds=1))
    normal = await generation.request(given.scope, given.wish())
    clock.turn(timedelta(seconds=1))
    high = await generation.request(given.scope, given.wish(priority=JobPriority.HIGH))

    places = await generation.queue_positions([low, normal, high])
    claimed = [(await claim_one(ports)).job_id for _ in range(3)]

    assert places == {high: 1, normal: 2, low: 3}
    assert claimed == [high, normal, low]


async def test_the_database_itself_keeps_an_ended_job(ports: Ports, db: asyncpg.Pool) -> None:
    given = await studio(ports)
    job_id = await generation.request(given.scope, given.wish())
    await generation.cancel(given.scope, job_id)

    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await db.execute("UPDATE generation_job SET status = 'QUEUED', finished_at = NULL WHERE id = $1", job_id)

    assert (await given.job(job_id)).status == JobStatus.CANCELLED


async def test_steps_are_progress_and_facts_in_order(ports: Ports, system: Scope) -> None:
    given = await studio(ports)
    job_id = await generation.request(given.scope, given.wish())
    claimed = await claim_one(ports)
    await generation.start(system, claimed)

    await generation.progress(system, claimed, [stepped(claimed, 1, preview="data:,"), stepped(claimed, 2)])

    progress = (await given.job(job_id)).progress
    assert progress == generation.Progress(image=1, quantity=1, step=2, steps=4, preview="data:,")
    steps = [body["step"] for kind, body in await facts() if kind == "GenerationStepped"]
    assert steps == [1, 2]
