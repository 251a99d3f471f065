"""The deeds of an entry's life: draft, upload, submit, withdraw, and what follows from its validation."""

from domain.bounties import rules
from domain.bounties.facts import EntrySubmitted, EntryWithdrawn
from domain.bounties.reads import bounties_by_ids, entries_by_ids
from domain.bounties.rules import BountyKind, EntryStatus, Step
from domain.bounties.standing import holds
from domain.bounties.standing.texts import examine_note
from domain.bounties.standing.verdicts import lock_judged, settle_entry
from domain.bounties.steps import lock_bounty, lock_entry, take
from domain.bounties.tables import EntryRow
from domain.bounties.values import Bounty, BountyEntry
from domain.bounties.vault.contents import contents_of, files_holder, previews_holder, references_holder
from domain.kernel.ids import AccountId, BountyId, EntryId, new_id
from domain.kernel.limits import within_limit
from domain.kernel.refusals import LikenessRefused, NotAllowed, NotFound
from domain.kernel.scope import Scope
from domain.kernel.text import clean
from domain.kernel.work import Work, work
from domain.resources import FileScanned, Judge, Upload, end_uploads, open_upload, request_scans


async def draft_entry(scope: Scope, bounty_id: BountyId, *, note: str = "") -> BountyEntry:
    """Begin an entry to an open bounty of somebody else's; only its author, the initiator and moderators see it.

    Raises SignInRequired, Suspended, NotFound, InvalidInput, NotAllowed, Conflict, LikenessRefused, RateLimited.
    """
    actor = scope.require_active()
    note = clean(note, "input.note", rules.MAX_NOTE)
    await within_limit(scope, "entry-draft", actor.account_id)
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
    bounty, judge = await _bounty(scope, bounty_id), Judge(scope)
    await judge.ask(examine_note, note, author_id=actor.account_id, mature=bounty.mature)
    async with work(scope.now) as w:
        await judge.hold(w)
        locked = await lock_bounty(w, bounty_id, scope.now)
        rules.after(Step.DRAFT, locked.stands)
        holds.check_shown(held=locked.held)
        await _pass_gate(judge, note, author_id=actor.account_id, mature=locked.mature)
        rules.check_author(actor.account_id, locked.initiator_id)
        rules.check_entry_count(await _standing_entries(w, bounty_id, actor.account_id))
        await EntryRow.insert(entry)
        await end_uploads(w, references_holder(bounty_id))  # from now on the terms are frozen, and pictures are of them
    return await _entry(scope, EntryId(entry.id))


async def begin_upload(
    scope: Scope, entry_id: EntryId, *, file_name: str, size_bytes: float, sha256: str | None = None
) -> Upload:
    """Begin the upload of a file into a draft; only its author may, and only while the bounty is open.

    What the bounty asks for says whether it is to be a picture or a model: the terms are frozen since the draft.
    Raises SignInRequired, Suspended, NotFound, NotAllowed, Conflict, InvalidInput, RateLimited.
    """
    actor = scope.require_active()
    entry = await _entry(scope, entry_id)
    _require_author(actor.account_id, entry.author_id)
    rules.check_draft(entry.status)
    bounty = await _bounty(scope, entry.bounty_id)
    stands = rules.status_at(bounty.status, closes_at=bounty.closes_at, judged_by=bounty.judged_by, now=scope.now)
    rules.after(Step.DRAFT, stands)
    holds.check_shown(held=bounty.held_at is not None)
    return await open_upload(
        scope,
        files_holder(entry_id),
        file_name=file_name,
        size_bytes=size_bytes,
        sha256=sha256,
        mature=bounty.mature,
        picture=bounty.kind is BountyKind.IMAGE,
    )


async def submit_entry(scope: Scope, entry_id: EntryId) -> BountyEntry:
    """Hand in a draft; its files are validated like those of any resource before it can win.

    Its note is looked at again: the registry may have changed since it was written. Raises SignInRequired, Suspended,
    NotFound, NotAllowed, Conflict, LikenessRefused, RateLimited.
    """
    actor = scope.require_active()
    await within_limit(scope, "entry-submit", actor.account_id)
    entry = await _entry(scope, entry_id)
    asked, judge = await _bounty(scope, entry.bounty_id), Judge(scope)
    await judge.ask(examine_note, entry.note, author_id=actor.account_id, mature=asked.mature)
    async with work(scope.now) as w:
        await judge.hold(w)
        bounty = await lock_bounty(w, entry.bounty_id, scope.now)
        locked = await lock_entry(w, bounty.id, entry_id)
        _require_author(actor.account_id, locked.author_id)
        rules.check_draft(locked.status)
        await take(w, scope, bounty, Step.SUBMIT, entry_id=entry_id)
        await _pass_gate(judge, entry.note, author_id=actor.account_id, mature=bounty.mature)
        rules.check_files(await request_scans(w, files_holder(entry_id)))
        await request_scans(w, previews_holder(entry_id), again=False)
        await EntryRow.update({EntryRow.status: EntryStatus.SCANNING, EntryRow.submitted_at: scope.now}).where(
            EntryRow.id == entry_id
        )
        w.tell(EntrySubmitted(bounty_id=bounty.id, entry_id=entry_id, before=bounty.status))
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
        rules.check_withdrawal(locked.status, awarded=locked.awarded)
        await EntryRow.update({EntryRow.status: EntryStatus.WITHDRAWN}).where(EntryRow.id == entry_id)
        if locked.status is not EntryStatus.DRAFT:
            await take(w, scope, bounty, Step.WITHDRAW, entry_id=entry_id)
            w.tell(EntryWithdrawn(bounty_id=bounty.id, entry_id=entry_id, before=bounty.status))
    return await _entry(scope, entry_id)


async def entry_scanned(scope: Scope, fact: FileScanned) -> None:
    """Draw the consequences when a file of an entry was validated, or validated anew; a reaction to FileScanned."""
    if fact.holder_kind not in ("entry", "preview"):
        return
    entry_id = EntryId(fact.holder_id)
    files = (await contents_of([entry_id]))[entry_id]
    async with work(scope.now) as w:
        row = await lock_judged(w, entry_id)
        if row is not None:
            await settle_entry(w, scope, row, files)


async def _standing_entries(w: Work, bounty_id: BountyId, author_id: AccountId) -> int:
    row = await w.one(
        "SELECT count(*) AS n FROM bounty_entry WHERE bounty_id = $1 AND author_id = $2 AND status <> 'WITHDRAWN'",
        bounty_id,
        author_id,
    )
    return int(row["n"]) if row else 0


async def _pass_gate(judge: Judge, note: str, *, author_id: AccountId, mature: bool) -> None:
    if findings := await judge.ask(examine_note, note, author_id=author_id, mature=mature):
        raise LikenessRefused(
            "This note names a real person who does not allow it: take the name out.", findings=findings
        )


def _require_author(actor_id: AccountId, author_id: AccountId) -> None:
    if actor_id != author_id:
        raise NotAllowed("Only the author of an entry may do this.")


async def _entry(scope: Scope, entry_id: EntryId) -> BountyEntry:
    """Read an entry that the scope may see. Raises NotFound."""
    entry = (await entries_by_ids(scope, [entry_id])).get(entry_id)
    if entry is None:
        raise NotFound("There is no entry with this id, or you may not see it.")
    return entry


async def _bounty(scope: Scope, bounty_id: BountyId) -> Bounty:
    bounty = (await bounties_by_ids(scope, [bounty_id])).get(bounty_id)
    if bounty is None:
        raise NotFound("There is no bounty with this id.")
    return bounty
