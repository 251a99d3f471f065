"""The deeds of an entry's life: draft, upload, submit, withdraw, and what follows from its validation."""

from typing import Any

from piccolo.columns import Column

from domain.bounties import rules
from domain.bounties.facts import EntryDecided, EntrySubmitted, EntryWithdrawn
from domain.bounties.reads import bounties_by_ids, entries_by_ids
from domain.bounties.rules import EntryStatus, Step
from domain.bounties.statements import state_verdict
from domain.bounties.steps import lock_bounty, lock_entry, take
from domain.bounties.tables import EntryRow
from domain.bounties.values import Bounty, BountyEntry
from domain.kernel.findings import Signal
from domain.kernel.ids import AccountId, BountyId, EntryId, Subject, new_id
from domain.kernel.limits import within_limit
from domain.kernel.refusals import LikenessRefused, NotAllowed, NotFound
from domain.kernel.scope import Scope
from domain.kernel.text import clean
from domain.kernel.work import Work, work
from domain.reasons import withdraw
from domain.registry.gates import examine_texts
from domain.resources import FileScanned, Holder, StoredFile, Upload, files_of, open_upload, request_scans


async def draft_entry(scope: Scope, bounty_id: BountyId, *, note: str = "") -> BountyEntry:
    """Begin an entry to an open bounty of somebody else's; only its author, the initiator and moderators see it.

    Raises SignInRequired, Suspended, NotFound, InvalidInput, NotAllowed, Conflict, LikenessRefused, RateLimited.
    """
    actor = scope.require_active()
    note = clean(note, "input.note", rules.MAX_NOTE)
    await within_limit(scope, "entry-draft", actor.account_id)
    bounty = await _bounty(bounty_id)
    _pass_gate(scope, note, author_id=actor.account_id, mature=bounty.mature)
    entry = EntryRow(
        {
            EntryRow.id: new_id(),
            EntryRow.bounty_id: bounty_id,
            EntryRow.author_id: actor.account_id,
            EntryRow.note: note,
            EntryRow.status: EntryStatus.DRAFT,
            EntryRow.created_at: scope.now,
        }
    )
    async with work(scope.now) as w:
        locked = await lock_bounty(w, bounty_id, scope.now)
        rules.after(Step.DRAFT, locked.stands)
        rules.check_author(actor.account_id, locked.initiator_id)
        rules.check_entry_count(await _standing_entries(w, bounty_id, actor.account_id))
        await EntryRow.insert(entry)
    return await _entry(scope, EntryId(entry.id))


async def begin_upload(
    scope: Scope, entry_id: EntryId, *, file_name: str, size_bytes: float, sha256: str | None = None
) -> Upload:
    """Begin the upload of a file into a draft; only its author may, and only while the bounty is open.

    Raises SignInRequired, Suspended, NotFound, NotAllowed, Conflict, InvalidInput, RateLimited.
    """
    actor = scope.require_active()
    entry = await _entry(scope, entry_id)
    _require_author(actor.account_id, entry.author_id)
    rules.check_draft(entry.status)
    bounty = await _bounty(entry.bounty_id)
    stands = rules.status_at(bounty.status, closes_at=bounty.closes_at, judged_by=bounty.judged_by, now=scope.now)
    rules.after(Step.DRAFT, stands)
    return await open_upload(
        scope, _holder(entry_id), file_name=file_name, size_bytes=size_bytes, sha256=sha256, mature=bounty.mature
    )


async def submit_entry(scope: Scope, entry_id: EntryId) -> BountyEntry:
    """Hand in a draft; its files are validated like those of any resource before it can win.

    Raises SignInRequired, Suspended, NotFound, NotAllowed, Conflict.
    """
    actor = scope.require_active()
    entry = await _entry(scope, entry_id)
    async with work(scope.now) as w:
        bounty = await lock_bounty(w, entry.bounty_id, scope.now)
        locked = await lock_entry(w, bounty.id, entry_id)
        _require_author(actor.account_id, locked.author_id)
        rules.check_draft(locked.status)
        await take(w, scope, bounty, Step.SUBMIT, entry_id=entry_id)
        rules.check_files(await request_scans(w, _holder(entry_id)))
        await EntryRow.update({EntryRow.status: EntryStatus.SCANNING, EntryRow.submitted_at: scope.now}).where(
            EntryRow.id == entry_id
        )
        w.tell(EntrySubmitted(bounty_id=bounty.id, entry_id=entry_id))
    return await _entry(scope, entry_id)


