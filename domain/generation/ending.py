"""The last step of a job: whatever ends it, its credits are settled in the same transaction, once."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from domain.generation.facts import GenerationFinished, GenerationMoved, GenerationStopAsked
from domain.generation.rules import JobStatus, is_final, step
from domain.kernel.findings import Finding
from domain.kernel.ids import AccountId, Credits, JobId, Subject
from domain.kernel.work import Work
from domain.ledger import Movement, Purse, Reason, transfers

NOTHING = Credits(0)


def to_json(findings: Sequence[Finding]) -> str:
    """Write findings as their column holds them."""
    return json.dumps([finding.to_json() for finding in findings])


async def locked(w: Work, job_id: JobId) -> asyncpg.Record | None:
    """Lock a job's row and give it, or None."""
    return await w.one("SELECT * FROM generation_job WHERE id = $1 FOR UPDATE", job_id)


async def end(
    w: Work,
    row: Any,
    to: JobStatus,
    *,
    at: datetime,
    charge: Credits = NOTHING,
    refusal: Sequence[Finding] | None = None,
    error: str | None = None,
) -> None:
    """Take a locked job's last step: charge what was delivered, release the rest, and say so.

    Raises Conflict when the table of steps does not allow it.
    """
    step(JobStatus(row["status"]), to)
    await _settle(w, row, charge)
    await w.execute(
        """
        UPDATE generation_job SET status = $2, charged = $3, refusal = coalesce($4::jsonb, refusal), error = $5,
               finished_at = $6, worker = NULL, lease_until = NULL, preview = NULL
        WHERE id = $1
        """,
        row["id"],
        to,
        charge,
        None if refusal is None else to_json(refusal),
        error,
        at,
    )
    w.tell(GenerationFinished(JobId(row["id"]), AccountId(row["owner_id"]), to))


async def refuse(w: Work, row: Any, findings: Sequence[Finding], *, at: datetime) -> None:
    """Refuse a locked job that has not ended: at once while it waits, else as soon as it has been stopped."""
    if row["status"] == JobStatus.QUEUED:
        await end(w, row, JobStatus.REFUSED, at=at, refusal=findings)
        return
    await w.execute("UPDATE generation_job SET refusal = $2::jsonb WHERE id = $1", row["id"], to_json(findings))
    w.tell(GenerationStopAsked(JobId(row["id"])))


async def _settle(w: Work, row: Any, charge: Credits) -> None:
    """Empty the job's purse: the charge to the house, the rest back to its owner."""
    job_id, owner = JobId(row["id"]), AccountId(row["owner_id"])
    held, subject = Purse.job(job_id, holder=owner), Subject("job", job_id)
    rest = Credits(row["cost"] - charge)
    charged = Movement(charge, held, Purse.house(), Reason.GENERATION_CHARGE, subject)
    released = Movement(rest, held, Purse.account(owner), Reason.GENERATION_RELEASE, subject)
    await transfers(w, [charged, released], key=f"job:{job_id}:settle")


async def end_if_stopped(w: Work, row: Any, *, at: datetime) -> bool:
    """End a locked job that was asked to stop, by its owner or by the registry; say whether it was."""
    if is_final(JobStatus(row["status"])):
        return False
    if row["refusal"] is not None:
        await end(w, row, JobStatus.REFUSED, at=at)
    elif row["stop_asked_at"] is not None:
        await end(w, row, JobStatus.CANCELLED, at=at, charge=await earned(w, row))
    else:
        return False
    return True


async def earned(w: Work, row: Any) -> Credits:
    """Price the pictures that the present attempt has finished."""
    found = await w.one(
        "SELECT count(*) AS n FROM generation_image WHERE job = $1 AND attempt = $2", row["id"], row["attempt"]
    )
    return Credits(row["cost"] // row["quantity"] * (found["n"] if found else 0))


async def put_back(w: Work, row: Any, *, at: datetime, rest: timedelta, losses: int = 0, faults: int = 0) -> None:
    """Queue a locked job again at its old turn, after a rest. Nothing of the attempt counts any more."""
    step(JobStatus(row["status"]), JobStatus.QUEUED)
    await w.execute(
        """
        UPDATE generation_job SET status = 'QUEUED', not_before = $2, losses = losses + $3, faults = $4,
               worker = NULL, lease_until = NULL, image = 0, step = 0, preview = NULL
        WHERE id = $1
        """,
        row["id"],
        at + rest,
        losses,
        faults,
    )
    w.tell(GenerationMoved(JobId(row["id"]), JobStatus.QUEUED))
