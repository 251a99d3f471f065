"""Counting SQL statements, to prove that a read's number of them doesn't grow with the page."""

import contextlib
from collections.abc import Iterator

import asyncpg
from asyncpg.connection import LoggedQuery

_HOUSEKEEPING = ("SELECT pg_advisory_unlock_all()", "BEGIN", "COMMIT", "ROLLBACK")


@contextlib.contextmanager
def counted(pool: asyncpg.Pool) -> Iterator[list[str]]:
    """Collect the statements that the pool's connections run, without the pool's own and transactions' edges.

    asyncpg tells a logger for each connection; those that are open now are listened to, and the test fails when
    another one was opened meanwhile.
    """
    heard: list[str] = []

    def listen(query: LoggedQuery) -> None:
        if not query.query.startswith(_HOUSEKEEPING):
            heard.append(query.query)

    size = pool.get_size()
    connections = [holder._con for holder in pool._holders if holder._con is not None]
    for connection in connections:
        connection.add_query_logger(listen)
    try:
        yield heard
    finally:
        for connection in connections:
            connection.remove_query_logger(listen)
    assert pool.get_size() == size, "the pool has opened a connection that was not listened to"


async def digests(db: asyncpg.Pool) -> dict[str, str]:
    """What each table holds, in short."""
    tables = await db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    rows = await db.fetch(
        " UNION ALL ".join(
            f"SELECT '{name}' AS name, md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS rows"  # noqa: S608
            f' FROM "{name}" t'
            for (name,) in tables
        )
    )
    return {row["name"]: row["rows"] for row in rows}
