"""Previews: pictures that an author shows the initiator, examined like samples, then drawn small and marked.

The picture that was uploaded is deleted when its preview has been drawn; what was found in it is judged on.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg

from domain.bounties import rules
from domain.bounties.reads import bounties_by_ids, entries_by_ids
from domain.bounties.rules import EntryStatus, Step
from domain.bounties.standing import holds
from domain.bounties.tables import PreviewRow
from domain.bounties.values import BountyEntry, Drawn, EntryPreview
from domain.bounties.vault.contents import previews_holder
from domain.kernel.findings import Verdict
from domain.kernel.ids import EntryId, FileId, new_id
from domain.kernel.refusals import NotAllowed, NotFound
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch, fetch_one
from domain.kernel.vault import Damaged, KeyMissing, SealedFile
from domain.kernel.work import work
from domain.resources import (
    CleanPicture,
    StoredFile,
    Upload,
    announce,
    check_in_use,
    claim,
    clean_pictures,
    files_of,
    key_by_id,
    open_upload,
    take_picture,
    the_vault,
    uploads_to,
)

MAX_PREVIEWS = 4
_SHOWN = (EntryStatus.SCANNING, EntryStatus.ACCEPTED)


async def begin_preview(
    scope: Scope, entry_id: EntryId, *, file_name: str, size_bytes: float, sha256: str | None = None
) -> Upload:
    """Begin the upload of a picture that a draft shows the initiator, of at most four; only its author may.

    Raises SignInRequired, Suspended, NotFound, NotAllowed, Conflict, InvalidInput, RateLimited.
    """
    actor = scope.require_active()
    entry = (await entries_by_ids(scope, [entry_id])).get(entry_id)
    if entry is None:
        raise NotFound("There is no entry with this id, or you may not see it.")
    if actor.account_id != entry.author_id:
        raise NotAllowed("Only the author of an entry may do this.")
    rules.check_draft(entry.status)
    bounty = (await bounties_by_ids(scope, [entry.bounty_id]))[entry.bounty_id]
    holds.check_shown(held=bounty.held_at is not None)
    stands = rules.status_at(bounty.status, closes_at=bounty.closes_at, judged_by=bounty.judged_by, now=scope.now)
    rules.after(Step.DRAFT, stands)
    holder = previews_holder(entry_id)
    rules.check_previews(len((await files_of([holder]))[holder]) + await uploads_to(scope, holder), most=MAX_PREVIEWS)
    return await open_upload(
        scope, holder, file_name=file_name, size_bytes=size_bytes, sha256=sha256, mature=bounty.mature
    )


async def draw_previews(scope: Scope, draw: Callable[[bytes], Drawn]) -> int:
    """Draw the previews of pictures that came out clean; gives how many. The clock calls it.

    A picture that can't be drawn after all is given up: its entry is judged without a preview of it.
    """
    done = 0
    for picture in await clean_pictures() if scope.ports.vault is not None else ():
        try:
            done += await _draw(scope, picture, draw)
        except KeyMissing:
            continue  # the operator has to restore the master key; the picture waits
        except (Damaged, FileNotFoundError, ValueError):
            async with work(scope.now) as w:
                await take_picture(w, scope, picture)
    return done


async def _draw(scope: Scope, picture: CleanPicture, draw: Callable[[bytes], Drawn]) -> bool:
    """Draw one preview, seal it under its entry's key, and have the picture deleted; False where another did it."""
    vault = the_vault(scope.ports)
    original = b"".join([piece async for piece in vault.open(picture.file)])
    drawn = await asyncio.to_thread(draw, original)
    sealed = SealedFile(new_id(), f"previews/{new_id().hex}", len(drawn.data), picture.file.key)
    await announce(scope, [sealed.blob_key])
    await vault.seal(sealed, _once(drawn.data))
    async with work(scope.now) as w:
        if not await take_picture(w, scope, picture):
            return False
        await check_in_use(w, sealed.key)
        await claim(w, [sealed.blob_key], now=scope.now)
        await PreviewRow.insert(
            PreviewRow(
                {
                    PreviewRow.id: sealed.id,
                    PreviewRow.entry_id: picture.holder_id,
                    PreviewRow.file_id: picture.file.id,
                    PreviewRow.vault_key_id: sealed.key.id,
                    PreviewRow.blob_key: sealed.blob_key,
                    PreviewRow.size_bytes: sealed.size_bytes,
                    PreviewRow.width: drawn.width,
                    PreviewRow.height: drawn.height,
                    PreviewRow.made_at: scope.now,
                }
            )
        )
    return True


