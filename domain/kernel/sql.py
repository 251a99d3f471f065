"""Reads: plain SQL through the pool, outside any work. Each call is one statement."""

import asyncpg

from domain.kernel.work import pool


async def fetch(sql: str, *args: object) -> list[asyncpg.Record]:
    """Run one read and give its rows."""
    rows: list[asyncpg.Record] = await pool().fetch(sql, *args)
    return rows


async def fetch_one(sql: str, *args: object) -> asyncpg.Record | None:
    """Run one read and give its first row, or None."""
    return await pool().fetchrow(sql, *args)
