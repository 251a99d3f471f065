"""The clocks: the real one, and one that is turned by hand."""

from datetime import UTC, datetime, timedelta


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        """Give the current time."""
        return datetime.now(UTC)


class HandClock:
    """A clock that stands still until it is turned; for tests of deadlines."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """Give the time it was turned to."""
        return self._at

    def turn(self, by: timedelta) -> None:
        """Go forward by `by`."""
        self._at += by
