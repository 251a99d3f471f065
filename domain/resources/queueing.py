"""The queue of scans: which files wait to be examined."""

from collections.abc import Sequence
from uuid import UUID

from domain.kernel.ids import new_id
from domain.kernel.work import Work


async def queue_scans(w: Work, file_ids: Sequence[UUID], *, again: bool = True) -> int:
    """Queue a scan of each file that is not waiting for one, of those examined before only if `again`; gives how many.

    The caller holds the lock of their holder.
    """
    queued = await w.fetch(
        """
        INSERT INTO scan (id, file_id, status, attempt, losses, base, verdict, findings, texts, registry_version,
            queued_at, not_before)
        SELECT new.id, new.file_id, 'QUEUED', 0, 0, 'PENDING', 'PENDING', '[]', '', 0, now(), now()
        FROM unnest($1::uuid[], $2::uuid[]) AS new(id, file_id)
        ON CONFLICT (file_id) DO UPDATE SET status = 'QUEUED', losses = 0, base = 'PENDING', verdict = 'PENDING',
            findings = '[]', texts = '', faces = NULL, error = NULL, registry_version = 0, sha256 = NULL,
            queued_at = now(), not_before = now(), leased_by = NULL, lease_until = NULL, started_at = NULL,
            finished_at = NULL
        WHERE scan.status = 'DONE' AND $3
        RETURNING id
        """,
        [new_id() for _ in file_ids],
        list(file_ids),
        again,
    )
    return len(queued)
