"""Values in pieces that Ray carries inside its messages, never through its shared-memory store.

Ray keeps whatever is over 100 KB in the store of a node and ends the process that owns it when that store is gone
(measured on 2.60: "The connection to the plasma store is failed. Terminate the process"). An API process must outlive
a restarted Ray, so nothing that large goes through in one piece: not a picture, not an inspection, not the registry.
"""

import pickle
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

PART_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a pickled value; `last` ends it."""

    data: bytes = field(repr=False)
    last: bool


@dataclass(frozen=True, slots=True)
class Page:
    """A piece of a registry snapshot. Pages may come in any order; `count` of one `version` make it whole."""

    version: int
    number: int
    count: int
    data: bytes = field(repr=False)


def in_parts(value: object) -> Iterator[Part]:
    """Cut a value for a stream, whose parts arrive in order."""
    whole = pickle.dumps(value)
    for start in range(0, len(whole), PART_BYTES):
        yield Part(whole[start : start + PART_BYTES], last=start + PART_BYTES >= len(whole))


class Joiner:
    """Puts the parts of a stream together again."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._parts: list[bytes] = []

    def add(self, part: Part) -> Any | None:
        """Take the next part; give the value when it is whole, else None."""
        self._parts.append(part.data)
        if not part.last:
            return None
        whole, self._parts = b"".join(self._parts), []
        return pickle.loads(whole)  # noqa: S301  (it comes from our own actor; Ray itself pickles all it carries)


def in_pages(version: int, value: object) -> tuple[Page, ...]:
    """Cut a registry snapshot, compressed, for calls that may overtake one another."""
    whole = zlib.compress(pickle.dumps(value), level=1)
    starts = range(0, len(whole), PART_BYTES)
    return tuple(
        Page(version, number, len(starts), whole[start : start + PART_BYTES]) for number, start in enumerate(starts)
    )


class Binder:
    """Puts the pages of the newest snapshot together, from any number of threads and senders."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._lock = Lock()
        self._version = -1
        self._pages: dict[int, bytes] = {}

    def add(self, page: Page) -> Any | None:
        """Take a page; give the snapshot when this one made it whole, else None. Older versions are let go."""
        with self._lock:
            if page.version < self._version:
                return None
            if page.version > self._version:
                self._version, self._pages = page.version, {}
            self._pages[page.number] = page.data
            if len(self._pages) < page.count:
                return None
            pages, self._pages = self._pages, {}
        whole = b"".join(pages[number] for number in range(page.count))
        return pickle.loads(zlib.decompress(whole))  # noqa: S301  (from our own API side)
