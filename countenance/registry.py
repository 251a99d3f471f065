"""The likeness registry that this process holds: adopted at start, and again within a moment of each change."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Protocol

import structlog

from domain import likeness
from domain.kernel.ports import Sealer
from domain.kernel.refusals import RegistryUnread
from domain.registry.adopting import MOST_BEHIND_SECONDS, Adopted
from domain.registry.changes import Change, News
from domain.registry.matching import Matcher

log = structlog.get_logger(__name__)

EVERY = 0.1
"""Seconds between looks at the version: one row by its key. Nothing that could get lost has to tell of a change."""

_AGAIN_SECONDS = 1.0


class Gates(Protocol):
    """Whoever is told of each newer registry, and that it is still the newest: the cluster."""

    async def adopt(self, news: News) -> None:
        """Take a newer registry."""
        ...

    def confirm(self, version: int) -> None:
        """Hear that the registry stands at this version now."""
        ...


class AdoptedRegistry:
    """Implements the `Registry` port. Readers see one whole registry or the next, never a part of each.

    A registry that could not be compared with the database's for five seconds is not given out any more: what nobody
    can check is refused, not let through.
    """

    def __init__(self, sealer: Sealer | None = None, *, patience: float = MOST_BEHIND_SECONDS) -> None:
        """Hold an empty registry; `sealer` opens the faces that are enrolled in the next."""
        self._sealer = sealer
        self._adopted = Adopted(patience=patience)
        self._adopting = asyncio.Lock()
        self._news: News = self._adopted.snapshot
        self._looked = asyncio.Event()

    @property
    def matcher(self) -> Matcher:
        """The matcher of the newest adopted registry. Raises RegistryUnread when it may not be the newest."""
        if self._adopted.is_behind:
            raise RegistryUnread
        return self._adopted.matcher

    @property
    def version(self) -> int:
        """Its version."""
        return self._adopted.version

    async def reach(self, version: int) -> bool:
        """Adopt what is newer, if this process holds an older one; whether it holds that version now."""
        if self.version < version:
            await self.refresh()
        return self.version >= version

    async def refresh(self) -> bool:
        """Adopt the registry if there is a newer one; False when there is none. The old one serves until then."""
        async with self._adopting:
            asked, held = time.monotonic(), self.version
            newest = await likeness.registry_version()
            if newest > held:
                await self._adopt(held)
            self._adopted.confirm(newest, age=time.monotonic() - asked)
            self._looked.set()
            return newest > held

    async def _adopt(self, held: int) -> None:
        """Read what is newer, have it passed on at once, and take it without keeping the loop from its work."""
        self._news = (
            await likeness.load_change(held, self._sealer) if held else await likeness.load_snapshot(self._sealer)
        )
        self._looked.set()
        version = await asyncio.to_thread(self._adopted.adopt, self._news)
        log.info("adopted the registry", version=version, persons=len(self._adopted.snapshot.persons))

    async def follow(self, *, every: float = EVERY) -> None:
        """Adopt each newer registry, for ever."""
        while True:
            try:
                await self.refresh()
            except Exception:
                # Whatever keeps the registry from being read now, we look again; meanwhile the gates close.
                log.exception("the registry could not be read; trying again")
                await asyncio.sleep(_AGAIN_SECONDS)
            await asyncio.sleep(every)

    @contextlib.asynccontextmanager
    async def followed(self) -> AsyncIterator[None]:
        """Follow the registry while the body runs, beginning with the one that stands now."""
        await self.refresh()
        following = asyncio.create_task(self.follow(), name="registry")
        try:
            yield
        finally:
            following.cancel()
            await asyncio.wait([following])

    async def pass_on(self, gates: Gates) -> None:
        """Tell the gates of each newer registry, and after each look that it is still the newest, for ever."""
        given = -1
        # One that hangs holds up neither what comes next nor the confirmations that the others need.
        async with asyncio.TaskGroup() as giving:
            while True:
                news = self._news
                if isinstance(news, Change) and news.since > given:
                    news = self._adopted.snapshot
                if news.version > given:
                    given = news.version
                    giving.create_task(gates.adopt(news))
                if not self._adopted.is_behind:
                    gates.confirm(self.version)
                await self._looked.wait()
                self._looked.clear()
