"""Deadlines are kept, each on its own: one that fails holds up no other."""

import asyncio

import pytest

from countenance.workers import supervision
from countenance.workers.clock import Deadline, deadlines_of, tick_for_ever
from domain.kernel.ports import Policy, Ports
from domain.kernel.scope import Scope
from tests.stopping import stopped


async def test_a_deadline_that_fails_is_tried_again_and_holds_up_no_other(
    ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "_SHORTEST_PAUSE", 0.01)
    kept: list[bool] = []
    tries: list[int] = []
    enough = asyncio.Event()

    async def keeps(scope: Scope) -> int:
        kept.append(scope.system)
        return 1

    async def fails(_: Scope) -> int:
        tries.append(1)
        if len(tries) == 3:
            enough.set()
        raise ConnectionError("the database is away")

    running = asyncio.create_task(tick_for_ever(ports, [Deadline("a", 0.01, fails), Deadline("b", 0.005, keeps)]))
    await asyncio.wait_for(enough.wait(), 5)
    await stopped(running)

    assert len(kept) >= 2
    assert all(kept)


def test_how_often_books_are_proved_is_the_operators_to_say() -> None:
    paces = {deadline.name: deadline.seconds for deadline in deadlines_of(Policy(reconcile_seconds=7))}

    assert paces["books that disagree"] == 7


async def test_every_deadline_of_the_product_finds_nothing_due_in_an_empty_world(system: Scope) -> None:
    found = {deadline.name: await deadline.deed(system) for deadline in deadlines_of(system.ports.policy)}

    assert found == dict.fromkeys(found, 0)
