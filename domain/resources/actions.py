"""What owners, moderators and the operator do to resources: draft, submit, remove, add in place."""

from pathlib import Path
from uuid import UUID

from domain import accounts, reasons
from domain.accounts import NOBODY, Parties
from domain.kernel.ids import AccountId, FileId, ResourceId, Subject, new_id
from domain.kernel.limits import within_limit
from domain.kernel.refusals import LikenessRefused, NotAllowed, NotFound
from domain.kernel.scope import Scope
from domain.kernel.work import Work, work
from domain.resources import statements
from domain.resources.copying import Copies
from domain.resources.disposal import claim
from domain.resources.facts import ResourceChanged
from domain.resources.holders import lock_holder
from domain.resources.judge import Judge
from domain.resources.reads import resource_of, sees_all
from domain.resources.rules import check_remove, check_submit, checked_draft, examine_draft
from domain.resources.scans import request_scans
from domain.resources.tables import FileRow, ResourceRow
from domain.resources.values import Cause, Holder, Resource, ResourceDraft, ResourceStatus


async def draft(scope: Scope, asked: ResourceDraft) -> ResourceId:
    """Write down a new resource whose texts name nobody who is protected; files come next.

    Raises SignInRequired, Suspended, RateLimited, InvalidInput, PolicyRefused, LikenessRefused.
    """
    actor = scope.require_active()
    await within_limit(scope, "draft", actor.account_id)
    examined = await examined_draft(Judge(scope), asked, actor.account_id)
    async with work(scope.now) as w:
        return await _write(w, scope, examined, actor.account_id)


async def examined_draft(judge: Judge, asked: ResourceDraft, owner_id: AccountId) -> ResourceDraft:
    """Give the draft, cleaned, if its words may stand. Raises InvalidInput, PolicyRefused, LikenessRefused.

    Whoever lets a member ask this counts it against a limit first: the answer tells who is protected.
    """
    cleaned = checked_draft(asked)
    if findings := await judge.ask(examine_draft, cleaned, owner_id):
        raise LikenessRefused(
            "This names a real person who is protected and did not allow it: take the name out.", findings=findings
        )
    return cleaned


async def submit(scope: Scope, resource_id: ResourceId) -> None:
    """Ask for validation of a draft and, if it comes out clean, publication.

    Raises SignInRequired, Suspended, RateLimited, NotFound, NotAllowed, Conflict.
    """
    actor = scope.require_active()
    await within_limit(scope, "submit", actor.account_id)
    async with work(scope.now) as w:
        await lock_holder(w, Holder("resource", resource_id))
        resource = await _locked(w, scope, resource_id)
        if resource.owner_id != actor.account_id:
            raise NotAllowed("Only its owner may submit a resource.")
        await _submit(w, scope, resource)


async def remove(scope: Scope, resource_id: ResourceId, *, concerned: Parties = NOBODY) -> None:
    """Take a resource down: its owner for any reason, a moderator whom it doesn't concern with a statement of reasons.

    It concerns its owner, whoever made it, and those whom moderation names as `concerned`. Raises SignInRequired,
    NotFound, NotAllowed, Conflict.
    """
    actor = scope.require_actor()
    async with work(scope.now) as w:
        await lock_holder(w, Holder("resource", resource_id))
        resource = await _locked(w, scope, resource_id)
        by_owner = resource.owner_id == actor.account_id
        if not by_owner and not scope.is_moderator:
            raise NotAllowed("Only its owner and moderators may remove a resource.")
        if not by_owner:
            parties = concerned.joined(Parties(accounts=resource.parties))
            await accounts.require_unconcerned(w, scope, actor.account_id, parties)
        check_remove(resource.status)
        await take_down(w, resource, Cause.OWNER if by_owner else Cause.MODERATOR)
        if by_owner:
            # What the owner takes away is no longer restricted by us.
            await reasons.withdraw(w, Subject("resource", resource_id), at=scope.now)
        else:
            await reasons.state(w, statements.of_removal(resource, at=scope.now))


async def take_down(w: Work, resource: Resource, cause: Cause) -> None:
    """Write and tell that a locked resource is removed; open uploads to it end."""
    await w.execute("UPDATE resource SET status = 'REMOVED', cause = $2 WHERE id = $1", resource.id, cause)
    await w.execute(
        "UPDATE upload SET status = 'ENDED'"
        " WHERE holder_kind IN ('resource', 'sample') AND holder_id = $1 AND status = 'OPEN'",
        resource.id,
    )
    w.tell(ResourceChanged(resource.id, resource.owner_id, ResourceStatus.REMOVED, before=resource.status, cause=cause))


