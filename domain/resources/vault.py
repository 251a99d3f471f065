"""The vault's rows: which key a file is sealed under, who opens it for a scan, and the end of a key.

Everything that belongs to a bounty's entry, its files and its previews, is sealed under one key of that entry's.
Erasing is destroying the key; the bytes that nobody can read any more are deleted afterwards.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from domain.kernel.ids import FileId, new_id
from domain.kernel.ports import Ports
from domain.kernel.refusals import Conflict
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch, fetch_one
from domain.kernel.vault import SealedFile, Vault, VaultKey
from domain.kernel.work import Work, work
from domain.resources.disposal import doom
from domain.resources.holders import lock_holder
from domain.resources.values import Holder

SCAN_URL_LASTS = timedelta(minutes=5)
"""An inspector begins to read within this time; it reads on for as long as its scan is its own."""

_SEALED = """
    SELECT f.id, f.blob_key, f.size_bytes, k.id AS key_id, k.holder_id, k.master, k.wrapped
    FROM stored_file f JOIN vault_key k ON k.id = f.vault_key_id AND k.destroyed_at IS NULL
"""


def is_sealed(holder: Holder) -> bool:
    """Say whether what this holder keeps lies in the vault."""
    return holder.kind in ("entry", "preview")


def the_vault(ports: Ports) -> Vault:
    """Give the vault. Raises Conflict where the server has no key for it."""
    if ports.vault is None:
        raise Conflict(
            "This server can't keep the files of entries safe yet: its operator has to set VAULT_KEYS first.",
            state="NO_VAULT",
        )
    return ports.vault


async def key_in_use(scope: Scope, holder: Holder) -> VaultKey:
    """Give the key that new files of a holder are sealed under, made when there is none. Raises Conflict."""
    vault = the_vault(scope.ports)
    row = await _key_row(holder.id)
    if row is None:
        made = vault.new_key(new_id(), holder.id)
        async with work(scope.now) as w:
            await w.execute(
                "INSERT INTO vault_key (id, holder_id, master, wrapped, created_at) VALUES ($1, $2, $3, $4, $5)"
                " ON CONFLICT (holder_id) WHERE destroyed_at IS NULL DO NOTHING",
                made.id,
                holder.id,
                made.master,
                made.wrapped,
                scope.now,
            )
        row = await _key_row(holder.id)
    if row is None:
        raise Conflict("The files of this entry are being deleted: upload this one again.", state="ERASED")
    return VaultKey(row["id"], holder.id, row["master"], row["wrapped"])


async def check_in_use(w: Work, key: VaultKey) -> None:
    """Refuse to store under a key that has been destroyed since. Raises Conflict. The holder is locked."""
    if await w.one("SELECT FROM vault_key WHERE id = $1 AND destroyed_at IS NULL", key.id) is None:
        raise Conflict("The files of this entry have just been deleted: upload this one again.", state="ERASED")


async def sealed_files(ids: Sequence[UUID]) -> dict[FileId, SealedFile]:
    """Give those of these files that lie in the vault and were not erased. Whoever asks has checked who may."""
    rows = await fetch(f"{_SEALED} WHERE f.id = ANY($1::uuid[])", list(ids)) if ids else []
    return {FileId(row["id"]): _sealed_file(row) for row in rows}


async def file_for_scan(scan_id: UUID, attempt: int) -> SealedFile | None:
    """Give the file of a scan that is at work under this attempt; None once it is over, or passed to another."""
    row = await fetch_one(
        f"{_SEALED} JOIN scan ON scan.file_id = f.id"
        " WHERE scan.id = $1 AND scan.attempt = $2 AND scan.status = 'RUNNING'",
        scan_id,
        attempt,
    )
    return _sealed_file(row) if row else None


async def source_url(ports: Ports, scan: Any, *, seconds: int) -> str:
    """Make the URL under which a scan's file is read, from the scan's row with the file's `blob_key`.

    A sealed file is opened by the vault's endpoint for this scan and this attempt alone.
    """
    if scan["vault_key_id"] is None:
        return await ports.blobs.signed_url(scan["blob_key"], seconds=seconds)
    path = f"/vault/scans/{scan['id'].hex}/{scan['attempt']}"
    return the_vault(ports).signed_url(path, until=ports.clock.now() + SCAN_URL_LASTS, inside=True)


async def erase_files(w: Work, scope: Scope, entry_id: UUID, *, forget: bool) -> None:
    """Destroy the key of everything that an entry keeps, and have its blobs deleted afterwards; again changes nothing.

    What was found about the files stays, but for the faces in its pictures. `forget` deletes the rows as well.
    """
    await lock_holder(w, Holder("entry", entry_id))
    await w.execute(
        "UPDATE vault_key SET wrapped = NULL, destroyed_at = $2 WHERE holder_id = $1 AND destroyed_at IS NULL",
        entry_id,
        scope.now,
    )
    files = await w.fetch(
        "SELECT id, blob_key FROM stored_file WHERE holder_kind IN ('entry', 'preview') AND holder_id = $1", entry_id
    )
    ids = [row["id"] for row in files]
    await doom(w, [row["blob_key"] for row in files if row["blob_key"]], at=scope.now)
    await w.execute(
        "UPDATE upload SET status = 'ENDED'"
        " WHERE holder_kind IN ('entry', 'preview') AND holder_id = $1 AND status = 'OPEN'",
        entry_id,
    )
    await w.execute("DELETE FROM scan WHERE file_id = ANY($1::uuid[]) AND status <> 'DONE'", ids)
    await w.execute("UPDATE scan SET faces = NULL WHERE file_id = ANY($1::uuid[])", ids)
    if forget:
        await w.execute("DELETE FROM stored_file WHERE id = ANY($1::uuid[])", ids)


async def _key_row(holder_id: UUID) -> Any:
    return await fetch_one(
        "SELECT id, master, wrapped FROM vault_key WHERE holder_id = $1 AND destroyed_at IS NULL", holder_id
    )


def _sealed_file(row: Any) -> SealedFile:
    return SealedFile(
        id=row["id"],
        blob_key=row["blob_key"],
        size_bytes=row["size_bytes"],
        key=VaultKey(row["key_id"], row["holder_id"], row["master"], row["wrapped"]),
    )
