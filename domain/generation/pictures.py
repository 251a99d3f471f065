"""Finished pictures: rows before they are bytes, shown when their job has ended well, swept when they never will be."""

from domain.generation.leases import held
from domain.generation.tables import ImageRow
from domain.generation.values import Claim
from domain.kernel.ids import ImageId, new_id
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch
from domain.kernel.wire import PictureDone
from domain.kernel.work import work

_DISCARDED_AT_ONCE = 200


async def keep_picture(scope: Scope, claimed: Claim, picture: PictureDone) -> None:
    """Store a finished picture; it is shown when its job ends well.

    The row comes before the bytes, so that no crash leaves bytes that nobody knows of.
    """
    key = f"pictures/{claimed.job_id}/{claimed.attempt}-{picture.image}.png"
    async with work(scope.now) as w:
        if await held(w, claimed) is None:
            return
        await ImageRow.insert(
            ImageRow(
                {
                    ImageRow.id: ImageId(new_id()),
                    ImageRow.job: claimed.job_id,
                    ImageRow.attempt: claimed.attempt,
                    ImageRow.position: picture.image,
                    ImageRow.blob_key: key,
                    ImageRow.width: picture.width,
                    ImageRow.height: picture.height,
                    ImageRow.seed: picture.seed,
                    ImageRow.mature: picture.mature,
                    ImageRow.sha256: picture.sha256,
                    ImageRow.created_at: scope.now,
                }
            )
        )
    await scope.ports.blobs.put(key, picture.png)


async def discard(scope: Scope) -> int:
    """Delete the pictures that are never shown: of refused and failed jobs, and of attempts that came to nothing."""
    rows = await fetch(
        """
        SELECT i.id, i.blob_key FROM generation_image i JOIN generation_job j ON j.id = i.job
        WHERE j.status IN ('REFUSED', 'FAILED') OR i.attempt < j.attempt OR j.status = 'QUEUED' LIMIT $1
        """,
        _DISCARDED_AT_ONCE,
    )
    if rows:
        await scope.ports.blobs.delete([row["blob_key"] for row in rows])
        async with work(scope.now) as w:
            await w.execute("DELETE FROM generation_image WHERE id = ANY($1)", [row["id"] for row in rows])
    return len(rows)
