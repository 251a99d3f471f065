"""A deadline for each test that waits: it fails by its name and says what waited, and the others go on.

pytest-timeout alone can't: uvloop doesn't give way to its signal, and its thread ends the whole run. It stays behind
this as the last resort, for a test that never comes back to its event loop.
"""

import asyncio
import functools
import io
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

SECONDS = 120.0
"""How long a test may wait where its marker `timeout` doesn't say otherwise; a little less than the last resort."""

_GRACE = 20.0


def give(item: pytest.Item) -> None:
    """Give a collected test its deadline, if it is one that runs on the event loop."""
    if isinstance(item, pytest.Function) and asyncio.iscoroutinefunction(item.obj):
        marker = item.get_closest_marker("timeout")
        seconds = float(marker.args[0]) - _GRACE if marker and marker.args else SECONDS
        item.obj = within(seconds, item.obj)


def within(seconds: float, test: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Wrap a test so that it fails, with everything that waits, when it takes longer than `seconds`."""

    @functools.wraps(test)
    async def bounded(**arguments: Any) -> None:
        waiting = asyncio.get_running_loop().call_later(seconds, _tell, seconds)
        try:
            async with asyncio.timeout(seconds):
                await test(**arguments)
        finally:
            waiting.cancel()

    return bounded


def _tell(seconds: float) -> None:
    """Print where each task waits, just before the deadline cancels the test's own."""
    told = io.StringIO()
    for task in asyncio.all_tasks():
        task.print_stack(file=told)
    print(f"The test took more than {seconds:g} s. What waited:\n{told.getvalue()}")
