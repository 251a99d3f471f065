"""graphql-transport-ws: operations of all kinds over one WebSocket.

The protocol is that of the graphql-ws package, version 6. A subscription has begun when the next message is read: a
client that sends `ping` after `subscribe` knows, when the pong comes, that it will miss nothing.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any, cast

import orjson
import structlog
from graphql import GraphQLError, OperationType
from starlette.types import Receive, Send
from starlette.types import Scope as Asgi
from starlette.websockets import WebSocket, WebSocketDisconnect

from countenance import metrics
from countenance.callers import COOKIE, Callers
from countenance.crowds import Crowd, Crowded
from countenance.documents import Operation, RequestError
from countenance.execution import Executor, defect
from countenance.http import Parameters, Unreadable
from countenance.sessions import SessionWatch, refresh
from countenance.sharing import Start, Subscriptions
from domain.kernel.limits import network_of
from domain.kernel.scope import Scope
from schema.context import Context, Feed

log = structlog.get_logger(__name__)

PROTOCOL = "graphql-transport-ws"
MAX_OPERATIONS = 100
"""The most operations that run at once on one socket."""

_LONGEST_ID = 200


class _Close(Exception):
    """Ends the socket with one of the protocol's codes and a reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class SocketEndpoint:
    """The application behind `/graphql`, for WebSockets."""

    def __init__(
        self,
        executor: Executor,
        callers: Callers,
        subscriptions: Subscriptions,
        watch: SessionWatch,
        feed: Feed,
        *,
        networks: Crowd,
        init_seconds: float = 10.0,
    ) -> None:
        """Wait `init_seconds` for `connection_init`; let each of the `networks` have so many sockets as it may."""
        self.executor = executor
        self.callers = callers
        self.subscriptions = subscriptions
        self.watch = watch
        self.feed = feed
        self.networks = networks
        self.init_seconds = init_seconds

    async def __call__(self, scope: Asgi, receive: Receive, send: Send) -> None:
        """Serve one socket until it ends."""
        socket = WebSocket(scope, receive, send)
        if socket.cookies.get(COOKIE) and not self.callers.trusts(socket):
            await socket.close(4403)  # before it is accepted: the browser sees HTTP 403
            return
        offered = socket.scope.get("subprotocols") or []
        await socket.accept(subprotocol=PROTOCOL if PROTOCOL in offered else None)
        if PROTOCOL not in offered:
            await socket.close(4406, "Subprotocol not acceptable")
            return
        try:
            with (
                self.networks.joined(network_of(self.callers.nobody(socket).address)),
                metrics.SOCKETS.track_inprogress(),
            ):
                await _Connection(self, socket).serve()
        except Crowded as full:
            await socket.close(4429, str(full))


