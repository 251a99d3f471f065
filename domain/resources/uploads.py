"""Resumable uploads: begun for a holder, filled through the upload endpoint, complete as a file."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from domain.kernel.ids import AccountId, FileId, UploadId, new_id
from domain.kernel.limits import within_limit
from domain.kernel.refusals import Conflict, InvalidInput, NotAllowed, NotFound, RateLimited
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch_one
from domain.kernel.vault import Damaged, KeyMissing, SealedFile, VaultKey
from domain.kernel.work import Work, work
from domain.resources.disposal import announce, claim, doom
from domain.resources.holders import check_not_examined, delete_unreadable, lock_holder
from domain.resources.queueing import queue_scans
from domain.resources.reads import resource_of, sees_all
from domain.resources.rules import MAX_OPEN_UPLOADS, check_takes_files, checked_file_name, checked_sha256, checked_size
from domain.resources.tables import FileRow, UploadRow
from domain.resources.values import PICTURES, Holder, ResourceStatus, Upload, UploadStatus
from domain.resources.vault import check_in_use, is_sealed, key_in_use, the_vault

_CHUNK = 1 << 20
_PIECE = 4 << 20


class WrongContents(InvalidInput):
    """The bytes that arrived are not the file that was announced."""


async def begin_upload(
    scope: Scope, holder: Holder, *, file_name: str, size_bytes: float, sha256: str | None = None
) -> Upload:
    """Begin the upload of a file to a draft of the caller's own: of its model, or of a sample picture.

    Raises SignInRequired, Suspended, NotFound, NotAllowed, Conflict, InvalidInput, RateLimited.
    """
    actor = scope.require_active()
    row = await fetch_one(
        "SELECT resource.*, (SELECT count(*) FROM stored_file f WHERE f.holder_kind = $2"
        " AND f.holder_id = resource.id) AS files FROM resource WHERE id = $1",
        holder.id,
        holder.kind,
    )
    resource = resource_of(row) if row else None
    if row is None or resource is None:
        raise NotFound
    if resource.owner_id != actor.account_id:
        visible = resource.status is ResourceStatus.PUBLISHED or sees_all(scope)
        raise NotAllowed("Only its owner may add files to a resource.") if visible else NotFound
    check_takes_files(resource.status, row["files"])
    return await open_upload(
        scope, holder, file_name=file_name, size_bytes=size_bytes, sha256=sha256, mature=resource.mature
    )


async def open_upload(
    scope: Scope,
    holder: Holder,
    *,
    file_name: str,
    size_bytes: float,
    sha256: str | None = None,
    mature: bool = False,
    picture: bool = False,
) -> Upload:
    """Open an upload to a holder whose owner the caller is known to be; `mature` is what the holder is declared as.

    `picture` says that an entry's file is to be a picture, and is examined as one; a sample's is in any case.
    Raises SignInRequired, Suspended, Conflict, InvalidInput, RateLimited.
    """
    actor = scope.require_active()
    file_name = checked_file_name(file_name)
    policy = scope.ports.policy
    picture = picture or holder.kind in PICTURES
    size = checked_size(size_bytes, most=policy.max_sample_bytes if picture else policy.max_file_bytes)
    if is_sealed(holder):
        the_vault(scope.ports)
    sha256 = checked_sha256(sha256)
    await within_limit(scope, "upload", actor.account_id)
    upload = Upload(
        id=UploadId(new_id()),
        holder=holder,
        file_name=file_name,
        size_bytes=size,
        expected_sha256=sha256,
        picture=picture,
        status=UploadStatus.OPEN,
        expires_at=scope.now + timedelta(seconds=policy.upload_seconds),
    )
    async with work(scope.now) as w:
        await lock_holder(w, holder)
        await check_not_examined(w, holder)
        await _check_few_open(w, scope, actor.account_id)
        await UploadRow.insert(_row_of(upload, scope, actor.account_id, mature=mature))
    return upload


def _row_of(upload: Upload, scope: Scope, account_id: AccountId, *, mature: bool) -> UploadRow:
    return UploadRow(
        {
            UploadRow.id: upload.id,
            UploadRow.holder_kind: upload.holder.kind,
            UploadRow.holder_id: upload.holder.id,
            UploadRow.account_id: account_id,
            UploadRow.mature: mature,
            UploadRow.picture: upload.picture,
            UploadRow.file_name: upload.file_name,
            UploadRow.size_bytes: upload.size_bytes,
            UploadRow.expected_sha256: upload.expected_sha256,
            UploadRow.status: upload.status,
            UploadRow.created_at: scope.now,
            UploadRow.expires_at: upload.expires_at,
        }
    )


async def _check_few_open(w: Work, scope: Scope, account_id: AccountId) -> None:
    open_now = await w.one(
        "SELECT count(*) AS n FROM upload WHERE account_id = $1 AND status = 'OPEN' AND expires_at > $2",
        account_id,
        scope.now,
    )
    if open_now and open_now["n"] >= MAX_OPEN_UPLOADS:
        raise RateLimited(
            f"You have {MAX_OPEN_UPLOADS} unfinished uploads: finish or delete one first.", retry_after_seconds=60
        )


async def own_upload(scope: Scope, upload_id: UUID) -> Upload:
    """Give an upload of the caller's own; one whose time has run out says so. Raises SignInRequired, NotFound."""
    actor = scope.require_actor()
    row = await fetch_one("SELECT * FROM upload WHERE id = $1 AND account_id = $2", upload_id, actor.account_id)
    if row is None:
        raise NotFound("There is no such upload, or it is not yours.")
    status = UploadStatus(row["status"])
    if status is UploadStatus.OPEN and row["expires_at"] <= scope.now:
        status = UploadStatus.EXPIRED
    return Upload(
        id=UploadId(row["id"]),
        holder=Holder(row["holder_kind"], row["holder_id"]),
        file_name=row["file_name"],
        size_bytes=row["size_bytes"],
        expected_sha256=row["expected_sha256"],
        picture=row["picture"],
        status=status,
        expires_at=row["expires_at"],
    )


