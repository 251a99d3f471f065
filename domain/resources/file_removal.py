"""A file or a sample taken out of a draft again, such as one that could not be read."""

from datetime import datetime

from domain.kernel.ids import FileId, ResourceId
from domain.kernel.refusals import NotAllowed, NotFound
from domain.kernel.scope import Scope
from domain.kernel.work import Work, work
from domain.resources.disposal import doom
from domain.resources.holders import lock_holder
from domain.resources.reads import resource_of, sees_all
from domain.resources.rules import check_gives_files
from domain.resources.values import Holder, ResourceStatus


async def drop_file(w: Work, file_id: FileId, *, at: datetime) -> None:
    """Delete a file whose holder the caller has locked, with what was found in it; its bytes go afterwards."""
    row = await w.one("DELETE FROM stored_file WHERE id = $1 RETURNING blob_key", file_id)
    if row is not None and row["blob_key"]:
        await doom(w, [row["blob_key"]], at=at)


async def give_up_blob(w: Work, file_id: FileId, *, at: datetime) -> bool:
    """Have the bytes of a file deleted and keep what was found in them; False where that was done before."""
    row = await w.one(
        """
        UPDATE stored_file now SET blob_key = '' FROM stored_file before
        WHERE now.id = $1 AND before.id = $1 AND now.blob_key <> '' RETURNING before.blob_key
        """,
        file_id,
    )
    if row is not None:
        await doom(w, [row["blob_key"]], at=at)
    return row is not None


async def remove_file(scope: Scope, file_id: FileId) -> ResourceId:
    """Take a model file or a sample out of a draft of the caller's own; gives the draft.

    What was found in its other files is forgotten: they are examined again when it is submitted, and files may be added
    until then. Raises SignInRequired, Suspended, NotFound, NotAllowed, Conflict.
    """
    actor = scope.require_active()
    async with work(scope.now) as w:
        found = await w.one(
            "SELECT holder_kind, holder_id, blob_key FROM stored_file"
            " WHERE id = $1 AND holder_kind IN ('resource', 'sample')",
            file_id,
        )
        if found is None:
            raise NotFound
        await lock_holder(w, Holder(found["holder_kind"], found["holder_id"]))
        row = await w.one("SELECT * FROM resource WHERE id = $1 FOR UPDATE", found["holder_id"])
        if row is None:
            raise NotFound
        resource = resource_of(row)
        if resource.owner_id != actor.account_id:
            visible = resource.status is ResourceStatus.PUBLISHED or sees_all(scope)
            raise NotAllowed("Only its owner may take files out of a resource.") if visible else NotFound
        check_gives_files(resource.status)
        await w.execute("DELETE FROM stored_file WHERE id = $1", file_id)
        await w.execute(
            "DELETE FROM scan USING stored_file f WHERE f.id = scan.file_id"
            " AND f.holder_kind IN ('resource', 'sample') AND f.holder_id = $1",
            resource.id,
        )
        await doom(w, [found["blob_key"]], at=scope.now)
    return resource.id
