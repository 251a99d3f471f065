"""What is reckoned beside the loop leaves the loop free."""

import asyncio
import threading

import pytest

from domain.kernel.beside import beside_loop


async def test_the_loop_goes_on_while_something_is_reckoned() -> None:
    free = threading.Event()

    waiting = asyncio.create_task(beside_loop(free.wait, 5))
    await asyncio.sleep(0)
    free.set()

    assert await waiting


async def test_what_goes_wrong_beside_the_loop_is_raised() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        await beside_loop(int, "x")


async def test_no_more_than_two_reckon_at_once() -> None:
    both = threading.Barrier(2)

    names = await asyncio.gather(*(beside_loop(_named, both) for _ in range(8)))

    assert set(names) == {"beside_0", "beside_1"}


def _named(both: threading.Barrier) -> str:
    both.wait(5)
    return threading.current_thread().name
