"""The tail: what is still held, who fell behind, and who is woken."""

import asyncio

from countenance.tail import Tail


def test_it_gives_what_comes_after_a_number() -> None:
    tail: Tail[str] = Tail(10)
    tail.add(12, "a")
    tail.add(15, "b")

    assert tail.after(10) == [(12, "a"), (15, "b")]
    assert tail.after(12) == [(15, "b")]
    assert tail.after(99) == []
    assert tail.after(9) is None


def test_it_holds_so_many_items_and_says_what_is_gone() -> None:
    tail: Tail[int] = Tail(0, items=3)

    for no in range(1, 6):
        tail.add(no, no)

    assert (tail.floor, tail.last) == (2, 5)
    assert tail.after(1) is None
    assert tail.after(2) == [(3, 3), (4, 4), (5, 5)]


def test_it_holds_so_much_but_always_the_newest() -> None:
    tail: Tail[str] = Tail(0, size=10)

    tail.add(1, "x" * 8, 8)
    tail.add(2, "y" * 100, 100)

    assert tail.after(1) == [(2, "y" * 100)]
    assert tail.after(0) is None


async def test_all_who_wait_are_woken() -> None:
    tail: Tail[int] = Tail(0)
    waiting = [asyncio.create_task(tail.wait(lambda: tail.last > 0)) for _ in range(50)]
    await asyncio.sleep(0)

    tail.add(1, 1)

    _, asleep = await asyncio.wait(waiting, timeout=1)
    assert asleep == set()


async def test_closing_wakes_them_too() -> None:
    tail: Tail[int] = Tail(0)
    waiting = asyncio.create_task(tail.wait(lambda: False))
    await asyncio.sleep(0)

    tail.close()

    _, asleep = await asyncio.wait([waiting], timeout=1)
    assert asleep == set()