async def complete_upload(scope: Scope, upload_id: UploadId, path: Path) -> FileId:
    """Make the file at `path`, whose bytes have all arrived, a file of the holder; the same again changes nothing.

    Raises WrongContents when it is not what was announced, Conflict when the holder takes no file any more.
    """
    upload = await own_upload(scope, upload_id)
    if upload.status is UploadStatus.OPEN:
        sha256, size = await asyncio.to_thread(_digest, path)
        if size != upload.size_bytes or (upload.expected_sha256 or sha256) != sha256:
            await _close(scope, upload_id, UploadStatus.REFUSED)
            raise WrongContents(
                "The file that arrived is not the one that was announced: its SHA256 differs. Upload it anew.",
                field="input.sha256",
            )
        key, file_id = f"files/{upload_id.hex}", FileId(new_id())
        await announce(scope, [key])
        vault_key = await _keep(scope, upload, file_id, path, key)
        try:
            orphans = await _store(scope, upload, _Kept(file_id, sha256, key, vault_key))
        except Conflict:
            await scope.ports.blobs.delete([key])
            raise
        await scope.ports.blobs.delete(orphans)
        return file_id
    row = await fetch_one("SELECT file_id FROM upload WHERE id = $1", upload_id)
    if row is None or row["file_id"] is None:
        raise Conflict("This upload is over: begin a new one.", state=upload.status)
    return FileId(row["file_id"])


async def _keep(scope: Scope, upload: Upload, file_id: FileId, path: Path, key: str) -> VaultKey | None:
    """Put the bytes where they belong: an entry's into the vault, sealed on the way, under the key that is given."""
    if not is_sealed(upload.holder):
        await scope.ports.blobs.put_file(key, str(path))
        return None
    vault_key = await key_in_use(scope, upload.holder)
    try:
        await the_vault(scope.ports).seal(SealedFile(file_id, key, upload.size_bytes, vault_key), _pieces(path))
    except (KeyMissing, Damaged):
        raise Conflict(
            "This server lacks the key of this entry's files: its operator has to restore it.", state="NO_VAULT"
        ) from None
    return vault_key


@dataclass(frozen=True, slots=True)
class _Kept:
    """What has been put into the blobs; `vault_key` is what it is sealed under, None in the clear."""

    file_id: FileId
    sha256: str
    blob_key: str
    vault_key: VaultKey | None


async def _store(scope: Scope, upload: Upload, kept: _Kept) -> list[str]:
    """Write the file's row in place of those that it replaces; give the keys of blobs that are to go."""
    async with work(scope.now) as w:
        await lock_holder(w, upload.holder)
        if kept.vault_key is not None:
            await check_in_use(w, kept.vault_key)
        row = await w.one("SELECT * FROM upload WHERE id = $1 FOR UPDATE", upload.id)
        if row is None or row["status"] != UploadStatus.OPEN:
            raise Conflict("This upload is over: begin a new one.", state=row["status"] if row else "ENDED")
        await _check_still_taken(w, upload.holder)
        of_bounty = upload.holder.kind == "reference"  # whose pictures stand beside each other, each by itself
        orphans = [] if of_bounty else await delete_unreadable(w, upload.holder, name=upload.file_name)
        await doom(w, orphans, at=scope.now)
        await claim(w, [kept.blob_key], now=scope.now)
        await FileRow.insert(
            FileRow(
                {
                    FileRow.id: kept.file_id,
                    FileRow.holder_kind: upload.holder.kind,
                    FileRow.holder_id: upload.holder.id,
                    FileRow.account_id: row["account_id"],
                    FileRow.mature: row["mature"],
                    FileRow.picture: upload.picture,
                    FileRow.name: upload.file_name,
                    FileRow.size_bytes: upload.size_bytes,
                    FileRow.sha256: kept.sha256,
                    FileRow.blob_key: kept.blob_key,
                    FileRow.vault_key_id: kept.vault_key.id if kept.vault_key else None,
                    FileRow.created_at: scope.now,
                }
            )
        )
        await w.execute("UPDATE upload SET status = 'COMPLETE', file_id = $2 WHERE id = $1", upload.id, kept.file_id)
        if of_bounty:  # nobody hands one in: each picture is examined as it comes
            await queue_scans(w, [kept.file_id])
    return orphans


async def _check_still_taken(w: Work, holder: Holder) -> None:
    await check_not_examined(w, holder)
    if holder.kind in ("resource", "sample"):
        row = await w.one("SELECT status FROM resource WHERE id = $1 FOR UPDATE", holder.id)
        check_takes_files(ResourceStatus(row["status"]) if row else ResourceStatus.REMOVED, 0)


async def end_upload(scope: Scope, upload_id: UUID) -> None:
    """Give up an upload of the caller's own; a complete one stays what it is. Raises SignInRequired, NotFound."""
    upload = await own_upload(scope, upload_id)
    await _close(scope, upload.id, UploadStatus.ENDED)


async def _close(scope: Scope, upload_id: UploadId, status: UploadStatus) -> None:
    async with work(scope.now) as w:
        await w.execute("UPDATE upload SET status = $2 WHERE id = $1 AND status = 'OPEN'", upload_id, status)


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    """Read a file beside the loop."""
    with path.open("rb", buffering=0) as file:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece


def _digest(path: Path) -> tuple[str, int]:
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size
