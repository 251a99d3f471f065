"""Every identifier of a file in one pass, hashed side by side: hashlib, zlib and blake3 let other threads run.

The definitions are those of the tools that made each identifier common:

- SHA256, BLAKE3 and CRC32 over the whole file;
- AutoV1: the first 8 hex digits of SHA256 over the bytes 0x100000 to 0x110000, none for a file under 2 MiB;
- AutoV2: the first 10 hex digits of SHA256;
- AutoV3: the first 12 hex digits of SHA256 over everything after the safetensors header.
"""

import hashlib
import os
import queue
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from blake3 import blake3
from zlib_ng import zlib_ng

_AUTOV1_START, _AUTOV1_END = 0x100000, 0x110000
_AUTOV1_LEAST_BYTES = 2 * 1024**2
_QUEUE_CHUNKS = 4


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


class Taker(Protocol):
    """Whatever takes a file chunk by chunk, in order."""

    def update(self, data: bytes, /) -> object:
        """Take the next chunk."""
        ...


class _Crc32:
    """zlib's CRC-32 with the interface of the others, by zlib-ng, which takes a twentieth of zlib's time."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes) -> None:
        self._value = zlib_ng.crc32(data, self._value)

    def hexdigest(self) -> str:
        return f"{self._value:08x}"


class _After:
    """A digest of everything after the first `skip` bytes."""

    def __init__(self, skip: int) -> None:
        self._skip = skip
        self._digest = hashlib.sha256()

    def update(self, data: bytes) -> None:
        if self._skip >= len(data):
            self._skip -= len(data)
            return
        self._digest.update(memoryview(data)[self._skip :])
        self._skip = 0

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


class _Lane(threading.Thread):
    """A thread that feeds what it is given to a few digests, at most `_QUEUE_CHUNKS` chunks behind.

    When one of them raises, the rest is taken and left aside, so that nobody waits for ever; `error` says why.
    """

    def __init__(self, digests: list[Taker]) -> None:
        super().__init__(name="hashing", daemon=True)
        self.error: Exception | None = None
        self._digests = digests
        self._chunks: queue.Queue[bytes | None] = queue.Queue(_QUEUE_CHUNKS)

    def put(self, chunk: bytes | None) -> None:
        self._chunks.put(chunk)

    def run(self) -> None:
        while (chunk := self._chunks.get()) is not None:
            if self.error is not None:
                continue
            try:
                for digest in self._digests:
                    digest.update(chunk)
            except Exception as error:
                self.error = error  # told by the thread that reads the file


class FileHasher:
    """Takes a file chunk by chunk; a context manager, so that its threads end however the reading ends.

    Memory is a few chunks, whatever the size of the file. `tensors_start` is where the bytes after a safetensors
    header begin, None for another format. `others` take the same chunks. On one thread all is done in turn; on more,
    which is so where there are several processors, each digest has a thread of its own, and the system shares the
    processors out.
    """

    def __init__(
        self, tensors_start: int | None = None, *, threads: int | None = None, others: Sequence[Taker] = ()
    ) -> None:
        self._sha256 = hashlib.sha256()
        self._blake3 = blake3()
        self._crc32 = _Crc32()
        self._tensors = _After(tensors_start) if tensors_start is not None else None
        self._autov1 = hashlib.sha256()
        self._size = 0
        takers: list[Taker] = [self._sha256, *([self._tensors] if self._tensors else []), *others, self._blake3]
        takers.append(self._crc32)
        self._lanes = [_Lane(share) for share in _shares(takers, threads or _processors())]

    def __enter__(self) -> Self:
        for lane in self._lanes:
            lane.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for lane in self._lanes:
            lane.put(None)
        for lane in self._lanes:
            lane.join()
        if error is None and (failed := next((lane.error for lane in self._lanes if lane.error), None)):
            raise failed

    def update(self, chunk: bytes) -> None:
        """Take the next chunk; waits while the threads are too far behind."""
        for lane in self._lanes:
            lane.put(chunk)
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


def _shares(takers: Sequence[Taker], threads: int) -> list[list[Taker]]:
    """Share the work out: one thread does all, or each has its own."""
    return [list(takers)] if threads == 1 else [[taker] for taker in takers]


def _processors() -> int:
    """Count the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
