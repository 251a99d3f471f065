"""The gateway against a real Ray: orders, registry, cancelling, and actors that die or hang."""

import asyncio
import os
import signal
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import psutil
import pytest

from countenance.embedded.local_ray import LocalRay
from domain.kernel.findings import Signal, Verdict
from domain.kernel.wire import (
    ActorLost,
    ClusterUnavailable,
    ModelRef,
    RenderCancelled,
    RenderEvent,
    RenderFailed,
    RenderFinished,
    RenderOrder,
    RenderRefused,
    SourceUnreachable,
    StepDone,
)
from domain.registry.snapshot import Person, Snapshot
from gpu_cluster.artist import Artist
from gpu_cluster.gateway import Pools, RayCluster
from gpu_cluster.starter import build_demo_lora
from tests.cluster.orders import NUMPY_AND_TORCH, all_awake, lora, pictures, render_order
from tests.cluster.storage import Storage

pytestmark = [pytest.mark.cluster, pytest.mark.filterwarnings(NUMPY_AND_TORCH)]

ALDEBARAN = Person(UUID(int=1), "Test Person Aldebaran")
LONG = 3000
"""Steps of a job that is still running whenever a test looks."""


async def drawn(cluster: RayCluster, order: RenderOrder) -> list[RenderEvent]:
    return [event async for event in cluster.render(order)]


async def next_registry(cluster: RayCluster, *persons: Person) -> int:
    """Give every actor a newer registry; tests share one cluster, so versions only grow."""
    version = max((await cluster.status()).registry_versions.values()) + 1
    await cluster.adopt(Snapshot(version, persons))
    return version


async def test_a_picture_comes_through_the_cluster_as_it_was_drawn(
    ray_cluster: RayCluster, warm_artist: Artist, starter: ModelRef, clay: ModelRef
) -> None:
    order = render_order(starter, resources=(lora(clay),), width=256, height=256, seeds=(5, 6), preview_every=1)
    here = list(warm_artist.render(order))

    there = await drawn(ray_cluster, order)

    assert [type(event) for event in there] == [type(event) for event in here]
    assert [done.png for done in pictures(there)] == [done.png for done in pictures(here)]
    assert len(pictures(there)[0].png) > 100_000  # larger than what Ray carries in one message
    assert (await ray_cluster.status()).running == 0


async def test_steps_come_while_the_job_runs(ray_cluster: RayCluster, starter: ModelRef) -> None:
    async with aclosing(ray_cluster.render(render_order(starter, steps=LONG))) as events:
        first = await anext(events)
        state = await ray_cluster.status()

    assert isinstance(first, StepDone)
    assert first.step == 1
    assert state.running == 1
    assert (state.nodes, state.artists, state.validators) == (1, 2, 1)


async def test_closing_the_stream_stops_the_job(ray_cluster: RayCluster, starter: ModelRef) -> None:
    async with aclosing(ray_cluster.render(render_order(starter, steps=LONG))) as events:
        await anext(events)
        before = (await ray_cluster.status()).running

    await _none_runs(ray_cluster)
    after = (await ray_cluster.status()).running

    assert (before, after) == (1, 0)


async def test_a_cancelled_job_ends_with_the_step_it_was_in(ray_cluster: RayCluster, starter: ModelRef) -> None:
    order = render_order(starter, steps=LONG, seeds=(1, 2))
    events: list[RenderEvent] = []
    async for event in ray_cluster.render(order):
        events.append(event)
        if len(events) == 5:
            await ray_cluster.cancel(order.job_id)

    last = events[-1]
    assert isinstance(last, RenderCancelled)
    assert last.image == 1
    assert 5 < last.step < 50
    assert pictures(events) == []


async def test_two_jobs_at_once_are_drawn_by_two_artists(ray_cluster: RayCluster, starter: ModelRef) -> None:
    async with (
        aclosing(ray_cluster.render(render_order(starter, steps=LONG))) as one,
        aclosing(ray_cluster.render(render_order(starter, steps=LONG))) as two,
    ):
        await asyncio.gather(anext(one), anext(two))
        state = await ray_cluster.status()

    assert state.running == 2
    await _none_runs(ray_cluster)


async def test_a_failure_is_one_sentence_without_a_traceback(
    ray_cluster: RayCluster, starter: ModelRef, clay: ModelRef
) -> None:
    order = render_order(starter, resources=(lora(replace(clay, sha256="0" * 64)),))

    with pytest.raises(RenderFailed) as failure:
        await drawn(ray_cluster, order)

    assert str(failure.value) == (
        f"The file of model {clay.resource_id} is not the one that was registered: its SHA256 differs."
    )


async def test_a_file_is_inspected_on_the_cluster(ray_cluster: RayCluster, storage: Storage, tmp_path: Path) -> None:
    version = await next_registry(ray_cluster, ALDEBARAN)
    for name, subject in (("clean", "clay"), ("named", "test person aldebaran")):
        build_demo_lora(tmp_path / name, seed=1, metadata={"ss_output_name": subject})
    orders = [
        storage.to_inspect(f"{name}.safetensors", (tmp_path / name).read_bytes(), registry_version=version)
        for name in ("clean", "named")
    ]

    clean, named = await asyncio.gather(*(ray_cluster.inspect(order) for order in orders))

    assert (clean.verdict, clean.findings, clean.registry_version) == (Verdict.CLEAN, (), version)
    assert named.verdict is Verdict.BLOCKED
    assert [(finding.signal, finding.person_id) for finding in named.findings] == [
        (Signal.NAME_IN_METADATA, ALDEBARAN.id)
    ]


