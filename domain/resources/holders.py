"""What holds files: the lock that orders everything done to a holder's files, and what may be added to them."""

from domain.kernel.findings import Verdict
from domain.kernel.refusals import Conflict
from domain.kernel.work import Work
from domain.resources.values import Holder


async def lock_holder(w: Work, holder: Holder) -> None:
    """Wait for whoever else changes the files of this holder; taken before any of their rows.

    A resource and its samples have one lock, because one status follows from both; so have an entry and its previews.
    """
    kind = {"sample": "resource", "preview": "entry"}.get(holder.kind, holder.kind)
    await w.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{kind}:{holder.id}")


async def check_not_examined(w: Work, holder: Holder) -> None:
    """Refuse to add a file beside files that are being examined or were found readable. Raises Conflict.

    A holder that was submitted must never get a file that its scan has not seen. After a scan that failed, another
    file may take the place of the one that could not be read; a draft may always show another preview, and a bounty
    another picture, because each of these is examined by itself.
    """
    rows = await w.fetch(
        """
        SELECT scan.verdict FROM scan JOIN stored_file f ON f.id = scan.file_id
        WHERE f.holder_kind = $1 AND f.holder_id = $2
        """,
        holder.kind,
        holder.id,
    )
    verdicts = {Verdict(row["verdict"]) for row in rows}
    settled = holder.kind != "preview" and Verdict.FAILED not in verdicts
    if holder.kind != "reference" and verdicts and (Verdict.PENDING in verdicts or settled):
        raise Conflict("This has been submitted: no file can be added to it any more.", state="SUBMITTED")


async def delete_unreadable(w: Work, holder: Holder, *, name: str) -> list[str]:
    """Delete the files that could not be read, and one of the same name, in favour of a new one.

    Gives the keys of the blobs that nobody holds any more, to be deleted after the work.
    """
    deleted = await w.fetch(
        """
        DELETE FROM stored_file f WHERE f.holder_kind = $1 AND f.holder_id = $2
            AND (f.name = $3 OR EXISTS (SELECT FROM scan WHERE scan.file_id = f.id AND scan.verdict = 'FAILED'))
        RETURNING f.blob_key
        """,
        holder.kind,
        holder.id,
        name,
    )
    keys = [row["blob_key"] for row in deleted if row["blob_key"]]
    kept = await w.fetch("SELECT blob_key FROM stored_file WHERE blob_key = ANY($1::text[])", keys)
    return sorted(set(keys) - {row["blob_key"] for row in kept})