async def previews_of(
    scope: Scope, entries: Sequence[BountyEntry], *, urls: bool
) -> dict[EntryId, tuple[EntryPreview, ...]]:
    """Give the previews of each entry that the scope is shown, the first uploaded first.

    Its author sees all, with what validation says of them; the initiator those that are clean and have been drawn,
    while the entry is in the running or won; nobody else sees any. Raises Conflict where URLs are asked for and the
    server has no key for the vault.
    """
    shown = [entry for entry in entries if _sees(entry, scope)]
    if not shown:
        return {}
    files = await files_of([previews_holder(entry.id) for entry in shown])
    rows = await fetch(
        "SELECT id, file_id, width, height FROM entry_preview WHERE entry_id = ANY($1::uuid[])",
        [entry.id for entry in shown],
    )
    drawn = {FileId(row["file_id"]): row for row in rows}
    return {
        entry.id: tuple(
            _said(scope, file, drawn.get(file.id), urls=urls)
            for file in files[previews_holder(entry.id)][:MAX_PREVIEWS]
            if entry.author_id == scope.account_id or (file.id in drawn and file.verdict is Verdict.CLEAN)
        )
        for entry in shown
    }


async def open_preview(scope: Scope, preview_id: UUID, account_id: UUID) -> SealedFile:
    """Give a preview to the account that its URL was made for, if it may still see it.

    Raises SignInRequired, NotAllowed, NotFound.
    """
    actor = scope.require_actor()
    row = await fetch_one("SELECT * FROM entry_preview WHERE id = $1", preview_id)
    key = await key_by_id(row["vault_key_id"]) if row else None
    if row is None or key is None:
        raise NotFound("This preview is no longer there.")
    entry_id = EntryId(row["entry_id"])
    entry = (await entries_by_ids(scope, [entry_id])).get(entry_id)
    files = (await files_of([previews_holder(entry_id)]))[previews_holder(entry_id)]
    clean = any(file.id == row["file_id"] and file.verdict is Verdict.CLEAN for file in files)
    if actor.account_id != account_id or entry is None or not _sees(entry, scope) or not clean:
        raise NotAllowed("This preview does not open for you.")
    return SealedFile(row["id"], row["blob_key"], row["size_bytes"], key)


def _said(scope: Scope, file: StoredFile, row: asyncpg.Record | None, *, urls: bool) -> EntryPreview:
    opens = urls and row is not None and file.verdict is Verdict.CLEAN
    return EntryPreview(
        verdict=file.verdict,
        error=file.scan.error,
        width=row["width"] if row else None,
        height=row["height"] if row else None,
        url=_url(scope, row["id"]) if opens and row else None,
    )


def _sees(entry: BountyEntry, scope: Scope) -> bool:
    """Tell whether the scope's account is shown an entry's previews."""
    as_initiator = entry.initiator_id == scope.account_id and (entry.awarded or entry.status in _SHOWN)
    return scope.account_id is not None and (entry.author_id == scope.account_id or as_initiator)


def _url(scope: Scope, preview_id: UUID) -> str:
    until = scope.now + timedelta(seconds=scope.ports.policy.download_seconds)
    path = f"/vault/previews/{preview_id.hex}/{scope.require_actor().account_id.hex}"
    return the_vault(scope.ports).signed_url(path, until=until)


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
