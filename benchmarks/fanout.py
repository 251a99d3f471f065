"""One event to many sockets: executed and encoded once for all, beside Strawberry's own transport, once for each.

The server runs in a process of its own. The clients only count frames, so that they cost as little as can be. The
second figure is the way of one event: from the deed's commit to the frame in the client's hands.
"""

import asyncio
import base64
import contextlib
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator
from statistics import median, quantiles
from typing import Any
from uuid import UUID

import asyncpg

from benchmarks.harness import Figure
from benchmarks.world import opened, services
from countenance.settings import Settings
from domain.bounties import BountyPledged
from domain.kernel.ids import new_id
from domain.kernel.outbox import write_facts

QUERY = "subscription { bountyFeed { cursor kind bounty { id title pot initiator { handle } } } }"


class Client(asyncio.Protocol):
    """A WebSocket that subscribes once and counts what it is sent."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._transport: Any = None
        self._left = b""
        self.ready = asyncio.get_running_loop().create_future()
        self.seen = 0
        self.last = 0.0
        self._state = 0

    def connection_made(self, transport: Any) -> None:
        """Shake hands."""
        self._transport = transport
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        transport.write(
            f"GET {self._path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        """Take the steps of the protocol, then count."""
        if self._state < 2:
            self._left += data
            if self._state == 0 and b"\r\n\r\n" in self._left:
                self._state, self._left = 1, b""
                self._send('{"type":"connection_init"}')
            elif b"connection_ack" in self._left:
                self._state, self._left = 2, b""
                self._send('{"id":"1","type":"subscribe","payload":{"query":"' + QUERY + '"}}')
                self._send('{"type":"ping"}')
            return
        whole = self._left + data
        if not self.ready.done() and b'"pong"' in whole.replace(b" ", b""):
            self.ready.set_result(None)
        self.seen += whole.count(b'"cursor"')
        self.last = time.perf_counter()
        self._left = whole[-7:] if b'"cursor"' not in whole[-7:] else b""

    def connection_lost(self, error: Exception | None) -> None:
        """Say that it failed, if it was still waiting."""
        if not self.ready.done():
            self.ready.set_exception(error or ConnectionError(self._left[:200]))

    def close(self) -> None:
        """Leave."""
        self._transport.close()

    def _send(self, text: str) -> None:
        mask, raw = secrets.token_bytes(4), text.encode()
        length = bytes([0x80 | len(raw)]) if len(raw) < 126 else b"\xfe" + len(raw).to_bytes(2, "big")
        masked = bytes(byte ^ mask[n % 4] for n, byte in enumerate(raw))
        self._transport.write(b"\x81" + length + mask + masked)


@contextlib.asynccontextmanager
async def server(settings: Settings, kind: str = "uvicorn") -> AsyncIterator[int]:
    """Run the server; gives its port."""
    given = {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "RAY_ADDRESS": settings.ray_address,
        "BLOB_URL": settings.blob_url,
        "SIGNING_KEY": settings.signing_key.get_secret_value(),
        "COUNTENANCE_UPLOAD_FOLDER": str(settings.upload_folder),
        "COUNTENANCE_LOG_LEVEL": "error",
        "COUNTENANCE_CONNECTIONS_PER_NETWORK": "100000",  # they all come from one
        "COUNTENANCE_SUBSCRIPTIONS_PER_CALLER": "100000",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.served", kind, env={**os.environ, **given}, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield int(await asyncio.wait_for(process.stdout.readline(), 120))
    finally:
        process.kill()
        await process.wait()


async def joined(port: int, path: str, count: int) -> list[Client]:
    """Open so many sockets and wait until each has subscribed."""
    loop = asyncio.get_running_loop()
    clients = []
    for _ in range(count):
        for _ in range(200):
            try:
                _, client = await loop.create_connection(lambda: Client(path), "127.0.0.1", port)
                break
            except OSError:
                await asyncio.sleep(0.1)
        await asyncio.wait_for(client.ready, 60)
        clients.append(client)
    return clients


async def tell(connection: Any, bounty_id: UUID, times: int) -> None:
    """Write facts in one transaction, as a deed does."""
    facts = [BountyPledged(bounty_id, pledge_id=new_id(), backer_id=new_id(), amount=n) for n in range(times)]
    async with connection.transaction():
        await write_facts(connection, facts, None)


async def deliveries(clients: list[Client], connection: Any, bounty_id: UUID, events: int) -> float:
    """Give the deliveries a second of one burst of events, and close the sockets."""
    await asyncio.sleep(1)
    before = [client.seen for client in clients]
    start = time.perf_counter()
    await tell(connection, bounty_id, events)
    while any(client.seen - seen < events for client, seen in zip(clients, before, strict=True)):
        if time.perf_counter() - start > 120:
            got = sum(client.seen for client in clients) - sum(before)
            raise TimeoutError(f"{got} of {events * len(clients)} events arrived")
        await asyncio.sleep(0.005)
    seconds = max(client.last for client in clients) - start
    for client in clients:
        client.close()
    await asyncio.sleep(0.5)
    return events * len(clients) / seconds


async def latencies(port: int, connection: Any, bounty_id: UUID, events: int) -> list[float]:
    """Give the milliseconds from commit to frame for single events, some of them after a pause."""
    [client] = await joined(port, "/graphql", 1)
    found = []
    for n in range(events):
        await asyncio.sleep(0.02 if n % 10 else 1.2)  # every tenth finds the relay idle
        before = client.seen
        await tell(connection, bounty_id, 1)
        start = time.perf_counter()
        while client.seen == before:  # noqa: ASYNC110  # the client counts in a callback
            await asyncio.sleep(0.0005)
        found.append((client.last - start) * 1000)
    client.close()
    return found


async def _measure(settings: Settings, *, sockets: int, events: int, runs: int) -> list[Figure]:
    async with opened(settings) as world, server(settings) as port:
        connection = await asyncpg.connect(settings.database_url.get_secret_value())
        shared, native = [], []
        for _ in range(runs):
            for path, rates, burst in (("/graphql", shared, events), ("/native/", native, events // 4)):
                clients = await joined(port, path, sockets)
                rates.append(await deliveries(clients, connection, world.bounty_id, burst))
        took = await latencies(port, connection, world.bounty_id, events * 5)
        await connection.close()
    p99 = quantiles(took, n=100)[-1]
    ours, theirs = median(shared), median(native)
    name = f"deliveries to {sockets} sockets"
    return [
        Figure(name, ours, "/s", "Strawberry's transport", theirs, target="≥ 3", met=ours >= 3 * theirs),
        Figure("commit to delivery, median", median(took), "ms"),
        Figure("commit to delivery, p99", p99, "ms", target="≤ 100", met=p99 <= 100),
    ]


def run(*, short: bool = False) -> list[Figure]:
    """Measure on services and a server process of the bench's own."""
    sockets, events, runs = (50, 20, 1) if short else (500, 40, 3)
    with services() as settings:
        return asyncio.run(_measure(settings, sockets=sockets, events=events, runs=runs))
