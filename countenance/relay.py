"""The relay: committed facts get their feed numbers, processes are nudged, and reactions run.

There is one in the world at a time. It holds an advisory lock on the very connection with which it numbers: a relay
that loses the connection can't number any more, and the next one takes over as soon as the server has noticed.
`LISTEN/NOTIFY` inside the deeds' transactions would halve the commits under load, so the relay looks: often while
there is work, less often when idle.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import asyncpg
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from countenance import metrics
from countenance.ending import end_if_asked
from countenance.feed import Nudge
from countenance.nudges import FEED
from countenance.reacting import Reactor, unheard
from domain.kernel.outbox import RELAY_LOCK, Relayed, number_facts, thin_out
from domain.kernel.ports import Ports
from domain.kernel.scope import Scope
from domain.kernel.work import pool

log = structlog.get_logger(__name__)

_BUSY_SECONDS = 0.01
_IDLE_SECONDS = 0.05
_BUSY_LOOKS = 100
"""How many empty looks it takes to be idle: one second."""
_TAKEOVER_SECONDS = 0.5


class Relay:
    """Numbers facts while it holds the lock; waits for the lock otherwise."""

    def __init__(self, ports: Ports, *, database_url: str, redis: Redis) -> None:
        self._database_url = database_url
        self._redis = redis
        self._reactor = Reactor(ports)
        self.active = asyncio.Event()
        """Set while this relay is the one."""

    async def run(self) -> None:
        """Relay until cancelled; a broken connection is replaced."""
        while True:
            try:
                async with self._lock() as connection, asyncio.TaskGroup() as tasks:
                    log.info("this relay is the one")
                    self.active.set()
                    tasks.create_task(self._reactor.run())
                    tasks.create_task(self._number(connection))
            except* (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as errors:
                log.warning("the relay lost the database; trying again", reason=str(errors.exceptions[0]))
            finally:
                self.active.clear()
            end_if_asked()
            await asyncio.sleep(_TAKEOVER_SECONDS)

    @contextlib.asynccontextmanager
    async def _lock(self) -> AsyncIterator[asyncpg.Connection]:
        """Open a connection and wait until it is the one that holds the lock."""
        connection = await asyncpg.connect(self._database_url)
        try:
            # Nobody tells us when another relay ends.
            while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", RELAY_LOCK):  # noqa: ASYNC110
                await asyncio.sleep(_TAKEOVER_SECONDS)
            yield connection
        finally:
            connection.terminate()

    async def _number(self, connection: asyncpg.Connection) -> None:
        """Number what is committed, for ever."""
        quiet = 0
        passed_over = unheard()
        while True:
            relayed = await number_facts(connection, unheard=passed_over)
            if relayed:
                quiet = 0
                metrics.RELAYED.inc(len(relayed))
                await self._nudge(relayed)
                end_if_asked()  # redis swallows a cancellation that reaches it while it dials
                self._reactor.wake()
                continue
            quiet += 1
            await asyncio.sleep(_BUSY_SECONDS if quiet < _BUSY_LOOKS else _IDLE_SECONDS)

    async def _nudge(self, relayed: Sequence[Relayed]) -> None:
        """Wake the processes whose subscribers may care; that it fails costs them a moment, not an event."""
        topics = frozenset(topic for fact in relayed for topic in fact.topics)
        nudge = Nudge(relayed[0].no - 1, relayed[-1].no, topics)
        try:
            async with asyncio.timeout(1):
                await self._redis.publish(FEED, nudge.encode())
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("nobody could be nudged; the feed is late by up to a second", reason=str(error))


async def thin_history(scope: Scope) -> int:
    """Forget facts that nobody can resume from any more; give how many. For the clock."""
    policy = scope.ports.policy
    return await thin_out(
        pool(),
        passing_before=scope.now - timedelta(seconds=policy.passing_history_seconds),
        lasting_before=scope.now - timedelta(seconds=policy.history_seconds),
    )
