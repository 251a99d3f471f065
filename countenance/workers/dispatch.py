"""Queues to the cluster: as many orders at work as there is room for, each under a lease that is kept alive."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

import structlog

log = structlog.get_logger(__name__)

T = TypeVar("T")

POLL_SECONDS = 0.1
"""How long a queue may go unwatched while there is room."""

BEAT_SECONDS = 3.0
"""How often a lease is renewed; it holds for ten seconds."""


class LeaseLost(Exception):
    """Another worker holds the order now: whatever we were doing about it no longer counts."""


async def dispatch(
    take: Callable[[int], Awaitable[Sequence[T]]],
    carry_out: Callable[[T], Coroutine[Any, Any, None]],
    *,
    slots: int,
    poll: float = POLL_SECONDS,
) -> None:
    """Keep up to `slots` orders at work for ever: `take` gives orders for the room there is, `carry_out` does one.

    When cancelled, it cancels what is at work and waits until each has given its order back.
    """
    at_work: set[asyncio.Task[None]] = set()
    try:
        while True:
            room = slots - len(at_work)
            for order in await take(room) if room > 0 else ():
                at_work.add(asyncio.create_task(carry_out(order)))
            if at_work:
                done, at_work = await asyncio.wait(at_work, timeout=poll, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    _look_into(task)
            else:
                await asyncio.sleep(poll)
    finally:
        for task in at_work:
            task.cancel()
        await asyncio.gather(*at_work, return_exceptions=True)


def _look_into(task: asyncio.Task[None]) -> None:
    """Log what went wrong with an order; its lease lapses and it is given out again."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("an order ended with an unexpected error", exc_info=error)


@contextlib.asynccontextmanager
async def kept_alive(renew: Callable[[], Awaitable[bool]], *, beat: float = BEAT_SECONDS) -> AsyncIterator[None]:
    """Renew a lease while the body runs; when `renew` says that it is lost, end the body with LeaseLost.

    A renewal that fails for another reason is tried again with the next beat: the lease outlives two of them.
    """

    async def beats() -> None:
        while True:
            await asyncio.sleep(beat)
            try:
                held = await renew()
            except Exception:
                log.exception("a lease could not be renewed; trying again")
                continue
            if not held:
                raise LeaseLost

    try:
        async with asyncio.TaskGroup() as group:
            beating = group.create_task(beats())
            try:
                yield
            finally:
                beating.cancel()
    except BaseExceptionGroup as both:
        # A body that fails ends the group with itself alone inside; it is given on as it was.
        raise (both.exceptions[0] if len(both.exceptions) == 1 else both) from None
