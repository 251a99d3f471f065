"""Reckoning beside the event loop: what takes milliseconds of a processor must not hold up everybody's requests."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_threads = ThreadPoolExecutor(2, thread_name_prefix="beside")
"""Two, and not the loop's own pool: Python runs one thread at a time, and each further busy one makes the loop wait."""


async def beside_loop(reckon: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a pure function, such as the matching of a text, in another thread, and give what it gives.

    It may be asked for inside a work, for the function reaches no database. Whoever is cancelled does not wait for it.
    """
    return await asyncio.get_running_loop().run_in_executor(_threads, partial(reckon, *args, **kwargs))
