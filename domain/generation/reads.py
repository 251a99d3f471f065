"""Batched reads of jobs, pictures and the queue. Only a job's owner and moderators see it."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from domain.generation.rules import DELIVERED, JobStatus, work_of
from domain.generation.values import Job, Picture, Progress, QueueState
from domain.kernel.findings import Finding
from domain.kernel.ids import AccountId, Credits, ImageId, JobId, ResourceId
from domain.kernel.paging import Page, PageAsk, page_of, uuid_part
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch, fetch_one

_JOB = """
    id, owner_id, status, checkpoint_id, prompt, negative_prompt, cost, charged, image, quantity, step, steps, preview,
    refusal, error, created_at, finished_at,
    (SELECT w.findings FROM generation_withheld w WHERE w.id = generation_job.id) AS withheld
"""
_PICTURE = """
    SELECT i.id, i.job, i.position, i.blob_key, i.width, i.height, i.seed, i.mature, i.sha256, j.owner_id
    FROM generation_image i JOIN generation_job j ON j.id = i.job AND j.attempt = i.attempt
    WHERE j.status = ANY($1) AND ($2 OR j.owner_id = $3)
        AND NOT EXISTS (SELECT FROM generation_withheld w WHERE w.id = j.id)
"""
_DELIVERED = sorted(DELIVERED)
_RECENT = 50
_MEMORY = timedelta(days=7)


def _sees_all(scope: Scope) -> bool:
    return scope.system or scope.is_moderator


async def jobs_by_ids(scope: Scope, ids: Sequence[JobId]) -> dict[JobId, Job]:
    """Read the jobs that the scope may see."""
    rows = await fetch(
        f"SELECT {_JOB} FROM generation_job WHERE id = ANY($1) AND ($2 OR owner_id = $3)",  # noqa: S608  # a constant
        list(ids),
        _sees_all(scope),
        scope.account_id,
    )
    return {job.id: job for job in map(_job, rows)}


async def my_jobs(scope: Scope, asked: PageAsk) -> Page[Job]:
    """Read a page of the signed-in account's jobs, newest first; an empty one when nobody is signed in."""
    rows = await fetch(
        f"SELECT {_JOB} FROM generation_job "  # noqa: S608  # a constant
        "WHERE owner_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
        scope.account_id,
        uuid_part(asked, 0),
        asked.first + 1,
    )
    jobs = [_job(row) for row in rows]
    return page_of(jobs, [(job.id.hex,) for job in jobs], asked)


async def pictures_of(scope: Scope, ids: Sequence[JobId]) -> dict[JobId, list[Picture]]:
    """Read the pictures of jobs that ended well, in order, where the scope may see the job."""
    rows = await fetch(
        f"{_PICTURE} AND i.job = ANY($4) ORDER BY i.job, i.position",
        _DELIVERED,
        _sees_all(scope),
        scope.account_id,
        list(ids),
    )
    found: dict[JobId, list[Picture]] = {}
    for picture in map(_picture, rows):
        found.setdefault(picture.job_id, []).append(picture)
    return found


async def pictures_by_ids(scope: Scope, ids: Sequence[ImageId]) -> dict[ImageId, Picture]:
    """Read single pictures that the scope may see."""
    rows = await fetch(
        f"{_PICTURE} AND i.id = ANY($4)",
        _DELIVERED,
        _sees_all(scope),
        scope.account_id,
        list(ids),
    )
    return {picture.id: picture for picture in map(_picture, rows)}


async def owners_of(*, jobs: Sequence[UUID], images: Sequence[UUID]) -> frozenset[AccountId]:
    """Give whose jobs, and whose pictures, these are, whatever became of them; for moderation."""
    rows = await fetch(
        """
        SELECT DISTINCT owner_id FROM generation_job WHERE id = ANY($1::uuid[])
            OR id IN (SELECT job FROM generation_image WHERE id = ANY($2::uuid[]))
        """,
        list(jobs),
        list(images),
    )
    return frozenset(AccountId(row["owner_id"]) for row in rows)


async def picture_url(scope: Scope, picture: Picture) -> str:
    """Sign a URL that only the account of this scope can read the picture by, for a few minutes."""
    return await scope.ports.blobs.signed_url(
        picture.blob_key,
        seconds=scope.ports.policy.download_seconds,
        file_name=picture.file_name,
        audience=str(scope.account_id or picture.owner_id),
    )


