"""The likeness registry that this process holds: adopted at start, and again within a second of each change."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from domain import likeness
from domain.kernel.ports import Sealer
from domain.kernel.wire import ClusterFault
from domain.registry.matching import Matcher
from domain.registry.names import NameMatcher
from domain.registry.snapshot import EMPTY, Snapshot

log = structlog.get_logger(__name__)

Tell = Callable[[Snapshot], Awaitable[None]]
"""Passes a newer registry on, to the cluster say."""

_EVERY = 0.5
"""Seconds between looks at the version: one row by its key, so that a lost nudge costs no more than this."""


class AdoptedRegistry:
    """Implements the `Registry` port. Readers see one whole registry or the next, never a part of each."""

    def __init__(self, sealer: Sealer | None = None) -> None:
        """Hold an empty registry; `sealer` opens the faces that are enrolled in the next."""
        self._sealer = sealer
        self._matcher: Matcher = NameMatcher(EMPTY)
        self._adopting = asyncio.Lock()
        self._nudged = asyncio.Event()

    @property
    def matcher(self) -> Matcher:
        """The matcher of the newest adopted registry."""
        return self._matcher

    @property
    def version(self) -> int:
        """Its version."""
        return self._matcher.snapshot.version

    def nudge(self) -> None:
        """Have `follow` look at once: somebody heard that the registry has changed."""
        self._nudged.set()

    async def refresh(self) -> bool:
        """Adopt the registry if there is a newer one; False when there is none. The old one serves until then."""
        async with self._adopting:
            if await likeness.registry_version() <= self.version:
                return False
            snapshot = await likeness.load_snapshot(self._sealer)
            # Making a matcher of many names takes seconds of computing; the loop stays free.
            self._matcher = await asyncio.to_thread(NameMatcher, snapshot)
            log.info("adopted the registry", version=snapshot.version, persons=len(snapshot.persons))
            return True

    async def follow(self, *, tell: Tell | None = None, every: float = _EVERY) -> None:
        """Adopt each newer registry, for ever; `tell` hears of each, and again until it has taken it."""
        told = -1
        while True:
            self._nudged.clear()
            try:
                await self.refresh()
                if tell is not None and told < self.version:
                    snapshot = self._matcher.snapshot
                    await tell(snapshot)
                    told = snapshot.version
            except ClusterFault as fault:
                log.warning("the cluster did not take the registry; trying again", reason=str(fault))
            except Exception:
                # Whatever keeps the registry from being read now, the gates stand by the last one, and we look again.
                log.exception("the registry could not be read; trying again")
            try:
                async with asyncio.timeout(every):
                    await self._nudged.wait()
            except TimeoutError:
                pass
