"""Ending when asked to: a task that starts its work again after every failure must still notice that it was cancelled.

A task group whose child fails while the group is being cancelled raises the child's error instead of the
cancellation (Python 3.11), and libraries turn a cancellation into an error of their own. A loop that catches errors
and goes on would then run for ever.
"""

import asyncio


def end_if_asked() -> None:
    """Raise CancelledError if somebody has asked this task to end, whatever became of it on the way."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
