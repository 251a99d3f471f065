"""Uploads that are over without being complete: their holder takes no more files, or their time has run out."""

from collections.abc import Iterable
from uuid import UUID

from domain.kernel.scope import Scope
from domain.kernel.sql import fetch
from domain.kernel.work import Work, work
from domain.resources.values import Holder


async def end_uploads(w: Work, holder: Holder) -> None:
    """Give up the unfinished uploads to a holder that takes no more files."""
    await w.execute(
        "UPDATE upload SET status = 'ENDED' WHERE holder_kind = $1 AND holder_id = $2 AND status = 'OPEN'",
        holder.kind,
        holder.id,
    )


async def expire_uploads(scope: Scope) -> int:
    """Close the uploads whose time has run out; their bytes are swept by the upload endpoint."""
    async with work(scope.now) as w:
        done = await w.execute(
            "UPDATE upload SET status = 'EXPIRED' WHERE status = 'OPEN' AND expires_at <= $1", scope.now
        )
    return int(done.rpartition(" ")[2])


async def over_among(upload_ids: Iterable[UUID]) -> set[UUID]:
    """Give those of these uploads that take no more bytes; one that isn't known here may be another server's."""
    rows = await fetch("SELECT id FROM upload WHERE id = ANY($1::uuid[]) AND status <> 'OPEN'", list(upload_ids))
    return {row["id"] for row in rows}
