"""Looking into files for a case: only while a moderator holds its claim, and never unseen.

Each link is a row that the author of the entry sees, with the case, the purpose and the time, and an event in the
log of the case. Whether it still opens is asked again at each request.
"""

from collections.abc import Sequence
from uuid import UUID

from domain import bounties
from domain.bounties import BountyEntry, CaseLink, OpenedFile
from domain.kernel.ids import CaseId, EntryId, FileId, Subject
from domain.kernel.limits import within_limit
from domain.kernel.refusals import NotAllowed
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch
from domain.kernel.text import clean
from domain.kernel.work import work
from domain.moderation.actions import in_hand, require_independent
from domain.moderation.case_reads import case_by_id, cases_by_ids
from domain.moderation.resource_files import give_resource_link, note_opened
from domain.moderation.rules import CaseStatus
from domain.moderation.values import Case
from domain.resources import StoredFile

MAX_PURPOSE = 500


async def open_file(scope: Scope, case_id: CaseId, file_id: FileId, *, purpose: str) -> tuple[Case, CaseLink]:
    """Give a link to a file of what a case is about, to whoever holds the case's claim.

    Raises SignInRequired, NotAllowed, NotFound, Conflict, InvalidInput, RateLimited.
    """
    actor = scope.require_moderator()
    purpose = clean(purpose, "purpose", MAX_PURPOSE, min_length=1)
    await within_limit(scope, "case-file", actor.account_id)
    about = (await case_by_id(scope, case_id)).subject
    give = give_resource_link if about.kind == "resource" else _give_entry_link
    link = await give(scope, case_id, file_id, purpose)
    return await case_by_id(scope, case_id), link


async def _give_entry_link(scope: Scope, case_id: CaseId, file_id: FileId, purpose: str) -> CaseLink:
    asked = await bounties.file_to_look_into(scope, file_id)
    async with work(scope.now) as w:
        case = await in_hand(w, scope, case_id)
        if not _is_about(case, asked.entry):
            raise NotAllowed("This case is not about the entry that the file belongs to.")
        link = await bounties.give_case_link(w, scope, asked, case_id=case_id, purpose=purpose)
        await note_opened(w, scope, case, f"a link to file {file_id.hex} of entry {asked.entry.id.hex}: {purpose}")
    return link


async def open_read(scope: Scope, read_id: UUID) -> OpenedFile:
    """Give the file that a link was made for, if it still opens: one for a case only while its claim is held.

    Raises SignInRequired, NotAllowed, NotFound, RateLimited.
    """
    read = await bounties.case_read(scope, read_id)
    if read is None:
        return await bounties.open_read(scope, read_id)
    actor = scope.require_moderator()
    await within_limit(scope, "vault-read", actor.account_id)
    case = (await cases_by_ids(scope, [read.case_id])).get(read.case_id)
    # That the link is this account's is asked when the file is opened.
    if case is None or case.status is not CaseStatus.CLAIMED or case.claimed_by != actor.account_id:
        raise NotAllowed("This link opens only while you hold the claim of the case that it was made for.")
    async with work(scope.now) as w:
        await require_independent(w, scope, case, actor.account_id)
    return await bounties.open_read_for_case(scope, read_id)


async def files_in_hand(scope: Scope, entries: Sequence[BountyEntry]) -> dict[EntryId, list[StoredFile]]:
    """Give the files of those entries about which, or about whose bounty, the scope holds the claim of a case."""
    if not scope.is_moderator or not entries:
        return {}
    rows = await fetch(
        "SELECT subject_kind, subject_id FROM moderation_case"
        " WHERE claimed_by = $1 AND claim_expires_at > $2 AND decided_at IS NULL",
        scope.account_id,
        scope.now,
    )
    held = {Subject(row["subject_kind"], row["subject_id"]) for row in rows}
    return await bounties.files_to_look_into([entry for entry in entries if held & _subjects_of(entry)])


def _is_about(case: Case, entry: BountyEntry) -> bool:
    return case.subject in _subjects_of(entry)


def _subjects_of(entry: BountyEntry) -> set[Subject]:
    return {Subject("entry", entry.id), Subject("bounty", entry.bounty_id)}
