"""Leases: a job belongs to the worker that claimed it for as long as that worker says that it lives."""

from datetime import timedelta
from typing import Any

from domain.generation.ending import end_if_stopped, put_back
from domain.generation.facts import GenerationMoved
from domain.generation.rules import JobStatus
from domain.generation.values import Claim, Lease
from domain.kernel.ids import JobId
from domain.kernel.scope import Scope
from domain.kernel.work import Work, work

LEASE = timedelta(seconds=10)
"""How long a worker may be silent before its jobs are given to another."""

_RECOVERED_AT_ONCE = 50


async def claim(scope: Scope, *, worker: str, free: int, capacity: int) -> list[Claim]:
    """Take up to `free` jobs whose turn it is, while fewer than `capacity` are at work anywhere.

    QUEUED → VALIDATING.
    """
    if free <= 0:
        return []
    async with work(scope.now) as w:
        rows = await w.fetch(
            """
            WITH next AS (
                SELECT id FROM generation_job WHERE status = 'QUEUED' AND not_before <= $1
                ORDER BY queue_at, id FOR UPDATE SKIP LOCKED
                LIMIT greatest(0, least($2::bigint, $3 - (
                    SELECT count(*) FROM generation_job WHERE status IN ('VALIDATING', 'RUNNING'))))
            )
            UPDATE generation_job j
            SET status = 'VALIDATING', attempt = attempt + 1, worker = $4, lease_until = $5
            FROM next WHERE j.id = next.id RETURNING j.id, j.attempt
            """,
            scope.now,
            free,
            capacity,
            worker,
            scope.now + LEASE,
        )
        for row in rows:
            w.tell(GenerationMoved(JobId(row["id"]), JobStatus.VALIDATING))
    return [Claim(JobId(row["id"]), row["attempt"], worker) for row in rows]


async def renew(scope: Scope, claimed: Claim) -> Lease:
    """Hold a job for another `LEASE`. No fact is told: nothing happened but time."""
    async with work(scope.now) as w:
        row = await w.one(
            """
            UPDATE generation_job SET lease_until = $3
            WHERE id = $1 AND attempt = $2 AND status IN ('VALIDATING', 'RUNNING')
            RETURNING stop_asked_at IS NOT NULL OR refusal IS NOT NULL AS stop
            """,
            claimed.job_id,
            claimed.attempt,
            scope.now + LEASE,
        )
    return Lease(held=row is not None, stop=bool(row and row["stop"]))


async def recover(scope: Scope) -> int:
    """Queue the jobs again whose worker went silent; say how many. The job is not to blame, so nothing is counted."""
    async with work(scope.now) as w:
        rows = await w.fetch(
            """
            SELECT * FROM generation_job WHERE status IN ('VALIDATING', 'RUNNING') AND lease_until < $1
            ORDER BY id FOR UPDATE SKIP LOCKED LIMIT $2
            """,
            scope.now,
            _RECOVERED_AT_ONCE,
        )
        for row in rows:
            if not await end_if_stopped(w, row, at=scope.now):
                await put_back(w, row, at=scope.now, rest=timedelta())
    return len(rows)


async def held(w: Work, claimed: Claim) -> Any:
    """Lock a job's row if the claim still holds it; None otherwise."""
    return await w.one(
        """
        SELECT * FROM generation_job
        WHERE id = $1 AND attempt = $2 AND status IN ('VALIDATING', 'RUNNING') FOR UPDATE
        """,
        claimed.job_id,
        claimed.attempt,
    )
