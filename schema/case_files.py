"""The files of entries as the moderator sees them who holds the claim of a case about them."""

from collections.abc import Sequence
from datetime import datetime

import strawberry

from domain import bounties, moderation
from domain.kernel.findings import Verdict
from domain.kernel.ids import EntryId
from domain.kernel.scope import Scope
from schema.node import global_id
from schema.scalars import Sha256


@strawberry.type(description="A file of an entry that a case is about; `caseOpenFile` opens it.")
class CaseFile:
    """A file of an entry that a case is about."""

    id: strawberry.ID
    name: str
    size_bytes: float
    sha256: Sha256
    verdict: Verdict
    erased_at: datetime | None = strawberry.field(description="When its key was destroyed; nobody reads it after that.")


async def case_files(scope: Scope, entries: Sequence[bounties.BountyEntry]) -> dict[EntryId, list[CaseFile]]:
    """Say the files of those entries that the scope has in hand as a moderator."""
    found = await moderation.files_in_hand(scope, entries)
    return {
        entry_id: [
            CaseFile(
                id=global_id("file", file.id),
                name=file.name,
                size_bytes=float(file.size_bytes),
                sha256=Sha256(file.sha256),
                verdict=file.verdict,
                erased_at=file.erased_at,
            )
            for file in files
        ]
        for entry_id, files in found.items()
    }
