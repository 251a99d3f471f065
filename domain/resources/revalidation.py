"""Applying a newer registry to everything stored, from the texts that were found then: no file is read again."""

import asyncio

from domain.kernel.findings import Verdict
from domain.kernel.ids import FileId
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch_one
from domain.kernel.work import Work, work
from domain.registry.changes import Change
from domain.registry.matching import Matcher
from domain.registry.names import NameMatcher
from domain.registry.snapshot import Snapshot
from domain.resources.facts import FileScanned
from domain.resources.holders import lock_holder
from domain.resources.scans import FACTS_SQL
from domain.resources.settling import RegistryBehind, announce_registry, findings_json, hold_registry, settle
from domain.resources.sweeping import Lens, Remembering, rejudged, touched
from domain.resources.values import Holder


async def revalidate(scope: Scope, snapshot: Snapshot, change: Change | None = None) -> int:
    """Judge every stored file and every standing resource by a newer registry; give the number of holders touched.

    `change` says what became of whom since the version that was applied last, so that only that is looked for; without
    it everybody is. What a person's registration reaches is restricted with its reasons; what only their entry
    restricted, and what they allow now, is restored. Done again, or with a registry that was applied already, it
    changes nothing; when a still newer one has been announced it leaves the rest to that.
    """
    applied = await applied_version()
    if change is not None and (change.since > applied or change.version > snapshot.version):
        raise ValueError("The change must begin with what was applied, and the registry must hold it.")
    upto = snapshot.version if change is None else change.version
    if applied >= upto:
        return 0
    async with work(scope.now) as w:
        await announce_registry(w, upto)
    matcher = await matcher_of(scope, snapshot)
    changed = matcher if change is None else await asyncio.to_thread(NameMatcher, change.now)
    done: set[Holder] = set()
    try:
        async for holder in touched(Lens(matcher, Remembering(changed), scope.ports.sealer)):
            if holder not in done:
                done.add(holder)
                async with work(scope.now) as w:
                    await hold_registry(w, matcher)
                    await _apply(w, scope, holder, matcher)
    except RegistryBehind:
        return len(done)
    async with work(scope.now) as w:
        await w.execute("UPDATE revalidation SET applied = greatest(applied, $1)", upto)
    return len(done)


async def applied_version() -> int:
    """Give the registry version that everything stored has been judged by."""
    row = await fetch_one("SELECT applied FROM revalidation")
    return row["applied"] if row else 0


async def matcher_of(scope: Scope, snapshot: Snapshot) -> Matcher:
    """Use the registry that this process holds, if it is new enough; making a matcher takes seconds for a large one."""
    if await scope.ports.registry.reach(snapshot.version):
        return scope.ports.registry.matcher
    return await asyncio.to_thread(NameMatcher, snapshot)


async def _apply(w: Work, scope: Scope, holder: Holder, matcher: Matcher) -> None:
    """Write what the registry says of a holder's files, tell it, and settle the holder."""
    await lock_holder(w, holder)
    rows = await w.fetch(
        f"SELECT {FACTS_SQL} FROM scan JOIN stored_file f ON f.id = scan.file_id WHERE f.holder_kind = $1"  # noqa: S608 - as above
        " AND f.holder_id = $2 AND scan.status = 'DONE' ORDER BY f.id FOR UPDATE OF scan",
        holder.kind,
        holder.id,
    )
    changes = False
    for row in rows:
        examined = rejudged(row, matcher, scope.ports.sealer)
        if examined is None:
            continue
        changes = True
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
        await settle(w, scope, holder.id, matcher, rejudged=changes)
