"""Memory for the chunks of a file, used again and again.

A chunk in fresh memory costs more than the copy that fills it: the system clears each page as it is first touched, and
when the memory is given back, every processor that runs a thread of the process is interrupted to hear of it.
"""

import mmap
from collections import deque

CHUNK_BYTES = 2 * 1024**2

Chunk = bytes | memoryview
"""A piece of a file; a view of a buffer changes once it was given back."""

_MOST = 16
"""So many buffers are kept while nobody uses them."""


class Buffers:
    """Buffers of `CHUNK_BYTES`, for any number of threads. One that is not given back is freed as memory usually is."""

    def __init__(self) -> None:
        self._free: deque[mmap.mmap] = deque(maxlen=_MOST)

    def take(self) -> memoryview:
        """Give a buffer that nobody else has; what stands in it is left from before."""
        try:
            return memoryview(self._free.pop())
        except IndexError:
            # A mapping begins at a page: into memory that begins 16 bytes behind a page, as large objects of the
            # interpreter do, some processors copy at a third of the speed.
            return memoryview(mmap.mmap(-1, CHUNK_BYTES))

    def give_back(self, chunk: Chunk) -> None:
        """Take a chunk that nobody looks at any more; one that is no view of a buffer is left alone."""
        if isinstance(chunk, memoryview) and isinstance(chunk.obj, mmap.mmap):
            self._free.append(chunk.obj)
