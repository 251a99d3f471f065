"""Bringing the words of jobs up to a newer registry: whom they name now is not drawn, and not shown any more."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any
from uuid import UUID

import asyncpg

from domain import reasons, resources
from domain.generation import statements
from domain.generation.ending import locked, refuse, to_json
from domain.generation.facts import PicturesWithheld
from domain.generation.rules import DELIVERED, JobStatus, is_final
from domain.generation.words import against_words
from domain.kernel.findings import Finding
from domain.kernel.ids import AccountId, JobId, Subject
from domain.kernel.scope import Scope
from domain.kernel.sweeps import Page, pages
from domain.kernel.work import Work, work
from domain.registry.lens import Lens
from domain.registry.matching import Matcher

_JOBS = """
    SELECT j.id, j.owner_id, j.prompt, j.negative_prompt, j.mature, w.findings AS withheld
    FROM generation_job j LEFT JOIN generation_withheld w ON w.id = j.id
    WHERE (j.refusal IS NULL AND j.finished_at IS NULL OR EXISTS (
        SELECT FROM generation_image i WHERE i.job = j.id AND i.attempt = j.attempt AND j.finished_at IS NOT NULL))
        AND ($1::uuid IS NULL OR j.id > $1) {only} ORDER BY j.id LIMIT $2
"""


async def sweep_jobs(scope: Scope, lens: Lens, after: UUID | None) -> AsyncGenerator[Page]:
    """Judge the words of jobs anew, from the key `after` on: those under way, and those that delivered pictures.

    A job under way that names somebody now is refused. Pictures that were delivered are withheld, with a statement of
    reasons, and given back when nothing stands against their words any more; what was charged stays charged. Done again
    it changes nothing. Raises RegistryBehind when a registry newer than the lens has been announced.
    """
    sql = _JOBS.format(only="AND w.id IS NOT NULL" if lens.only_frees else "")
    async with aclosing(pages(sql, after=after)) as found:
        async for rows in found:
            touched = await asyncio.to_thread(_touched, rows, lens)
            for job_id in touched:
                await _judge_anew(scope, job_id, lens.whole)
            yield Page(rows[-1]["id"], len(touched))


def _touched(rows: Sequence[asyncpg.Record], lens: Lens) -> list[JobId]:
    """Give the jobs whose words are judged otherwise now."""
    named = lens.named_in([(row["prompt"], row["negative_prompt"]) for row in rows])
    return [
        JobId(row["id"])
        for row, is_named in zip(rows, named, strict=True)
        if (is_named or row["withheld"]) and not _same(against_words(row, lens.whole), row["withheld"])
    ]


def _same(findings: Sequence[Finding], stored: str | None) -> bool:
    return bool(json.loads(to_json(findings)) == json.loads(stored or "[]"))


async def _judge_anew(scope: Scope, job_id: JobId, matcher: Matcher) -> None:
    """Refuse, withhold or give back what one job made: one work."""
    async with work(scope.now) as w:
        await resources.hold_registry(w, matcher)
        row = await locked(w, job_id)
        if row is None:
            return
        findings = against_words(row, matcher)
        status = JobStatus(row["status"])
        if status in DELIVERED:
            await _withhold(w, scope, row, findings)
        elif findings and row["refusal"] is None and not is_final(status):
            await refuse(w, row, findings, at=scope.now)


async def _withhold(w: Work, scope: Scope, row: Any, findings: Sequence[Finding]) -> None:
    """Withhold a locked job's pictures while there are findings, and give them back when there are none."""
    job_id, owner_id = JobId(row["id"]), AccountId(row["owner_id"])
    known = await w.one("SELECT findings FROM generation_withheld WHERE id = $1", job_id)
    if _same(findings, known["findings"] if known else None):
        return
    if findings:
        await w.execute(
            """
            INSERT INTO generation_withheld (id, findings, at) VALUES ($1, $2::jsonb, $3)
            ON CONFLICT (id) DO UPDATE SET findings = $2::jsonb
            """,
            job_id,
            to_json(findings),
            scope.now,
        )
        stated = statements.of_withheld(job_id, owner_id, findings, drawn_at=row["finished_at"], at=scope.now)
        await reasons.state(w, stated)
    else:
        await w.execute("DELETE FROM generation_withheld WHERE id = $1", job_id)
        await reasons.withdraw(w, Subject("job", job_id), at=scope.now)
    if bool(findings) is not (known is not None):
        w.tell(PicturesWithheld(job_id, owner_id, withheld=bool(findings)))
