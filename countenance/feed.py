"""The live feed of one process: the event log in Postgres is the truth, nudges only say when to look.

One reader per process follows the log for all topics that anybody here follows, with one statement a look. Followers
share what it read, and go back to the log by themselves when they come from the past or were too slow.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import asyncpg
import orjson
import structlog

from countenance import metrics
from countenance.crowds import Turn
from countenance.ending import end_if_asked
from countenance.nudges import Nudges
from countenance.tail import Tail
from domain.kernel.outbox import FeedBounds, FeedItem, feed_after, feed_between, feed_bounds, topic_floor
from domain.kernel.refusals import InvalidInput
from domain.kernel.scope import Scope
from domain.kernel.work import pool
from schema.context import Heard

log = structlog.get_logger(__name__)

Refresh = Callable[[Scope], Awaitable[Scope | None]]
"""Reads the authority of a scope anew; None when its session has ended."""

_BATCH = 200
"""How many events of the past a follower reads at once."""
_STRIDE = 2000
"""How many numbers of the log the reader covers in one look."""
_BROKEN = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)


@dataclass(frozen=True, slots=True)
class Nudge:
    """What the relay says after it numbered facts: those above `since`, up to `until`, and their topics."""

    since: int
    until: int
    topics: frozenset[str]

    def encode(self) -> str:
        """Write it for the wire."""
        return orjson.dumps([self.since, self.until, sorted(self.topics)]).decode()

    @classmethod
    def decode(cls, raw: str) -> "Nudge | None":
        """Read it back; None for what is no nudge."""
        try:
            since, until, topics = orjson.loads(raw)
            return cls(int(since), int(until), frozenset(topics))
        except (ValueError, TypeError):
            return None


@dataclass(slots=True)
class Trace:
    """How far a follower has come, for whoever listens to what is made of its events.

    `given` is the number of the event that it gave last; `taken` the number up to which everything was given and
    taken, when it waits for more. `moved` is set whenever `taken` changes. `turn` is taken for each event, before its
    authority is read, and given back when the next one is asked for, or earlier by whoever has dealt with it.
    """

    given: int = 0
    taken: int = -1
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    turn: Turn = field(default_factory=Turn)


class LiveFeed:
    """Live topics, as `schema.context.Feed` says. `run` must be running."""

    def __init__(self, redis_url: str, refresh: Refresh, *, poll_seconds: float = 1.0) -> None:
        """Listen for nudges at `redis_url`; look without one every `poll_seconds`."""
        self.nudges = Nudges(redis_url, self._nudged)
        self._refresh = refresh
        self._poll_seconds = poll_seconds
        self._waiting: list[Nudge] = []
        self._woken = asyncio.Event()
        self._tails: dict[str, Tail[FeedItem]] = {}
        self._followers: Counter[str] = Counter()
        self._head = 0
        self._ready = asyncio.Event()

    async def run(self) -> None:
        """Follow the log until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.nudges.run())
            tasks.create_task(self._read())

    async def head(self) -> int:
        """Give the last number that the log has now."""
        return (await feed_bounds(pool())).last_no

    def follow(self, scope: Scope, topic: str, after: str | None) -> AsyncGenerator[Heard, None]:
        """Follow one topic for ever, first what came after the cursor, once each and in order.

        Raises InvalidInput for a cursor that is none of ours. Ends when the session of `scope` ends.
        """
        return self.follow_from(scope, topic, after, None, Trace())

    async def follow_from(
        self, scope: Scope, topic: str, after: str | None, start: int | None, trace: Trace
    ) -> AsyncGenerator[Heard, None]:
        """Follow one topic, from number `start` where it is given, else from the cursor `after`, else from now on."""
        await self._ready.wait()
        async with self._tail(topic) as tail:
            bounds = await feed_bounds(pool())
            position = start if start is not None else _position(after, bounds)
            while True:
                found = None if position is None else await self._next(tail, topic, position)
                if found is None:
                    bounds = await feed_bounds(pool())
                    trace.given = position = bounds.last_no
                    await trace.turn.take()
                    if (fresh := await self._refresh(scope)) is None:
                        return
                    yield Heard(fresh, bounds.cursor(position), datetime.now(UTC), resync=True, fact=None)
                    continue
                items, position = found
                for item in items:
                    await trace.turn.take()
                    if (fresh := await self._refresh(scope)) is None:
                        return
                    with contextlib.suppress(LookupError):  # a kind of a newer release: this one can't say it
                        trace.given, fact = item.no, item.fact
                        yield Heard(fresh, bounds.cursor(item.no), item.at, resync=False, fact=fact)
                trace.turn.give()
                if not items and position >= tail.last:
                    trace.taken = position = max(position, self._head)
                    trace.moved.set()
                    await tail.wait(lambda: tail.last > position)  # noqa: B023  # it is awaited right here

    async def _next(self, tail: Tail[FeedItem], topic: str, position: int) -> tuple[list[FeedItem], int] | None:
        """Give the next events after `position` and the number up to which they are all; None when some are gone."""
        held = tail.after(position)
        if held is not None:
            return [item for _, item in held], max(position, tail.last)
        reached = tail.floor  # the log holds everything up to here by now, since the reader has seen it
        items = await feed_after(pool(), topic, position, _BATCH)
        if await topic_floor(pool(), topic) > position:
            return None
        return items, items[-1].no if len(items) == _BATCH else max(reached, items[-1].no if items else 0)

    @contextlib.asynccontextmanager
    async def _tail(self, topic: str) -> AsyncIterator[Tail[FeedItem]]:
        """Have the reader follow a topic for as long as somebody here does."""
        if topic not in self._tails:
            self._tails[topic] = Tail(self._head)
        self._followers[topic] += 1
        try:
            yield self._tails[topic]
        finally:
            self._followers[topic] -= 1
            if not self._followers[topic]:
                del self._followers[topic], self._tails[topic]

    def _nudged(self, raw: str) -> None:
        nudge = Nudge.decode(raw)
        if nudge is not None:
            self._waiting.append(nudge)
            self._woken.set()

    async def _read(self) -> None:
        """Look at the log whenever nudged, and now and then without."""
        while True:
            try:
                if not self._ready.is_set():
                    self._head = await self.head()
                    self._ready.set()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._poll_seconds):
                        await self._woken.wait()
                self._woken.clear()
                nudges, self._waiting = self._waiting, []
                await self._look(nudges)
            except _BROKEN as error:
                end_if_asked()
                log.warning("the event log can't be read; trying again", reason=str(error))
                await asyncio.sleep(self._poll_seconds)

    async def _look(self, nudges: list[Nudge]) -> None:
        """Read what is new for every topic followed here; nudges without a gap say which topics can be skipped."""
        joined = _joined(self._head, nudges)
        last = joined.until if joined else await self.head()
        while self._head < last:
            until = min(last, self._head + _STRIDE)
            seen: set[str] = set()
            # Somebody may begin to follow a topic while the statement runs; their tail begins at the old head.
            while topics := (self._tails.keys() & joined.topics if joined else self._tails.keys()) - seen:
                seen |= topics
                for topic, item in await feed_between(pool(), topics, self._head, until):
                    metrics.FEED_LAG_SECONDS.observe(max(0.0, (datetime.now(UTC) - item.at).total_seconds()))
                    if topic in self._tails:
                        self._tails[topic].add(item.no, item)
            self._head = until


def _joined(head: int, nudges: Iterable[Nudge]) -> Nudge | None:
    """Join nudges that follow on from `head` without a gap; None when one is missing or there is none."""
    reached, topics = head, frozenset[str]()
    for nudge in sorted(nudges, key=lambda nudge: nudge.since):
        if nudge.since > reached:
            return None
        if nudge.until > reached:
            reached, topics = nudge.until, topics | nudge.topics
    return Nudge(head, reached, topics) if reached > head else None


def _position(after: str | None, bounds: FeedBounds) -> int | None:
    """Read a cursor: the number after which to go on, or None when it belongs to another life of the log."""
    if after is None:
        return bounds.last_no
    epoch, _, digits = after.partition(".")
    if len(epoch) != 32 or not digits.isascii() or not digits.isdigit() or len(digits) > 18:
        raise InvalidInput("This cursor is not one of ours: pass a cursor exactly as it was given.", field="after")
    if epoch != bounds.epoch or int(digits) > bounds.last_no:
        return None
    return int(digits)
