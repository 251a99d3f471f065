"""Files of entries that an earlier release stored in the clear: sealed one by one, and their old blobs deleted."""

from domain.kernel.ids import new_id
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch
from domain.kernel.vault import SealedFile
from domain.kernel.work import work
from domain.resources.disposal import announce, claim, doom
from domain.resources.holders import lock_holder
from domain.resources.values import Holder
from domain.resources.vault import check_in_use, key_in_use, the_vault

_AT_ONCE = 5


async def seal_stored(scope: Scope) -> int:
    """Seal some of the files that still lie in the clear; gives how many. The clock calls it, and a cut does no harm.

    Until a file is sealed nobody can download it, and it can be validated as before.
    """
    if scope.ports.vault is None:
        return 0
    rows = await fetch(
        "SELECT id, holder_id, blob_key, size_bytes FROM stored_file"
        " WHERE holder_kind = 'entry' AND vault_key_id IS NULL ORDER BY id LIMIT $1",
        _AT_ONCE,
    )
    for row in rows:
        holder, blob_key = Holder("entry", row["holder_id"]), f"files/{new_id().hex}"
        key = await key_in_use(scope, holder)
        await announce(scope, [blob_key])
        file = SealedFile(row["id"], blob_key, row["size_bytes"], key)
        await the_vault(scope.ports).seal(file, scope.ports.blobs.stream(row["blob_key"]))
        async with work(scope.now) as w:
            await lock_holder(w, holder)
            await check_in_use(w, key)
            await claim(w, [blob_key], now=scope.now)
            await w.execute(
                "UPDATE stored_file SET blob_key = $2, vault_key_id = $3 WHERE id = $1", row["id"], blob_key, key.id
            )
            await doom(w, [row["blob_key"]], at=scope.now)
    return len(rows)
