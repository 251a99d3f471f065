"""What a worker does with a job that it holds: start it, report on it, end it. Each report is fenced by the attempt."""

import asyncio
from collections.abc import Sequence
from typing import Any

from domain import resources
from domain.generation import rules
from domain.generation.ending import earned, end, end_if_stopped, put_back
from domain.generation.facts import GenerationMoved, GenerationStepped
from domain.generation.leases import held
from domain.generation.requests import STOPPING
from domain.generation.rules import JobStatus
from domain.generation.values import Claim
from domain.generation.words import against_words
from domain.kernel.beside import beside_loop
from domain.kernel.findings import Finding
from domain.kernel.ids import JobId, ResourceId
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch, fetch_one
from domain.kernel.wire import (
    ActorLost,
    ClusterFault,
    LoraUse,
    RenderCancelled,
    RenderFailed,
    RenderFinished,
    RenderOrder,
    RenderRefused,
    SourceUnreachable,
    StepDone,
)
from domain.kernel.work import Work, work
from domain.resources import Usable

_CANCEL_SECONDS = 2.0


async def start(scope: Scope, claimed: Claim) -> RenderOrder | None:
    """Validate a claimed job by the registry of this moment and give the order for it; VALIDATING → RUNNING.

    None when it ended instead: refused, cancelled meanwhile, or impossible because a resource is gone.
    """
    row = await fetch_one(
        "SELECT * FROM generation_job WHERE id = $1 AND attempt = $2", claimed.job_id, claimed.attempt
    )
    if row is None:
        return None
    uses = await fetch(
        "SELECT resource_id, weight FROM generation_use WHERE job = $1 ORDER BY position", claimed.job_id
    )
    version = scope.ports.registry.version
    found = await resources.usable(
        Scope.of_system(scope.ports),
        [ResourceId(row["checkpoint_id"]), *(ResourceId(use["resource_id"]) for use in uses)],
    )
    findings = await beside_loop(_findings, scope, row, found)
    order = _order(row, uses, found, version, hold_unexamined=scope.ports.policy.hold_unexamined)
    async with work(scope.now) as w:
        job = await held(w, claimed)
        if job is None or await end_if_stopped(w, job, at=scope.now):
            return None
        if findings:
            await end(w, job, JobStatus.REFUSED, at=scope.now, refusal=findings)
            return None
        if order is None:
            error = "A resource that it uses is no longer available; nothing was charged."
            await end(w, job, JobStatus.FAILED, at=scope.now, error=error)
            return None
        rules.step(JobStatus(job["status"]), JobStatus.RUNNING)
        await w.execute(
            "UPDATE generation_job SET status = 'RUNNING', started_at = $2, registry_version = $3 WHERE id = $1",
            claimed.job_id,
            scope.now,
            version,
        )
        w.tell(GenerationMoved(claimed.job_id, JobStatus.RUNNING))
    return order


def _findings(scope: Scope, row: Any, found: dict[ResourceId, Usable]) -> list[Finding]:
    """Judge a job's words and resources by what holds now."""
    words = against_words(row, scope.ports.registry.matcher)
    barred = [
        reason for use in found.values() if not use.allowed for reason in use.reasons if reason.verdict in STOPPING
    ]
    return [*words, *barred]


def _order(
    row: Any, uses: Sequence[Any], found: dict[ResourceId, Usable], version: int, *, hold_unexamined: bool
) -> RenderOrder | None:
    """Write the order for the cluster; None when a resource can't be used any more."""
    usable = {each: use for each, use in found.items() if use.allowed and use.model is not None}
    checkpoint = usable.get(ResourceId(row["checkpoint_id"]))
    if checkpoint is None or checkpoint.model is None or any(use["resource_id"] not in usable for use in uses):
        return None
    loras = []
    for use in uses:
        chosen = usable[use["resource_id"]]
        if chosen.model is not None:
            kind, words = chosen.resource.kind.value, tuple(chosen.resource.trigger_words)
            loras.append(LoraUse(chosen.model, use["weight"], kind, words))
    return RenderOrder(
        job_id=row["id"],
        attempt=row["attempt"],
        checkpoint=checkpoint.model,
        resources=tuple(loras),
        prompt=row["prompt"],
        negative_prompt=row["negative_prompt"],
        width=row["width"],
        height=row["height"],
        steps=row["steps"],
        guidance=row["guidance"],
        sampler=row["sampler"],
        seeds=rules.seeds_for(row["seed"], row["quantity"]),
        registry_version=version,
        account_id=row["owner_id"],
        mature=row["mature"],
        hold_unexamined=hold_unexamined,
    )


