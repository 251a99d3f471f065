"""The dispatcher keeps the cluster busy and no busier, keeps leases alive, and gives orders back when it stops."""

import asyncio
from collections.abc import Sequence

import pytest

from countenance.workers.dispatch import LeaseLost, dispatch, kept_alive
from tests.stopping import stopped


class Orders:
    """A queue of numbers; each is at work until it is let go."""

    def __init__(self, number: int) -> None:
        self.waiting = list(range(number))
        self.at_work: list[int] = []
        self.most = 0
        self.done: list[int] = []
        self.given_back: list[int] = []
        self.go = asyncio.Event()

    async def take(self, room: int) -> Sequence[int]:
        taken, self.waiting = self.waiting[:room], self.waiting[room:]
        return taken

    async def carry_out(self, order: int) -> None:
        self.at_work.append(order)
        self.most = max(self.most, len(self.at_work))
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            self.given_back.append(order)
            raise
        finally:
            self.at_work.remove(order)
        if order == 1:
            raise ValueError("this order is broken")
        self.done.append(order)


async def eventually(orders: Orders, *, at_work: int = 0, done: int = 0) -> None:
    """Wait for a state of the queue."""
    for _ in range(1000):
        if (len(orders.at_work), len(orders.done)) == (at_work, done):
            return
        await asyncio.sleep(0.005)
    raise AssertionError((orders.at_work, orders.done))


async def test_there_are_never_more_at_work_than_slots_and_none_is_forgotten() -> None:
    orders = Orders(5)
    running = asyncio.create_task(dispatch(orders.take, orders.carry_out, slots=2, poll=0.01))

    await eventually(orders, at_work=2)
    orders.go.set()
    await eventually(orders, done=4)  # the broken one is logged, and the others go on
    await stopped(running)

    assert orders.most == 2
    assert sorted(orders.done) == [0, 2, 3, 4]


async def test_stopping_waits_until_each_order_is_given_back() -> None:
    orders = Orders(3)
    running = asyncio.create_task(dispatch(orders.take, orders.carry_out, slots=2, poll=0.01))
    await eventually(orders, at_work=2)

    await stopped(running)

    assert running.cancelled()
    assert sorted(orders.given_back) == [0, 1]
    assert orders.waiting == [2]


async def test_a_lease_is_renewed_while_the_body_runs_even_if_a_renewal_fails() -> None:
    renewals: list[int] = []
    enough = asyncio.Event()

    async def renew() -> bool:
        renewals.append(1)
        if len(renewals) == 2:
            raise ConnectionError("the database is away for a moment")
        if len(renewals) == 4:
            enough.set()
        return True

    async with kept_alive(renew, beat=0.005):
        await asyncio.wait_for(enough.wait(), 5)
    count = len(renewals)
    await asyncio.sleep(0.02)

    assert len(renewals) == count


async def test_a_lost_lease_ends_the_body() -> None:
    ended: list[str] = []

    async def renew() -> bool:
        return False

    async def body() -> None:
        async with kept_alive(renew, beat=0.005):
            try:
                await asyncio.sleep(5)
            except asyncio.CancelledError:
                ended.append("cancelled")
                raise

    with pytest.raises(LeaseLost):
        await body()

    assert ended == ["cancelled"]


async def test_what_the_body_raises_comes_out_as_it_was() -> None:
    async def renew() -> bool:
        return True

    async def body() -> None:
        async with kept_alive(renew):
            raise ValueError("my own")

    with pytest.raises(ValueError, match="my own"):
        await body()


async def test_cancelling_from_outside_is_a_cancellation_and_no_lost_lease() -> None:
    begun = asyncio.Event()

    async def renew() -> bool:
        return True

    async def body() -> None:
        async with kept_alive(renew):
            begun.set()
            await asyncio.sleep(5)

    running = asyncio.create_task(body())
    await begun.wait()

    await stopped(running)

    assert running.cancelled()