class _Connection:
    """One accepted socket and its operations."""

    def __init__(self, endpoint: SocketEndpoint, socket: WebSocket) -> None:
        self._endpoint = endpoint
        self._socket = socket
        self._scope: Scope | None = None
        self._operations: dict[str, asyncio.Task[None]] = {}

    async def serve(self) -> None:
        """Read messages until the socket or its session ends, then end its operations."""
        reading: asyncio.Task[None] | None = None
        try:
            scope = await self._initialised()
            with self._endpoint.watch.watching(scope) as ended:
                reading = asyncio.create_task(self._read())
                await asyncio.wait({reading, ended}, return_when=asyncio.FIRST_COMPLETED)
                if not reading.done():
                    raise _Close(4403, "Session ended")
                reading.result()
        except _Close as close:
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # the client may be gone already
                await self._socket.close(close.code, close.reason[:120])
        except WebSocketDisconnect:
            pass
        except Exception:
            log.exception("a socket failed")
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await self._socket.close(1011, "Something went wrong on our side")
        finally:
            tasks = [task for task in (reading, *self._operations.values()) if task is not None]
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)

    async def _initialised(self) -> Scope:
        """Await `connection_init` and acknowledge it."""
        try:
            async with asyncio.timeout(self._endpoint.init_seconds):
                while (message := await self._receive())["type"] != "connection_init":
                    await self._before_init(message)
        except TimeoutError:
            raise _Close(4408, "Connection initialisation timeout") from None
        self._scope = await self._authority(message.get("payload"))
        await self._send({"type": "connection_ack"})
        return self._scope

    async def _before_init(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "subscribe":
                raise _Close(4401, "Unauthorized")
            case "ping":
                await self._send({"type": "pong"})

    async def _authority(self, payload: Any) -> Scope:
        """Read who connects: a token in the payload, else the request's own header or cookie."""
        if payload is not None and not isinstance(payload, dict):
            raise _Close(4400, "The payload of connection_init must be an object")
        token = _token(payload or {})
        if token is None:
            return await self._endpoint.callers.scope(self._socket)
        actor = await self._endpoint.callers.actor(token)
        if actor is None:
            raise _Close(4403, "This token is unknown or its session has ended: sign in again")
        return self._endpoint.callers.nobody(self._socket).as_(actor)

    async def _read(self) -> None:
        while True:
            message = await self._receive()
            match message["type"]:
                case "ping":
                    await self._send({"type": "pong"})
                case "subscribe":
                    await self._begin(message)
                case "complete":
                    task = self._operations.pop(_id(message), None)
                    if task is not None:
                        task.cancel()
                case "connection_init":
                    raise _Close(4429, "Too many initialisation requests")

    async def _receive(self) -> dict[str, Any]:
        """Read one message. Raises _Close for what is none of the protocol's."""
        event = await self._socket.receive()
        if event["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(event.get("code", 1000))
        text = event.get("text")
        if text is None:
            raise _Close(4400, "Send messages as text")
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise _Close(4400, "The message is not valid JSON") from None
        kind = message.get("type") if isinstance(message, dict) else None
        if not isinstance(kind, str) or kind not in _TYPES:
            raise _Close(4400, "The message is none of graphql-transport-ws")
        return cast("dict[str, Any]", message)

    async def _begin(self, message: dict[str, Any]) -> None:
        """Start an operation; what is wrong with it ends it alone, not its siblings."""
        name = _id(message)
        if name in self._operations:
            raise _Close(4409, f"Subscriber for {name} already exists")
        try:
            parameters = Parameters.read(message.get("payload"))
        except Unreadable as error:
            raise _Close(4400, error.sentence) from None
        if len(self._operations) >= MAX_OPERATIONS:
            limit = GraphQLError(f"At most {MAX_OPERATIONS} operations may run on one socket: complete some first.")
            await self._send_errors(name, RequestError(limit))
            return
        try:
            operation = self._endpoint.executor.documents.operation(parameters.query, parameters.operation_name)
        except RequestError as error:
            await self._send_errors(name, error)
            return
        start = None
        try:
            if operation.kind is OperationType.SUBSCRIPTION:
                start = await self._endpoint.subscriptions.start(operation, parameters.variables)
        except Exception as error:  # the database is away, say: this operation fails, the socket lives
            await self._send_errors(name, defect(error))
            return
        self._operations[name] = asyncio.create_task(self._run(name, operation, parameters.variables, start))

    async def _run(
        self, name: str, operation: Operation, variables: dict[str, Any] | None, start: Start | None
    ) -> None:
        """Run one operation to its end and say so, unless the client has ended it."""
        spliced = '{"id":' + orjson.dumps(name).decode() + ',"type":"next","payload":'
        try:
            async with contextlib.aclosing(self._texts(operation, variables, start)) as texts:
                async for text in texts:
                    await self._socket.send_text(spliced + text + "}")
                    metrics.DELIVERIES.inc()
            self._operations.pop(name, None)
            await self._send({"id": name, "type": "complete"})
        except RequestError as error:
            self._operations.pop(name, None)
            await self._send_errors(name, error)
        except WebSocketDisconnect:  # the client went away between two messages
            self._operations.pop(name, None)
        except Exception as error:
            self._operations.pop(name, None)
            await self._send_errors(name, defect(error))

    async def _texts(
        self, operation: Operation, variables: dict[str, Any] | None, start: Start | None
    ) -> AsyncGenerator[str, None]:
        assert self._scope is not None  # noqa: S101  # nothing runs before connection_init
        if start is not None:
            async with contextlib.aclosing(
                self._endpoint.subscriptions.texts(operation, variables, self._scope, start)
            ) as texts:
                async for text in texts:
                    yield text
            return
        scope = await refresh(self._scope)  # authority is read anew for each operation, not once a socket
        if scope is None:
            return
        answer = await self._endpoint.executor.run(operation, variables, Context(scope, self._endpoint.feed))
        yield answer.encode().decode()

    async def _send_errors(self, name: str, error: RequestError) -> None:
        errors = self._endpoint.executor.refuse(error).errors
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await self._send({"id": name, "type": "error", "payload": errors})

    async def _send(self, message: dict[str, Any]) -> None:
        await self._socket.send_text(orjson.dumps(message).decode())


_TYPES = frozenset({"connection_init", "ping", "pong", "subscribe", "complete"})


def _id(message: dict[str, Any]) -> str:
    name = message.get("id")
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_ID:
        raise _Close(4400, f"`id` must be a string of 1 to {_LONGEST_ID} characters")
    return name


def _token(payload: dict[str, Any]) -> str | None:
    """Read the token of a `connection_init` payload: `token`, or `Authorization: Bearer …` in any case.

    None where there is none, or null or nothing stands for it. Raises _Close for what can't be a token.
    """
    for name, value in payload.items():
        if name.lower() not in ("token", "authorization") or value is None:
            continue
        if not isinstance(value, str):
            raise _Close(4400, f"`{name}` in the payload of connection_init must be a string")
        if value:
            scheme, _, rest = value.partition(" ")
            return rest.strip() if scheme.lower() == "bearer" else value
    return None
