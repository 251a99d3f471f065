"""The unit of work: every trap of the transaction underneath, each with what closes it."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from domain.kernel.clock import HandClock
from domain.kernel.facts import Fact
from domain.kernel.tables import FactRow
from domain.kernel.work import WorkMisuse, engine, pool, work

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class SomethingTested(Fact):
    """A fact of this test's own."""

    what: str


async def _facts(db: asyncpg.Pool) -> list[str]:
    rows = await db.fetch("SELECT body->>'what' AS what FROM fact ORDER BY id")
    return [row["what"] for row in rows]


async def _balance_table(db: asyncpg.Pool) -> None:
    """A table whose constraint is checked at COMMIT."""
    await db.execute("DROP TABLE IF EXISTS deferred_child; DROP TABLE IF EXISTS deferred_parent")
    await db.execute("CREATE TABLE deferred_parent (id int PRIMARY KEY)")
    await db.execute(
        "CREATE TABLE deferred_child (parent int REFERENCES deferred_parent (id) DEFERRABLE INITIALLY DEFERRED)"
    )


async def test_rows_and_facts_commit_together_at_the_deeds_time(db: asyncpg.Pool, clock: HandClock) -> None:
    async with work(clock.now()) as w:
        w.tell(SomethingTested("first"))
        await w.execute("UPDATE feed_state SET floor_no = 7")
        w.tell(SomethingTested("second"))

    rows = await db.fetch("SELECT kind, body->>'what' AS what, at, feed_no FROM fact ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("SomethingTested", "first", clock.now(), None),
        ("SomethingTested", "second", clock.now(), None),
    ]
    assert await db.fetchval("SELECT floor_no FROM feed_state") == 7


async def test_an_exception_rolls_back_rows_and_facts(db: asyncpg.Pool) -> None:
    async def deed() -> None:
        async with work() as w:
            await w.execute("UPDATE feed_state SET floor_no = 7")
            w.tell(SomethingTested("never"))
            raise LookupError("half way")

    with pytest.raises(LookupError, match="half way"):
        await deed()

    assert await _facts(db) == []
    assert await db.fetchval("SELECT floor_no FROM feed_state") == 0


async def test_a_nested_work_is_refused_and_undoes_the_outer_one(db: asyncpg.Pool) -> None:
    async def deed() -> None:
        async with work() as outer:
            outer.tell(SomethingTested("outer"))
            async with work() as inner:
                inner.tell(SomethingTested("inner"))

    with pytest.raises(WorkMisuse, match="do not nest"):
        await deed()

    assert await _facts(db) == []
    assert engine().current_transaction.get() is None


async def test_piccolos_own_nested_transaction_would_commit_what_an_inner_error_should_undo(db: asyncpg.Pool) -> None:
    async with engine().transaction():

        async def deed() -> None:
            async with engine().transaction():
                await db_insert("inner, which failed")
                raise LookupError

        with pytest.raises(LookupError):
            await deed()

    assert await _facts(db) == ["inner, which failed"], "Piccolo has closed this trap: work() may be simplified"


async def db_insert(what: str) -> None:
    """Insert by Piccolo, in whatever transaction it finds."""
    await FactRow.insert(FactRow({FactRow.kind: "SomethingTested", FactRow.body: {"what": what}}))


async def test_piccolo_queries_take_part_in_the_work(db: asyncpg.Pool) -> None:
    async def deed() -> None:
        async with work():
            await db_insert("undone")
            raise LookupError

    with pytest.raises(LookupError):
        await deed()

    assert await _facts(db) == []


async def test_gather_inside_a_work_is_refused_and_leaves_the_connection_sound(db: asyncpg.Pool) -> None:
    async def deed() -> None:
        async with work() as w:
            w.tell(SomethingTested("never"))
            await asyncio.gather(w.fetch("SELECT pg_sleep(0.01)"), w.fetch("SELECT pg_sleep(0.01)"))

    with pytest.raises(WorkMisuse, match="belongs to one task"):
        await deed()

    assert await _facts(db) == []
    assert await db.fetchval("SELECT 1") == 1


