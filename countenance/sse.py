"""Server-sent events: one operation a connection.

The protocol is that of the graphql-sse package, in its mode of distinct connections.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any

import orjson
from graphql import OperationType
from starlette.types import Receive, Send
from starlette.types import Scope as Asgi

from countenance import metrics
from countenance.crowds import Crowd, Crowded
from countenance.documents import Operation, RequestError
from countenance.execution import Executor, defect
from countenance.http import Unreadable
from countenance.sessions import SessionWatch
from countenance.sharing import Start, Subscriptions
from domain.kernel.limits import network_of
from domain.kernel.scope import Scope
from schema.context import Context, Feed

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # a proxy must not collect the events
]
_HEARTBEAT = b":\n\n"
_COMPLETE = b"event: complete\ndata:\n\n"


class EventStreamEndpoint:
    """Answers a GraphQL request with a stream of events."""

    def __init__(
        self,
        executor: Executor,
        subscriptions: Subscriptions,
        watch: SessionWatch,
        feed: Feed,
        *,
        networks: Crowd,
        heartbeat_seconds: float = 12.0,
    ) -> None:
        """Send a comment every `heartbeat_seconds`, so that no proxy thinks the connection idle.

        Each of the `networks` may have so many open as its crowd may, sockets among them.
        """
        self._executor = executor
        self._subscriptions = subscriptions
        self._watch = watch
        self._feed = feed
        self._networks = networks
        self._heartbeat_seconds = heartbeat_seconds

    async def response(
        self, operation: Operation, variables: dict[str, Any] | None, authority: Scope
    ) -> "_EventStream":
        """Give the ASGI application that sends the events; a subscription has begun when this returns.

        Raises Unreadable for a network that has too many open.
        """
        start = None
        if operation.kind is OperationType.SUBSCRIPTION:
            start = await self._subscriptions.start(operation, variables)
        place = contextlib.ExitStack()
        try:
            place.enter_context(self._networks.joined(network_of(authority.address)))
        except Crowded as full:
            raise Unreadable(str(full), 429) from None
        events = self._events(operation, variables, authority, start)
        return _EventStream(events, self._watch, authority, place, self._heartbeat_seconds)

    async def _events(
        self, operation: Operation, variables: dict[str, Any] | None, authority: Scope, start: Start | None
    ) -> AsyncGenerator[str, None]:
        try:
            if start is not None:
                async with contextlib.aclosing(
                    self._subscriptions.texts(operation, variables, authority, start)
                ) as texts:
                    async for text in texts:
                        yield text
            else:
                answer = await self._executor.run(operation, variables, Context(authority, self._feed))
                yield answer.encode().decode()
        except Exception as error:
            refused = error if isinstance(error, RequestError) else defect(error)
            yield orjson.dumps({"errors": self._executor.refuse(refused).errors}).decode()


class _EventStream:
    """One connection: events as they come, heartbeats between them, and the end as soon as the client is gone."""

    status_code = 200

    def __init__(
        self,
        events: AsyncGenerator[str, None],
        watch: SessionWatch,
        authority: Scope,
        place: contextlib.ExitStack,
        heartbeat_seconds: float,
    ) -> None:
        """Leave the `place` at the end."""
        self._events = events
        self._watch = watch
        self._authority = authority
        self._place = place
        self._heartbeat_seconds = heartbeat_seconds

    async def __call__(self, asgi: Asgi, receive: Receive, send: Send) -> None:
        """Send until the stream, the session or the connection ends, whichever is first."""
        with self._place:
            await self._serve(receive, send)

    async def _serve(self, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(_gone(receive))
        left = False
        try:
            with metrics.STREAMS.track_inprogress(), self._watch.watching(self._authority) as ended:
                await asyncio.wait({sending, leaving, ended}, return_when=asyncio.FIRST_COMPLETED)
                left = leaving.done()
                if sending.done():
                    sending.result()
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.wait({sending, leaving})
            await self._events.aclose()
        if not left:
            await send({"type": "http.response.body", "body": _COMPLETE})

    async def _send(self, send: Send) -> None:
        """Send each event, and a comment whenever none came for a while."""
        pending: asyncio.Future[str] | None = None
        await _write(send, _HEARTBEAT)  # so that the client sees at once that it is connected
        try:
            while True:
                pending = pending or asyncio.ensure_future(anext(self._events))
                await asyncio.wait({pending}, timeout=self._heartbeat_seconds)
                if not pending.done():
                    await _write(send, _HEARTBEAT)
                    continue
                done, pending = pending, None
                await _write(send, b"event: next\ndata: " + done.result().encode() + b"\n\n")
                metrics.DELIVERIES.inc()
        except StopAsyncIteration:
            return
        finally:
            if pending is not None:
                pending.cancel()
                await asyncio.wait([pending])


async def _write(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _gone(receive: Receive) -> None:
    """Wait until the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
