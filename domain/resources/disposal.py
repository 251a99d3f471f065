"""Blobs that are to go: noted before they are written or when they become superfluous, deleted afterwards.

A blob is written outside any work, so a process can die between the blob and its row. Hence it is noted here first,
to be deleted unless the work that writes its row claims it in time.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.kernel.ids import new_id
from domain.kernel.refusals import Conflict
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch
from domain.kernel.work import Work, work
from domain.resources.tables import DoomedBlobRow

CLAIMED_WITHIN = timedelta(days=1)
"""How long a blob may wait for the row that it is written for."""

_AT_ONCE = 100


async def doom(w: Work, blob_keys: Sequence[str], *, at: datetime) -> None:
    """Have these blobs deleted once this work is committed and `at` has come."""
    rows = [
        DoomedBlobRow({DoomedBlobRow.id: new_id(), DoomedBlobRow.blob_key: key, DoomedBlobRow.not_before: at})
        for key in blob_keys
    ]
    if rows:
        await DoomedBlobRow.insert(*rows)


async def announce(scope: Scope, blob_keys: Sequence[str]) -> None:
    """Say that these blobs are about to be written; they are deleted again unless their rows claim them."""
    async with work(scope.now) as w:
        await doom(w, blob_keys, at=scope.now + CLAIMED_WITHIN)


async def claim(w: Work, blob_keys: Sequence[str], *, now: datetime) -> None:
    """Keep blobs that were announced. Raises Conflict when that is so long ago that they may be gone."""
    rows = await w.fetch(
        "DELETE FROM doomed_blob WHERE blob_key = ANY($1::text[]) AND not_before > $2 RETURNING blob_key",
        list(blob_keys),
        now,
    )
    if {row["blob_key"] for row in rows} != set(blob_keys):
        raise Conflict("This took more than a day: begin again.", state="ENDED")


async def delete_doomed(scope: Scope) -> int:
    """Delete blobs whose time has come, and nothing that a file still needs; gives their number. The clock calls it."""
    rows = await fetch(
        """
        SELECT d.id, d.blob_key, EXISTS (
            SELECT FROM stored_file f LEFT JOIN vault_key k ON k.id = f.vault_key_id
            WHERE f.blob_key = d.blob_key AND k.destroyed_at IS NULL
        ) AS needed
        FROM doomed_blob d WHERE d.not_before <= $1 ORDER BY d.not_before LIMIT $2
        """,
        scope.now,
        _AT_ONCE,
    )
    if not rows:
        return 0
    await scope.ports.blobs.delete([row["blob_key"] for row in rows if not row["needed"]])
    async with work(scope.now) as w:
        await w.execute("DELETE FROM doomed_blob WHERE id = ANY($1::uuid[])", [row["id"] for row in rows])
    return len(rows)
