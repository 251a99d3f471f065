"""What a member does: ask what a generation would cost, request it, cancel it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from domain import resources
from domain.generation import reads, rules
from domain.generation.ending import end, locked
from domain.generation.facts import GenerationRequested, GenerationStopAsked
from domain.generation.rules import JobStatus, Wish
from domain.generation.tables import JobRow, UseRow
from domain.generation.values import Quote
from domain.kernel.findings import Finding, Signal, Verdict
from domain.kernel.ids import AccountId, JobId, ResourceId, Subject, new_id
from domain.kernel.limits import within_limit
from domain.kernel.refusals import (
    Conflict,
    InvalidInput,
    LikenessRefused,
    NotAllowed,
    NotFound,
    RateLimited,
)
from domain.kernel.scope import Scope
from domain.kernel.work import Work, work
from domain.ledger import Purse, Reason, transfer
from domain.registry.gates import examine_texts
from domain.resources import Judge, ResourceKind, Usable

STOPPING = frozenset({Verdict.BLOCKED, Verdict.HELD, Verdict.FAILED})
_RETRY_SECONDS = 10


@dataclass(frozen=True, slots=True)
class _Examined:
    """A wish that passed every gate."""

    prompt: str
    negative_prompt: str
    mature: bool
    registry_version: int


async def quote(scope: Scope, wish: Wish) -> Quote:
    """Say what a wish would cost and how long it may take; nothing is written.

    Raises SignInRequired, NotFound, InvalidInput, LikenessRefused, as the request would, and RateLimited: it tells who
    is protected.
    """
    actor = scope.require_actor()
    await within_limit(scope, "quote", actor.account_id)
    await _examine(scope, wish)
    length, ahead = await reads.standing_before(rules.turn_of(wish.priority, scope.now))
    state = await reads.queue_state()
    seconds = rules.estimated_seconds(
        rules.work_of(wish.width, wish.height, wish.steps, wish.quantity),
        ahead,
        state.running,
        await reads.recent_speeds(scope.now),
    )
    return Quote(rules.cost_of(wish, scope.ports.policy), length, seconds)


async def request(scope: Scope, wish: Wish) -> JobId:
    """Queue a wish and hold its cost. What is refused writes and holds nothing.

    Raises SignInRequired, Suspended, NotFound, InvalidInput, NotEnoughCredits, LikenessRefused, RateLimited.
    """
    actor = scope.require_active()
    await within_limit(scope, "generation", actor.account_id)
    examined = await _examine(scope, wish)
    job_id, owner = JobId(new_id()), actor.account_id
    cost = rules.cost_of(wish, scope.ports.policy)
    async with work(scope.now) as w:
        await _admit(w, owner, scope.ports.policy.max_jobs_in_flight)
        await _write(scope, job_id, owner, wish, examined)
        await transfer(
            w,
            cost,
            debit=Purse.account(owner),
            credit=Purse.job(job_id, holder=owner),
            reason=Reason.GENERATION_HOLD,
            subject=Subject("job", job_id),
            key=f"job:{job_id}:hold",
        )
        w.tell(GenerationRequested(job_id, owner))
    return job_id


async def cancel(scope: Scope, job_id: JobId) -> None:
    """Cancel one's own job: at once while it waits, within a step or so while it is drawn.

    A job that is being drawn keeps the pictures that are finished, and pays for these alone. Asking again changes
    nothing. Raises SignInRequired, NotAllowed, NotFound, Conflict.
    """
    actor = scope.require_actor()
    if job_id not in await reads.jobs_by_ids(scope, [job_id]):
        raise NotFound("There is no such job, or you may not see it.")
    async with work(scope.now) as w:
        row = await locked(w, job_id)
        if row is None or row["owner_id"] != actor.account_id:
            raise NotAllowed("Only the member who asked for a job may cancel it.")
        status = JobStatus(row["status"])
        if rules.is_final(status):
            raise Conflict(f"This job is {status} already.", state=status)
        if status is JobStatus.QUEUED:
            await end(w, row, JobStatus.CANCELLED, at=scope.now)
        elif row["stop_asked_at"] is None:
            await w.execute("UPDATE generation_job SET stop_asked_at = $2 WHERE id = $1", job_id, scope.now)
            w.tell(GenerationStopAsked(job_id))


async def _examine(scope: Scope, wish: Wish) -> _Examined:
    """Put a wish through the gates: bounds, words, resources."""
    prompt, negative = rules.check_wish(wish, scope.ports.policy)
    judge = Judge(scope)
    ids = [wish.checkpoint_id, *(use.resource_id for use in wish.uses)]
    found = await resources.usable(scope, ids)
    if len(found) < len(ids):
        raise NotFound("One of the resources is not there, or you may not see it.")
    _check_kinds(wish, found)
    mature = any(use.resource.mature for use in found.values())
    findings = await judge.ask(
        examine_texts,
        (("prompt", prompt), ("negative prompt", negative)),
        Signal.NAME_IN_TEXT,
        account=scope.account_id,
        mature=mature,
    )
    _check_usable(findings, [found[each] for each in ids])
    return _Examined(prompt, negative, mature, judge.version)


def _check_kinds(wish: Wish, found: dict[ResourceId, Usable]) -> None:
    """Hold each resource against the place that it was put in. Raises InvalidInput."""
    if found[wish.checkpoint_id].resource.kind is not ResourceKind.CHECKPOINT:
        raise InvalidInput("`checkpointId` must name a checkpoint.", field="input.checkpointId")
    for place, use in enumerate(wish.uses):
        if found[use.resource_id].resource.kind is ResourceKind.CHECKPOINT:
            raise InvalidInput(
                "A checkpoint can't be used beside another one; only LoRAs and embeddings can.",
                field=f"input.resources.{place}.resourceId",
            )


def _check_usable(findings: Sequence[Finding], uses: Sequence[Usable]) -> None:
    """Refuse words and resources that reproduce a person, then resources that are barred for another reason."""
    barred = [use for use in uses if not use.allowed]
    reasons = [*findings, *(reason for use in barred for reason in use.reasons if reason.verdict in STOPPING)]
    if reasons:
        raise LikenessRefused(
            "This can't be drawn: its words or a resource reproduce a real person who is protected.", findings=reasons
        )
    if barred:
        raise InvalidInput(
            f"The resource “{barred[0].resource.title}” is not published, so the generator can't use it.",
            field="input.resources",
        )


async def _admit(w: Work, owner: AccountId, most: int) -> None:
    """Refuse a member who has too many unfinished jobs. The lock makes requests of one member wait for each other."""
    await w.execute("SELECT pg_advisory_xact_lock(hashtextextended('generation ' || $1::text, 0))", str(owner))
    row = await w.one(
        "SELECT count(*) AS n FROM generation_job "
        "WHERE owner_id = $1 AND status IN ('QUEUED', 'VALIDATING', 'RUNNING')",
        owner,
    )
    if row is not None and row["n"] >= most:
        raise RateLimited(
            f"You have {row['n']} unfinished jobs, the most there may be; wait for one or cancel it.",
            retry_after_seconds=_RETRY_SECONDS,
        )


async def _write(scope: Scope, job_id: JobId, owner: AccountId, wish: Wish, examined: _Examined) -> None:
    """Write the rows of a new job."""
    job = JobRow(
        {
            JobRow.id: job_id,
            JobRow.owner_id: owner,
            JobRow.checkpoint_id: wish.checkpoint_id,
            JobRow.prompt: examined.prompt,
            JobRow.negative_prompt: examined.negative_prompt,
            JobRow.width: wish.width,
            JobRow.height: wish.height,
            JobRow.steps: wish.steps,
            JobRow.guidance: wish.guidance,
            JobRow.sampler: wish.sampler.value,
            JobRow.seed: secrets.randbelow(rules.MAX_SEED + 1) if wish.seed is None else int(wish.seed),
            JobRow.quantity: wish.quantity,
            JobRow.priority: wish.priority.value,
            JobRow.mature: examined.mature,
            JobRow.cost: rules.cost_of(wish, scope.ports.policy),
            JobRow.status: JobStatus.QUEUED.value,
            JobRow.queue_at: rules.turn_of(wish.priority, scope.now),
            JobRow.not_before: scope.now,
            JobRow.registry_version: examined.registry_version,
            JobRow.created_at: scope.now,
        }
    )
    await JobRow.insert(job)
    if wish.uses:
        await UseRow.insert(
            *(
                UseRow(
                    {
                        UseRow.job: job_id,
                        UseRow.position: place,
                        UseRow.resource_id: use.resource_id,
                        UseRow.weight: use.weight,
                    }
                )
                for place, use in enumerate(wish.uses)
            )
        )
