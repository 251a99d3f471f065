"""A moderator's look into a file of an entry, for a case: written down before the link is given, for the author to see.

Which moderator may is for moderation to say, each time. A link of this kind opens by `open_read_for_case` alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.bounties.reads import entries_by_ids
from domain.bounties.tables import OutcomeReadRow
from domain.bounties.values import BountyEntry
from domain.bounties.vault.contents import files_holder
from domain.bounties.vault.downloads import OpenedFile, opened_file
from domain.kernel.ids import AccountId, CaseId, EntryId, FileId, new_id
from domain.kernel.refusals import NotAllowed, NotFound
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch_one
from domain.kernel.work import Work
from domain.resources import StoredFile, files_of, sealed_files, the_vault


@dataclass(frozen=True, slots=True)
class LookedInto:
    """A file of an entry that a moderator wants to look into."""

    entry: BountyEntry
    file: StoredFile


@dataclass(frozen=True, slots=True)
class CaseLink:
    """A link that was given to a moderator for a case."""

    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CaseRead:
    """For which case, to whom and for a file of which entry a link was given."""

    case_id: CaseId
    account_id: AccountId
    entry: BountyEntry


async def file_to_look_into(scope: Scope, file_id: FileId) -> LookedInto:
    """Find a file of an entry that was handed in. A draft is its author's alone. Raises NotFound."""
    sealed = (await sealed_files([file_id])).get(file_id)
    entry_id = EntryId(sealed.key.holder_id) if sealed else None
    entry = (await entries_by_ids(scope, [entry_id])).get(entry_id) if entry_id else None
    files = await files_to_look_into([entry]) if entry else {}
    file = next((file for found in files.values() for file in found if file.id == file_id), None)
    if entry is None or file is None:
        raise NotFound("There is no such file in an entry that was handed in, or it has been deleted.")
    return LookedInto(entry, file)


async def files_to_look_into(entries: Sequence[BountyEntry]) -> dict[EntryId, list[StoredFile]]:
    """Give the files of those entries that were handed in, erased ones too. The caller has checked who may know."""
    handed_in = [entry for entry in entries if entry.submitted_at is not None]
    found = await files_of([files_holder(entry.id) for entry in handed_in])
    return {entry.id: found[files_holder(entry.id)] for entry in handed_in}


async def give_case_link(w: Work, scope: Scope, asked: LookedInto, *, case_id: CaseId, purpose: str) -> CaseLink:
    """Write down that a moderator looks into a file for a case, and make the link. Raises Conflict."""
    vault = the_vault(scope.ports)
    until = scope.now + timedelta(seconds=scope.ports.policy.download_seconds)
    read = OutcomeReadRow(
        {
            OutcomeReadRow.id: new_id(),
            OutcomeReadRow.entry_id: asked.entry.id,
            OutcomeReadRow.file_id: asked.file.id,
            OutcomeReadRow.account_id: scope.require_moderator().account_id,
            OutcomeReadRow.issued_at: scope.now,
            OutcomeReadRow.expires_at: until,
            OutcomeReadRow.case_id: case_id,
            OutcomeReadRow.purpose: purpose,
        }
    )
    await OutcomeReadRow.insert(read)
    return CaseLink(vault.signed_url(f"/vault/reads/{read.id.hex}", until=until), until)


async def case_read(scope: Scope, read_id: UUID) -> CaseRead | None:
    """Say for which case a link was given; None for one that was given for no case."""
    row = await fetch_one(
        "SELECT case_id, account_id, entry_id FROM outcome_read WHERE id = $1 AND case_id IS NOT NULL", read_id
    )
    entry = (await entries_by_ids(scope, [row["entry_id"]])).get(row["entry_id"]) if row else None
    return CaseRead(CaseId(row["case_id"]), AccountId(row["account_id"]), entry) if row and entry else None


async def open_read_for_case(scope: Scope, read_id: UUID) -> OpenedFile:
    """Give the file that a moderator's link was made for, once moderation has found that the moderator may read it.

    Raises NotAllowed, NotFound.
    """
    actor = scope.require_moderator()
    row = await fetch_one("SELECT entry_id, file_id, account_id FROM outcome_read WHERE id = $1", read_id)
    if row is None or row["account_id"] != actor.account_id:
        raise NotAllowed("This link works only for the account it was made for; sign in as that account.")
    asked = await file_to_look_into(scope, FileId(row["file_id"]))
    return await opened_file(asked.file)
