"""Files that are kept sealed: what the domain says of them, and what it asks of whoever holds the keys."""

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID


class Damaged(Exception):
    """What lies in the store is not what was sealed, or not for this file: nothing of it may be believed."""


class KeyMissing(Exception):
    """The master key that opens this is not among those that the server was given."""


@dataclass(frozen=True, slots=True)
class VaultKey:
    """A data key as it is stored: wrapped by the master key with the number `master`, for one holder alone."""

    id: UUID
    holder_id: UUID
    master: int
    wrapped: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A file in the vault. `size_bytes` is that of the plaintext; the id is part of what its seal is bound to."""

    id: UUID
    blob_key: str
    size_bytes: int
    key: VaultKey


class Vault(Protocol):
    """Seals files under their holders' keys, and opens them; alone knows the master keys."""

    @property
    def master(self) -> int:
        """Give the number of the master key that new keys are wrapped by."""
        ...

    def new_key(self, key_id: UUID, holder_id: UUID) -> VaultKey:
        """Make a data key."""
        ...

    def rewrap(self, key: VaultKey) -> VaultKey:
        """Wrap a key by the present master key; files stay as they are. Raises KeyMissing, Damaged."""
        ...

    async def seal(self, file: SealedFile, pieces: AsyncIterable[bytes]) -> None:
        """Store the bytes of a file sealed, whole or not at all. Raises ValueError for another size, KeyMissing."""
        ...

    def open(self, file: SealedFile, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Give the plaintext from `start` to `end` (exclusive) in pieces, none before it was verified.

        Raises Damaged, KeyMissing, and FileNotFoundError where no bytes are.
        """
        ...

    def signed_url(self, path: str, *, until: datetime, inside: bool = False) -> str:
        """Make a URL for a path of the vault's endpoint; `inside` is for the cluster, by the origin that it reaches."""
        ...

    def verify(self, path: str, *, until: datetime, signature: str) -> bool:
        """Say whether we signed this path for this time."""
        ...
