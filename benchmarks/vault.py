"""How fast a file is sealed into the store and opened from it, beside a plain copy into the same store.

The store is one in memory, so that what is measured is what sealing adds and no disk: AES-256-GCM beside the loop, and
Python around it. It is counted in gigabytes for a second of processor time, all threads together, because a machine
that is busy otherwise makes every hop between threads wait. Opening a range shows that a part costs a part. Run with
`python -m benchmarks vault`.
"""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

from benchmarks.harness import Figure
from countenance.blobs import BlobStore
from countenance.vault.master_keys import MasterKeys
from countenance.vault.store import SealedStore
from domain.kernel.vault import SealedFile

FILE_BYTES = 256 * 1024**2
SHORT_BYTES = 32 * 1024**2
ROUNDS = 5
_PIECE = 4 * 1024**2
_PART = 1000


def run(*, short: bool = False) -> list[Figure]:
    """Measure sealing and opening a file, and opening a small part at its end."""
    return asyncio.run(_run(SHORT_BYTES if short else FILE_BYTES, rounds=1 if short else ROUNDS))


async def _run(size: int, *, rounds: int) -> list[Figure]:
    blobs = BlobStore("memory:///", signing_key="k" * 32, public_origin="http://bench")
    vault = SealedStore(blobs, MasterKeys.read(f"1:{'11' * 32}"), signing_key="k" * 32, public_origin="http://bench")
    file = SealedFile(UUID(int=1), "sealed", size, vault.new_key(UUID(int=2), UUID(int=3)))
    seconds = await _medians(
        {
            "copy": lambda: blobs.put_stream("plain", _pieces(size)),
            "seal": lambda: vault.seal(file, _pieces(size)),
            "read": lambda: _drain(blobs.stream("plain"), size),
            "open": lambda: _drain(vault.open(file), size),
            "part": lambda: _drain(vault.open(file, size - _PART), _PART),
        },
        rounds=rounds,
    )
    rates = {name: size / 1e9 / took for name, took in seconds.items()}
    return [
        Figure("sealing a file into the store", rates["seal"], "GB/CPU-s", "storing it in the clear", rates["copy"]),
        Figure("opening a sealed file", rates["open"], "GB/CPU-s", "reading it in the clear", rates["read"]),
        Figure(
            f"opening the last {_PART} bytes of a sealed file",
            seconds["part"] * 1000,
            "CPU-ms",
            "opening all of it",
            seconds["open"] * 1000,
        ),
    ]


async def _medians(subjects: dict[str, Callable[[], Awaitable[None]]], *, rounds: int) -> dict[str, float]:
    """Give the median seconds of processor time of each; rounds alternate, so that a busy moment hits all alike."""
    seconds: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(rounds):
        for name, subject in subjects.items():
            began = time.process_time()
            await subject()
            seconds[name].append(time.process_time() - began)
    return {name: statistics.median(times) for name, times in seconds.items()}


async def _pieces(size: int) -> AsyncIterator[bytes]:
    """Give a file's bytes from memory, so that the disk they came from is not measured."""
    block = bytes(range(256)) * (_PIECE // 256)
    for at in range(0, size, _PIECE):
        yield block[: min(_PIECE, size - at)]


async def _drain(pieces: AsyncIterator[bytes], expected: int) -> None:
    read = 0
    async for piece in pieces:
        read += len(piece)
    assert read == expected
