"""Ending what a test has started, within a time, or saying where it hangs."""

import asyncio
import io
from typing import Any

SECONDS = 10.0


async def stopped(task: "asyncio.Task[Any]", *, within: float = SECONDS) -> None:
    """Cancel a task and wait until it has ended, however it ends."""
    task.cancel()
    _, hanging = await asyncio.wait([task], timeout=within)
    if hanging:
        told = io.StringIO()
        task.print_stack(file=told)
        raise AssertionError(f"cancelled, it did not end within {within:g} s:\n{told.getvalue()}")
