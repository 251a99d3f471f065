"""Jobs carried out over a cluster that follows a script: what is recorded, whatever happens."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from uuid import UUID

import pytest

from countenance.workers import drawing
from countenance.workers.drawing import batches, draw
from domain import generation
from domain.kernel.ports import Ports
from domain.kernel.wire import (
    ActorLost,
    ClusterUnavailable,
    PictureDone,
    RenderCancelled,
    RenderEvent,
    RenderFinished,
    RenderOrder,
    StepDone,
)
from domain.kernel.work import work
from tests import factories, fakes
from tests.stopping import stopped
from tests.studio import Studio, claim_one, facts, studio


class Scripted(fakes.NoCluster):
    """A cluster that does what its script says, to bring about what a real one does only by accident."""

    def __init__(self, script: Callable[[RenderOrder, "Scripted"], AsyncIterator[RenderEvent]]) -> None:
        self.script = script
        self.cancelled = asyncio.Event()
        self.begun = asyncio.Event()

    async def render(self, order: RenderOrder) -> AsyncIterator[RenderEvent]:
        self.begun.set()
        async for event in self.script(order, self):
            yield event

    async def cancel(self, job_id: UUID) -> None:
        self.cancelled.set()


def with_cluster(ports: Ports, script: Callable[[RenderOrder, Scripted], AsyncIterator[RenderEvent]]) -> Ports:
    """The same ports with a scripted cluster."""
    return replace(ports, cluster=Scripted(script))


def scripted(ports: Ports) -> Scripted:
    """The scripted cluster of these ports."""
    assert isinstance(ports.cluster, Scripted)
    return ports.cluster


def stepped(order: RenderOrder, step: int) -> StepDone:
    return StepDone(order.job_id, order.attempt, 1, 1, step, order.steps)


async def well(order: RenderOrder, _: Scripted) -> AsyncIterator[RenderEvent]:
    """Draw as asked."""
    for step in range(1, order.steps + 1):
        yield stepped(order, step)
    yield PictureDone(order.job_id, order.attempt, 1, b"png", "ab" * 32, 64, 64, order.seeds[0], mature=False)
    yield RenderFinished(order.job_id, order.attempt, order.registry_version, 0.1)


async def for_ever(order: RenderOrder, cluster: Scripted) -> AsyncIterator[RenderEvent]:
    """Draw until cancelled."""
    yield stepped(order, 1)
    await cluster.cancelled.wait()
    yield RenderCancelled(order.job_id, order.attempt, 1, 1)


async def dies(order: RenderOrder, _: Scripted) -> AsyncIterator[RenderEvent]:
    """Die after a step."""
    yield stepped(order, 1)
    raise ActorLost("gone")


async def breaks(order: RenderOrder, _: Scripted) -> AsyncIterator[RenderEvent]:
    """Show a defect."""
    yield stepped(order, 1)
    raise ZeroDivisionError


async def test_a_job_is_drawn_recorded_and_charged(ports: Ports) -> None:
    given = await studio(with_cluster(ports, well))
    job_id = await generation.request(given.scope, given.wish())

    await draw(given.scope.ports, await claim_one(given.scope.ports))

    job = await given.job(job_id)
    assert (job.status, job.charged) == ("SUCCEEDED", 1)
    assert len((await generation.pictures_of(given.scope, [job_id]))[job_id]) == 1
    steps = [body["step"] for kind, body in await facts() if kind == "GenerationStepped"]
    assert steps == [1, 2, 3, 4]


@pytest.mark.parametrize(("script", "status"), [(dies, "QUEUED"), (breaks, "QUEUED")])
async def test_a_lost_artist_and_a_defect_of_ours_give_the_job_back(
    ports: Ports, script: Callable[[RenderOrder, Scripted], AsyncIterator[RenderEvent]], status: str
) -> None:
    given = await studio(with_cluster(ports, script))
    job_id = await generation.request(given.scope, given.wish())

    await draw(given.scope.ports, await claim_one(given.scope.ports))

    job = await given.job(job_id)
    assert (job.status, job.progress) == (status, None)
    assert await factories.available(given.actor) == 99


async def running(given: Studio) -> "asyncio.Task[None]":
    """A job that is being drawn."""
    task = asyncio.create_task(draw(given.scope.ports, await claim_one(given.scope.ports)))
    async with asyncio.timeout(5):
        await scripted(given.scope.ports).begun.wait()
    return task


async def test_a_worker_that_stops_gives_its_job_back_at_once(ports: Ports) -> None:
    given = await studio(with_cluster(ports, for_ever))
    job_id = await generation.request(given.scope, given.wish())
    task = await running(given)

    await stopped(task)

    assert (await given.job(job_id)).status == "QUEUED"


async def test_a_stop_is_repeated_with_the_renewal_of_the_lease(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    kept_alive = drawing.kept_alive
    monkeypatch.setattr(drawing, "kept_alive", lambda renew: kept_alive(renew, beat=0.02))
    given = await studio(with_cluster(ports, for_ever))
    job_id = await generation.request(given.scope, given.wish())
    task = await running(given)

    await generation.cancel(given.scope, job_id)  # no reaction runs here: only the lease tells
    await asyncio.wait_for(task, 5)

    job = await given.job(job_id)
    assert (job.status, job.charged) == ("CANCELLED", 0)
    assert await factories.available(given.actor) == 100


async def test_a_worker_whose_lease_was_lost_stops_and_changes_nothing(
    ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept_alive = drawing.kept_alive
    monkeypatch.setattr(drawing, "kept_alive", lambda renew: kept_alive(renew, beat=0.02))
    given = await studio(with_cluster(ports, for_ever))
    job_id = await generation.request(given.scope, given.wish())
    task = await running(given)

    async with work() as w:
        await w.execute("UPDATE generation_job SET attempt = attempt + 1 WHERE id = $1", job_id)
    await asyncio.wait_for(task, 5)

    assert (await given.job(job_id)).status == "RUNNING"


class Source:
    """A stream of events with pauses, that says whether it was closed."""

    def __init__(self, events: Sequence[RenderEvent | float | Exception]) -> None:
        self.events = events
        self.closed = False

    async def stream(self) -> AsyncIterator[RenderEvent]:
        try:
            for event in self.events:
                if isinstance(event, Exception):
                    raise event
                if isinstance(event, float):
                    await asyncio.sleep(event)
                else:
                    yield event
        finally:
            self.closed = True


def some(*numbers: int) -> list[StepDone]:
    job = UUID(int=1)
    return [StepDone(job, 1, 1, 1, number, 9) for number in numbers]


async def test_steps_are_gathered_and_anything_else_ends_a_batch() -> None:
    picture = PictureDone(UUID(int=1), 1, 1, b"", "", 8, 8, 0, mature=False)
    last = RenderFinished(UUID(int=1), 1, 0, 1.0)
    source = Source([*some(1, 2), 0.2, *some(3), picture, *some(4), last])

    found = [batch async for batch in batches(source.stream(), 0.05)]

    assert found == [some(1, 2), [*some(3), picture], [*some(4), last]]
    assert source.closed


async def test_what_came_before_a_fault_is_given_first() -> None:
    source = Source([*some(1, 2), ClusterUnavailable("gone")])
    found: list[list[RenderEvent]] = []

    async def read() -> None:
        async for batch in batches(source.stream(), 0.05):
            found.append(batch)

    with pytest.raises(ClusterUnavailable):
        await read()

    assert found == [list(some(1, 2))]
    assert source.closed


async def test_leaving_early_closes_the_stream() -> None:
    source = Source([*some(1), 5.0, *some(2)])
    stream = batches(source.stream(), 0.01)

    first = await anext(stream)
    await stream.aclose()

    assert first == some(1)
    assert source.closed
