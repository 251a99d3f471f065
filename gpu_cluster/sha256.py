"""SHA-256 of a file and of what follows its header, in one step where the processor can."""

import hashlib
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from gpu_cluster.buffers import Chunk
from gpu_cluster.lanes import Taker
from gpu_cluster.sha256_rounds import BLOCK, Rounds, beginning, compiled_rounds


class Digest(Taker, Protocol):
    """A digest on its way."""

    def hexdigest(self) -> str:
        """Give the digest of what was taken so far, in lower-case hex."""
        ...


def whole_and_after(skip: int) -> tuple[Digest, Digest, Sequence[Taker]]:
    """Give the digests of all bytes and of those after the first `skip`, and the takers to be given the bytes."""
    rounds = compiled_rounds()
    if rounds is None:
        whole, after = hashlib.sha256(), After(skip)
        return whole, after, (whole, after)
    streams = Stream(rounds), Stream(rounds, skip=skip)
    return *streams, (SideBySide(rounds, *streams),)


class After:
    """hashlib's digest of everything after the first `skip` bytes."""

    def __init__(self, skip: int) -> None:
        self._skip = skip
        self._digest = hashlib.sha256()

    def update(self, data: Chunk) -> None:
        """Take the next bytes."""
        view = memoryview(data)
        self._digest.update(view[self._skip :])
        self._skip = max(self._skip - len(view), 0)

    def hexdigest(self) -> str:
        """Give the digest so far."""
        return self._digest.hexdigest()


class Stream:
    """One SHA-256 on its way, of everything after the first `skip` bytes, by the compiled rounds."""

    def __init__(self, rounds: Rounds, *, skip: int = 0) -> None:
        self._rounds = rounds
        self._skip = skip
        self._state = beginning()
        self._rest = b""
        self._bytes = 0

    @property
    def place(self) -> int:
        """The address of its state."""
        return self._state.ctypes.data

    def update(self, data: Chunk) -> None:
        """Take the next bytes."""
        self.end(self.begin(memoryview(data)))

    def begin(self, view: memoryview) -> memoryview:
        """Take what completes a block that was begun, and give the rest, which `end` must be given."""
        wanted = view[self._skip :]
        self._skip -= len(view) - len(wanted)
        self._bytes += len(wanted)
        if self._rest:
            missing = BLOCK - len(self._rest)
            self._rest += wanted[:missing]
            wanted = wanted[missing:]
            if len(self._rest) == BLOCK:
                self._take(self._rest)
                self._rest = b""
        return wanted

    def end(self, view: memoryview) -> None:
        """Take whole blocks, and keep what is less than one until more comes."""
        whole = len(view) - len(view) % BLOCK
        self._take(view[:whole])
        self._rest += view[whole:]

    def hexdigest(self) -> str:
        """Give the digest so far."""
        last = Stream(self._rounds)
        last._state = self._state.copy()
        length = (8 * self._bytes).to_bytes(8, "big")
        last._take(self._rest + b"\x80" + bytes(-(len(self._rest) + 9) % BLOCK) + length)
        return last._state.astype(">u4").tobytes().hex()

    def _take(self, blocks: Chunk) -> None:
        if blocks:
            self._rounds.one(self.place, address(blocks), len(blocks) // BLOCK)


class SideBySide:
    """Gives the same bytes to two streams, whose blocks go through the rounds together."""

    def __init__(self, rounds: Rounds, one: Stream, other: Stream) -> None:
        self._two = rounds.two
        self._one, self._other = one, other

    def update(self, data: Chunk) -> None:
        """Take the next bytes."""
        view = memoryview(data)
        one, other = self._one.begin(view), self._other.begin(view)
        count = min(len(one), len(other)) // BLOCK
        if count:
            self._two(self._one.place, self._other.place, address(one), address(other), count)
        self._one.end(one[count * BLOCK :])
        self._other.end(other[count * BLOCK :])


def address(data: Chunk) -> int:
    """Tell where bytes stand in memory, which whoever asks must keep meanwhile."""
    return int(np.frombuffer(data, np.uint8).ctypes.data)
