"""The real application for tests: over ASGI for plain requests, behind a real uvicorn for sockets and streams."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from redis.asyncio import Redis
from starlette.applications import Starlette

from countenance.asgi import Parts, Timing, application
from countenance.blobs import BlobStore
from countenance.relay import Relay
from countenance.serving import configuration
from countenance.settings import Settings
from domain.kernel.ports import Ports

ORIGIN = "http://testserver"


@dataclass(frozen=True)
class Api:
    """A client of the GraphQL endpoint."""

    http: httpx.AsyncClient

    async def post(self, body: Any, *, token: str = "", headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Send a body as JSON and give the whole response."""
        sent = {
            "accept": "application/graphql-response+json",
            **({"authorization": f"Bearer {token}"} if token else {}),
        }
        return await self.http.post("/graphql", json=body, headers={**sent, **(headers or {})})

    async def ask(self, document: str, variables: Mapping[str, Any] | None = None, *, token: str = "") -> Any:
        """Send one operation and give the answer, `data` and `errors` as they are."""
        return (await self.post({"query": document, "variables": variables}, token=token)).json()

    async def data(self, document: str, variables: Mapping[str, Any] | None = None, *, token: str = "") -> Any:
        """Send one operation that must succeed and give its data."""
        answer = await self.ask(document, variables, token=token)
        assert "errors" not in answer, answer
        return answer["data"]


def settings(database_url: str, redis_url: str, folder: Path, **given: Any) -> Settings:
    """Settings of a production server whose services are the tests' own."""
    return Settings.model_validate(
        {
            "database_url": database_url,
            "redis_url": redis_url,
            "ray_address": "127.0.0.1:1",
            "blob_url": f"file://{folder}/blobs",
            "signing_key": "a signing key for tests, 32 chars",
            "public_url": ORIGIN,
            "upload_folder": folder / "uploads",
            **given,
        }
    )


@contextlib.asynccontextmanager
async def nothing_to_open() -> AsyncIterator[None]:
    """The test's own pool is open already."""
    yield


@contextlib.asynccontextmanager
async def app_of(used: Settings, ports: Ports, timing: Timing | None = None) -> AsyncIterator[Starlette]:
    """The application on the test's ports."""
    redis = Redis.from_url(used.redis_url.get_secret_value())
    try:
        yield application(Parts(used, ports, BlobStore.of(used), redis, nothing_to_open), timing)
    finally:
        await redis.aclose()


@contextlib.asynccontextmanager
async def api_of(app: Starlette) -> AsyncIterator[Api]:
    """A client without a network. Background tasks don't run: use `served` for what is live."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as http:
        yield Api(http)


@contextlib.asynccontextmanager
async def served(app: Starlette, used: Settings) -> AsyncIterator[str]:
    """A real server on a free port; gives its address, `http://127.0.0.1:<port>`."""
    config = configuration(used, app)
    config.port = 0
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        assert not serving.done(), serving.exception()
        await asyncio.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await asyncio.wait_for(serving, 15)


@contextlib.asynccontextmanager
async def relaying(ports: Ports, database_url: str, redis_url: str) -> AsyncIterator[Relay]:
    """A real relay, active when this is entered."""
    redis = Redis.from_url(redis_url)
    relay = Relay(ports, database_url=database_url, redis=redis)
    running = asyncio.create_task(relay.run())
    try:
        async with asyncio.timeout(10):
            await relay.active.wait()
        yield relay
    finally:
        running.cancel()
        assert await asyncio.wait([running], timeout=10) == ({running}, set())
        await redis.aclose()
