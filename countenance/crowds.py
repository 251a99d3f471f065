"""How many at once are too many: what one network or one caller keeps open, and how many look at an event at a time."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator


class Crowded(Exception):
    """Somebody has as much open as they may; the message is a sentence for a person."""


class Crowd:
    """Counts what is open in this process, by whose it is."""

    def __init__(self, most: int, sentence: str) -> None:
        """Let everybody have `most` at once, and refuse more with a sentence, in which `{most}` stands for that."""
        self._most = most
        self._sentence = sentence.format(most=most)
        self._open: Counter[object] = Counter()

    @contextlib.contextmanager
    def joined(self, whose: object) -> Iterator[None]:
        """Count one more for as long as this is entered. Raises Crowded."""
        if self._open[whose] >= self._most:
            raise Crowded(self._sentence)
        self._open[whose] += 1
        try:
            yield
        finally:
            self._open[whose] -= 1
            if not self._open[whose]:
                del self._open[whose]


class Turn:
    """A follower's turn to look at an event that wakes very many.

    Only so many as there are `places` look at once; the others wait outside of the database's pool, and ordinary
    requests find their way between them. Without places nobody waits.
    """

    def __init__(self, places: asyncio.Semaphore | None = None) -> None:
        self._places = places
        self._held = False

    async def take(self) -> None:
        """Wait for a turn; who has one lines up again."""
        self.give()
        if self._places is not None:
            await self._places.acquire()
            self._held = True

    def give(self) -> None:
        """Give the turn back, if it is held."""
        if self._held and self._places is not None:
            self._held = False
            self._places.release()
