"""Looking into files of a resource for a case: only while a moderator holds its claim, and never unseen.

Each link is a row with the case, the purpose and the time, and an event in the log of the case. It is no key by itself:
whose it is and whether the claim is held is asked again at each request.
"""

from datetime import timedelta
from uuid import UUID

from domain import resources
from domain.bounties import CaseLink
from domain.kernel.ids import CaseId, FileId, Subject, new_id
from domain.kernel.limits import within_limit
from domain.kernel.refusals import NotAllowed, NotFound
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch_one
from domain.kernel.work import Work, work
from domain.moderation.actions import in_hand
from domain.moderation.facts import CaseChanged
from domain.moderation.logs import append
from domain.moderation.rules import EventKind
from domain.moderation.tables import CaseReadRow
from domain.moderation.values import Case
from domain.resources import StoredFile


async def give_resource_link(scope: Scope, case_id: CaseId, file_id: FileId, purpose: str) -> CaseLink:
    """Give a link to a file or a sample of the resource that a case is about.

    Raises SignInRequired, NotAllowed, NotFound, Conflict.
    """
    file = await _file(scope, file_id)
    until = scope.now + timedelta(seconds=scope.ports.policy.download_seconds)
    read = CaseReadRow(
        {
            CaseReadRow.id: new_id(),
            CaseReadRow.case_id: case_id,
            CaseReadRow.file_id: file_id,
            CaseReadRow.account_id: scope.require_moderator().account_id,
            CaseReadRow.purpose: purpose,
            CaseReadRow.issued_at: scope.now,
            CaseReadRow.expires_at: until,
        }
    )
    async with work(scope.now) as w:
        case = await in_hand(w, scope, case_id)
        if case.subject != Subject("resource", file.holder.id):
            raise NotAllowed("This case is not about the resource that the file belongs to.")
        await CaseReadRow.insert(read)
        await note_opened(w, scope, case, f"a link to file {file_id.hex} of resource {file.holder.id.hex}: {purpose}")
    return CaseLink(f"{scope.ports.public_url}/cases/reads/{read.id.hex}", until)


async def open_resource_read(scope: Scope, read_id: UUID) -> StoredFile:
    """Give the file that a link was made for, while this moderator holds the claim of its case.

    Raises SignInRequired, NotAllowed, NotFound, Conflict, RateLimited.
    """
    actor = scope.require_moderator()
    await within_limit(scope, "vault-read", actor.account_id)
    row = await fetch_one(
        "SELECT case_id, file_id FROM case_read WHERE id = $1 AND account_id = $2 AND expires_at > $3",
        read_id,
        actor.account_id,
        scope.now,
    )
    if row is None:
        raise NotAllowed("This link works for a short time, and only for the account it was made for.")
    async with work(scope.now) as w:
        await in_hand(w, scope, CaseId(row["case_id"]))
    return await _file(scope, FileId(row["file_id"]))


async def note_opened(w: Work, scope: Scope, case: Case, detail: str) -> None:
    """Write into the log of a case, and tell, that a file was opened for it."""
    moderator = scope.require_moderator().account_id
    await append(w, scope, case.id, EventKind.FILE_OPENED, detail, actor_id=moderator)
    w.tell(CaseChanged(case.id, before=case.status, holder_id=case.claimed_by))


async def _file(scope: Scope, file_id: FileId) -> StoredFile:
    file = (await resources.files_by_ids(scope, [file_id])).get(file_id)
    if file is None:
        raise NotFound("There is no such file of a resource, or it has been deleted.")
    return file
