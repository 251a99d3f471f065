"""What a picture costs beside the bare diffusers pipeline: through the Artist, and through the whole cluster.

The Artist adds the gate at every step, previews, provenance and the PNG; the cluster adds Ray's stream. The bare call
runs in the process and thread that the Artist draws in, with the same number of torch threads, so that only what is
ours differs. The starter checkpoint is tiny, which makes the overhead look as large as it can.
"""

import asyncio
import itertools
import os
import secrets
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from uuid import UUID

import torch

from benchmarks.harness import Figure
from countenance.embedded.local_ray import LocalRay
from domain.kernel.ids import new_id
from domain.kernel.wire import ModelRef, PictureDone, RenderEvent, RenderOrder
from domain.registry.snapshot import Person, Snapshot
from gpu_cluster.artist import Artist
from gpu_cluster.gateway import Pools, RayCluster
from gpu_cluster.models import digest_of
from gpu_cluster.starter import build_starter_checkpoint

REGISTERED = 1_000
_SEEDS = itertools.count(1)


def run(*, short: bool = False) -> list[Figure]:
    """Draw the same picture bare, by an Artist and through a local Ray, in turns; give the medians in seconds."""
    pixels, steps, rounds = (64, 4, 3) if short else (256, 20, 9)
    with tempfile.TemporaryDirectory(prefix="countenance-generation-") as folder:
        bare, drawn, streamed = asyncio.run(_in_turns(Path(folder), pixels=pixels, steps=steps, rounds=rounds))
    what = f"a {pixels} px picture in {steps} steps"
    return [
        _figure(f"{what}, by an Artist", drawn, bare, most=1.15),
        _figure(f"{what}, through Ray", streamed, bare, most=1.3),
    ]


def _figure(name: str, seconds: float, bare: float, *, most: float) -> Figure:
    target, met = f"ratio ≤ {most}", seconds / bare <= most
    return Figure(name, seconds, "s", beside="bare diffusers pipeline", yardstick=bare, target=target, met=met)


async def _in_turns(home: Path, *, pixels: int, steps: int, rounds: int) -> tuple[float, float, float]:
    """Give the medians of the bare pipeline, the Artist and the cluster; a busy moment hits all three alike."""
    registry = Snapshot(1, tuple(Person(UUID(int=n + 1), f"Test Person Number{n}") for n in range(REGISTERED)))
    build_starter_checkpoint(home / "starter")
    sha256, size = digest_of(home / "starter")
    model = ModelRef(UUID(int=1), "", sha256, size, "diffusers-tar", str(home / "starter"))
    artist = Artist(registry, home / "weights", threads=1)
    list(artist.render(_order(model, pixels, steps)))
    [studio] = artist._studios.values()  # the same tensors in the same memory

    def bare() -> None:
        generator = torch.Generator().manual_seed(next(_SEEDS))
        options = {"width": pixels, "height": pixels, "num_inference_steps": steps, "guidance_scale": 7.0}
        studio.pipe("a lighthouse at sunset", generator=generator, **options)

    times: list[tuple[float, float, float]] = []
    async with _cluster(home, registry) as cluster:
        for _ in range(rounds + 1):
            began = time.perf_counter()
            await asyncio.wrap_future(artist._brush.submit(bare))
            plain = time.perf_counter()
            _check(await asyncio.to_thread(list, artist.render(_order(model, pixels, steps))))
            drawn = time.perf_counter()
            _check([event async for event in cluster.render(_order(model, pixels, steps))])
            times.append((plain - began, drawn - plain, time.perf_counter() - drawn))
    artist.close()
    return median(t[0] for t in times[1:]), median(t[1] for t in times[1:]), median(t[2] for t in times[1:])


@asynccontextmanager
async def _cluster(home: Path, registry: Snapshot) -> AsyncIterator[RayCluster]:
    """Start a real local Ray with one artist."""
    head = LocalRay(home / "ray", log=home / "ray.log", token=secrets.token_hex(32))
    await asyncio.to_thread(head.start)
    try:
        await asyncio.to_thread(head.wait)
        os.environ.update(head.driver_environment)
        pools = Pools(home / "weights", artists=1, artist_threads=1, validators=0)
        token = head.driver_environment["RAY_AUTH_TOKEN"]
        cluster = RayCluster(head.address, pools=pools, token=token, snapshot=registry)
        await cluster.connect()
        confirming = asyncio.create_task(_confirmed(cluster, registry.version))
        yield cluster
        confirming.cancel()
        await cluster.close(stop_actors=True)
    finally:
        await asyncio.to_thread(head.stop)


async def _confirmed(cluster: RayCluster, version: int) -> None:
    """Say again and again that this registry is the newest, as a worker does."""
    while True:
        cluster.confirm(version)
        await asyncio.sleep(0.5)


def _check(events: list[RenderEvent]) -> None:
    assert any(isinstance(event, PictureDone) for event in events)


def _order(model: ModelRef, pixels: int, steps: int) -> RenderOrder:
    return RenderOrder(
        job_id=new_id(),
        attempt=1,
        checkpoint=model,
        resources=(),
        prompt="a lighthouse at sunset",
        negative_prompt="",
        width=pixels,
        height=pixels,
        steps=steps,
        guidance=7.0,
        sampler="EULER",
        seeds=(next(_SEEDS),),
        registry_version=1,
    )
