"""Health: whether this process lives, whether it can answer, what else is away, and the figures for Prometheus.

A process is ready when it can answer: the database is there and has this release's schema. What is away beyond that
degrades the service and is named; it is away for every process alike, so none is taken out for it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass

import asyncpg
import orjson
import structlog
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from countenance import database, metrics
from countenance.reacting import MAX_ATTEMPTS
from domain.kernel.outbox import RELAY_LOCK
from domain.kernel.ports import Cluster, Registry
from domain.kernel.refusals import RegistryUnread
from domain.kernel.wire import ClusterFault
from domain.kernel.work import WorkMisuse, pool

log = structlog.get_logger(__name__)

_PATIENCE = 2.0
_STUCK_SECONDS = 10
_BROKEN = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, RedisError, ClusterFault, WorkMisuse)


_NEEDED = ("database", "migrations")
"""The gates without which a process can't answer."""

Check = Callable[[], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class Standing:
    """What does not serve, by gate, each with a sentence: `closed` is what this process can't answer without."""

    closed: Mapping[str, str]
    degraded: Mapping[str, str]


class Gates:
    """What this process stands on; each check gives None, or one sentence on what is wrong."""

    def __init__(self, redis: Redis, cluster: Cluster, registry: Registry) -> None:
        self._redis = redis
        self._cluster = cluster
        self._registry = registry
        self._migrated = False

    async def standing(self) -> Standing:
        """Ask every gate at once, and count those that don't serve among the figures."""
        checks: dict[str, Check] = {
            "database": self._database,
            "migrations": self._migrations,
            "registry": self._newest,
            "redis": self._cache,
            "relay": self._relay,
            "cluster": self._workers,
        }
        said = dict(zip(checks, await asyncio.gather(*(_asked(check) for check in checks.values())), strict=True))
        for gate, reason in said.items():
            metrics.CLOSED.labels(gate).set(reason is not None)
        wrong = {gate: reason for gate, reason in said.items() if reason is not None}
        return Standing(
            closed={gate: reason for gate, reason in wrong.items() if gate in _NEEDED},
            degraded={gate: reason for gate, reason in wrong.items() if gate not in _NEEDED},
        )

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

    async def _newest(self) -> str | None:
        try:
            _ = self._registry.matcher
        except RegistryUnread as refusal:
            return refusal.message
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


async def _asked(check: Check) -> str | None:
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
    claims = await pool().fetchrow(
        """
        SELECT count(*) AS open, count(*) FILTER (WHERE due_at <= now()) AS overdue FROM likeness_claim
        WHERE status IN ('RECEIVED', 'VERIFYING')
        """
    )
    if claims is not None:
        metrics.OPEN_CLAIMS.set(claims["open"])
        metrics.OVERDUE_CLAIMS.set(claims["overdue"])
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
    """Give the routes of an API process: `/health`, `/ready` and `/metrics`.

    `/ready?all` answers 503 for what is degraded, too: for whoever waits until everything serves.
    """

    async def ready(request: Request) -> Response:
        standing = await gates.standing()
        waits = standing.closed or ("all" in request.query_params and standing.degraded)
        return Response(orjson.dumps(asdict(standing)), 503 if waits else 200, media_type="application/json")

    async def figures(_: Request) -> Response:
        await gates.standing()
        return await _figures(metrics.API)

    return [Route("/health", _health), Route("/ready", ready), Route("/metrics", figures)]


def worker_routes() -> list[BaseRoute]:
    """Give the routes of a worker process: `/health` and `/metrics`."""

    async def figures(_: Request) -> Response:
        return await _figures(metrics.WORK)

    return [Route("/health", _health), Route("/metrics", figures)]


async def _health(_: Request) -> Response:
    return PlainTextResponse("ok")


async def _figures(own: CollectorRegistry) -> Response:
    """Write the figures of this process with those of the database, as far as that can be read."""
    try:
        async with asyncio.timeout(_PATIENCE):
            await observe()
    except _BROKEN as error:
        log.warning("some figures could not be read", reason=str(error))
    return PlainTextResponse(metrics.exposition(own), media_type="text/plain; version=0.0.4; charset=utf-8")
