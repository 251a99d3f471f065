"""The last of a numbered stream, held in memory and read by many, each from their own place.

It is bounded: who falls behind what is still held is told so and reads the rest elsewhere. So a slow reader costs
nothing to the others, and nobody's queue can grow.
"""

import asyncio
from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Tail(Generic[T]):
    """Items with growing numbers; holds all of them above `floor`."""

    def __init__(self, floor: int, *, items: int = 512, size: int = 4 * 1024 * 1024) -> None:
        """Begin after number `floor`. At most `items` are held, and at most `size` by the measure given to `add`."""
        self.floor = floor
        self.closed = False
        self._items: deque[tuple[int, int, T]] = deque()
        self._most, self._size, self._held = items, size, 0
        self._changed = asyncio.Event()

    def add(self, no: int, item: T, size: int = 1) -> None:
        """Append an item and wake the readers. Its number must be above all before."""
        self._items.append((no, size, item))
        self._held += size
        while len(self._items) > 1 and (len(self._items) > self._most or self._held > self._size):
            gone, weight, _ = self._items.popleft()
            self.floor = gone
            self._held -= weight
        self._wake()

    def close(self) -> None:
        """Tell the readers that nothing more will come."""
        self.closed = True
        self._wake()

    def after(self, no: int) -> list[tuple[int, T]] | None:
        """Give what comes after `no`, in order; None when some of it is no longer held."""
        if no < self.floor:
            return None
        start = bisect_right(self._items, no, key=_number)
        return [(self._items[i][0], self._items[i][2]) for i in range(start, len(self._items))]

    async def wait(self, until: Callable[[], bool]) -> None:
        """Wait until the condition holds; it is looked at after each change. Returns at once when closed."""
        while not self.closed and not until():
            await self._changed.wait()

    @property
    def last(self) -> int:
        """The number of the newest item, or the floor."""
        return self._items[-1][0] if self._items else self.floor

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def _number(entry: tuple[int, int, object]) -> int:
    return entry[0]