async def progress(scope: Scope, claimed: Claim, steps: Sequence[StepDone]) -> None:
    """Record steps that came shortly after one another, in order; each becomes a fact of its own."""
    if not steps:
        return
    last = steps[-1]
    preview = next((each.preview for each in reversed(steps) if each.preview), None)
    async with work(scope.now) as w:
        row = await w.one(
            """
            UPDATE generation_job SET image = $3, step = $4, preview = coalesce($5, preview), faults = 0
            WHERE id = $1 AND attempt = $2 AND status = 'RUNNING' RETURNING id
            """,
            claimed.job_id,
            claimed.attempt,
            last.image,
            last.step,
            preview,
        )
        if row is not None:
            for each in steps:
                w.tell(
                    GenerationStepped(
                        claimed.job_id,
                        each.attempt,
                        each.image,
                        each.quantity,
                        each.step,
                        each.steps,
                        each.preview,
                    )
                )


async def finish(scope: Scope, claimed: Claim, event: RenderFinished | RenderRefused | RenderCancelled) -> None:
    """Take a job's last step after the cluster's last word about it."""
    async with work(scope.now) as w:
        row = await held(w, claimed)
        if row is None:
            return
        if isinstance(event, RenderRefused):
            await end(w, row, JobStatus.REFUSED, at=scope.now, refusal=event.findings)
        elif row["refusal"] is not None:
            await end(w, row, JobStatus.REFUSED, at=scope.now)
        elif isinstance(event, RenderFinished):
            await _succeed(w, row, scope)
        elif row["stop_asked_at"] is not None:
            await end(w, row, JobStatus.CANCELLED, at=scope.now, charge=await earned(w, row))
        else:
            # Nobody asked for this stop as far as we know: it was meant for an earlier attempt.
            await put_back(w, row, at=scope.now, rest=rules.backoff(1))


async def _succeed(w: Work, row: Any, scope: Scope) -> None:
    """End a job that ran to its end, if all of its pictures are there."""
    charge = await earned(w, row)
    if charge == row["cost"]:
        await end(w, row, JobStatus.SUCCEEDED, at=scope.now, charge=charge)
    else:
        error = "The cluster finished without all of the pictures; nothing was charged."
        await end(w, row, JobStatus.FAILED, at=scope.now, error=error)


async def fault(scope: Scope, claimed: Claim, what: ClusterFault) -> None:
    """Decide what becomes of a job after a fault of the cluster: again after a rest, or given up."""
    policy = scope.ports.policy
    async with work(scope.now) as w:
        row = await held(w, claimed)
        if row is None or await end_if_stopped(w, row, at=scope.now):
            return
        losses, faults = row["losses"], row["faults"] + 1
        if isinstance(what, RenderFailed):
            await end(w, row, JobStatus.FAILED, at=scope.now, error=str(what))
        elif isinstance(what, ActorLost):
            if rules.after_loss(losses + 1, policy) is JobStatus.FAILED:
                error = f"It could not be drawn in {losses + 1} attempts; nothing was charged."
                await end(w, row, JobStatus.FAILED, at=scope.now, error=error)
            else:
                await put_back(w, row, at=scope.now, rest=rules.backoff(losses + 1), losses=1)
        elif isinstance(what, SourceUnreachable) and faults > rules.MAX_SOURCE_FAULTS:
            error = "The file of a resource can't be read from the storage; nothing was charged."
            await end(w, row, JobStatus.FAILED, at=scope.now, error=error)
        else:
            await put_back(w, row, at=scope.now, rest=rules.backoff(faults), faults=faults)


async def stop_on_cluster(scope: Scope, job_id: JobId) -> None:
    """Tell the cluster to stop a job. What isn't heard now is said again with the next renewal of its lease."""
    try:
        async with asyncio.timeout(_CANCEL_SECONDS):
            await scope.ports.cluster.cancel(job_id)
    except (ClusterFault, TimeoutError):
        return
