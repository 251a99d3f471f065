"""What may be done to what an entry keeps in the vault."""

import strawberry

from domain import bounties
from domain.kernel.ids import EntryId
from schema.bounties import BountyEntry
from schema.context import Info
from schema.node import id_of, one
from schema.vault_deeds import EntryDeleteFilesResult, EntryDeleteFilesSuccess
from schema.wanted import Wanted


@strawberry.type
class VaultMutation:
    """What may be done to what an entry keeps in the vault."""

    @strawberry.mutation(
        description="Delete the files and previews of an entry of your own for good: of a draft, one that was "
        "withdrawn, or one that did not win a bounty that has ended."
    )
    async def entry_delete_files(self, info: Info, entry_id: strawberry.ID) -> EntryDeleteFilesResult:
        """Delete the files of an entry."""
        entry = await bounties.delete_files(info.context.scope, EntryId(id_of(entry_id, BountyEntry)))
        wanted = Wanted.of(info).on("EntryDeleteFilesSuccess")["entry"]
        return EntryDeleteFilesSuccess(entry=await one(BountyEntry, info.context.scope, entry, wanted))
