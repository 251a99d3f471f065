"""Queries beside their yardsticks: a trivial one, and 50 bounties with 5 entries each and everybody's handle.

The yardsticks are a plain Strawberry application with DataLoaders, and the one SQL statement that makes the same JSON:
the least that the nested answer can cost. All run in this process, straight into the ASGI applications, on one core.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from statistics import median

import orjson

from benchmarks import plain_strawberry
from benchmarks.harness import Figure
from benchmarks.world import BOUNTIES, ENTRIES, opened, post, services
from countenance.settings import Settings
from domain.kernel.work import pool

TRIVIAL = "{ __typename }"
OURS = f"""
{{ bounties(first: {BOUNTIES}) {{ edges {{ node {{
  id title initiator {{ id handle }}
  entries(first: {ENTRIES}) {{ edges {{ node {{ id note author {{ id handle }} }} }} }}
}} }} }} }}
"""
PLAIN = f"""
{{ bounties(first: {BOUNTIES}) {{ id title initiator {{ id handle }} entries {{ id note author {{ id handle }} }} }} }}
"""
JSON = """
SELECT json_build_object('data', json_build_object('bounties', json_agg(b)))::text FROM (
    SELECT b.id, b.title,
           (SELECT json_build_object('id', a.id, 'handle', a.handle) FROM account a WHERE a.id = b.initiator_id)
               AS initiator,
           (SELECT json_agg(json_build_object('id', e.id, 'note', e.note, 'author',
                            json_build_object('id', a.id, 'handle', a.handle)))
            FROM bounty_entry e JOIN account a ON a.id = e.author_id WHERE e.bounty_id = b.id) AS entries
    FROM bounty b ORDER BY b.id DESC LIMIT 50
) b
"""


async def _per_second(call: Callable[[], Awaitable[object]], *, calls: int, runs: int) -> float:
    rates = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        for _ in range(calls):
            await call()
        rates.append(calls / (time.perf_counter() - start))
    return median(rates[1:])


async def _measure(settings: Settings, *, calls: int, runs: int) -> list[Figure]:
    async with opened(settings) as world:
        plain = plain_strawberry.app()

        def ours(query: str) -> Callable[[], Awaitable[bytes]]:
            body = orjson.dumps({"query": query})
            return lambda: post(world.app, "/graphql", body, world.token)

        def theirs(query: str) -> Callable[[], Awaitable[bytes]]:
            body = orjson.dumps({"query": query})
            return lambda: post(plain, "/", body, "")

        answer = orjson.loads(await ours(OURS)())["data"]["bounties"]["edges"]
        assert len(answer) == BOUNTIES
        assert {len(edge["node"]["entries"]["edges"]) for edge in answer} == {ENTRIES}
        trivial = await _per_second(ours(TRIVIAL), calls=calls * 20, runs=runs)
        plain_trivial = await _per_second(theirs(TRIVIAL), calls=calls * 20, runs=runs)
        nested = await _per_second(ours(OURS), calls=calls, runs=runs)
        loaders = await _per_second(theirs(PLAIN), calls=calls, runs=runs)
        json = await _per_second(lambda: pool().fetchval(JSON), calls=calls, runs=runs)
    what = f"{BOUNTIES} bounties × {ENTRIES} entries with authors"
    return [
        Figure(
            "a trivial query, signed in",
            trivial,
            "/s",
            "plain Strawberry, signed out",
            plain_trivial,
            target="≥ 1",
            met=trivial >= plain_trivial,
        ),
        Figure(
            what,
            nested,
            "/s",
            "plain Strawberry with DataLoaders",
            loaders,
            target="≥ 1",
            met=nested >= loaders,
        ),
        Figure(what, nested, "/s", "one SQL statement that makes JSON", json),
    ]


def run(*, short: bool = False) -> list[Figure]:
    """Measure on services of the bench's own; medians of requests a second, one at a time."""
    with services() as settings:
        return asyncio.run(_measure(settings, calls=10 if short else 50, runs=2 if short else 5))
