"""The application: its routes, its life, and how a request becomes GraphQL."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import structlog
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Route, WebSocketRoute

from countenance import graphql, health, logs
from countenance.blob_endpoint import blob_endpoint
from countenance.blobs import BlobStore
from countenance.callers import Callers
from countenance.composition import compose
from countenance.execution import Executor
from countenance.feed import LiveFeed
from countenance.http import GraphQLEndpoint
from countenance.sessions import SessionWatch, refresh
from countenance.settings import Settings
from countenance.sharing import Subscriptions
from countenance.sockets import SocketEndpoint
from countenance.sse import EventStreamEndpoint
from domain.kernel.ports import Ports

log = structlog.get_logger(__name__)

Task = Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Parts:
    """What the application is made of. `opened` keeps connections open while it lives."""

    settings: Settings
    ports: Ports
    blobs: BlobStore
    redis: Redis
    opened: Callable[[], AbstractAsyncContextManager[None]]
    tasks: tuple[Task, ...] = ()


def create_app(settings: Settings) -> Starlette:
    """Make the application that a server runs, from settings alone."""
    logs.configure(production=settings.in_production, level=settings.log_level)
    composed = compose(settings)
    return application(
        Parts(settings, composed.ports, composed.blobs, composed.redis, composed.opened, (composed.follow_registry,))
    )


def application(parts: Parts) -> Starlette:
    """Make the application of its parts."""
    settings, ports = parts.settings, parts.ports
    callers = Callers(ports, public_url=settings.public_url, allowed_origins=settings.allowed_origins)
    executor = Executor(graphql.schema(), masks=settings.in_production, introspection=settings.introspection)
    feed = LiveFeed(settings.redis_url.get_secret_value(), refresh)
    watch = SessionWatch(ports)
    subscriptions = Subscriptions(executor, feed)
    streams = EventStreamEndpoint(executor, subscriptions, watch, feed)
    routes: list[BaseRoute] = [
        Route("/graphql", GraphQLEndpoint(executor, callers, feed, streams)),
        WebSocketRoute("/graphql", SocketEndpoint(executor, callers, subscriptions, watch, feed)),
        Route("/blobs/{key:path}", blob_endpoint(parts.blobs, callers.account_of), methods=["GET"]),
        *health.routes(health.Gates(parts.redis, ports.cluster)),
    ]
    tasks: tuple[Task, ...] = (feed.run, watch.run, *parts.tasks)
    app = Starlette(routes=routes, middleware=_middleware(settings), lifespan=_lifespan(parts, tasks))
    app.state.feed, app.state.ports = feed, ports
    return app


def _middleware(settings: Settings) -> list[Middleware]:
    """Let the pages of other origins call us only where the operator names them."""
    if not settings.allowed_origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=list(settings.allowed_origins),
            allow_credentials=True,
            allow_methods=["GET", "POST", "PATCH", "HEAD", "DELETE", "OPTIONS"],
            allow_headers=["authorization", "content-type", "tus-resumable", "upload-*"],
            expose_headers=["location", "tus-resumable", "upload-offset", "upload-length", "upload-expires"],
        )
    ]


def _lifespan(parts: Parts, tasks: tuple[Task, ...]) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with parts.opened():
            running = [asyncio.create_task(_kept(task)) for task in tasks]
            try:
                yield
            finally:
                for task in running:
                    task.cancel()
                await asyncio.wait(running)

    return lifespan


async def _kept(task: Task) -> None:
    """Run a background task for ever; one that fails is said so and started again."""
    while True:
        try:
            await task()
        except Exception:
            log.exception("a background task failed; starting it again", task=getattr(task, "__qualname__", ""))
        await asyncio.sleep(1)
