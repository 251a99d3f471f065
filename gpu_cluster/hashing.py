"""Every identifier of a file in one pass, hashed side by side: hashlib, zlib and blake3 let other threads run.

The definitions are those of the tools that made each identifier common:

- SHA256, BLAKE3 and CRC32 over the whole file;
- AutoV1: the first 8 hex digits of SHA256 over the bytes 0x100000 to 0x110000, none for a file under 2 MiB;
- AutoV2: the first 10 hex digits of SHA256;
- AutoV3: the first 12 hex digits of SHA256 over everything after the safetensors header.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from blake3 import blake3
from zlib_ng import zlib_ng

from gpu_cluster.buffers import Buffers, Chunk
from gpu_cluster.lanes import Lanes, Taker
from gpu_cluster.sha256 import Digest, whole_and_after

_AUTOV1_START, _AUTOV1_END = 0x100000, 0x110000
_AUTOV1_LEAST_BYTES = 2 * 1024**2
_BLOCK = 1024**2


@dataclass(frozen=True, slots=True)
class FileHashes:
    """The digests of a file in lower-case hex; `tensors_sha256` is over what follows the header, if there is one."""

    sha256: str
    blake3: str
    crc32: str
    autov1: str | None
    tensors_sha256: str | None

    def by_name(self) -> dict[str, str]:
        """Give the identifiers under the names that the public contract has for them."""
        named = {
            "SHA256": self.sha256,
            "AUTOV1": self.autov1,
            "AUTOV2": self.sha256[:10],
            "AUTOV3": self.tensors_sha256 and self.tensors_sha256[:12],
            "CRC32": self.crc32,
            "BLAKE3": self.blake3,
        }
        return {name: value for name, value in named.items() if value is not None}


class _Crc32:
    """zlib's CRC-32 with the interface of the others, by zlib-ng, which takes a twentieth of zlib's time."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, data: Chunk) -> None:
        self._value = zlib_ng.crc32(data, self._value)

    def hexdigest(self) -> str:
        return f"{self._value:08x}"


class _Together:
    """Quick digests, given a chunk block by block: the first brings a block to the processor's cache for the others."""

    def __init__(self, *digests: Taker) -> None:
        self._digests = digests

    def update(self, data: Chunk) -> None:
        view = memoryview(data)
        for start in range(0, len(view), _BLOCK):
            block = view[start : start + _BLOCK]
            for digest in self._digests:
                digest.update(block)


class FileHasher:
    """Takes a file chunk by chunk; a context manager, so that its threads end however the reading ends.

    Memory is a few chunks, whatever the size of the file. `tensors_start` is where the bytes after a safetensors
    header begin, None for another format. `others` take the same chunks; each is more work than any digest, and keeps
    nothing of a chunk, as its buffer is given back to `buffers`.
    """

    def __init__(
        self,
        tensors_start: int | None = None,
        *,
        threads: int | None = None,
        others: Sequence[Taker] = (),
        buffers: Buffers | None = None,
    ) -> None:
        self._sha256, self._tensors, takers = _sha256s(tensors_start)
        self._blake3 = blake3()
        self._crc32 = _Crc32()
        self._autov1 = hashlib.sha256()
        self._size = 0
        self._lanes = Lanes([*others, *takers, _Together(self._blake3, self._crc32)], threads=threads, buffers=buffers)

    def __enter__(self) -> Self:
        self._lanes.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lanes.__exit__(kind, error, trace)

    def update(self, chunk: Chunk) -> None:
        """Take the next chunk; waits while the threads are too far behind."""
        self._lanes.put(chunk)
        start = max(_AUTOV1_START - self._size, 0)
        end = min(_AUTOV1_END - self._size, len(chunk))
        if start < end:
            self._autov1.update(memoryview(chunk)[start:end])
        self._size += len(chunk)

    def digests(self) -> FileHashes:
        """Give the digests, once the context was left."""
        return FileHashes(
            sha256=self._sha256.hexdigest(),
            blake3=self._blake3.hexdigest(),
            crc32=self._crc32.hexdigest(),
            autov1=self._autov1.hexdigest()[:8] if self._size >= _AUTOV1_LEAST_BYTES else None,
            tensors_sha256=self._tensors.hexdigest() if self._tensors else None,
        )


def _sha256s(tensors_start: int | None) -> tuple[Digest, Digest | None, Sequence[Taker]]:
    """Give the digest of the file, that of its tensors if it has a header, and the takers of both."""
    if tensors_start is not None:
        return whole_and_after(tensors_start)
    whole = hashlib.sha256()
    return whole, None, [whole]
