"""Chunks of a file given to several takers, each in order, on no more threads than there are processors.

A thread for each taker would be simpler, but more threads than processors stand in one another's way: one is stopped
by the system while it holds the interpreter's lock, and all wait. And the work would end with the longest taker alone.
Here whoever is free takes the next step that is ready, the heavier taker's first, so that all processors end together.
The thread that reads the file is one of them: it reads while there is room, and works while there is none.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Protocol, Self

from gpu_cluster.buffers import Buffers, Chunk

_MOST_BYTES = 12 * 1024**2
"""Chunks of so many bytes are held at most, and one more: what the first taker may be ahead of the last."""


class Taker(Protocol):
    """Whatever takes a file chunk by chunk, in order."""

    def update(self, data: Chunk, /) -> object:
        """Take the next chunk."""
        ...


class _Lane:
    """How far one taker is. When it raises, the rest is left aside, so that nobody waits for ever."""

    def __init__(self, taker: Taker) -> None:
        self._taker = taker
        self.at = 0
        self.taken = False
        self.error: Exception | None = None

    def step(self, chunk: Chunk) -> None:
        if self.error is not None:
            return
        try:
            self._taker.update(chunk)
        except Exception as error:
            self.error = error  # told by the thread that reads the file


class Lanes:
    """Gives what it is given to all its takers; a context manager, whose threads end however the reading ends.

    The takers stand in the order of their work, the most first; none keeps anything of a chunk, as its buffer is given
    back to `buffers` when all have taken it. An error of a taker is raised when the context is left.
    """

    def __init__(self, takers: Sequence[Taker], *, threads: int | None = None, buffers: Buffers | None = None) -> None:
        self._buffers = buffers or Buffers()
        self._lanes = [_Lane(taker) for taker in takers]
        self._chunks: deque[Chunk] = deque()
        self._dropped = 0
        self._bytes = 0
        self._ended = False
        self._changed = threading.Condition(threading.Lock())
        # One other at least, so that work goes on while this thread waits for a slow source.
        others = max(min(threads or _processors(), len(takers)) - 1, 1)
        self._threads = [threading.Thread(target=self._work, name="hashing", daemon=True) for _ in range(others)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._work()
        for thread in self._threads:
            thread.join()
        if error is None and (failed := next((lane.error for lane in self._lanes if lane.error), None)):
            raise failed

    def put(self, chunk: Chunk) -> None:
        """Give the next chunk; while a taker is too far behind, this thread works as well."""
        with self._changed:
            self._chunks.append(chunk)
            self._bytes += len(chunk)
            self._changed.notify_all()
        self._work(until=self._has_room)

    def _has_room(self) -> bool:
        return self._bytes < _MOST_BYTES

    def _work(self, until: Callable[[], bool] = lambda: False) -> None:
        """Do the steps that nobody else does, until there are none or it is enough."""
        lane = None
        while (step := self._next(lane, until)) is not None:
            lane, chunk = step
            lane.step(chunk)
            del step, chunk  # a chunk is held by the queue alone while this thread waits

    def _next(self, done: _Lane | None, until: Callable[[], bool]) -> tuple[_Lane, Chunk] | None:
        """Give a lane back, wait for one that can go on, and take that with its next chunk."""
        with self._changed:
            if done is not None:
                done.taken = False
                done.at += 1
                self._drop()
                self._changed.notify_all()
            while not until():
                for lane in self._lanes:
                    if not lane.taken and lane.at < self._dropped + len(self._chunks):
                        lane.taken = True
                        return lane, self._chunks[lane.at - self._dropped]
                if self._ended:
                    return None  # whatever is left is in lanes that others are on
                self._changed.wait()
            return None

    def _drop(self) -> None:
        """Forget the chunks that all have taken."""
        last = min(lane.at for lane in self._lanes)
        while self._dropped < last:
            chunk = self._chunks.popleft()
            self._bytes -= len(chunk)
            self._dropped += 1
            self._buffers.give_back(chunk)


def _processors() -> int:
    """Count the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
