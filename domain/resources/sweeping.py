"""Bringing stored files and resources up to a newer registry: by fingerprints and texts, no file is read again."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg

from domain.kernel.findings import Verdict
from domain.kernel.ids import FileId
from domain.kernel.ports import Sealer
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch
from domain.kernel.sweeps import Page, pages
from domain.kernel.work import Work, work
from domain.registry.lens import Lens
from domain.registry.matching import Matcher
from domain.resources.facts import FileScanned
from domain.resources.holders import lock_holder
from domain.resources.keeping import FACTS_SQL, facts_of, texts_in
from domain.resources.reads import findings_in, resource_of
from domain.resources.rules import Examined, examine, examine_own_texts, standing
from domain.resources.settling import findings_json, hold_registry, settle
from domain.resources.values import Holder, Resource

_SCANNED = """
    SELECT scan.id, f.name, scan.texts, scan.findings @? '$[*] ? (@.verdict <> "CLEAN")' AS found
    FROM scan JOIN stored_file f ON f.id = scan.file_id
    WHERE scan.status = 'DONE' AND ($1::uuid IS NULL OR scan.id > $1)
        AND (NOT {frees} OR scan.findings @? '$[*] ? (@.verdict <> "CLEAN")')
    ORDER BY scan.id LIMIT $2
"""
_STANDING = """
    SELECT id, title, description, trigger_words, findings <> '[]' AS found FROM resource
    WHERE status IN ('HELD', 'PUBLISHED', 'BLOCKED') AND ($1::uuid IS NULL OR id > $1)
        AND (NOT {frees} OR findings <> '[]')
    ORDER BY id LIMIT $2
"""


async def sweep_files(scope: Scope, lens: Lens, after: UUID | None) -> AsyncGenerator[Page]:
    """Judge the scanned files of resources, samples and entries anew, from the key `after` on; settle what they are of.

    What a person's registration reaches is restricted with its reasons; what only their entry restricted, and what
    they allow now, is restored. Done again it changes nothing. Raises RegistryBehind when a registry newer than the
    lens has been announced.
    """
    async with aclosing(pages(_SCANNED.format(frees=lens.only_frees), after=after)) as found:
        async for rows in found:
            holders = await _touched_by_files(rows, lens, scope.ports.sealer)
            for holder in holders:
                await judge_anew(scope, holder, lens.whole)
            yield Page(rows[-1]["id"], len(holders))


async def sweep_texts(scope: Scope, lens: Lens, after: UUID | None) -> AsyncGenerator[Page]:
    """Judge resources' own titles, descriptions and trigger words anew, in the manner of `sweep_files`."""
    async with aclosing(pages(_STANDING.format(frees=lens.only_frees), after=after)) as found:
        async for rows in found:
            holders = await _touched_by_texts(rows, lens)
            for holder in holders:
                await judge_anew(scope, holder, lens.whole)
            yield Page(rows[-1]["id"], len(holders))


async def _touched_by_files(rows: Sequence[asyncpg.Record], lens: Lens, sealer: Sealer | None) -> list[Holder]:
    """Give the holders of those files of which this registry says something else than what is stored.

    Most files hold nobody's name, and all that is known of a file is only read where there is one.
    """
    is_named = await asyncio.to_thread(_named, rows, lens)
    named = {row["id"] for row, found in zip(rows, is_named, strict=True) if found}
    suspect = [row["id"] for row in rows if row["id"] in named or row["found"] or lens.reads_files]
    if not suspect:
        return []
    known = await fetch(
        f"SELECT {FACTS_SQL} FROM scan JOIN stored_file f ON f.id = scan.file_id WHERE scan.id = ANY($1::uuid[])",  # noqa: S608 - a constant of ours
        suspect,
    )
    touched = await asyncio.to_thread(
        lambda: [row for row in known if _touches(row, lens, sealer, by_texts=row["id"] in named)]
    )
    return list(dict.fromkeys(Holder(row["holder_kind"], row["holder_id"]) for row in touched))


def _named(rows: Sequence[Any], lens: Lens) -> list[bool]:
    """Say for each file whether a changed person is named in its own name or in it."""
    return lens.named_in([(row["name"], *texts_in(row["texts"])) for row in rows])


def _touches(row: Any, lens: Lens, sealer: Sealer | None, *, by_texts: bool) -> bool:
    """Whether a file is judged otherwise now; its texts are looked at again only where they name somebody."""
    facts = facts_of(row, sealer)
    if standing(facts.findings):
        return _rejudged(row, lens.whole, sealer) is not None
    looked_at = replace(facts, findings=()) if by_texts else replace(facts, findings=(), name="", texts=())
    return bool(standing(examine(looked_at, lens.changed).findings))


async def _touched_by_texts(rows: Sequence[asyncpg.Record], lens: Lens) -> list[Holder]:
    """Give the resources whose own texts are judged otherwise now; all of a resource is only read where it may be."""
    named = await asyncio.to_thread(
        lambda: lens.named_in([(row["title"], row["description"], *row["trigger_words"]) for row in rows])
    )
    suspect = [row["id"] for row, is_named in zip(rows, named, strict=True) if is_named or row["found"]]
    known = await fetch("SELECT * FROM resource WHERE id = ANY($1::uuid[])", suspect) if suspect else []
    resources = [resource_of(row) for row in known]
    touched = await asyncio.to_thread(lambda: [each.id for each in resources if _reads_otherwise(each, lens.whole)])
    return [Holder("resource", each) for each in touched]


def _reads_otherwise(resource: Resource, matcher: Matcher) -> bool:
    """Whether a resource's own texts are judged otherwise now."""
    return examine_own_texts(resource, matcher) != resource.findings


def _rejudged(row: Any, matcher: Matcher, sealer: Sealer | None) -> Examined | None:
    """Judge a stored file anew by the whole registry; None when nothing changes."""
    examined = examine(facts_of(row, sealer), matcher)
    return None if findings_json(examined.findings) == findings_json(findings_in(row["findings"])) else examined


async def judge_anew(scope: Scope, holder: Holder, matcher: Matcher) -> None:
    """Write what the registry says of a holder's files, tell it, and settle the holder: one work."""
    async with work(scope.now) as w:
        await hold_registry(w, matcher)
        await lock_holder(w, holder)
        changes = await _judge_files(w, scope, holder, matcher)
        if holder.kind in ("resource", "sample"):
            await settle(w, scope, holder.id, matcher, rejudged=changes)


async def _judge_files(w: Work, scope: Scope, holder: Holder, matcher: Matcher) -> bool:
    """Judge every scanned file of a locked holder; whether anything has changed."""
    rows = await w.fetch(
        f"SELECT {FACTS_SQL} FROM scan JOIN stored_file f ON f.id = scan.file_id WHERE f.holder_kind = $1"  # noqa: S608 - as above
        " AND f.holder_id = $2 AND scan.status = 'DONE' ORDER BY f.id FOR UPDATE OF scan",
        holder.kind,
        holder.id,
    )
    changes = False
    for row in rows:
        examined = _rejudged(row, matcher, scope.ports.sealer)
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
    return changes
