"""What workers do with jobs: claim, validate, report, finish; and what survives their deaths."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from domain import generation, likeness, resources
from domain.generation import Claim, JobStatus, Use, reactions
from domain.generation.facts import GenerationStopAsked
from domain.kernel.clock import HandClock
from domain.kernel.findings import Finding, Signal, Verdict
from domain.kernel.ids import new_id
from domain.kernel.ports import Policy, Ports
from domain.kernel.scope import Scope
from domain.kernel.wire import (
    ActorLost,
    ClusterFault,
    ClusterUnavailable,
    RenderCancelled,
    RenderFailed,
    RenderRefused,
    SourceUnreachable,
)
from domain.likeness import RegistryChanged
from domain.registry.names import NameMatcher
from domain.registry.snapshot import Person, Snapshot
from tests import factories, fakes
from tests.studio import Studio, claim_one, facts, lora, picture, studio

FINDING = Finding(Signal.NAME_IN_TEXT, Verdict.BLOCKED, "prompt: a registered name at characters 1–4", None, new_id())


@pytest.fixture
async def given(ports: Ports) -> Studio:
    """A member with credits and something to draw with."""
    return await studio(ports)


async def running(given: Studio, **change: object) -> Claim:
    """A job that is being drawn."""
    await generation.request(given.scope, given.wish(**change))
    claimed = await claim_one(given.scope.ports)
    assert await generation.start(Scope.of_system(given.scope.ports), claimed) is not None
    return claimed


async def test_a_claimed_job_is_validated_and_becomes_an_order(given: Studio, system: Scope) -> None:
    job_id = await generation.request(
        given.scope, given.wish(quantity=2, negative_prompt="fog", uses=(Use(given.lora, 0.5),))
    )
    claimed = await claim_one(given.scope.ports)

    order = await generation.start(system, claimed)

    assert order is not None
    assert (order.job_id, order.attempt, order.seeds, order.steps) == (job_id, 1, (7, 8), 4)
    assert (order.prompt, order.negative_prompt, order.sampler) == ("a lighthouse", "fog", "EULER")
    assert (order.account_id, order.mature, order.registry_version) == (given.actor.account_id, False, 0)
    assert order.checkpoint.resource_id == given.checkpoint
    assert [(use.model.resource_id, use.weight, use.kind, use.trigger_words) for use in order.resources] == [
        (given.lora, 0.5, "LORA", ("lghths",))
    ]
    moves = [body["status"] for kind, body in await facts() if kind == "GenerationMoved"]
    assert moves == ["VALIDATING", "RUNNING"]


async def test_a_job_is_claimed_once_and_never_more_than_the_cluster_holds(given: Studio, system: Scope) -> None:
    for _ in range(3):
        await generation.request(given.scope, given.wish())

    first = await generation.claim(system, worker="one", free=1, capacity=2)
    second = await generation.claim(system, worker="two", free=5, capacity=2)
    third = await generation.claim(system, worker="three", free=5, capacity=2)

    assert [len(first), len(second), len(third)] == [1, 1, 0]
    assert first[0].job_id != second[0].job_id
    assert await generation.claim(system, worker="one", free=0, capacity=9) == []


async def test_success_delivers_the_pictures_and_charges_the_cost(given: Studio, system: Scope) -> None:
    claimed = await running(given, quantity=2)
    await generation.keep_picture(system, claimed, picture(claimed, image=1))
    await generation.keep_picture(system, claimed, picture(claimed, image=2))
    hidden = await generation.pictures_of(given.scope, [claimed.job_id])

    await generation.finish(system, claimed, fakes.finished(claimed.job_id, claimed.attempt))

    job = await given.job(claimed.job_id)
    assert (job.status, job.charged) == (JobStatus.SUCCEEDED, 2)
    assert await factories.available(given.actor) == 98
    assert hidden == {}
    pictures = (await generation.pictures_of(given.scope, [claimed.job_id]))[claimed.job_id]
    assert [(each.position, each.seed, each.sha256) for each in pictures] == [(1, 7, "ab" * 32), (2, 8, "ab" * 32)]
    assert await system.ports.blobs.get(pictures[0].blob_key) == b"\x89PNG..."
    url = await generation.picture_url(given.scope, pictures[0])
    assert f"audience={given.actor.account_id}" in url
    assert (await facts())[-1] == (
        "GenerationFinished",
        {"job_id": str(claimed.job_id), "owner_id": str(given.actor.account_id), "status": "SUCCEEDED"},
    )


async def test_a_cluster_that_finishes_with_pictures_missing_is_not_paid(given: Studio, system: Scope) -> None:
    claimed = await running(given, quantity=2)
    await generation.keep_picture(system, claimed, picture(claimed))

    await generation.finish(system, claimed, fakes.finished(claimed.job_id, claimed.attempt))

    job = await given.job(claimed.job_id)
    assert (job.status, job.charged) == (JobStatus.FAILED, 0)
    assert await factories.available(given.actor) == 100


async def test_a_job_cancelled_while_drawn_pays_for_the_finished_pictures(given: Studio, system: Scope) -> None:
    claimed = await running(given, quantity=3)
    await generation.keep_picture(system, claimed, picture(claimed))
    await generation.cancel(given.scope, claimed.job_id)

    await generation.finish(system, claimed, RenderCancelled(claimed.job_id, claimed.attempt, 2, 1))

    job = await given.job(claimed.job_id)
    assert (job.status, job.charged) == (JobStatus.CANCELLED, 1)
    assert await factories.available(given.actor) == 99
    assert len((await generation.pictures_of(given.scope, [claimed.job_id]))[claimed.job_id]) == 1


async def test_a_refusal_on_the_cluster_delivers_and_charges_nothing(given: Studio, system: Scope) -> None:
    claimed = await running(given, quantity=2)
    await generation.keep_picture(system, claimed, picture(claimed))

    await generation.finish(system, claimed, RenderRefused(claimed.job_id, claimed.attempt, (FINDING,), 3))

    job = await given.job(claimed.job_id)
    assert (job.status, job.charged, job.refusal) == (JobStatus.REFUSED, 0, (FINDING,))
    assert await factories.available(given.actor) == 100
    assert await generation.pictures_of(given.scope, [claimed.job_id]) == {}
    key = f"pictures/{claimed.job_id}/1-1.png"
    assert await generation.discard(system) == 1
    assert await system.ports.blobs.size(key) is None
    assert await generation.refused_between(system.now, system.now + timedelta(seconds=1)) == 1


async def test_an_older_attempt_changes_nothing(given: Studio, system: Scope, clock: HandClock) -> None:
    stale = await running(given)
    clock.turn(timedelta(seconds=11))
    assert await generation.recover(system) == 1
    current = await claim_one(given.scope.ports, "worker-2")

    await generation.keep_picture(system, stale, picture(stale))
    await generation.finish(system, stale, fakes.finished(stale.job_id, stale.attempt))
    await generation.fault(system, stale, RenderFailed("It broke."))

    assert (current.attempt, stale.attempt) == (2, 1)
    assert not (await generation.renew(system, stale)).held
    assert (await generation.renew(system, current)).held
    assert (await given.job(current.job_id)).status == JobStatus.VALIDATING


async def test_a_lease_that_is_renewed_holds(given: Studio, system: Scope, clock: HandClock) -> None:
    claimed = await running(given)
    clock.turn(timedelta(seconds=9))

    lease = await generation.renew(system, claimed)
    clock.turn(timedelta(seconds=9))

    assert lease == generation.Lease(held=True, stop=False)
    assert await generation.recover(system) == 0
    assert (await given.job(claimed.job_id)).status == JobStatus.RUNNING


async def test_a_dead_worker_costs_a_job_nothing_but_time(given: Studio, system: Scope, clock: HandClock) -> None:
    claimed = await running(given)
    for _ in range(5):
        clock.turn(timedelta(seconds=11))
        assert await generation.recover(system) == 1
        claimed = await claim_one(given.scope.ports)

    found = await generation.start(system, claimed)

    assert found is not None
    assert found.attempt == 6


async def test_a_cancelled_job_of_a_dead_worker_is_cancelled(given: Studio, system: Scope, clock: HandClock) -> None:
    claimed = await running(given)
    await generation.cancel(given.scope, claimed.job_id)
    clock.turn(timedelta(seconds=11))

    assert await generation.recover(system) == 1

    assert (await given.job(claimed.job_id)).status == JobStatus.CANCELLED
    assert await factories.available(given.actor) == 100


@pytest.mark.parametrize(
    ("fault", "counted"),
    [(ActorLost("gone"), True), (SourceUnreachable("403"), False), (ClusterUnavailable("no Ray"), False)],
)
async def test_faults_of_the_cluster_give_the_job_back_after_a_rest(
    given: Studio, system: Scope, clock: HandClock, fault: ClusterFault, counted: bool
) -> None:
    system = replace(system, ports=replace(system.ports, policy=Policy(max_render_attempts=2)))
    claimed = await running(given)

    await generation.fault(system, claimed, fault)

    assert (await given.job(claimed.job_id)).status == JobStatus.QUEUED
    assert await generation.claim(system, worker="w", free=1, capacity=9) == []
    clock.turn(timedelta(seconds=2))
    again = await claim_one(given.scope.ports)
    await generation.fault(system, again, fault)
    job = await given.job(claimed.job_id)
    assert job.status == (JobStatus.FAILED if counted else JobStatus.QUEUED)
    assert await factories.available(given.actor) == (100 if counted else 99)


async def test_a_source_that_stays_unreadable_ends_the_job(given: Studio, system: Scope, clock: HandClock) -> None:
    claimed = await running(given)

    for _ in range(20):
        await generation.fault(system, claimed, SourceUnreachable("404"))
        clock.turn(timedelta(seconds=31))
        claimed = await claim_one(given.scope.ports)
    await generation.fault(system, claimed, SourceUnreachable("404"))

    job = await given.job(claimed.job_id)
    assert job.status == JobStatus.FAILED
    assert job.error == "The file of a resource can't be read from the storage; nothing was charged."
    assert await factories.available(given.actor) == 100


async def test_a_broken_pipeline_fails_the_job_with_its_sentence(given: Studio, system: Scope) -> None:
    claimed = await running(given)

    await generation.fault(system, claimed, RenderFailed("The LoRA matches no layer of the checkpoint."))

    job = await given.job(claimed.job_id)
    assert (job.status, job.error) == (JobStatus.FAILED, "The LoRA matches no layer of the checkpoint.")
    assert await factories.available(given.actor) == 100


async def test_a_resource_taken_away_fails_a_waiting_job(given: Studio, system: Scope) -> None:
    job_id = await generation.request(given.scope, given.wish(uses=(Use(given.lora),)))
    await resources.remove(given.scope, given.lora)

    order = await generation.start(system, await claim_one(given.scope.ports))

    job = await given.job(job_id)
    assert order is None
    assert (job.status, job.error) == (
        JobStatus.FAILED,
        "A resource that it uses is no longer available; nothing was charged.",
    )
    assert await factories.available(given.actor) == 100


async def test_the_registry_of_the_moment_validates_at_dispatch(given: Studio, system: Scope) -> None:
    job_id = await generation.request(given.scope, given.wish(prompt="Test Person Aldebaran at sea"))
    claimed = await claim_one(given.scope.ports)
    assert isinstance(system.ports.registry, fakes.HeldRegistry)
    system.ports.registry.adopt(Snapshot(version=4, persons=(Person(new_id(), "Test Person Aldebaran"),)))

    order = await generation.start(system, claimed)

    job = await given.job(job_id)
    assert order is None
    assert job.status == JobStatus.REFUSED
    assert job.refusal is not None
    assert [finding.signal for finding in job.refusal] == [Signal.NAME_IN_TEXT]
    assert await factories.available(given.actor) == 100


async def test_a_change_of_the_registry_reaches_waiting_and_running_jobs(given: Studio, system: Scope) -> None:
    drawn = await running(given, prompt="Test Person Aldebaran at sea")
    waiting = await generation.request(given.scope, given.wish(prompt="portrait, test_person_aldebaran"))
    other = await generation.request(given.scope, given.wish())
    person, version = await likeness.register(system, name="Test Person Aldebaran")

    await reactions.registry_changed(system, RegistryChanged(version, (person.id,)))
    await reactions.registry_changed(system, RegistryChanged(version, (person.id,)))

    statuses = [(await given.job(each)).status for each in (drawn.job_id, waiting, other)]
    assert statuses == ["RUNNING", "REFUSED", "QUEUED"]
    assert (await generation.renew(system, drawn)).stop
    stops = [body for kind, body in await facts() if kind == "GenerationStopAsked"]
    assert stops == [{"job_id": str(drawn.job_id)}] * 2
    await generation.keep_picture(system, drawn, picture(drawn))
    await generation.finish(system, drawn, fakes.finished(drawn.job_id, drawn.attempt))
    job = await given.job(drawn.job_id)
    assert (job.status, job.charged) == (JobStatus.REFUSED, 0)
    assert job.refusal is not None
    assert [finding.person_id for finding in job.refusal] == [person.id]


async def test_looking_for_a_registered_person_in_jobs_leaves_the_loop_free(
    given: Studio, system: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []

    class Watched(NameMatcher):
        def __init__(self, snapshot: Snapshot) -> None:
            threads.append(threading.current_thread())
            super().__init__(snapshot)

    monkeypatch.setattr(reactions, "NameMatcher", Watched)
    person, version = await likeness.register(system, name="Test Person Aldebaran")

    await reactions.registry_changed(system, RegistryChanged(version, (person.id,)))

    assert len(threads) == 1
    assert threads[0] is not threading.current_thread()


async def test_a_change_of_the_registry_reaches_jobs_by_their_resources_before_the_sweep_does(
    given: Studio, system: Scope
) -> None:
    named = await lora(given.scope, title="After Test Person Aldebaran")
    waiting = await generation.request(given.scope, given.wish(uses=(Use(named),)))
    other = await generation.request(given.scope, given.wish(uses=(Use(given.lora),)))
    person, version = await likeness.register(system, name="Test Person Aldebaran")
    assert isinstance(system.ports.registry, fakes.HeldRegistry)
    system.ports.registry.adopt(await likeness.load_snapshot())

    await reactions.registry_changed(system, RegistryChanged(version, (person.id,)))

    assert [(await given.job(each)).status for each in (waiting, other)] == ["REFUSED", "QUEUED"]
    assert (await given.job(waiting)).charged == 0


async def test_a_resource_that_is_blocked_stops_the_jobs_that_use_it(given: Studio, system: Scope) -> None:
    named = await lora(given.scope, title="After Test Person Aldebaran")
    waiting = await generation.request(given.scope, given.wish(uses=(Use(named),)))
    other = await generation.request(given.scope, given.wish(uses=(Use(given.lora),)))
    assert isinstance(system.ports.registry, fakes.HeldRegistry)
    system.ports.registry.adopt(Snapshot(version=1, persons=(Person(new_id(), "Test Person Aldebaran"),)))

    await reactions.resource_changed(system, resources.ResourceChanged(named, given.actor.account_id, "BLOCKED"))

    assert [(await given.job(each)).status for each in (waiting, other)] == ["REFUSED", "QUEUED"]


async def test_a_stop_that_the_cluster_cannot_hear_now_is_no_error(given: Studio, system: Scope) -> None:
    claimed = await running(given)

    await reactions.stop_asked(system, GenerationStopAsked(claimed.job_id))

    assert (await given.job(claimed.job_id)).status == JobStatus.RUNNING