async def queue_positions(ids: Sequence[JobId]) -> dict[JobId, int]:
    """Say for those of the jobs that are queued which place they have, from 1."""
    rows = await fetch(
        """
        SELECT j.id, (SELECT count(*) FROM generation_job q
                      WHERE q.status = 'QUEUED' AND (q.queue_at, q.id) <= (j.queue_at, j.id)) AS place
        FROM generation_job j WHERE j.id = ANY($1) AND j.status = 'QUEUED'
        """,
        list(ids),
    )
    return {JobId(row["id"]): row["place"] for row in rows}


async def queue_state() -> QueueState:
    """Count the jobs that wait and those at work."""
    row = await fetch_one(
        """
        SELECT count(*) FILTER (WHERE status = 'QUEUED') AS queued,
               count(*) FILTER (WHERE status <> 'QUEUED') AS running
        FROM generation_job WHERE status IN ('QUEUED', 'VALIDATING', 'RUNNING')
        """
    )
    return QueueState(row["queued"], row["running"]) if row else QueueState(0, 0)


async def standing_before(queue_at: datetime) -> tuple[int, float]:
    """Measure the queue before a turn: how many jobs, and how much work in megapixel steps with those at work."""
    rows = await fetch(
        """
        SELECT status = 'QUEUED' AS queued, count(*) AS jobs,
               sum(width::float8 * height / 1000000 * steps * quantity) AS work
        FROM generation_job
        WHERE status IN ('VALIDATING', 'RUNNING') OR (status = 'QUEUED' AND queue_at <= $1) GROUP BY 1
        """,
        queue_at,
    )
    return sum(row["jobs"] for row in rows if row["queued"]), sum(row["work"] for row in rows)


async def recent_speeds(now: datetime) -> list[tuple[float, float]]:
    """Give work and seconds of the newest jobs that were drawn, as the estimate needs them."""
    rows = await fetch(
        """
        SELECT width, height, steps, quantity, extract(epoch FROM finished_at - started_at)::float8 AS seconds
        FROM generation_job WHERE status = 'SUCCEEDED' AND finished_at > $1 ORDER BY finished_at DESC LIMIT $2
        """,
        now - _MEMORY,
        _RECENT,
    )
    return [(work_of(row["width"], row["height"], row["steps"], row["quantity"]), row["seconds"]) for row in rows]


async def refused_between(start: datetime, end: datetime) -> int:
    """Count the jobs that were refused from `start` up to, not including, `end`."""
    row = await fetch_one(
        "SELECT count(*) AS n FROM generation_job WHERE status = 'REFUSED' AND finished_at >= $1 AND finished_at < $2",
        start,
        end,
    )
    return int(row["n"]) if row else 0


def findings_in(raw: str | None) -> tuple[Finding, ...] | None:
    """Read a column of findings."""
    return None if raw is None else tuple(Finding.from_json(each) for each in json.loads(raw))


def _job(row: asyncpg.Record) -> Job:
    progress = Progress(row["image"], row["quantity"], row["step"], row["steps"], row["preview"])
    status = JobStatus(row["status"])
    return Job(
        id=JobId(row["id"]),
        owner_id=AccountId(row["owner_id"]),
        status=status,
        checkpoint_id=ResourceId(row["checkpoint_id"]),
        prompt=row["prompt"],
        negative_prompt=row["negative_prompt"],
        cost=Credits(row["cost"]),
        charged=Credits(row["charged"]),
        progress=progress if row["image"] else None,
        # A running job that must stop has its findings already; they are said when it has stopped.
        refusal=findings_in(row["refusal"]) if status is JobStatus.REFUSED else None,
        withheld=findings_in(row["withheld"]),
        error=row["error"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
    )


def _picture(row: asyncpg.Record) -> Picture:
    return Picture(
        id=ImageId(row["id"]),
        job_id=JobId(row["job"]),
        owner_id=AccountId(row["owner_id"]),
        position=row["position"],
        blob_key=row["blob_key"],
        width=row["width"],
        height=row["height"],
        seed=row["seed"],
        mature=row["mature"],
        sha256=row["sha256"],
    )
