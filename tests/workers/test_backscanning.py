"""The back-scan goes on beside everything else, whenever this process holds a newer registry."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from countenance.workers import supervision
from countenance.workers.backscanning import sweep_for_ever
from domain import backscan, likeness
from domain.kernel import sweeps
from domain.kernel.ids import PersonId
from domain.kernel.ports import Ports
from domain.kernel.scope import Actor, Scope
from domain.kernel.sweeps import Page
from domain.registry.lens import Lens
from domain.resources import ResourceStatus
from tests.factories import member
from tests.resourcing import NAME, adopted, published, registered, the
from tests.stopping import stopped

DEADLINE = 10.0


async def eventually(holds: Callable[[], Awaitable[bool]], what: str) -> None:
    """Look again and again, until the deadline."""
    for _ in range(int(DEADLINE / 0.01)):
        if await holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"it did not come to this: {what}")


async def until(status: ResourceStatus, scope: Scope, resource_id: Any) -> None:
    async def stands() -> bool:
        return (await the(scope, resource_id)).status is status

    await eventually(stands, f"the resource is {status}")


async def all_at(version: int) -> bool:
    return [await sweeps.done(name) for name in backscan.SWEEPS] == [version] * len(backscan.SWEEPS)


async def test_each_newer_registry_is_applied_without_a_fact_or_a_reaction(
    ports: Ports, acting: Callable[[Actor], Scope], system: Scope
) -> None:
    owner = acting(await member())
    resource_id = await published(owner, b"1", description=f"after {NAME}")
    sweeping = asyncio.create_task(sweep_for_ever(ports, worker="w", poll=0.01))

    person, _ = await registered(owner)
    await until(ResourceStatus.BLOCKED, owner, resource_id)
    version = await likeness.withdraw(system, PersonId(person.id))
    await adopted(owner)
    await until(ResourceStatus.PUBLISHED, owner, resource_id)
    await eventually(lambda: all_at(version), "everything is swept")
    await stopped(sweeping)

    assert sweeping.cancelled()


async def test_a_sweep_that_fails_is_tried_again_and_holds_up_no_other(
    ports: Ports, acting: Callable[[Actor], Scope], monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []

    async def tried_twice() -> bool:
        return len(tries) >= 2

    async def fails(_: Scope, __: Lens, ___: UUID | None) -> AsyncGenerator[Page]:
        tries.append(1)
        raise ConnectionError("the database is away")
        yield

    monkeypatch.setattr(supervision, "_SHORTEST_PAUSE", 0.01)
    monkeypatch.setattr(backscan, "SWEEPS", {"failing": fails, **backscan.SWEEPS})
    monkeypatch.setattr("countenance.workers.backscanning.SWEEPS", backscan.SWEEPS)
    owner = acting(await member())
    resource_id = await published(owner, b"1", description=f"after {NAME}")
    sweeping = asyncio.create_task(sweep_for_ever(ports, worker="w", poll=0.01))

    await registered(owner)
    await until(ResourceStatus.BLOCKED, owner, resource_id)
    await eventually(tried_twice, "the sweep that failed is tried again")
    await stopped(sweeping)

    assert await sweeps.done("failing") == 0
