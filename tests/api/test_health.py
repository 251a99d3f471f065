"""Liveness, readiness and figures: each closed gate is named with what to do."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis
from starlette.applications import Starlette

from countenance import cluster_state
from countenance.cluster_state import DistantCluster
from countenance.relay import Relay
from countenance.settings import Settings
from domain.kernel.ports import Ports
from domain.kernel.wire import ClusterState
from tests import serving
from tests.actions.bounties import opened, somebody
from tests.serving import Api

STATE = ClusterState(nodes=1, artists=1, validators=1, running=0, registry_versions={})


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """The server through which the workers tell of the cluster; it knows nothing yet."""
    made = Redis.from_url(redis_url)
    await made.delete(cluster_state.KEY)
    yield made
    await made.delete(cluster_state.KEY)
    await made.aclose()


@pytest.fixture
async def app(settings: Settings, ports: Ports, redis: Redis) -> AsyncIterator[Starlette]:
    """The application with the cluster as an API process sees it."""
    async with serving.app_of(settings, replace(ports, cluster=DistantCluster(redis))) as made:
        yield made


async def test_a_process_that_answers_lives(client: Api) -> None:
    response = await client.http.get("/health")

    assert (response.status_code, response.text) == (200, "ok")


async def test_closed_gates_are_named(client: Api) -> None:
    response = await client.http.get("/ready")

    assert response.status_code == 503
    assert response.json() == {
        "relay": "No relay runs: live events and reactions wait. Start `countenance work`.",
        "cluster": "No worker has told of the cluster lately.",
    }


@pytest.fixture
async def relay(ports: Ports, database_url: str, redis_url: str) -> AsyncIterator[Relay]:
    """The one relay."""
    async with serving.relaying(ports, database_url, redis_url) as running:
        yield running


@pytest.mark.usefixtures("relay")
async def test_ready_when_every_gate_serves(client: Api, redis: Redis) -> None:
    await cluster_state.publish(redis, STATE)

    response = await client.http.get("/ready")

    assert (response.status_code, response.json()) == (200, {})


@pytest.mark.usefixtures("relay")
async def test_a_relay_that_is_behind_is_not_ready(client: Api, redis: Redis, db: asyncpg.Pool) -> None:
    await cluster_state.publish(redis, STATE)
    async with db.acquire() as held, held.transaction():
        await held.execute("LOCK TABLE feed IN ACCESS EXCLUSIVE MODE")  # the relay can't write
        await db.execute(
            "INSERT INTO fact (kind, body, topics, at) VALUES ('Old', '{}', '[\"t\"]', now() - interval '1 minute')"
        )

        response = await client.http.get("/ready")

    assert response.json() == {"relay": "The relay is more than 10 seconds behind."}


async def test_migrations_that_have_not_run_are_not_ready(client: Api, db: asyncpg.Pool) -> None:
    [gone] = await db.fetch("SELECT * FROM migration WHERE app_name = 'kernel' ORDER BY name LIMIT 1")
    await db.execute("DELETE FROM migration WHERE id = $1", gone["id"])
    try:
        response = await client.http.get("/ready")
    finally:
        await db.execute("INSERT INTO migration SELECT ($1::migration).*", gone)

    assert response.json()["migrations"] == "1 migrations have not run: run `countenance migrate`."


async def test_the_figures_tell_what_waits(client: Api, db: asyncpg.Pool) -> None:
    await db.execute(
        "INSERT INTO fact (kind, body, topics, attempts) VALUES ('A', '{}', '[]', 0), ('B', '{}', '[]', 10)"
    )

    await client.data("{ __typename }")
    figures = (await client.http.get("/metrics")).text

    assert "countenance_facts_unrelayed 2.0" in figures
    assert "countenance_facts_parked 1.0" in figures
    assert 'countenance_http_requests_total{status="200"}' in figures


async def test_the_figures_tell_of_bounties_whose_payouts_are_stopped(
    client: Api, ports: Ports, db: asyncpg.Pool
) -> None:
    stopped, _ = [await opened(await somebody(ports)) for _ in range(2)]
    await db.execute("UPDATE bounty SET payouts_stopped_at = now() WHERE id = $1", stopped.id)

    figures = (await client.http.get("/metrics")).text

    assert "countenance_bounties_stopped 1.0" in figures


def test_the_server_starts_light(settings: Settings) -> None:
    """The API process must not load torch, diffusers or ray: they cost seconds and gigabytes."""
    script = (
        "import sys\n"
        "from countenance.asgi import create_app\n"
        "from countenance.settings import load\n"
        "create_app(load())\n"
        "print(sorted({'torch', 'diffusers', 'transformers', 'peft', 'ray'} & sys.modules.keys()))"
    )
    environment = {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "RAY_ADDRESS": settings.ray_address,
        "BLOB_URL": settings.blob_url,
        "SIGNING_KEY": settings.signing_key.get_secret_value(),
    }

    ended = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **environment},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.stdout.strip() == "[]", ended.stderr
