"""The server process itself: it starts from settings alone, and ends promptly with live connections open."""

import asyncio
import os
import signal
import socket as sockets
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from countenance.settings import Settings
from tests.realtime.clients import events, socket
from tests.realtime.world import FEED

SERVE = "from countenance.serving import serve; from countenance.settings import load; serve(load())"


def free_port() -> int:
    """A port that nobody listens on now."""
    with sockets.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


@pytest.fixture
async def server(settings: Settings, db: object) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A server process that answers, and its address."""
    port = free_port()
    given = {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "RAY_ADDRESS": settings.ray_address,
        "BLOB_URL": settings.blob_url,
        "SIGNING_KEY": settings.signing_key.get_secret_value(),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "COUNTENANCE_PORT": str(port),
        "COUNTENANCE_UPLOAD_FOLDER": str(settings.upload_folder),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVE, env={**os.environ, **given}, cwd=Path(__file__).parents[2]
    )
    url = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(60), httpx.AsyncClient() as http:
            while True:
                assert process.returncode is None
                try:
                    if (await http.get(f"{url}/health")).status_code == 200:
                        break
                except httpx.TransportError:
                    await asyncio.sleep(0.1)
        yield process, url
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_it_ends_within_five_seconds_and_says_so_to_those_who_listen(
    server: tuple[asyncio.subprocess.Process, str],
) -> None:
    process, url = server
    async with socket(url) as live, events(url, FEED) as stream:
        await live.subscribe("1", FEED)

        process.send_signal(signal.SIGTERM)

        code, _ = await live.closed(5)
        with pytest.raises((StopAsyncIteration, httpx.RemoteProtocolError)):
            await asyncio.wait_for(anext(stream), 5)
        await asyncio.wait_for(process.wait(), 5)

    assert code == 1012
    assert process.returncode in (0, -signal.SIGTERM)
