"""The starter's files, an artist without a cluster, and one real Ray for the whole session."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from countenance.embedded.local_ray import LocalRay
from domain.kernel.wire import ModelRef
from domain.registry.snapshot import EMPTY
from gpu_cluster.artist import Artist
from gpu_cluster.gateway import Patience, Pools, RayCluster
from gpu_cluster.starter import build_demo_embedding, build_demo_lora, build_starter_checkpoint
from tests.cluster.orders import all_awake, always_confirmed, in_place
from tests.cluster.storage import Storage


@pytest.fixture(scope="session")
def models_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The starter checkpoint, two LoRAs for it and an embedding."""
    folder = tmp_path_factory.mktemp("models")
    build_starter_checkpoint(folder / "starter")
    build_demo_lora(folder / "lora.safetensors", seed=1, metadata={"ss_output_name": "clay"})
    build_demo_lora(folder / "other.safetensors", seed=2, metadata={"ss_output_name": "paper"})
    build_demo_embedding(folder / "embedding.safetensors", seed=3)
    return folder


@pytest.fixture(scope="session")
def starter(models_folder: Path) -> ModelRef:
    """The starter checkpoint, in place."""
    return in_place(models_folder / "starter", kind="diffusers-tar")


@pytest.fixture(scope="session")
def clay(models_folder: Path) -> ModelRef:
    """A LoRA."""
    return in_place(models_folder / "lora.safetensors")


@pytest.fixture(scope="session")
def paper(models_folder: Path) -> ModelRef:
    """Another LoRA."""
    return in_place(models_folder / "other.safetensors")


@pytest.fixture(scope="session")
def glow(models_folder: Path) -> ModelRef:
    """A textual inversion of two vectors."""
    return in_place(models_folder / "embedding.safetensors")


@pytest.fixture(scope="session")
def warm_artist(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Artist]:
    """An artist that keeps the starter loaded; its registry stays empty."""
    artist = Artist(EMPTY, tmp_path_factory.mktemp("weights"), threads=1)
    yield artist
    artist.close()


@pytest.fixture
def fresh_artist(tmp_path: Path) -> Iterator[Artist]:
    """An artist of the test's own, for tests that give it a registry."""
    artist = Artist(EMPTY, tmp_path / "weights", threads=1)
    yield artist
    artist.close()


@pytest.fixture
def storage() -> Iterator[Storage]:
    """An HTTP server with files."""
    server = Storage()
    yield server
    server.close()


@pytest.fixture(scope="session")
def ray_head(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRay]:
    """A real Ray of the session's own, with its own folder, ports and token; it leaves every other Ray alone."""
    folder = tmp_path_factory.mktemp("ray")
    head = LocalRay(folder / "ray", log=folder / "ray.log", token=secrets.token_hex(32))
    head.cpus = 4
    head.start()
    head.wait()
    yield head
    head.stop()


@pytest.fixture(scope="session")
async def ray_cluster(ray_head: LocalRay, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RayCluster]:
    """The gateway to it, with two artists and one validator."""
    with pytest.MonkeyPatch.context() as environment:
        for key, value in ray_head.driver_environment.items():
            environment.setenv(key, value)
        cluster = RayCluster(
            ray_head.address,
            token=ray_head.driver_environment["RAY_AUTH_TOKEN"],
            pools=Pools(tmp_path_factory.mktemp("weights"), artists=2, artist_threads=1),
            patience=Patience(answer=3.0, pulse=1.0),
        )
        async with asyncio.timeout(60):
            await cluster.connect()
        confirming = asyncio.create_task(always_confirmed(cluster))
        await all_awake(cluster)
        yield cluster
        confirming.cancel()
        await cluster.close(stop_actors=True)
