"""Health: whether this process lives, whether everything behind it serves, and the figures for Prometheus."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import orjson
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from countenance import database, metrics
from countenance.reacting import MAX_ATTEMPTS
from domain.kernel.outbox import RELAY_LOCK
from domain.kernel.ports import Cluster
from domain.kernel.wire import ClusterFault
from domain.kernel.work import WorkMisuse, pool

log = structlog.get_logger(__name__)

_PATIENCE = 2.0
_STUCK_SECONDS = 10
_BROKEN = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, RedisError, ClusterFault, WorkMisuse)


class Gates:
    """What must answer before this process is ready; each check gives None, or one sentence on what is wrong."""

    def __init__(self, redis: Redis, cluster: Cluster) -> None:
        self._redis = redis
        self._cluster = cluster
        self._migrated = False

    async def closed(self) -> dict[str, str]:
        """Ask every gate at once; give those that don't serve, with the reason."""
        checks: dict[str, Callable[[], Awaitable[str | None]]] = {
            "database": self._database,
            "migrations": self._migrations,
            "redis": self._cache,
            "relay": self._relay,
            "cluster": self._workers,
        }
        said = await asyncio.gather(*(_asked(check) for check in checks.values()))
        return {name: reason for name, reason in zip(checks, said, strict=True) if reason is not None}

    async def _database(self) -> str | None:
        await pool().fetchval("SELECT 1")
        return None

    async def _migrations(self) -> str | None:
        if not self._migrated:
            missing = await database.missing_migrations()
            if missing:
                return f"{len(missing)} migrations have not run: run `countenance migrate`."
            self._migrated = True
        return None

    async def _cache(self) -> str | None:
        await self._redis.ping()
        return None

    async def _relay(self) -> str | None:
        row = await pool().fetchrow(
            """
            SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
                           AND classid::bigint = $1::bigint >> 32 AND objid::bigint = $1::bigint & 4294967295
                           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS held,
                   (SELECT min(at) < now() - make_interval(secs => $2) FROM fact WHERE feed_no IS NULL) AS stuck
            """,
            RELAY_LOCK,
            float(_STUCK_SECONDS),
        )
        if row is None or not row["held"]:
            return "No relay runs: live events and reactions wait. Start `countenance work`."
        return f"The relay is more than {_STUCK_SECONDS} seconds behind." if row["stuck"] else None

    async def _workers(self) -> str | None:
        await self._cluster.status()
        return None


async def _asked(check: Callable[[], Awaitable[str | None]]) -> str | None:
    try:
        async with asyncio.timeout(_PATIENCE):
            return await check()
    except _BROKEN as error:
        return str(error) or "It doesn't answer."


async def observe() -> None:
    """Bring the figures that lie in the database up to date."""
    row = await pool().fetchrow(
        """
        SELECT count(*) FILTER (WHERE feed_no IS NULL) AS unrelayed,
               coalesce(extract(epoch FROM now() - min(at) FILTER (WHERE feed_no IS NULL)), 0)::float AS age,
               count(*) FILTER (WHERE feed_no IS NOT NULL AND attempts < $1) AS unreacted,
               count(*) FILTER (WHERE attempts >= $1) AS parked
        FROM fact WHERE reacted_at IS NULL
        """,
        MAX_ATTEMPTS,
    )
    if row is not None:
        metrics.UNRELAYED.set(row["unrelayed"])
        metrics.UNRELAYED_SECONDS.set(max(0.0, row["age"]))
        metrics.UNREACTED.set(row["unreacted"])
        metrics.PARKED_NOW.set(row["parked"])
    metrics.STOPPED.set(await pool().fetchval("SELECT count(*) FROM bounty WHERE payouts_stopped_at IS NOT NULL"))
    metrics.QUEUED.clear()
    for queue in await pool().fetch(
        """
        SELECT 'jobs' AS queue, status AS state, count(*) AS number FROM generation_job
        WHERE status IN ('QUEUED', 'VALIDATING', 'RUNNING') GROUP BY status
        UNION ALL SELECT 'scans', status, count(*) FROM scan WHERE finished_at IS NULL GROUP BY status
        """
    ):
        metrics.QUEUED.labels(queue["queue"], queue["state"]).set(queue["number"])


def routes(gates: Gates) -> list[BaseRoute]:
    """Give the routes `/health`, `/ready` and `/metrics`."""

    async def health(_: Request) -> Response:
        return PlainTextResponse("ok")

    async def ready(_: Request) -> Response:
        closed = await gates.closed()
        return Response(orjson.dumps(closed), 503 if closed else 200, media_type="application/json")

    async def figures(_: Request) -> Response:
        try:
            async with asyncio.timeout(_PATIENCE):
                await observe()
        except _BROKEN as error:
            log.warning("some figures could not be read", reason=str(error))
        return PlainTextResponse(metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return [Route("/health", health), Route("/ready", ready), Route("/metrics", figures)]
