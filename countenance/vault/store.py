"""Sealing files into the blob store and opening them, chunk by chunk: the `Vault` port."""

import asyncio
import hashlib
import hmac
import os
from collections.abc import AsyncIterable, AsyncIterator
from datetime import UTC, datetime
from urllib.parse import quote
from uuid import UUID

from countenance.vault.master_keys import MasterKeys
from countenance.vault.sealed_format import CHUNK, HEADER, MAGIC, SALT, SEALED_CHUNK, FileSeal, Layout
from domain.kernel.ports import Blobs
from domain.kernel.vault import Damaged, SealedFile, VaultKey

_AT_ONCE = 1
"""Chunks that are sealed or opened beside the loop in one go. More save hops between threads, and were measured to cost
more than that in memory that leaves the processor's caches."""


class SealedStore:
    """The vault of one process."""

    def __init__(
        self,
        blobs: Blobs,
        keys: MasterKeys,
        *,
        signing_key: str,
        public_origin: str,
        cluster_origin: str | None = None,
    ) -> None:
        """Keep sealed files in `blobs`; what `signing_key` signs is known for the vault's alone."""
        self._blobs, self._keys = blobs, keys
        self._signing_key = hmac.digest(signing_key.encode(), b"countenance vault url 1", "sha256")
        self._public_origin, self._cluster_origin = public_origin, cluster_origin or public_origin

    @property
    def master(self) -> int:
        """Give the number of the master key that new keys are wrapped by."""
        return self._keys.current

    def new_key(self, key_id: UUID, holder_id: UUID) -> VaultKey:
        """Make a data key."""
        master, wrapped = self._keys.make(key_id.bytes, holder_id.bytes)
        return VaultKey(key_id, holder_id, master, wrapped)

    def rewrap(self, key: VaultKey) -> VaultKey:
        """Wrap a key by the present master key. Raises KeyMissing, Damaged."""
        master, wrapped = self._keys.rewrap(key)
        return VaultKey(key.id, key.holder_id, master, wrapped)

    async def seal(self, file: SealedFile, pieces: AsyncIterable[bytes]) -> None:
        """Store a file sealed, whole or not at all, under a key of this sealing's own.

        Raises ValueError when it does not have the size that was said, KeyMissing, Damaged.
        """
        salt = os.urandom(SALT)
        seal = self._seal_of(file, salt)
        await self._blobs.put_stream(file.blob_key, _sealed(seal, salt, pieces, file.size_bytes))

    async def open(self, file: SealedFile, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Give the plaintext from `start` to `end` in pieces of at most a chunk, each verified before it is given.

        Raises Damaged, KeyMissing, FileNotFoundError.
        """
        end = file.size_bytes if end is None else min(end, file.size_bytes)
        if start >= end:
            return
        header = b"".join([piece async for piece in self._blobs.stream(file.blob_key, 0, HEADER)])
        if len(header) != HEADER or not header.startswith(MAGIC):
            raise Damaged("This is no sealed file of ours.")
        seal = self._seal_of(file, header[len(MAGIC) :])
        number, first, last = Layout(file.size_bytes).holding(start, end)
        at = number * CHUNK
        async for group in _regrouped(self._blobs.stream(file.blob_key, first, last), _AT_ONCE * SEALED_CHUNK):
            plain = await asyncio.to_thread(seal.open, number, group)
            yield plain[max(0, start - at) : end - at]
            number, at = number + _AT_ONCE, at + len(plain)
        if at < end:
            raise Damaged("The end of the sealed file is missing.")

    def signed_url(self, path: str, *, until: datetime, inside: bool = False) -> str:
        """Make a URL for a path of the vault's endpoint."""
        seconds = int(until.timestamp())
        origin = self._cluster_origin if inside else self._public_origin
        return f"{origin}{quote(path)}?expires={seconds}&sig={self._signature(path, seconds)}"

    def verify(self, path: str, *, until: datetime, signature: str) -> bool:
        """Say whether we signed this path for this time."""
        expected = self._signature(path, int(until.astimezone(UTC).timestamp()))
        return hmac.compare_digest(expected.encode(), signature.encode())

    def _signature(self, path: str, seconds: int) -> str:
        return hmac.new(self._signing_key, f"{seconds} {path}".encode(), hashlib.sha256).hexdigest()

    def _seal_of(self, file: SealedFile, salt: bytes) -> FileSeal:
        data_key = self._keys.unwrap(file.key)
        return FileSeal(data_key, salt, holder_id=file.key.holder_id, file_id=file.id, size=file.size_bytes)


async def _sealed(seal: FileSeal, salt: bytes, pieces: AsyncIterable[bytes], size: int) -> AsyncIterator[bytes]:
    """Give a file as it lies in the store. Raises ValueError when the pieces are not `size` bytes in all."""
    yield MAGIC + salt
    number = done = 0
    async for group in _regrouped(pieces, _AT_ONCE * CHUNK):
        done += len(group)
        if done > size:
            break
        yield await asyncio.to_thread(seal.seal, number, group)
        number += _AT_ONCE
    if done != size:
        raise ValueError(f"{size} bytes were to be sealed; there are {'more' if done > size else done}.")


async def _regrouped(pieces: AsyncIterable[bytes], size: int) -> AsyncIterator[bytes]:
    """Give the same bytes in pieces of `size`, the last one shorter; each byte is copied at most once."""
    parts: list[bytes | memoryview] = []
    missing = size
    async for piece in pieces:
        rest = memoryview(piece)
        while len(rest) >= missing:
            parts.append(rest[:missing])
            yield b"".join(parts)
            rest, parts, missing = rest[missing:], [], size
        if rest:
            parts.append(rest)
            missing -= len(rest)
    if parts:
        yield b"".join(parts)