async def publish_outcome(
    w: Work,
    scope: Scope,
    asked: ResourceDraft,
    *,
    judge: Judge,
    copies: Copies,
    owner_id: AccountId,
    credited_to: AccountId,
) -> ResourceId:
    """Draft and submit a resource with copies of an entry's files, in the work of whoever may decide that.

    `credited_to` is who made them, and `judge` holds the registry in this work. Raises InvalidInput, PolicyRefused,
    LikenessRefused, Conflict.
    """
    resource_id = await _write(w, scope, await examined_draft(judge, asked, owner_id), owner_id)
    await w.execute("UPDATE resource SET credited_to_id = $2 WHERE id = $1", resource_id, credited_to)
    await adopt_files(w, scope, copies, Holder("resource", resource_id), owner_id=owner_id, mature=asked.mature)
    await _submit(w, scope, await _locked(w, scope, resource_id))
    return resource_id


async def adopt_files(
    w: Work, scope: Scope, copies: Copies, target: Holder, *, owner_id: AccountId, mature: bool
) -> int:
    """Give a holder copies of files, to be scanned as its own. Gives their number. Raises Conflict."""
    await lock_holder(w, target)
    await claim(w, list(copies.values()), now=scope.now)
    rows = await w.fetch("SELECT * FROM stored_file WHERE id = ANY($1::uuid[]) ORDER BY id", list(copies))
    adopted = [
        FileRow(
            {
                FileRow.id: new_id(),
                FileRow.holder_kind: target.kind,
                FileRow.holder_id: target.id,
                FileRow.account_id: owner_id,
                FileRow.mature: mature,
                FileRow.name: row["name"],
                FileRow.size_bytes: row["size_bytes"],
                FileRow.sha256: row["sha256"],
                FileRow.blob_key: copies[FileId(row["id"])],
                FileRow.created_at: row["created_at"],
            }
        )
        for row in rows
    ]
    if adopted:
        await FileRow.insert(*adopted)
    return len(adopted)


async def add_checkpoint(
    scope: Scope, path: Path, asked: ResourceDraft, *, owner_id: AccountId, sha256: str, size_bytes: int
) -> ResourceId:
    """Publish a checkpoint that lies on the nodes: a diffusers folder or a `.safetensors` file, by the operator.

    `sha256` and `size_bytes` are those of the file, or of the folder as the cluster packs it. The same path again is
    the same resource, with the new contents. Raises NotAllowed, InvalidInput, PolicyRefused, LikenessRefused.
    """
    if not scope.system:
        raise NotAllowed("Only the operator adds checkpoints in place.")
    examined = await examined_draft(Judge(scope), asked, owner_id)
    async with work(scope.now) as w:
        await w.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"checkpoint:{path}")
        known = await w.one("SELECT id FROM resource WHERE source_path = $1 AND status = 'PUBLISHED'", str(path))
        resource_id = ResourceId(known["id"]) if known else await _write(w, scope, examined, owner_id)
        await w.execute(
            "UPDATE resource SET status = 'PUBLISHED', published_at = coalesce(published_at, $2), title = $3,"
            " description = $4, source_path = $5, source_sha256 = $6, source_bytes = $7 WHERE id = $1",
            resource_id,
            scope.now,
            examined.title,
            examined.description,
            str(path),
            sha256,
            size_bytes,
        )
        w.tell(ResourceChanged(resource_id, owner_id, ResourceStatus.PUBLISHED))
    return resource_id


async def _write(w: Work, scope: Scope, examined: ResourceDraft, owner_id: AccountId) -> ResourceId:
    """Write the row of a new draft."""
    row = ResourceRow(
        {
            ResourceRow.id: new_id(),
            ResourceRow.kind: examined.kind,
            ResourceRow.title: examined.title,
            ResourceRow.description: examined.description,
            ResourceRow.trigger_words: list(examined.trigger_words),
            ResourceRow.owner_id: owner_id,
            ResourceRow.status: ResourceStatus.DRAFT,
            ResourceRow.mature: examined.mature,
            ResourceRow.depicts_real_person: examined.depicts_real_person,
            ResourceRow.created_at: scope.now,
        }
    )
    await ResourceRow.insert(row)
    return ResourceId(row.id)


async def _locked(w: Work, scope: Scope, resource_id: UUID) -> Resource:
    """Lock a resource that the scope may see. Raises NotFound."""
    row = await w.one("SELECT * FROM resource WHERE id = $1 FOR UPDATE", resource_id)
    if row is None:
        raise NotFound
    resource = resource_of(row)
    own = resource.owner_id == scope.account_id
    if not own and not sees_all(scope) and resource.status is not ResourceStatus.PUBLISHED:
        raise NotFound
    return resource


async def _submit(w: Work, scope: Scope, resource: Resource) -> None:
    """Queue the scans of a draft's files and say that it is being scanned."""
    holder = Holder("resource", resource.id)
    row = await w.one(
        "SELECT count(*) AS n FROM stored_file WHERE holder_kind = 'resource' AND holder_id = $1", resource.id
    )
    check_submit(resource.status, row["n"] if row else 0)
    await w.execute("UPDATE resource SET status = 'SCANNING' WHERE id = $1", resource.id)
    await request_scans(w, holder)
    await request_scans(w, Holder("sample", resource.id))
    w.tell(ResourceChanged(resource.id, resource.owner_id, ResourceStatus.SCANNING, before=resource.status))
