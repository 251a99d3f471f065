"""Liveness, readiness and figures: what does not serve is named; it closes only what can't answer without it."""

import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from starlette.applications import Starlette

from countenance import cluster_state, health
from countenance.cluster_state import DistantCluster
from countenance.registry import AdoptedRegistry
from countenance.relay import Relay
from countenance.settings import Settings
from domain.kernel.ids import new_id
from domain.kernel.ports import Ports
from domain.kernel.scope import Scope
from domain.kernel.wire import ClusterState
from tests import serving
from tests.actions.bounties import opened, somebody
from tests.claiming import filed
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


AWAY = {
    "relay": "No relay runs: live events and reactions wait. Start `countenance work`.",
    "cluster": "No worker has told of the cluster lately.",
}


async def test_a_process_is_ready_while_the_workers_and_the_cluster_are_away(client: Api) -> None:
    response = await client.http.get("/ready")
    figures = (await client.http.get("/metrics")).text

    assert response.status_code == 200
    assert response.json() == {"closed": {}, "degraded": AWAY}
    assert [line for line in figures.splitlines() if line.startswith("countenance_gate_closed")] == [
        'countenance_gate_closed{gate="database"} 0.0',
        'countenance_gate_closed{gate="migrations"} 0.0',
        'countenance_gate_closed{gate="registry"} 0.0',
        'countenance_gate_closed{gate="redis"} 0.0',
        'countenance_gate_closed{gate="relay"} 1.0',
        'countenance_gate_closed{gate="cluster"} 1.0',
    ]


async def test_whoever_waits_for_everything_is_told_what_is_away(client: Api) -> None:
    response = await client.http.get("/ready?all")

    assert response.status_code == 503
    assert response.json() == {"closed": {}, "degraded": AWAY}


async def test_a_registry_that_may_be_old_degrades_and_closes_nothing(settings: Settings, ports: Ports) -> None:
    unread = replace(ports, registry=AdoptedRegistry())

    async with serving.app_of(settings, unread) as app, serving.api_of(app) as client:
        response = await client.http.get("/ready")

    assert response.status_code == 200
    assert response.json()["degraded"]["registry"] == (
        "The likeness registry can't be read just now, and nothing is taken in that was not checked against it: "
        "try again in a moment."
    )


async def test_a_redis_that_is_away_degrades_and_closes_nothing(settings: Settings, ports: Ports) -> None:
    lost = settings.model_copy(update={"redis_url": SecretStr("redis://127.0.0.1:1")})

    async with serving.app_of(lost, ports) as app, serving.api_of(app) as client:
        response = await client.http.get("/ready")

    assert response.status_code == 200
    assert response.json()["closed"] == {}
    assert "redis" in response.json()["degraded"]


async def test_a_database_that_is_away_closes(client: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> asyncpg.Pool:
        raise OSError("The database is away.")

    monkeypatch.setattr(health, "pool", away)

    response = await client.http.get("/ready")

    assert response.status_code == 503
    assert response.json()["closed"] == {"database": "The database is away."}


@pytest.fixture
async def relay(ports: Ports, database_url: str, redis_url: str) -> AsyncIterator[Relay]:
    """The one relay."""
    async with serving.relaying(ports, database_url, redis_url) as running:
        yield running


@pytest.mark.usefixtures("relay")
async def test_ready_when_every_gate_serves(client: Api, redis: Redis) -> None:
    await cluster_state.publish(redis, STATE)

    response = await client.http.get("/ready?all")

    assert (response.status_code, response.json()) == (200, {"closed": {}, "degraded": {}})


@pytest.mark.usefixtures("relay")
async def test_a_relay_that_is_behind_is_named(client: Api, redis: Redis, db: asyncpg.Pool) -> None:
    await cluster_state.publish(redis, STATE)
    async with db.acquire() as held, held.transaction():
        await held.execute("LOCK TABLE feed IN ACCESS EXCLUSIVE MODE")  # the relay can't write
        await db.execute(
            "INSERT INTO fact (kind, body, topics, at) VALUES ('Old', '{}', '[\"t\"]', now() - interval '1 minute')"
        )

        response = await client.http.get("/ready")

    assert response.status_code == 200
    assert response.json()["degraded"] == {"relay": "The relay is more than 10 seconds behind."}


async def test_migrations_that_have_not_run_are_not_ready(client: Api, db: asyncpg.Pool) -> None:
    [gone] = await db.fetch("SELECT * FROM migration WHERE app_name = 'kernel' ORDER BY name LIMIT 1")
    await db.execute("DELETE FROM migration WHERE id = $1", gone["id"])
    try:
        response = await client.http.get("/ready")
    finally:
        await db.execute("INSERT INTO migration SELECT ($1::migration).*", gone)

    assert response.status_code == 503
    assert response.json()["closed"] == {"migrations": "1 migrations have not run: run `countenance migrate`."}


async def test_the_figures_tell_what_waits(client: Api, db: asyncpg.Pool) -> None:
    await db.execute(
        "INSERT INTO fact (kind, body, topics, attempts) VALUES ('A', '{}', '[]', 0), ('B', '{}', '[]', 10)"
    )

    await client.data("{ __typename }")
    figures = (await client.http.get("/metrics")).text

    assert "countenance_facts_unrelayed 2.0" in figures
    assert "countenance_facts_parked 1.0" in figures
    assert 'countenance_http_requests_total{status="200"}' in figures


async def test_refusals_as_data_are_counted_by_their_code(client: Api) -> None:
    before = _errors((await client.http.get("/metrics")).text)

    await client.data(f'mutation {{ resourceRemove(resourceId: "resource_{new_id().hex}") {{ __typename }} }}')
    await client.data('mutation { likenessClaimWithdraw(caseCode: "LC-2222-2222", pin: "0123456789") { __typename } }')
    await client.ask("{ nothing }")
    after = _errors((await client.http.get("/metrics")).text)

    assert {code: number - before.get(code, 0) for code, number in after.items() if number != before.get(code)} == {
        "SIGN_IN_REQUIRED": 1,
        "NOT_FOUND": 1,
    }


async def test_an_api_process_shows_no_counters_of_the_workers(client: Api) -> None:
    figures = (await client.http.get("/metrics")).text

    assert "countenance_facts_relayed_total" not in figures
    assert "countenance_reaction" not in figures


async def test_the_figures_tell_of_bounties_whose_payouts_are_stopped(
    client: Api, ports: Ports, db: asyncpg.Pool
) -> None:
    stopped, _ = [await opened(await somebody(ports)) for _ in range(2)]
    await db.execute("UPDATE bounty SET payouts_stopped_at = now() WHERE id = $1", stopped.id)

    figures = (await client.http.get("/metrics")).text

    assert "countenance_bounties_stopped 1.0" in figures


async def test_the_figures_tell_of_claims_that_wait_and_of_those_that_are_overdue(
    client: Api, ports: Ports, db: asyncpg.Pool
) -> None:
    overdue, _ = [await filed(Scope(ports=ports)) for _ in range(2)]
    await db.execute("UPDATE likeness_claim SET due_at = now() WHERE id = $1", overdue.claim.id)

    figures = (await client.http.get("/metrics")).text

    assert "countenance_claims_open 2.0" in figures
    assert "countenance_claims_overdue 1.0" in figures


def _errors(figures: str) -> dict[str, float]:
    """Read how many errors were counted, by code."""
    return {
        code: float(number)
        for code, number in re.findall(r'^countenance_errors_total\{code="(\w+)"\} (\S+)$', figures, re.MULTILINE)
    }


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
