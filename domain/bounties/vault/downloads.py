"""Downloads from the vault: who may read is asked again for each, and each is a row that the author sees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from domain.bounties.reads import entries_by_ids
from domain.bounties.tables import DownloadRow
from domain.bounties.values import OutcomeRead, OutcomeReadKind
from domain.bounties.vault.contents import files_holder
from domain.bounties.vault.outcomes import may_read
from domain.kernel.ids import AccountId, CaseId, EntryId, FileId, new_id
from domain.kernel.limits import within_limit
from domain.kernel.paging import Page, PageAsk, page_of, uuid_part
from domain.kernel.refusals import NotAllowed, NotFound
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch, fetch_one
from domain.kernel.vault import SealedFile
from domain.kernel.work import work
from domain.resources import StoredFile, files_of, sealed_files


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file that opens for somebody now."""

    file: SealedFile
    name: str
    sha256: str


async def open_read(scope: Scope, read_id: UUID) -> OpenedFile:
    """Give the file that a link was made for, if its account asks and it still opens for that account.

    Raises SignInRequired, NotAllowed, NotFound, RateLimited.
    """
    actor = scope.require_actor()
    await within_limit(scope, "vault-read", actor.account_id)
    row = await fetch_one("SELECT entry_id, file_id, account_id FROM outcome_read WHERE id = $1", read_id)
    if row is None or row["account_id"] != actor.account_id:
        raise NotAllowed("This link works only for the account it was made for; sign in as that account.")
    entry = (await entries_by_ids(scope, [row["entry_id"]])).get(EntryId(row["entry_id"]))
    holder = files_holder(EntryId(row["entry_id"]))
    file = next((file for file in (await files_of([holder]))[holder] if file.id == row["file_id"]), None)
    if file is None or file.erased_at is not None:
        raise NotFound("This file has been deleted.")
    if entry is None or not may_read(entry, file, actor.account_id):
        raise NotAllowed("This file does not open for you any more.")
    return await opened_file(file)


async def opened_file(file: StoredFile) -> OpenedFile:
    """Give a file as it lies in the vault, once it is clear that it opens for who asks. Raises NotFound."""
    sealed = (await sealed_files([file.id])).get(file.id)
    if sealed is None:
        raise NotFound("This file has been deleted.")
    return OpenedFile(sealed, file.name, file.sha256)


async def download_began(scope: Scope, read_id: UUID, *, first_byte: int, last_byte: int) -> UUID:
    """Write down that a link is used, before any byte is sent; gives the id of the download."""
    download = DownloadRow(
        {
            DownloadRow.id: new_id(),
            DownloadRow.read_id: read_id,
            DownloadRow.at: scope.now,
            DownloadRow.first_byte: first_byte,
            DownloadRow.last_byte: last_byte,
        }
    )
    async with work(scope.now):
        await DownloadRow.insert(download)
    return download.id


async def download_ended(scope: Scope, download_id: UUID, *, sent_bytes: int) -> None:
    """Write down how many bytes were sent when a download came to its end, or was cut."""
    at = scope.ports.clock.now()
    async with work(at) as w:
        await w.execute(
            "UPDATE outcome_download SET sent_bytes = $2, ended_at = $3 WHERE id = $1", download_id, sent_bytes, at
        )


async def read_pages(
    scope: Scope, entry_ids: Sequence[EntryId], asked: PageAsk, *, total: bool = False
) -> dict[EntryId, Page[OutcomeRead]]:
    """Give one page of what was given out and read of each entry's files, newest first.

    Its author sees all of it, whoever else sees the entry their own reads, and nobody more.
    """
    rows = await fetch(
        f"""
        SELECT e.id AS asked_id, found.*, CASE WHEN $5 THEN (SELECT count(*) FROM ({_ALL}) counted) END AS total
        FROM bounty_entry e LEFT JOIN LATERAL (
            SELECT * FROM ({_ALL}) every WHERE $3::uuid IS NULL OR every.id < $3 ORDER BY every.id DESC LIMIT $4
        ) found ON true
        WHERE e.id = ANY($2::uuid[]) ORDER BY e.id, found.id DESC
        """,  # noqa: S608 - a constant of this module
        scope.account_id,
        list(entry_ids),
        uuid_part(asked, 0),
        asked.first + 1,
        total,
    )
    names = await _names(entry_ids) if any(row["id"] for row in rows) else {}
    found: dict[EntryId, list[OutcomeRead]] = {entry_id: [] for entry_id in entry_ids}
    totals: dict[EntryId, int | None] = {}
    for row in rows:
        entry_id = EntryId(row["asked_id"])
        totals[entry_id] = row["total"]
        if row["id"] is not None:
            found[entry_id].append(_read_of(row, names))
    return {
        entry_id: page_of(reads, [(read.id.hex,) for read in reads], asked, total=totals.get(entry_id))
        for entry_id, reads in found.items()
    }


_ALL = """
    SELECT r.id, 'LINK' AS kind, r.issued_at AS at, r.account_id, r.file_id, NULL::bigint AS first_byte,
        NULL::bigint AS last_byte, NULL::bigint AS sent_bytes, r.case_id, r.purpose
    FROM outcome_read r WHERE r.entry_id = e.id AND ($1 = e.author_id OR $1 = r.account_id)
    UNION ALL
    SELECT d.id, 'DOWNLOAD', d.at, r.account_id, r.file_id, d.first_byte, d.last_byte, d.sent_bytes,
        r.case_id, r.purpose
    FROM outcome_read r JOIN outcome_download d ON d.read_id = r.id
    WHERE r.entry_id = e.id AND ($1 = e.author_id OR $1 = r.account_id)
"""


async def _names(entry_ids: Sequence[EntryId]) -> Mapping[FileId, str]:
    files = await files_of([files_holder(entry_id) for entry_id in entry_ids])
    return {file.id: file.name for own in files.values() for file in own}


def _read_of(row: asyncpg.Record, names: Mapping[FileId, str]) -> OutcomeRead:
    first, last = row["first_byte"], row["last_byte"]
    return OutcomeRead(
        id=row["id"],
        kind=OutcomeReadKind(row["kind"]),
        at=row["at"],
        reader_id=AccountId(row["account_id"]),
        file_name=names.get(FileId(row["file_id"]), ""),
        first_byte=first,
        last_byte=last,
        complete=None if first is None else row["sent_bytes"] == last - first + 1,
        case_id=CaseId(row["case_id"]) if row["case_id"] else None,
        purpose=row["purpose"],
    )