async def test_piccolo_queries_of_another_task_are_refused_too(db: asyncpg.Pool) -> None:
    async def deed() -> None:
        async with work():
            await asyncio.gather(db_insert("a"), db_insert("b"))

    with pytest.raises(WorkMisuse, match="belongs to one task"):
        await deed()

    assert await _facts(db) == []


async def test_a_task_that_outlives_its_work_can_not_use_it(db: asyncpg.Pool) -> None:
    over = asyncio.Event()

    async def late() -> None:
        await over.wait()
        await db_insert("too late")

    async with work() as w:
        task = asyncio.create_task(late())
        w.tell(SomethingTested("in time"))
    over.set()

    with pytest.raises(WorkMisuse, match="outlived"):
        await task
    with pytest.raises(WorkMisuse, match="over"):
        w.tell(SomethingTested("too late"))
    assert await _facts(db) == ["in time"]


async def test_a_task_that_outlives_a_work_may_open_its_own(db: asyncpg.Pool) -> None:
    over = asyncio.Event()

    async def late() -> None:
        await over.wait()
        async with work() as own:
            own.tell(SomethingTested("its own"))

    async with work():
        task = asyncio.create_task(late())
    over.set()
    await task

    assert await _facts(db) == ["its own"]


async def test_commits_that_fail_leak_no_connection_and_store_no_fact(db: asyncpg.Pool) -> None:
    await _balance_table(db)

    for _ in range(pool().get_max_size() + 1):

        async def deed() -> None:
            async with work() as w:
                await w.execute("INSERT INTO deferred_child VALUES (1)")
                w.tell(SomethingTested("never"))

        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await asyncio.wait_for(deed(), timeout=20)  # a leaked connection shows as waiting for one

    assert await _facts(db) == []
    assert engine().current_transaction.get() is None
    async with work() as w:
        w.tell(SomethingTested("after"))
    assert await _facts(db) == ["after"]
    await db.execute("DROP TABLE deferred_child; DROP TABLE deferred_parent")


async def test_a_swallowed_statement_error_fails_the_commit_that_would_only_roll_back(db: asyncpg.Pool) -> None:
    async def deed() -> None:
        async with work() as w:
            await w.execute("UPDATE feed_state SET floor_no = 7")
            with pytest.raises(asyncpg.DivisionByZeroError):
                await w.execute("SELECT 1 / 0")

    with pytest.raises(asyncpg.InFailedSQLTransactionError):
        await deed()

    assert await db.fetchval("SELECT floor_no FROM feed_state") == 0


async def test_a_cancelled_work_gives_its_connection_back(db: asyncpg.Pool) -> None:
    for _ in range(pool().get_max_size() + 1):
        begun = asyncio.Event()

        async def slow(begun: asyncio.Event = begun) -> None:
            async with work() as w:
                w.tell(SomethingTested("never"))
                begun.set()
                await w.fetch("SELECT pg_sleep(60)")

        task = asyncio.create_task(slow())
        await asyncio.wait_for(begun.wait(), timeout=20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert await _facts(db) == []


async def test_inserts_that_lose_a_race_get_no_row_back_rather_than_anothers_id(db: asyncpg.Pool) -> None:
    await db.execute("DROP TABLE IF EXISTS once; CREATE TABLE once (name text PRIMARY KEY, no int)")

    async def claim(no: int) -> int | None:
        async with work() as w:
            row = await w.one("INSERT INTO once VALUES ('it', $1) ON CONFLICT DO NOTHING RETURNING no", no)
            return row["no"] if row else None

    given = await asyncio.gather(*(claim(no) for no in range(20)))

    [winner] = [no for no in given if no is not None]
    assert await db.fetchval("SELECT no FROM once") == winner
    await db.execute("DROP TABLE once")


@pytest.mark.parametrize("trap", [".get_or_create(", ".on_conflict(", ".transaction(", ".atomic(", "asyncio.gather("])
def test_the_domain_goes_round_piccolos_traps(trap: str) -> None:
    # asyncpg's own transactions, on connections of their own: the one that work wraps, the relay's, a snapshot's.
    allowed = {"kernel/work.py", "kernel/outbox.py", "likeness/reads.py"} if trap == ".transaction(" else set()

    domain = ROOT / "domain"
    users = {path.relative_to(domain).as_posix() for path in domain.rglob("*.py") if trap in path.read_text()}

    assert users <= allowed