async def test_an_unreachable_file_is_no_fault_of_the_validator(ray_cluster: RayCluster, storage: Storage) -> None:
    order = storage.to_inspect("a", b"gone", registry_version=0)
    storage.files.clear()

    with pytest.raises(SourceUnreachable, match="403"):
        await ray_cluster.inspect(order)


async def test_a_newer_registry_reaches_every_actor_and_the_running_job(
    ray_cluster: RayCluster, starter: ModelRef
) -> None:
    order = render_order(starter, prompt="Test Person Altair", steps=LONG)
    events: list[RenderEvent] = []
    version = 0
    async for event in ray_cluster.render(order):
        events.append(event)
        if len(events) == 3:
            version = await next_registry(ray_cluster, Person(UUID(int=2), "Test Person Altair"))

    state = await ray_cluster.status()
    assert set(state.registry_versions.values()) == {version}
    assert len(state.registry_versions) == 3
    last = events[-1]
    assert isinstance(last, RenderRefused)
    assert last.registry_version == version
    assert pictures(events) == []


async def test_a_large_registry_arrives_whole(ray_cluster: RayCluster, starter: ModelRef) -> None:
    version = max((await ray_cluster.status()).registry_versions.values()) + 1
    persons = tuple(
        Person(UUID(int=n + 1), f"Test Person {n:x} {n * 7919:x} of the Large Registry") for n in range(2_000)
    )
    await ray_cluster.adopt(Snapshot(version, persons))

    [refusal] = await drawn(ray_cluster, render_order(starter, prompt=persons[-1].name, registry_version=version))

    assert isinstance(refusal, RenderRefused)
    assert [finding.person_id for finding in refusal.findings] == [persons[-1].id]


async def test_an_order_from_ahead_of_this_process_waits(ray_cluster: RayCluster, starter: ModelRef) -> None:
    ahead = max((await ray_cluster.status()).registry_versions.values()) + 5

    with pytest.raises(ClusterUnavailable, match=f"the order needs version {ahead}"):
        await drawn(ray_cluster, render_order(starter, registry_version=ahead))

    assert (await ray_cluster.status()).running == 0


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP])
async def test_an_artist_that_dies_or_hangs_is_replaced(
    ray_cluster: RayCluster, starter: ModelRef, blow: signal.Signals
) -> None:
    version = await next_registry(ray_cluster, ALDEBARAN)
    order = render_order(starter, steps=LONG, registry_version=version)
    struck: list[int] = []

    with pytest.raises(ActorLost):
        await _drawn_until_struck(ray_cluster, order, blow, struck)

    again = await drawn(ray_cluster, replace(order, attempt=2, steps=2))
    assert isinstance(again[-1], RenderFinished)
    assert {event.attempt for event in again} == {2}
    state = await all_awake(ray_cluster, version=version)  # the new one is given the registry by itself
    assert len(state.registry_versions) == 3
    await _gone(struck)


async def test_a_validator_that_dies_is_replaced(ray_cluster: RayCluster, storage: Storage, tmp_path: Path) -> None:
    version = await next_registry(ray_cluster, ALDEBARAN)
    build_demo_lora(tmp_path / "lora", seed=1, metadata={"ss_output_name": "Test Person Aldebaran"})
    [validator] = ray_cluster._validators.members
    os.kill(await ray_cluster._connection.ask(validator.handle.pid), signal.SIGKILL)

    order = storage.to_inspect("lora.safetensors", (tmp_path / "lora").read_bytes(), registry_version=version)
    inspection = await ray_cluster.inspect(order)

    assert (inspection.verdict, inspection.registry_version) == (Verdict.BLOCKED, version)


async def test_another_process_finds_the_same_actors(ray_cluster: RayCluster, ray_head: LocalRay) -> None:
    pids = await _pids(ray_cluster)
    other = RayCluster(ray_head.address, pools=ray_cluster.pools)

    await other.connect()
    found = await _pids(other)
    await other.close()

    assert found == pids
    assert await _pids(ray_cluster) == pids


async def test_other_code_or_settings_retire_the_old_actors(
    ray_cluster: RayCluster, ray_head: LocalRay, tmp_path: Path
) -> None:
    pids = await _pids(ray_cluster)
    one, two = (
        RayCluster(
            ray_head.address,
            namespace="rolling",
            pools=Pools(tmp_path, artists=0, validators=1, validator_cpus=share),
        )
        for share in (0.0, 0.5)
    )
    await one.connect()
    await all_awake(one, artists=0)
    old = await _pids(one)

    await two.connect()
    await all_awake(two, artists=0)

    assert await _pids(two) != old
    await _gone(old)
    assert await _pids(ray_cluster) == pids  # those of another namespace are none of their business
    await two.close(stop_actors=True)
    await one.close()


async def _pids(cluster: RayCluster) -> list[int]:
    members = [*cluster._artists.members, *cluster._validators.members]
    return [await cluster._connection.ask(member.handle.pid, seconds=60) for member in members]


async def _drawn_until_struck(cluster: RayCluster, order: RenderOrder, blow: signal.Signals, struck: list[int]) -> None:
    """Follow a job and, after a few steps, send a signal to the process that draws it."""
    steps = 0
    async for _ in cluster.render(order):
        steps += 1
        if steps == 3:
            [busy] = [member for member in cluster._artists.members if member.running]
            struck.append(await cluster._connection.ask(busy.handle.pid))
            os.kill(struck[0], blow)


async def _none_runs(cluster: RayCluster) -> None:
    async with asyncio.timeout(10):
        while (await cluster.status()).running:  # noqa: ASYNC110  (another process changes)
            await asyncio.sleep(0.02)


async def _gone(pids: list[int]) -> None:
    async with asyncio.timeout(20):
        while any(psutil.pid_exists(pid) for pid in pids):  # noqa: ASYNC110  (another process changes)
            await asyncio.sleep(0.05)
