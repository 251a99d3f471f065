"""Applying a newer registry to everything stored, from the texts that were found then: no file is read again."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg

from domain.kernel.findings import Verdict
from domain.kernel.ids import FileId
from domain.kernel.ports import Sealer
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch, fetch_one
from domain.kernel.work import Work, work
from domain.registry.matching import Matcher
from domain.registry.names import NameMatcher
from domain.registry.snapshot import Snapshot
from domain.resources.facts import FileScanned
from domain.resources.holders import lock_holder
from domain.resources.reads import findings_in, resource_of
from domain.resources.rules import Examined, examine, examine_own_texts
from domain.resources.scans import FACTS_SQL, facts_of
from domain.resources.settling import RegistryBehind, announce_registry, findings_json, hold_registry, settle
from domain.resources.values import Holder

_AT_ONCE = 100
"""Rows held in memory at a time."""


async def revalidate(scope: Scope, snapshot: Snapshot) -> int:
    """Judge every stored file and every standing resource by a newer registry; give the number of holders touched.

    What a person's registration reaches is restricted with its reasons; what only their entry restricted, and what
    they allow now, is restored. Done again, or with a registry that was applied already, it changes nothing; when a
    still newer one has been announced it leaves the rest to that.
    """
    if await applied_version() >= snapshot.version:
        return 0
    async with work(scope.now) as w:
        await announce_registry(w, snapshot.version)
    matcher = await matcher_of(scope, snapshot)
    touched = 0
    try:
        async for holder in _touched(scope, matcher):
            async with work(scope.now) as w:
                await hold_registry(w, matcher)
                await _apply(w, scope, holder, matcher)
            touched += 1
    except RegistryBehind:
        return touched
    async with work(scope.now) as w:
        await w.execute("UPDATE revalidation SET applied = greatest(applied, $1)", matcher.snapshot.version)
    return touched


async def applied_version() -> int:
    """Give the registry version that everything stored has been judged by."""
    row = await fetch_one("SELECT applied FROM revalidation")
    return row["applied"] if row else 0


async def matcher_of(scope: Scope, snapshot: Snapshot) -> Matcher:
    """Use the registry that this process holds, if it is new enough; making a matcher takes seconds for a large one."""
    held = scope.ports.registry.matcher
    if held.snapshot.version >= snapshot.version:
        return held
    return await asyncio.to_thread(NameMatcher, snapshot)


async def _touched(scope: Scope, matcher: Matcher) -> AsyncIterator[Holder]:
    """Give the holders for whom this registry says something else than what is stored."""
    async for rows in _pages(
        f"""
        SELECT {FACTS_SQL} FROM scan JOIN stored_file f ON f.id = scan.file_id
        WHERE scan.status = 'DONE' AND ($1::uuid IS NULL OR scan.id > $1) ORDER BY scan.id LIMIT $2
        """  # noqa: S608 - a constant of ours
    ):
        differing = await asyncio.to_thread(_differing, rows, matcher, scope.ports.sealer)
        for row in differing:
            yield Holder(row["holder_kind"], row["holder_id"])
    async for rows in _pages(
        "SELECT * FROM resource WHERE status IN ('HELD', 'PUBLISHED', 'BLOCKED')"
        " AND ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2"
    ):
        for resource in map(resource_of, rows):
            if examine_own_texts(resource, matcher) != resource.findings:
                yield Holder("resource", resource.id)


async def _pages(sql: str) -> AsyncIterator[list[asyncpg.Record]]:
    """Read a table in bounded pieces, by key."""
    after: UUID | None = None
    while rows := await fetch(sql, after, _AT_ONCE):
        yield rows
        after = rows[-1]["id"]


async def _apply(w: Work, scope: Scope, holder: Holder, matcher: Matcher) -> None:
    """Write what the registry says of a holder's files, tell it, and settle the holder."""
    await lock_holder(w, holder)
    rows = await w.fetch(
        f"SELECT {FACTS_SQL} FROM scan JOIN stored_file f ON f.id = scan.file_id WHERE f.holder_kind = $1"  # noqa: S608 - as above
        " AND f.holder_id = $2 AND scan.status = 'DONE' ORDER BY f.id FOR UPDATE OF scan",
        holder.kind,
        holder.id,
    )
    rejudged = False
    for row in rows:
        examined = _rejudged(row, matcher, scope.ports.sealer)
        if examined is None:
            continue
        rejudged = True
        await w.execute(
            "UPDATE scan SET findings = $2::jsonb, verdict = $3, registry_version = $4 WHERE id = $1",
            row["id"],
            findings_json(examined.findings),
            examined.verdict,
            matcher.snapshot.version,
        )
        if examined.verdict is not Verdict(row["verdict"]):
            w.tell(FileScanned(FileId(row["file_id"]), holder.kind, holder.id, examined.verdict))
    if holder.kind != "entry":
        await settle(w, scope, holder.id, matcher, rejudged=rejudged)


def _differing(rows: list[asyncpg.Record], matcher: Matcher, sealer: Sealer | None) -> list[asyncpg.Record]:
    return [row for row in rows if _rejudged(row, matcher, sealer)]


def _rejudged(row: Any, matcher: Matcher, sealer: Sealer | None) -> Examined | None:
    """Judge a stored file anew; None when nothing changes."""
    examined = examine(facts_of(row, sealer), matcher)
    return None if findings_json(examined.findings) == findings_json(findings_in(row["findings"])) else examined
