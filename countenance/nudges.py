"""Nudges: short messages through Redis that wake processes up. They may be lost; nothing depends on one.

broadcaster carries them, with its traps closed. Its subscribers of one channel lose each other when they come at the
same time, so a process subscribes once. Its own Redis backend falls asleep when it is started before its first
channel is known, and leaks a connection when it is closed; so it gets one of ours. Its listener can die without a
word; so the process sends itself an echo, and dials anew when it doesn't hear it. Its queues have no bound, so what
arrives is handed on at once and never waits there.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import structlog
from broadcaster import Broadcast, BroadcastBackend, Event
from redis.asyncio import Redis

from countenance import metrics
from countenance.ending import end_if_asked

log = structlog.get_logger(__name__)

FEED = "countenance:feed"
"""The channel on which the relay says what it has numbered."""


_CONNECTING_SECONDS = 5.0
"""How long redis may try to open a connection, and to close one in good order."""


class _RedisBackend(BroadcastBackend):  # type: ignore[misc]  # broadcaster ships no types
    """Redis' publish and subscribe, for broadcaster."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url, socket_connect_timeout=_CONNECTING_SECONDS)
        self._channels = self._redis.pubsub(ignore_subscribe_messages=True)
        self._subscribed = asyncio.Event()

    async def connect(self) -> None:
        await self._channels.connect()  # type: ignore[no-untyped-call]  # redis leaves it so

    async def disconnect(self) -> None:
        await self._channels.aclose()  # type: ignore[no-untyped-call]  # as above
        await self._redis.aclose()

    async def subscribe(self, channel: str) -> None:
        await self._channels.subscribe(channel)
        self._subscribed.set()

    async def unsubscribe(self, channel: str) -> None:
        """Do nothing: the connection is about to be closed, and a dead one would keep waiting whoever says good-bye."""

    async def publish(self, channel: str, message: Any) -> None:
        await self._redis.publish(channel, message)

    async def next_published(self) -> Event:
        await self._subscribed.wait()
        while True:
            message = await self._channels.get_message(timeout=None)
            if message is not None and message["type"] == "message":
                return Event(channel=message["channel"].decode(), message=message["data"].decode())


class Nudges:
    """This process's one subscription, kept alive."""

    def __init__(self, url: str, heard: Callable[[str], None], *, beat: float = 1.0, patience: float = 3.0) -> None:
        """Call `heard` with each message. An echo is sent every `beat` seconds, and missed after `patience`."""
        self._url = url
        self._heard = heard
        self._beat = beat
        self._patience = patience
        self._echo = f"countenance:echo:{uuid4().hex}"
        self.dials = 0
        """How often it has dialled so far."""

    async def run(self) -> None:
        """Listen for ever; a listener that is deaf or dead is replaced."""
        while True:
            try:
                async with self._dialled() as broadcast:
                    await self._listen(broadcast)
            except Exception as error:  # whatever a broken connection makes of the libraries, a new one mends it
                end_if_asked()
                log.warning("the nudge listener is gone; dialling again", reason=repr(error))
            metrics.REDIALS.inc()
            await asyncio.sleep(self._beat)

    @contextlib.asynccontextmanager
    async def _dialled(self) -> AsyncIterator[Broadcast]:
        backend = _RedisBackend(self._url)
        broadcast = Broadcast(backend=backend)
        self.dials += 1
        try:
            await broadcast.connect()
            yield broadcast
        finally:
            for disconnect in (broadcast.disconnect, backend.disconnect):
                # Of a dead listener the first raises what killed it, and stops there. Neither may keep us for ever.
                with contextlib.suppress(Exception):
                    async with asyncio.timeout(self._patience):
                        await disconnect()

    async def _listen(self, broadcast: Broadcast) -> None:
        async with (
            broadcast.subscribe(FEED) as feed,
            broadcast.subscribe(self._echo) as echo,
            asyncio.TaskGroup() as tasks,
        ):
            end_if_asked()  # redis swallows a cancellation that reaches it while it dials
            tasks.create_task(self._hand_on(feed))
            tasks.create_task(self._send_echoes(broadcast))
            while True:
                async with asyncio.timeout(self._patience):
                    await echo.get()
                end_if_asked()

    async def _hand_on(self, feed: Any) -> None:
        while True:
            event = await feed.get()
            self._heard(event.message)

    async def _send_echoes(self, broadcast: Broadcast) -> None:
        while True:
            await broadcast.publish(self._echo, "")
            end_if_asked()  # it dials for the first echo
            await asyncio.sleep(self._beat)
