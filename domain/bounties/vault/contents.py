"""What holds the files of bounties: an entry its work and its previews, a bounty its reference pictures."""

from collections.abc import Sequence
from uuid import UUID

from domain.kernel.findings import Verdict
from domain.kernel.ids import EntryId
from domain.resources import Holder, StoredFile, files_of


def files_holder(entry_id: EntryId) -> Holder:
    """Give the holder of an entry's files."""
    return Holder("entry", entry_id)


def previews_holder(entry_id: EntryId) -> Holder:
    """Give the holder of the pictures that an entry's previews are drawn from."""
    return Holder("preview", entry_id)


def references_holder(bounty_id: UUID) -> Holder:
    """Give the holder of a bounty's reference pictures."""
    return Holder("reference", bounty_id)


async def contents_of(entry_ids: Sequence[EntryId]) -> dict[EntryId, list[StoredFile]]:
    """Give everything of each entry that validation judges: what any of it shows counts against the entry.

    A picture that can't be read shows nothing: its author is told, and the entry is judged without it.
    """
    holders = {entry_id: (files_holder(entry_id), previews_holder(entry_id)) for entry_id in entry_ids}
    found = await files_of([holder for both in holders.values() for holder in both])
    return {
        entry_id: [*found[files], *(picture for picture in found[previews] if picture.verdict is not Verdict.FAILED)]
        for entry_id, (files, previews) in holders.items()
    }
