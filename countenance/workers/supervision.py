"""Keeps the parts of a worker process running: one that fails is started again, and the others don't notice."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from countenance.ending import end_if_asked

log = structlog.get_logger(__name__)

_SHORTEST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
_STEADY_SECONDS = 60.0
"""A part that ran for so long has recovered: its next pause is a short one."""


async def keep(name: str, part: Callable[[], Awaitable[None]]) -> None:
    """Run a part for ever, again after it failed or ended, with longer pauses after each failure in a row."""
    pause = _SHORTEST_PAUSE
    while True:
        began = time.monotonic()
        try:
            await part()
            end_if_asked()
            log.error("a part of the worker ended by itself; starting it again", part=name)
        except Exception:
            end_if_asked()
            log.exception("a part of the worker failed; starting it again", part=name, in_seconds=pause)
        if time.monotonic() - began > _STEADY_SECONDS:
            pause = _SHORTEST_PAUSE
        await asyncio.sleep(pause)
        pause = min(_LONGEST_PAUSE, pause * 2)
