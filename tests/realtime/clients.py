"""Plain clients of the live transports, close to the wire."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import websockets
from websockets.asyncio.client import ClientConnection, connect


@dataclass
class Socket:
    """A client of graphql-transport-ws."""

    raw: ClientConnection

    async def send(self, message: Any) -> None:
        """Send a message as JSON text, or a string as it is."""
        await self.raw.send(message if isinstance(message, str | bytes) else orjson.dumps(message).decode())

    async def receive(self, seconds: float = 5.0) -> Any:
        """Give the next message."""
        async with asyncio.timeout(seconds):
            return orjson.loads(await self.raw.recv())

    async def subscribe_unawaited(self, name: str, query: str, **variables: Any) -> None:
        """Start an operation."""
        payload = {"query": query, "variables": variables}
        await self.send({"id": name, "type": "subscribe", "payload": payload})

    async def subscribe(self, name: str, query: str, **variables: Any) -> None:
        """Start an operation and, by a ping, wait until it has begun."""
        await self.subscribe_unawaited(name, query, **variables)
        await self.send({"type": "ping"})
        assert await self.receive(20) == {"type": "pong"}

    async def next(self, name: str, seconds: float = 5.0) -> Any:
        """Give the data of the next event of an operation."""
        message = await self.receive(seconds)
        assert message["id"] == name, message
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        return message["payload"]["data"]

    async def silent(self, seconds: float = 0.3) -> bool:
        """Say whether nothing comes for a while."""
        try:
            async with asyncio.timeout(seconds):
                await self.raw.recv()
        except TimeoutError:
            return True
        return False

    async def closed(self, seconds: float = 5.0) -> tuple[int, str]:
        """Wait until the server has closed, and give its code and reason."""
        async with asyncio.timeout(seconds):
            with contextlib.suppress(websockets.ConnectionClosed):
                while True:
                    await self.raw.recv()
        await self.raw.wait_closed()
        return self.raw.close_code or 0, self.raw.close_reason or ""


@contextlib.asynccontextmanager
async def raw_socket(url: str, **options: Any) -> AsyncIterator[Socket]:
    """A socket before `connection_init`."""
    options = {"subprotocols": ["graphql-transport-ws"], **options}
    async with connect(url.replace("http", "ws", 1) + "/graphql", max_size=2**24, **options) as raw:
        yield Socket(raw)


@contextlib.asynccontextmanager
async def socket(url: str, token: str = "", **options: Any) -> AsyncIterator[Socket]:
    """A socket that is acknowledged."""
    async with raw_socket(url, **options) as opened:
        await opened.send({"type": "connection_init", "payload": {"token": token} if token else {}})
        assert await opened.receive() == {"type": "connection_ack"}
        yield opened


@contextlib.asynccontextmanager
async def events(url: str, query: str, *, token: str = "", **variables: Any) -> AsyncIterator[AsyncIterator[Any]]:
    """A server-sent event stream: gives `(event, data)` pairs."""
    headers = {"accept": "text/event-stream", **({"authorization": f"Bearer {token}"} if token else {})}
    async with (
        httpx.AsyncClient(timeout=5) as http,
        http.stream("POST", f"{url}/graphql", json={"query": query, "variables": variables}, headers=headers) as got,
    ):
        assert got.headers["content-type"] == "text/event-stream; charset=utf-8", await got.aread()

        async def read() -> AsyncIterator[Any]:
            event = ""
            async for line in got.aiter_lines():
                if line.startswith("event: "):
                    event = line.removeprefix("event: ")
                elif line.startswith("data:"):
                    data = line.removeprefix("data:").strip()
                    yield event, orjson.loads(data) if data else None

        yield read()
