"""The registry that one gate holds: adopted whole or change by change, and known to be the newest, or not.

A gate that has not heard for more than five seconds that its registry is the newest fails closed: what it would let
pass might reproduce somebody who is protected by now.
"""

import gc
import threading
import time

from domain.registry.changes import News, after
from domain.registry.names import NameMatcher
from domain.registry.snapshot import EMPTY, Snapshot

_COLLECTED_AFTER = 20_000
"""So many objects are made before the collector looks for garbage among them: a text leaves hundreds, and no cycles."""

MOST_BEHIND_SECONDS = 5.0
"""For so long a gate goes on without hearing that its registry is the newest."""

BEHIND = "the likeness registry held here has not been known to be the newest for more than {seconds:.0f} seconds"
"""What is said of a gate that is behind."""


class Adopted:
    """A registry with its matcher, replaced as a whole; used from any thread.

    With a `patience`, in seconds, it must be told by `confirm` again and again that it is the newest; without one it
    is what it was given, as for the offline commands.
    """

    def __init__(self, snapshot: Snapshot = EMPTY, *, patience: float | None = None) -> None:
        self._matcher = NameMatcher(snapshot)
        self._patience = patience
        self._confirmed_at = float("-inf")
        self._adopting = threading.Lock()
        self._renewing: threading.Thread | None = None

    @property
    def matcher(self) -> NameMatcher:
        """The matcher of the newest adopted registry."""
        return self._matcher

    @property
    def snapshot(self) -> Snapshot:
        """The newest adopted registry."""
        return self._matcher.snapshot

    @property
    def version(self) -> int:
        """Its version."""
        return self._matcher.snapshot.version

    @property
    def is_behind(self) -> bool:
        """Whether it was not known to be the newest for longer than the patience."""
        return self._patience is not None and time.monotonic() - self._confirmed_at > self._patience

    def confirm(self, version: int, *, age: float = 0.0) -> None:
        """Hear that the newest registry was at `version`, `age` seconds ago."""
        if version <= self.version:
            self._confirmed_at = max(self._confirmed_at, time.monotonic() - age)

    def adopt(self, news: News) -> int:
        """Take a newer registry; an older one, or a change that does not join on, is left aside. Gives the version.

        One change takes milliseconds. After many, the index is made anew in the background, and the gate goes on.
        """
        with self._adopting:
            held = self.snapshot
            if news.version > held.version and (isinstance(news, Snapshot) or news.since <= held.version):
                before, self._matcher = self._matcher, self._matcher.updated(after(held, news))
                anew = not self._matcher.shares_index(before)
                del before
                if anew:
                    _settle()
                self._renew_if_crowded()
            return self.version

    def _renew_if_crowded(self) -> None:
        if self._matcher.crowded and (self._renewing is None or not self._renewing.is_alive()):
            self._renewing = threading.Thread(target=self._renew, args=(self._matcher,), name="registry", daemon=True)
            self._renewing.start()

    def _renew(self, crowded: NameMatcher) -> None:
        """Make the index anew, and put what was adopted meanwhile on top of it."""
        anew = NameMatcher(crowded.snapshot, crowded.policy)
        with self._adopting:
            self._matcher = anew.updated(self.snapshot)
        _settle()


def _settle() -> None:
    """Take what stays for long out of the collector's sight, once for each index that is made anew.

    Of a large registry every full collection would otherwise walk a million objects, and all threads would wait for
    half a second. What was set aside for the index before is looked through once more, so that nothing is left over.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECTED_AFTER, *gc.get_threshold()[1:])