async def withdraw_entry(scope: Scope, entry_id: EntryId) -> BountyEntry:
    """Take an entry back, unless it has won; only its author may.

    Raises SignInRequired, NotFound, NotAllowed, Conflict.
    """
    actor = scope.require_actor()
    entry = await _entry(scope, entry_id)
    async with work(scope.now) as w:
        bounty = await lock_bounty(w, entry.bounty_id, scope.now)
        locked = await lock_entry(w, bounty.id, entry_id)
        _require_author(actor.account_id, locked.author_id)
        rules.check_withdrawal(locked.status, awarded=bounty.awarded_entry_id == entry_id)
        await _move(entry_id, EntryStatus.WITHDRAWN)
        if locked.status is not EntryStatus.DRAFT:
            await take(w, scope, bounty, Step.WITHDRAW, entry_id=entry_id)
            w.tell(EntryWithdrawn(bounty_id=bounty.id, entry_id=entry_id))
    return await _entry(scope, entry_id)


async def entry_scanned(scope: Scope, fact: FileScanned) -> None:
    """Draw the consequences when a file of an entry was validated, or validated anew; a reaction to FileScanned."""
    if fact.holder_kind != "entry":
        return
    entry_id = EntryId(fact.holder_id)
    entry = (await entries_by_ids(scope, [entry_id])).get(entry_id)
    if entry is None:
        return
    files = (await files_of([_holder(entry_id)])).get(_holder(entry_id), [])
    async with work(scope.now) as w:
        locked = await lock_entry(w, entry.bounty_id, entry_id)
        reached = rules.after_scan(locked.status, [file.scan.verdict for file in files])
        if reached is locked.status:
            return
        await _move(entry_id, reached)
        await _give_reasons(w, scope, entry, reached, files)
        w.tell(
            EntryDecided(
                entry_id=entry_id,
                bounty_id=entry.bounty_id,
                author_id=entry.author_id,
                initiator_id=entry.initiator_id,
                status=reached.value,
                before=locked.status.value,
            )
        )


async def _give_reasons(
    w: Work, scope: Scope, entry: BountyEntry, reached: EntryStatus, files: list[StoredFile]
) -> None:
    """State why an entry is held or blocked now; withdraw the statement when it no longer is."""
    subject = Subject("entry", entry.id)
    if reached not in (EntryStatus.HELD, EntryStatus.BLOCKED):
        await withdraw(w, subject, at=scope.now)
        return
    await state_verdict(
        w,
        subject,
        entry.author_id,
        reached,
        [finding for file in files for finding in file.scan.findings],
        content_date=entry.created_at,
        at=scope.now,
    )


async def _move(entry_id: EntryId, status: EntryStatus) -> None:
    """Write an entry's status; back in DRAFT, it has not been submitted."""
    values: dict[Column | str, Any] = {EntryRow.status: status}
    if status is EntryStatus.DRAFT:
        values[EntryRow.submitted_at] = None
    await EntryRow.update(values).where(EntryRow.id == entry_id)


async def _standing_entries(w: Work, bounty_id: BountyId, author_id: AccountId) -> int:
    row = await w.one(
        "SELECT count(*) AS n FROM bounty_entry WHERE bounty_id = $1 AND author_id = $2 AND status <> 'WITHDRAWN'",
        bounty_id,
        author_id,
    )
    return int(row["n"]) if row else 0


def _pass_gate(scope: Scope, note: str, *, author_id: AccountId, mature: bool) -> None:
    findings = examine_texts(
        scope.ports.registry.matcher, [("note", note)], Signal.NAME_IN_TEXT, account=author_id, mature=mature
    )
    if findings:
        raise LikenessRefused(
            "This note names a real person who does not allow it: take the name out.", findings=findings
        )


def _require_author(actor_id: AccountId, author_id: AccountId) -> None:
    if actor_id != author_id:
        raise NotAllowed("Only the author of an entry may do this.")


def _holder(entry_id: EntryId) -> Holder:
    return Holder("entry", entry_id)


async def _entry(scope: Scope, entry_id: EntryId) -> BountyEntry:
    """Read an entry that the scope may see. Raises NotFound."""
    entry = (await entries_by_ids(scope, [entry_id])).get(entry_id)
    if entry is None:
        raise NotFound("There is no entry with this id, or you may not see it.")
    return entry


async def _bounty(bounty_id: BountyId) -> Bounty:
    bounty = (await bounties_by_ids([bounty_id])).get(bounty_id)
    if bounty is None:
        raise NotFound("There is no bounty with this id.")
    return bounty
