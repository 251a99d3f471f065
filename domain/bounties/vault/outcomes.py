"""The files of entries: for whom they open, and the links that are given for them.

The outcome of an award opens for the initiator; an entry that was not awarded stays its author's own. Every link is
bound to one account, is good for a short time, and is written down before it is given.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from domain.bounties.rules import EntryStatus
from domain.bounties.standing.passing import verdict_of
from domain.bounties.tables import OutcomeReadRow
from domain.bounties.values import BountyEntry, EntryFile, Outcome, OutcomeFile
from domain.bounties.vault.contents import files_holder
from domain.kernel.findings import Verdict
from domain.kernel.ids import AccountId, EntryId, FileId, new_id
from domain.kernel.scope import Scope
from domain.kernel.work import work
from domain.resources import StoredFile, files_of, the_vault

Links = Mapping[FileId, str]

_CLOSED = (EntryStatus.HELD, EntryStatus.BLOCKED)


def opens_for(entry: BountyEntry, account_id: AccountId | None) -> bool:
    """Tell whether an account may read what it bought with an entry.

    Only the initiator of the bounty that was awarded to it, whatever anybody's role; and not while a newer registry
    blocks or holds what was bought.
    """
    return entry.awarded and account_id == entry.initiator_id and entry.status is EntryStatus.ACCEPTED


def is_own(entry: BountyEntry, account_id: AccountId | None) -> bool:
    """Tell whether an account may read an entry's files as its author: until it wins, unless it is restricted."""
    closed = entry.status in _CLOSED or entry.restricted
    return account_id == entry.author_id and not entry.awarded and not closed


def may_read(entry: BountyEntry, file: StoredFile, account_id: AccountId) -> bool:
    """Tell whether a file of an entry opens for an account at this moment."""
    if file.holder.kind != "entry" or file.erased_at is not None:
        return False
    clean = verdict_of(file, entry.let_pass) is Verdict.CLEAN
    closed = not clean and file.scan.verdict in (Verdict.HELD, Verdict.BLOCKED)
    return (opens_for(entry, account_id) and clean) or (is_own(entry, account_id) and not closed)


async def outcomes(scope: Scope, entries: Sequence[BountyEntry], *, urls: bool) -> dict[EntryId, Outcome]:
    """Give the outcomes among `entries` that open for the scope; with download URLs only where they are asked for.

    Raises Conflict where URLs are asked for and the server has no key for the vault.
    """
    opened = [entry for entry in entries if opens_for(entry, scope.account_id)]
    files = await _files(scope, opened)
    links = await _links(scope, files) if urls else {}
    return {
        entry.id: Outcome(
            entry_id=entry.id,
            files=tuple(
                OutcomeFile(file.id, file.name, file.size_bytes, file.sha256, links.get(file.id))
                for file in files[entry.id]
            ),
            published_resource_id=entry.published_resource_id,
        )
        for entry in opened
        if files[entry.id]
    }


async def own_files(
    scope: Scope, entries: Sequence[BountyEntry], *, urls: bool
) -> dict[EntryId, tuple[EntryFile, ...]]:
    """Give the files of those entries that are the scope's own, also of erased ones, whose bytes are gone.

    A file has a URL where URLs are asked for and it opens for its author. Raises Conflict as `outcomes` does.
    """
    mine = [entry for entry in entries if entry.author_id == scope.account_id]
    found = await files_of([files_holder(entry.id) for entry in mine])
    files = await _files(scope, mine) if urls else {}
    links = await _links(scope, files)
    return {
        entry.id: tuple(
            EntryFile(file.id, file.name, file.size_bytes, file.sha256, file.erased_at, links.get(file.id))
            for file in found[files_holder(entry.id)]
        )
        for entry in mine
    }


async def _files(scope: Scope, entries: Sequence[BountyEntry]) -> dict[EntryId, list[StoredFile]]:
    """Give the files of each entry that open for the scope."""
    if not entries or scope.account_id is None:
        return {}
    found = await files_of([files_holder(entry.id) for entry in entries])
    return {
        entry.id: [file for file in found[files_holder(entry.id)] if may_read(entry, file, scope.account_id)]
        for entry in entries
    }


async def _links(scope: Scope, files: Mapping[EntryId, Sequence[StoredFile]]) -> Links:
    """Make a link to each file for the scope's account, once they are all written down."""
    until = scope.now + timedelta(seconds=scope.ports.policy.download_seconds)
    rows = [
        OutcomeReadRow(
            {
                OutcomeReadRow.id: new_id(),
                OutcomeReadRow.entry_id: entry_id,
                OutcomeReadRow.file_id: file.id,
                OutcomeReadRow.account_id: scope.account_id,
                OutcomeReadRow.issued_at: scope.now,
                OutcomeReadRow.expires_at: until,
            }
        )
        for entry_id, found in files.items()
        for file in found
    ]
    if not rows:
        return {}
    vault = the_vault(scope.ports)
    async with work(scope.now):
        await OutcomeReadRow.insert(*rows)
    return {FileId(row.file_id): vault.signed_url(f"/vault/reads/{row.id.hex}", until=until) for row in rows}
