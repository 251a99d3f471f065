"""How a process follows the registry in the database: within a moment, change by change, and closed when it can't."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import asyncpg
import pytest

from countenance.registry import AdoptedRegistry
from domain import likeness, resources
from domain.kernel.ids import PersonId
from domain.kernel.refusals import RegistryUnread
from domain.kernel.scope import Actor, Scope
from domain.registry.changes import Change, News, after
from domain.registry.snapshot import EMPTY, Snapshot
from tests.factories import member
from tests.resourcing import NAME, a_draft

Acting = Callable[[Actor], Scope]


class Gates:
    """What a cluster is told."""

    def __init__(self) -> None:
        self.held: Snapshot = EMPTY
        self.confirmed = -1
        self.changes = 0

    async def adopt(self, news: News) -> None:
        self.changes += isinstance(news, Change)
        self.held = after(self.held, news)

    def confirm(self, version: int) -> None:
        self.confirmed = version


async def reached(gates: Gates, version: int) -> None:
    async with asyncio.timeout(1):
        while gates.held.version < version or gates.confirmed < version:  # noqa: ASYNC110 - by polling
            await asyncio.sleep(0.01)


async def test_a_process_adopts_changes_within_a_second_and_passes_them_on(db: asyncpg.Pool, system: Scope) -> None:
    await likeness.register(system, name="Test Person Rigel")
    registry, gates = AdoptedRegistry(), Gates()

    async with registry.followed():
        passing = asyncio.create_task(registry.pass_on(gates))
        await reached(gates, 1)
        person, version = await likeness.register(system, name=NAME)
        await reached(gates, version)
        named = [match.person_id for match in registry.matcher.match(f"a picture of {NAME}")]
        version = await likeness.withdraw(system, PersonId(person.id))
        await reached(gates, version)
        passing.cancel()

    assert named == [person.id]
    assert registry.matcher.match(f"a picture of {NAME}") == []
    assert gates.changes == 2
    assert gates.held == await likeness.load_snapshot()


async def test_a_hanging_gate_holds_up_no_confirmation(db: asyncpg.Pool, system: Scope) -> None:
    class Hanging(Gates):
        async def adopt(self, news: News) -> None:
            self.held = after(self.held, news)
            await asyncio.Event().wait()

    registry, gates = AdoptedRegistry(), Hanging()

    async with registry.followed():
        passing = asyncio.create_task(registry.pass_on(gates))
        for name in ("Test Person Rigel", NAME):
            _, version = await likeness.register(system, name=name)
            await reached(gates, version)
        passing.cancel()

    assert gates.confirmed == 2


async def test_a_registry_that_cannot_be_read_closes_the_gates_and_opens_them_when_it_can(
    db: asyncpg.Pool, acting: Acting, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = AdoptedRegistry(patience=0.3)
    owner = acting(await member())
    owner = replace(owner, ports=replace(owner.ports, registry=registry))
    await registry.refresh()
    await resources.draft(owner, a_draft())

    await db.execute("ALTER TABLE registry_state RENAME TO registry_state_away")
    try:
        with pytest.raises(asyncpg.UndefinedTableError):
            await registry.refresh()
        await asyncio.sleep(0.35)
        with pytest.raises(RegistryUnread, match="try again in a moment"):
            await resources.draft(owner, a_draft())
    finally:
        await db.execute("ALTER TABLE registry_state_away RENAME TO registry_state")

    assert await db.fetchval("SELECT count(*) FROM resource") == 1
    await registry.refresh()
    await resources.draft(owner, a_draft())


async def test_a_process_reaches_a_version_at_once_when_it_is_asked_to(db: asyncpg.Pool, system: Scope) -> None:
    registry = AdoptedRegistry()
    _, version = await likeness.register(system, name=NAME)

    reached_it, beyond = await registry.reach(version), await registry.reach(version + 1)

    assert (reached_it, beyond, registry.version) == (True, False, version)
