"""Pictures that are only kept until something has been drawn from them: previews of entries, as they were uploaded."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.kernel.scope import Scope
from domain.kernel.sql import fetch, fetch_one
from domain.kernel.vault import SealedFile, VaultKey
from domain.kernel.work import Work
from domain.resources.disposal import doom
from domain.resources.holders import lock_holder
from domain.resources.values import Holder

_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class CleanPicture:
    """A picture of an entry that validation found nothing in, still as it was uploaded."""

    file: SealedFile
    holder_id: UUID


async def clean_pictures() -> Sequence[CleanPicture]:
    """Give pictures that came out clean and that nothing has been drawn from, those waiting longest first."""
    rows = await fetch(
        """
        SELECT f.id, f.holder_id, f.blob_key, f.size_bytes, k.id AS key_id, k.master, k.wrapped
        FROM stored_file f JOIN scan s ON s.file_id = f.id AND s.status = 'DONE' AND s.verdict = 'CLEAN'
            AND s.sha256 = f.sha256
        JOIN vault_key k ON k.id = f.vault_key_id AND k.destroyed_at IS NULL
        WHERE f.holder_kind = 'preview' AND f.blob_key <> '' ORDER BY f.id LIMIT $1
        """,
        _AT_ONCE,
    )
    return [
        CleanPicture(
            SealedFile(
                row["id"],
                row["blob_key"],
                row["size_bytes"],
                VaultKey(row["key_id"], row["holder_id"], row["master"], row["wrapped"]),
            ),
            row["holder_id"],
        )
        for row in rows
    ]


async def take_picture(w: Work, scope: Scope, picture: CleanPicture) -> bool:
    """Have an uploaded picture deleted that nothing more will be drawn from; False where that was done before."""
    await lock_holder(w, Holder("preview", picture.holder_id))
    taken = await w.one(
        "UPDATE stored_file SET blob_key = '' WHERE id = $1 AND blob_key <> '' RETURNING id", picture.file.id
    )
    if taken is not None:
        await doom(w, [picture.file.blob_key], at=scope.now)
    return taken is not None


async def key_by_id(key_id: UUID) -> VaultKey | None:
    """Give a key that was not destroyed."""
    row = await fetch_one(
        "SELECT id, holder_id, master, wrapped FROM vault_key WHERE id = $1 AND destroyed_at IS NULL", key_id
    )
    return VaultKey(row["id"], row["holder_id"], row["master"], row["wrapped"]) if row else None


async def uploads_to(scope: Scope, holder: Holder) -> int:
    """Count the unfinished uploads to a holder."""
    row = await fetch_one(
        "SELECT count(*) AS n FROM upload WHERE holder_kind = $1 AND holder_id = $2 AND status = 'OPEN'"
        " AND expires_at > $3",
        holder.kind,
        holder.id,
        scope.now,
    )
    return int(row["n"]) if row else 0
