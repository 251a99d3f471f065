"""How long a change of the registry takes from its commit to the last gate that judges by it.

A real Postgres, a Ray of two nodes with two artists and two validators, a worker that passes the registry on to them,
and an API process of its own; each of them holds a registry of many persons already. Run with
`python -m benchmarks propagation`; a short run has a registry of a few thousand.
"""

import asyncio
import contextlib
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from benchmarks.harness import Figure
from benchmarks.world import services
from countenance import database
from countenance.composition import compose
from countenance.embedded.local_ray import LocalRay
from countenance.registry import AdoptedRegistry
from countenance.settings import Settings
from domain import likeness
from domain.kernel.ids import PersonId
from domain.kernel.scope import Scope
from domain.kernel.wire import ClusterFault
from domain.kernel.work import pool
from gpu_cluster.gateway import Pools, RayCluster

PERSONS, SHORT_PERSONS = 100_000, 2_000
CHANGES, SHORT_CHANGES = 20, 4
ACTORS = 4
TARGET_SECONDS = 1.0
_START_SECONDS = 600.0


def run(*, short: bool = False) -> list[Figure]:
    """Register, change and withdraw persons one after another, and time each until every gate holds it."""
    persons, changes = (SHORT_PERSONS, SHORT_CHANGES) if short else (PERSONS, CHANGES)
    with services() as settings, tempfile.TemporaryDirectory(prefix="cnt-") as folder:
        took = asyncio.run(_measured(settings, Path(folder), persons, changes))
    beside = f"{ACTORS} actors on 2 Ray nodes, {persons:,} persons registered"
    worst = max(max(each) for each in took.values())
    return [
        Figure("registry: commit to the last actor, median", statistics.median(took["actors"]), "s", note=beside),
        Figure("registry: commit to an API process, median", statistics.median(took["api"]), "s", note=beside),
        Figure(
            "registry: commit to the last gate, worst",
            worst,
            "s",
            target=f"≤ {TARGET_SECONDS:.0f} s",
            met=worst <= TARGET_SECONDS,
            note=f"{changes} changes; {beside}",
        ),
    ]


async def _measured(settings: Settings, folder: Path, persons: int, changes: int) -> dict[str, list[float]]:
    url = settings.database_url.get_secret_value()
    await database.migrate(url)
    async with database.pool(url):
        await _fill(persons)
    composed = compose(settings)
    async with composed.opened(), _two_nodes(folder) as cluster, _api_process(url) as api:
        passing = asyncio.create_task(composed.registry.pass_on(cluster))
        await _all_hold(cluster, composed.registry.version)
        await api.holds(composed.registry.version)
        took: dict[str, list[float]] = {"actors": [], "api": []}
        for number in range(changes):
            version = await _changed(Scope.of_system(composed.ports), number)
            committed = time.time()
            at_actors, at_api = await asyncio.gather(_all_hold(cluster, version), api.holds(version))
            took["actors"].append(at_actors - committed)
            took["api"].append(at_api - committed)
            await asyncio.sleep(0.137)  # so that a change falls anywhere between two looks
        passing.cancel()
    return took


async def _fill(persons: int) -> None:
    """Write a registry of so many persons with four names each, at version 1."""
    await pool().execute("INSERT INTO registry_state (id, version) VALUES (1, 1)")
    await pool().execute(
        """
        INSERT INTO registered_person
            (id, name, aliases, consent, creators, registered_at, changed_in, name_keys, own)
        SELECT gen_random_uuid(), person, ARRAY[person || ' Senior', 'Nova ' || person, person || ' of Vega'],
            'DENY_ALL', '{}', now(), 1, '{}', NULL
        FROM (
            SELECT 'Test ' || translate(n::text, '0123456789', 'abcdefghij') || ' '
                || translate((n * 7919)::text, '0123456789', 'klmnopqrst') AS person
            FROM generate_series(1, $1) AS n
        ) AS made
        """,
        persons,
    )


async def _changed(scope: Scope, number: int) -> int:
    """Register somebody, and every third time withdraw them again; give the version of the last change."""
    person, version = await likeness.register(scope, name=f"Test Person Aldebaran Number{number}")
    return version if number % 3 else await likeness.withdraw(scope, PersonId(person.id))


async def _all_hold(cluster: RayCluster, version: int) -> float:
    """Wait until every actor holds a version; give the time."""
    async with asyncio.timeout(_START_SECONDS):
        while True:
            with contextlib.suppress(ClusterFault):
                versions = (await cluster.status()).registry_versions.values()
                if len(versions) == ACTORS and min(versions) >= version:
                    return time.time()
            await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def _two_nodes(folder: Path) -> AsyncIterator[RayCluster]:
    """Start a Ray head with two CPUs and a second node with two more; each actor takes one, so both are needed."""
    head = LocalRay(folder / "ray", log=folder / "ray.log", token=secrets.token_hex(32))
    head.cpus = 2
    await asyncio.to_thread(head.start)
    try:
        await asyncio.to_thread(head.wait)
        os.environ.update(head.driver_environment)
        with _second_node(head.address):
            pools = Pools(
                folder / "weights", artists=2, artist_threads=1, artist_cpus=1, validators=2, validator_cpus=1
            )
            cluster = RayCluster(head.address, pools=pools, token=head.driver_environment["RAY_AUTH_TOKEN"])
            await cluster.connect()
            yield cluster
            await cluster.close(stop_actors=True)
    finally:
        await asyncio.to_thread(head.stop)


@contextlib.contextmanager
def _second_node(address: str) -> Iterator[None]:
    """Join a second node of this machine to the cluster, for as long as this is open."""
    command = [sys.executable, "-m", "benchmarks.ray_node", address]
    environment = {key: value for key, value in os.environ.items() if key != "RAY_ADDRESS"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as node:
        try:
            if node.stdout is None or node.stdout.readline().strip() != b"joined":
                raise RuntimeError("the second Ray node does not start")
            yield
        finally:
            node.terminate()
            node.wait(30)


class _Api:
    """An API process of its own that says when it has adopted which version."""

    def __init__(self, said: asyncio.StreamReader) -> None:
        self._said = said

    async def holds(self, version: int) -> float:
        """Wait until it holds a version; give the time at which it did."""
        async with asyncio.timeout(_START_SECONDS):
            while True:
                held, at = (await self._said.readline()).split()
                if int(held) >= version:
                    return float(at)


@contextlib.asynccontextmanager
async def _api_process(url: str) -> AsyncIterator[_Api]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.propagation", stdout=subprocess.PIPE, env={**os.environ, "DATABASE_URL": url}
    )
    assert process.stdout is not None
    try:
        yield _Api(process.stdout)
    finally:
        process.terminate()
        await process.wait()


async def _follow_and_say() -> None:
    """Follow the registry as an API process does, and print each version with the time at which it was in force."""
    held = -1
    async with database.pool(os.environ["DATABASE_URL"]):
        registry = AdoptedRegistry()
        async with registry.followed():
            while True:
                if registry.version > held:
                    held = registry.version
                    print(held, time.time(), flush=True)
                await asyncio.sleep(0.002)


if __name__ == "__main__":
    import structlog

    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(_follow_and_say())
