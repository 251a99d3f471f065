"""What a generation does about facts: stop what its owner cancelled and what the registry or a block now forbids.

All are idempotent. Queued jobs end at once; those at work are marked, and the cluster is told to stop them.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from collections.abc import Set as AbstractSet

import asyncpg

from domain import likeness, resources
from domain.generation.ending import locked, refuse
from domain.generation.facts import GenerationStopAsked
from domain.generation.requests import STOPPING
from domain.generation.rules import JobStatus, is_final
from domain.generation.running import stop_on_cluster
from domain.generation.words import against_words
from domain.kernel.findings import Finding, Signal, Verdict
from domain.kernel.ids import JobId, ResourceId, Subject
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch
from domain.kernel.work import work
from domain.likeness import RegistryChanged
from domain.registry.names import NameMatcher
from domain.resources import ResourceChanged, ResourceStatus

_AT_ONCE = 500
_BY_MODERATOR = Finding(Signal.DECLARED, Verdict.BLOCKED, "resource: a moderator holds it, or has removed it")


async def stop_asked(scope: Scope, fact: GenerationStopAsked) -> None:
    """Pass an owner's or the registry's stop on to the cluster."""
    await stop_on_cluster(scope, fact.job_id)


async def registry_changed(scope: Scope, fact: RegistryChanged) -> None:
    """Refuse the unfinished jobs whose words or resources reproduce a person who was registered or changed.

    Of words only those persons are looked for: all others were when the job was asked for, and are again when it
    starts. Resources are judged here by the newest registry, before the sweep over everything stored comes to them.
    """
    snapshot = await likeness.snapshot_at(scope, fact.version)
    matcher = await asyncio.to_thread(NameMatcher, snapshot.only(frozenset(fact.person_ids)))
    async for rows in _unfinished():
        barred = await _barred({each for row in rows for each in row["resources"]}, scope)
        for row in rows:
            findings = [
                *against_words(row, matcher),
                *(reason for each in row["resources"] for reason in barred.get(each, ())),
            ]
            if findings:
                await _refuse(scope, JobId(row["id"]), findings)


async def resource_changed(scope: Scope, fact: ResourceChanged) -> None:
    """Refuse the unfinished jobs of a resource that was blocked, held (also for a claim), or removed by a moderator.

    One that its owner merely took away stops no running job; a waiting one fails when its turn comes.
    """
    if fact.status == ResourceStatus.PUBLISHED:
        return
    barred = (await _barred({fact.resource_id}, scope)).get(fact.resource_id, [])
    reasons = barred or await likeness.held_findings(Subject("resource", fact.resource_id))
    if not reasons and fact.cause == "MODERATOR":
        reasons = [_BY_MODERATOR]
    if not reasons:
        return
    rows = await fetch(
        """
        SELECT id FROM generation_job j WHERE status IN ('QUEUED', 'VALIDATING', 'RUNNING')
        AND (checkpoint_id = $1 OR EXISTS (SELECT FROM generation_use u WHERE u.job = j.id AND u.resource_id = $1))
        """,
        fact.resource_id,
    )
    for row in rows:
        await _refuse(scope, JobId(row["id"]), reasons)


async def _barred(ids: AbstractSet[ResourceId], scope: Scope) -> dict[ResourceId, list[Finding]]:
    """Give what stands against each of these resources by the registry of this moment; none for those that may be."""
    found = await resources.usable(Scope.of_system(scope.ports), list(ids)) if ids else {}
    standing = {
        each: [reason for reason in use.reasons if reason.verdict in STOPPING]
        for each, use in found.items()
        if not use.allowed
    }
    return {each: reasons for each, reasons in standing.items() if reasons}


async def _unfinished() -> AsyncIterator[Sequence[asyncpg.Record]]:
    """Give the unfinished jobs, in bounded pieces."""
    after = None
    while True:
        rows = await fetch(
            """
            SELECT id, owner_id, prompt, negative_prompt, mature,
                ARRAY(SELECT resource_id FROM generation_use u WHERE u.job = j.id) || checkpoint_id AS resources
            FROM generation_job j
            WHERE status IN ('QUEUED', 'VALIDATING', 'RUNNING') AND ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2
            """,
            after,
            _AT_ONCE,
        )
        if rows:
            yield rows
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1]["id"]


async def _refuse(scope: Scope, job_id: JobId, findings: Sequence[Finding]) -> None:
    """Refuse a job, if it has not ended meanwhile."""
    async with work(scope.now) as w:
        row = await locked(w, job_id)
        if row is not None and not is_final(JobStatus(row["status"])):
            await refuse(w, row, findings, at=scope.now)
