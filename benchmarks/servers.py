"""uvicorn beside granian, each with the same application: requests a second over keep-alive, and fan-out to sockets.

Run once, for the decision record; `python -m benchmarks.servers`.
"""

import asyncio
import time
from statistics import median
from typing import Any

import asyncpg

from benchmarks.fanout import deliveries, joined, server
from benchmarks.world import opened, services

BODY = b'{"query":"{ __typename }"}'
REQUEST = (
    b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: application/json\r\n"
    b"Content-Length: " + str(len(BODY)).encode() + b"\r\n\r\n" + BODY
)


class _Client(asyncio.Protocol):
    """Sends the next request as soon as an answer is there."""

    def __init__(self) -> None:
        self.answers = 0
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(REQUEST)

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"}}"):
            self.answers += 1
            self._transport.write(REQUEST)

    def close(self) -> None:
        self._transport.close()


async def _requests(port: int, connections: int, seconds: float) -> float:
    """Give the requests a second over so many connections."""
    loop = asyncio.get_running_loop()
    clients = []
    for _ in range(connections):
        _, client = await loop.create_connection(_Client, "127.0.0.1", port)
        clients.append(client)
    await asyncio.sleep(0.5)
    before, start = sum(client.answers for client in clients), time.perf_counter()
    await asyncio.sleep(seconds)
    rate = (sum(client.answers for client in clients) - before) / (time.perf_counter() - start)
    for client in clients:
        client.close()
    return rate


async def main() -> None:
    """Measure both in turns and print the medians."""
    with services() as settings:
        async with opened(settings) as world:
            connection = await asyncpg.connect(settings.database_url.get_secret_value())
            found: dict[str, list[tuple[float, float]]] = {"uvicorn": [], "granian": []}
            for _ in range(3):
                for kind, rates in found.items():
                    async with server(settings, kind) as port:
                        clients = await joined(port, "/graphql", 200)
                        fanned = await deliveries(clients, connection, world.bounty_id, 40)
                        rates.append((await _requests(port, 16, 3.0), fanned))
            await connection.close()
    for kind, rates in found.items():
        asked, fanned = (median(column) for column in zip(*rates, strict=True))
        print(f"{kind}: {asked:,.0f} requests a second, {fanned:,.0f} deliveries a second to 200 sockets")


if __name__ == "__main__":
    asyncio.run(main())
