"""Keeping children alive: what ends is started again, more slowly each time, until it is hopeless."""

import time
from collections.abc import Callable

from countenance.embedded.child import Child
from countenance.failures import CannotStart

MOST_QUICK_DEATHS = 5
_LONGEST_PAUSE = 8.0


class Supervised:
    """One child that is kept running."""

    def __init__(
        self,
        name: str,
        start: Callable[[], Child],
        *,
        say: Callable[[str], None],
        child: Child | None = None,
        quick_seconds: float = 15.0,
        first_pause: float = 0.5,
    ) -> None:
        """Keep what `start` makes alive, beginning with `child` if it runs already; `say` hears of each death.

        A child that ends within `quick_seconds` of its start died quickly. It is started again after `first_pause`
        seconds, and after twice as long with each quick death more.
        """
        self.name, self._start, self._say = name, start, say
        self._quick_seconds, self._first_pause = quick_seconds, first_pause
        self._quick_deaths = 0
        self._again_at: float | None = None
        self.child, self._born = child or start(), time.monotonic()

    def watch(self) -> None:
        """Look after the child once; to be called often. Raises CannotStart after five quick deaths in a row."""
        now = time.monotonic()
        if self._again_at is not None:
            if now >= self._again_at:
                self._again_at = None
                self.child, self._born = self._start(), now
        elif self.child.exit_code is not None:
            self._mourn(now)

    def _mourn(self, now: float) -> None:
        """Decide when the child is started again, if at all."""
        self.child.stop()  # it has ended; this closes our end of its pipe
        self._quick_deaths = self._quick_deaths + 1 if now - self._born < self._quick_seconds else 1
        if self._quick_deaths >= MOST_QUICK_DEATHS:
            raise CannotStart(
                f"{self.name} ended {MOST_QUICK_DEATHS} times soon after its start, the last time with exit code "
                f"{self.child.exit_code}. It said last: {self.child.tail(1) or 'nothing'}. See {self.child.log}."
            )
        pause = min(self._first_pause * 2 ** (self._quick_deaths - 1), _LONGEST_PAUSE)
        self._again_at = now + pause
        self._say(
            f"{self.name} ended (exit code {self.child.exit_code}) and is started again in {pause:.1f} s; "
            f"see {self.child.log}"
        )
