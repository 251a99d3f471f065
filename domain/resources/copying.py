"""Taking files out of the vault, to be a resource's: opened and stored in the clear, before any row says so."""

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence

from domain.kernel.ids import FileId, new_id
from domain.kernel.refusals import Conflict
from domain.kernel.scope import Scope
from domain.kernel.vault import Damaged, KeyMissing
from domain.resources.disposal import announce
from domain.resources.values import StoredFile
from domain.resources.vault import sealed_files, the_vault

Copies = Mapping[FileId, str]
"""Where the copy of each file lies."""


async def copy_out(scope: Scope, files: Sequence[StoredFile]) -> Copies:
    """Write the plaintext of sealed files into blobs of their own; they go again unless a work claims them in a day.

    Every try has blobs of its own, so one that was cut leaves nothing that another could mistake for a whole file.
    Raises Conflict when a file was erased, or is not what was uploaded any more.
    """
    vault = the_vault(scope.ports)
    sealed = await sealed_files([file.id for file in files])
    copies = {file.id: f"files/{new_id().hex}" for file in files}
    await announce(scope, list(copies.values()))
    for file in files:
        if file.id not in sealed:
            raise Conflict("The files of this entry have been deleted.", state="ERASED")
        try:
            await scope.ports.blobs.put_stream(copies[file.id], _proved(vault.open(sealed[file.id]), file.sha256))
        except (Damaged, KeyMissing, FileNotFoundError):
            raise _damaged() from None
    return copies


async def _proved(pieces: AsyncIterator[bytes], sha256: str) -> AsyncIterator[bytes]:
    """Give the pieces, and refuse the whole at its end unless it is the file that was uploaded. Raises Conflict."""
    digest = hashlib.sha256()
    async for piece in pieces:
        digest.update(piece)
        yield piece
    if digest.hexdigest() != sha256:
        raise _damaged()


def _damaged() -> Conflict:
    return Conflict("A file of this outcome can't be opened: it is damaged, or its key is not here.", state="DAMAGED")
