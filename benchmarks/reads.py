"""One read of one row, three ways: through Piccolo's query builder with and without a pool, and by plain SQL.

What the reads of the product are built on was chosen by this: the query builder writes, plain SQL reads.
"""

import asyncio
import secrets
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median

from benchmarks.harness import Figure
from countenance import database
from countenance.embedded.postgres import Postgres
from domain.kernel import sql
from domain.kernel.tables import FeedState


async def _millis(call: Callable[[], Awaitable[object]], *, calls: int, runs: int) -> float:
    times = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        for _ in range(calls):
            await call()
        times.append((time.perf_counter() - start) / calls * 1000)
    return median(times[1:])


async def _measure(url: str, *, calls: int, runs: int) -> list[Figure]:
    await database.migrate(url)

    async def by_piccolo() -> object:
        return await FeedState.select().where(FeedState.id == 1)

    async def by_sql() -> object:
        return await sql.fetch("SELECT * FROM feed_state WHERE id = $1", 1)

    without_pool = await _millis(by_piccolo, calls=max(5, calls // 20), runs=runs)
    async with database.pool(url):
        pooled = await _millis(by_piccolo, calls=calls, runs=runs)
        plain = await _millis(by_sql, calls=calls, runs=runs)
    return [
        Figure("one row by plain SQL", plain, "ms", "Piccolo with a pool", pooled),
        Figure("one row by Piccolo without a pool", without_pool, "ms", "Piccolo with a pool", pooled),
    ]


def run(*, short: bool = False) -> list[Figure]:
    """Measure on a Postgres of the bench's own; medians of five runs."""
    with tempfile.TemporaryDirectory(prefix="cnt-") as place:
        folder = Path(place)
        server = Postgres(folder / "data", log=folder / "log", password=secrets.token_hex(8), durable=False)
        server.start()
        server.wait()
        try:
            return asyncio.run(_measure(server.url, calls=50 if short else 500, runs=2 if short else 5))
        finally:
            server.stop()
