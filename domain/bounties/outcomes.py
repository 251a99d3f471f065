"""The outcome of an awarded bounty: whom it opens for, and what becomes of it."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from domain.bounties.rules import EntryStatus
from domain.bounties.tables import OutcomeReadRow
from domain.bounties.values import BountyEntry, Outcome, OutcomeFile
from domain.kernel.findings import Verdict
from domain.kernel.ids import AccountId, EntryId, FileId
from domain.kernel.scope import Scope
from domain.kernel.work import work
from domain.resources import Holder, StoredFile, files_of


def opens_for(entry: BountyEntry, account_id: AccountId | None) -> bool:
    """Tell whether an account may read the files of an entry.

    Only the initiator of the bounty that was awarded to it, whatever anybody's role; and not while a newer registry
    blocks or holds what was bought.
    """
    return entry.awarded and account_id == entry.initiator_id and entry.status is EntryStatus.ACCEPTED


async def outcomes(scope: Scope, entries: Sequence[BountyEntry], *, urls: bool) -> dict[EntryId, Outcome]:
    """Give the outcomes among `entries` that open for the scope; with download URLs only where they are asked for.

    Each URL is good for its account alone and for a short time, and is written down before it is given out.
    """
    opened = [entry for entry in entries if opens_for(entry, scope.account_id)]
    if not opened or scope.account_id is None:
        return {}
    files = await files_of([Holder("entry", entry.id) for entry in opened])
    bought = {
        entry.id: [file for file in files.get(Holder("entry", entry.id), ()) if file.scan.verdict is Verdict.CLEAN]
        for entry in opened
    }
    if urls:
        given = [(entry_id, file.id) for entry_id, found in bought.items() for file in found]
        await _record(scope, scope.account_id, given)
    return {
        entry.id: Outcome(
            entry_id=entry.id,
            files=tuple([await _file(scope, scope.account_id, file, url=urls) for file in bought[entry.id]]),
            published_resource_id=entry.published_resource_id,
        )
        for entry in opened
    }


async def _record(scope: Scope, account_id: AccountId, given: Iterable[tuple[EntryId, FileId]]) -> None:
    """Write down which files somebody is about to get URLs for."""
    rows = [
        OutcomeReadRow(
            {
                OutcomeReadRow.entry_id: entry_id,
                OutcomeReadRow.file_id: file_id,
                OutcomeReadRow.account_id: account_id,
                OutcomeReadRow.issued_at: scope.now,
                OutcomeReadRow.expires_at: scope.now + timedelta(seconds=scope.ports.policy.download_seconds),
            }
        )
        for entry_id, file_id in given
    ]
    if rows:
        async with work(scope.now):
            await OutcomeReadRow.insert(*rows)


async def _file(scope: Scope, account_id: AccountId, file: StoredFile, *, url: bool) -> OutcomeFile:
    signed = None
    if url:
        signed = await scope.ports.blobs.signed_url(
            file.blob_key,
            seconds=scope.ports.policy.download_seconds,
            file_name=file.name,
            audience=str(account_id),
        )
    return OutcomeFile(id=file.id, name=file.name, size_bytes=file.size_bytes, sha256=file.sha256, download_url=signed)
