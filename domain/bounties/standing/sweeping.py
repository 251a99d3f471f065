"""Bringing the texts of bounties and the notes of entries up to a newer registry, as a sweep over everything stored."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from uuid import UUID

from domain.bounties.rules import EntryStatus
from domain.bounties.standing.holding import HoldCause, lock_hold, settle_hold
from domain.bounties.standing.holds import Row, findings_in, findings_json, hold_of
from domain.bounties.standing.texts import examine, examine_note, judged
from domain.bounties.standing.verdicts import lock_judged, settle_entry
from domain.bounties.vault.contents import contents_of
from domain.kernel.findings import Finding
from domain.kernel.ids import AccountId, BountyId, EntryId
from domain.kernel.scope import Scope
from domain.kernel.sweeps import Page, pages
from domain.kernel.work import work
from domain.registry.lens import Lens
from domain.registry.matching import Matcher
from domain.resources import hold_registry

_BOUNTIES = """
    SELECT id, title, brief, mature, held_findings, reference_findings, depicts_found FROM bounty
    WHERE ($1::uuid IS NULL OR id > $1) {only} ORDER BY id LIMIT $2
"""
_NOTES = """
    SELECT e.id, e.note, e.author_id, e.note_findings, b.mature
    FROM bounty_entry e JOIN bounty b ON b.id = e.bounty_id
    WHERE e.note <> '' AND e.status <> 'WITHDRAWN' AND ($1::uuid IS NULL OR e.id > $1) {only} ORDER BY e.id LIMIT $2
"""


async def sweep_bounties(scope: Scope, lens: Lens, after: UUID | None) -> AsyncGenerator[Page]:
    """Judge the titles and briefs of all bounties anew, also of those that have ended, for they are still shown.

    What now names somebody who does not allow it is held; what only their entry held is shown again, as it was. Done
    again it changes nothing. Raises RegistryBehind when a registry newer than the lens has been announced.
    """
    sql = _BOUNTIES.format(only="AND (held_findings <> '[]' OR depicts_found)" if lens.only_frees else "")
    async with aclosing(pages(sql, after=after)) as found:
        async for rows in found:
            touched = await asyncio.to_thread(_touched_bounties, rows, lens)
            for bounty_id in touched:
                await _judge_bounty(scope, bounty_id, lens.whole)
            yield Page(rows[-1]["id"], len(touched))


async def sweep_notes(scope: Scope, lens: Lens, after: UUID | None) -> AsyncGenerator[Page]:
    """Judge the notes of all entries anew, in the manner of `sweep_bounties`; one that was taken back is left alone."""
    sql = _NOTES.format(only="AND e.note_findings <> '[]'" if lens.only_frees else "")
    async with aclosing(pages(sql, after=after)) as found:
        async for rows in found:
            touched = await asyncio.to_thread(_touched_notes, rows, lens)
            for entry_id in touched:
                await _judge_note(scope, entry_id, lens.whole)
            yield Page(rows[-1]["id"], len(touched))


def _touched_bounties(rows: Sequence[Row], lens: Lens) -> list[BountyId]:
    named = lens.named_in([(row["title"], row["brief"]) for row in rows])
    return [
        BountyId(row["id"])
        for row, is_named in zip(rows, named, strict=True)
        if (is_named or row["depicts_found"] or row["held_findings"] != "[]") and _changes_bounty(row, lens.whole)
    ]


def _changes_bounty(row: Row, matcher: Matcher) -> bool:
    examined = examine(matcher, row["title"], row["brief"], mature=row["mature"])
    depicts = examined.depicts or row["reference_findings"] != "[]"
    return (examined.findings, depicts) != (findings_in(row["held_findings"]), row["depicts_found"])


def _touched_notes(rows: Sequence[Row], lens: Lens) -> list[EntryId]:
    named = lens.named_in([(row["note"],) for row in rows])
    return [
        EntryId(row["id"])
        for row, is_named in zip(rows, named, strict=True)
        if (is_named or row["note_findings"] != "[]") and _noted(row, lens.whole) != findings_in(row["note_findings"])
    ]


async def _judge_bounty(scope: Scope, bounty_id: BountyId, matcher: Matcher) -> None:
    """Write what the registry says of one bounty now, and settle it: one work."""
    async with work(scope.now) as w:
        await hold_registry(w, matcher)
        row = await lock_hold(w, bounty_id)
        if row is None:
            return
        examined = examine(matcher, row["title"], row["brief"], mature=row["mature"])
        await settle_hold(w, scope, row, judged(hold_of(row), examined), HoldCause.REGISTRY)


async def _judge_note(scope: Scope, entry_id: EntryId, matcher: Matcher) -> None:
    """Write what the registry says of one note now, and settle its entry: one work."""
    files = (await contents_of([entry_id]))[entry_id]
    async with work(scope.now) as w:
        await hold_registry(w, matcher)
        row = await lock_judged(w, entry_id)
        if row is None or row["status"] == EntryStatus.WITHDRAWN:
            return
        found = findings_json(_noted(row, matcher))
        await w.execute("UPDATE bounty_entry SET note_findings = $2::jsonb WHERE id = $1", entry_id, found)
        await settle_entry(w, scope, {**row, "note_findings": found}, files)


def _noted(row: Row, matcher: Matcher) -> tuple[Finding, ...]:
    return examine_note(matcher, row["note"], author_id=AccountId(row["author_id"]), mature=row["mature"])
