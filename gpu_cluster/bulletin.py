"""The newest registry that one API process knows, as it is given to actors: what changed since theirs, or all of it."""

import asyncio
import math
import time
from collections import deque

from domain.registry.changes import Change, News, after, joined
from domain.registry.snapshot import Snapshot
from gpu_cluster.parcels import Page, in_pages

_MOST_CHANGES = 64
_MOST_PERSONS = 2_000
"""Actors that are further behind than so many changes, or changed persons, get the whole registry."""


class Bulletin:
    """Holds the registry and its last changes. Use it from one event loop."""

    def __init__(self, snapshot: Snapshot) -> None:
        """Start with a registry, which nobody has confirmed yet."""
        self._snapshot = snapshot
        self._changes: deque[Change] = deque(maxlen=_MOST_CHANGES)
        self._pages: dict[int, tuple[Page, ...]] = {}
        self._making = asyncio.Lock()
        self._confirmed_at = -math.inf

    @property
    def version(self) -> int:
        """The version of the registry."""
        return self._snapshot.version

    async def renew(self, news: News) -> bool:
        """Take a newer registry; tell whether it was newer. Whoever brings one also confirms it."""
        if news.version <= self.version:
            self.confirm(news.version)
            return False
        if isinstance(news, Snapshot):
            self._changes.clear()
            snapshot = news
        else:
            snapshot = after(self._snapshot, news)
            self._changes.append(news)
        self._snapshot, self._pages = snapshot, {}
        self.confirm(news.version)
        return True

    def confirm(self, version: int) -> None:
        """Hear that the registry stands at `version` now; of no use while the one held here is older."""
        if version <= self.version:
            self._confirmed_at = time.monotonic()

    def confirmed(self) -> tuple[int, float]:
        """Give the version that was last confirmed and for how many seconds that has held, as actors are told."""
        return self.version, time.monotonic() - self._confirmed_at

    async def pages_from(self, version: int) -> tuple[Page, ...]:
        """Give what an actor at `version` needs in order to hold the registry, in pages; made once for all actors."""
        async with self._making:
            while version not in self._pages:
                news, pages = self._news_from(version), self._pages
                pages[version] = await asyncio.to_thread(in_pages, news.version, news)
            return self._pages[version]

    def _news_from(self, version: int) -> News:
        needed = [change for change in self._changes if change.version > version]
        if not needed or needed[0].since > version or sum(len(each.person_ids) for each in needed) > _MOST_PERSONS:
            return self._snapshot
        return joined(needed)
