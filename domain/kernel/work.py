"""The unit of work: one decision, one transaction, with its facts.

Piccolo's own transaction is kept, with its traps closed: nesting is refused (it would be a silent no-op), a query
from another task than the owner's is refused (it would break the connection), a COMMIT that fails gives its
connection back, and one that would only roll back, because an error was swallowed, fails.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Protocol, cast

import asyncpg
from piccolo.engine import engine_finder
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

from domain.kernel.facts import Fact
from domain.kernel.outbox import write_facts


class WorkMisuse(RuntimeError):
    """The unit of work was used against its rules; a defect in our code, never a person's doing."""


class Work(Protocol):
    """Proof that a transaction is open; writers ask for it as their first argument."""

    async def fetch(self, sql: str, *args: object) -> list[asyncpg.Record]:
        """Run a statement inside the transaction and give its rows."""
        ...

    async def one(self, sql: str, *args: object) -> asyncpg.Record | None:
        """Run a statement and give its first row, or None."""
        ...

    async def execute(self, sql: str, *args: object) -> str:
        """Run a statement and give Postgres' command tag, such as `UPDATE 1`."""
        ...

    async def many(self, sql: str, rows: list[tuple[object, ...]]) -> None:
        """Run a statement once for each row of arguments."""
        ...

    def tell(self, fact: Fact) -> None:
        """Record a fact; it is stored when the work commits, after the rows."""
        ...


class _Transaction(PostgresTransaction):
    """A Piccolo transaction that only its own task may use, and only while it is open."""

    __slots__ = ("_connection", "_owner", "closed")

    def __init__(self, engine: PostgresEngine) -> None:
        # Piccolo's constructor refuses even where the transaction around is over, in a task that outlived it;
        # `work` has looked already.
        token = engine.current_transaction.set(None)
        super().__init__(engine, allow_nested=False)
        engine.current_transaction.reset(token)
        self._owner = asyncio.current_task()
        self._connection: Any = None
        self.closed = False

    @property
    def connection(self) -> Any:
        if self.closed:
            raise WorkMisuse("This work is over: a task outlived it and must not go on using its transaction.")
        if asyncio.current_task() is not self._owner:
            raise WorkMisuse("A work belongs to one task: no gather and no new task inside it.")
        return self._connection

    @connection.setter
    def connection(self, value: Any) -> None:
        self._connection = value


class _OpenWork:
    def __init__(self, transaction: _Transaction, at: datetime | None) -> None:
        self._transaction = transaction
        self._at = at
        self._facts: list[Fact] = []

    async def fetch(self, sql: str, *args: object) -> list[asyncpg.Record]:
        return cast("list[asyncpg.Record]", await self._transaction.connection.fetch(sql, *args))

    async def one(self, sql: str, *args: object) -> asyncpg.Record | None:
        return cast("asyncpg.Record | None", await self._transaction.connection.fetchrow(sql, *args))

    async def execute(self, sql: str, *args: object) -> str:
        return cast("str", await self._transaction.connection.execute(sql, *args))

    async def many(self, sql: str, rows: list[tuple[object, ...]]) -> None:
        await self._transaction.connection.executemany(sql, rows)

    def tell(self, fact: Fact) -> None:
        if self._transaction.closed:
            raise WorkMisuse("This work is over: a fact can't be told any more.")
        self._facts.append(fact)

    async def finish(self) -> None:
        """Write the facts; fail where a statement's error was swallowed, for COMMIT would roll back without a word."""
        if self._facts:
            await write_facts(self._transaction.connection, self._facts, self._at)
        else:
            await self._transaction.connection.execute("SELECT")


def engine() -> PostgresEngine:
    """Give the Postgres engine that the composition root configured."""
    found = engine_finder()
    if not isinstance(found, PostgresEngine):
        raise WorkMisuse("No Postgres engine is configured: piccolo_conf.py must name one.")
    return found


def pool() -> asyncpg.Pool:
    """Give the process's connection pool. Raises WorkMisuse when it has not been started."""
    found = engine().pool
    if found is None:
        raise WorkMisuse("The connection pool has not been started: open the database first.")
    return found


@asynccontextmanager
async def work(at: datetime | None = None) -> AsyncIterator[Work]:
    """Open one transaction; commit it with its facts at the end, or roll all of it back on any exception.

    `at` is the time that the facts carry; the database's clock when None. Piccolo queries awaited inside take part.
    Raises WorkMisuse when one is already open in this task or when another task uses it.
    """
    db = engine()
    current = db.current_transaction.get()
    if current is not None and not getattr(current, "closed", False):
        raise WorkMisuse("A work is already open here: one decision is one transaction, they do not nest.")
    transaction = _Transaction(db)
    connection = await pool().acquire()
    transaction.connection = connection
    token = db.current_transaction.set(transaction)
    try:
        transaction.transaction = connection.transaction()
        await transaction.transaction.start()
        opened = _OpenWork(transaction, at)
        try:
            yield opened
            await opened.finish()
        except BaseException:
            await transaction.transaction.rollback()
            raise
        await transaction.transaction.commit()
    finally:
        transaction.closed = True
        db.current_transaction.reset(token)
        await asyncio.shield(pool().release(connection))
