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
from countenance.case_files import CaseFileEndpoint
from countenance.claim_page import ClaimPage
from countenance.composition import compose
from countenance.crowds import Crowd
from countenance.ending import end_if_asked
from countenance.execution import Executor
from countenance.feed import LiveFeed
from countenance.http import GraphQLEndpoint
from countenance.intake import IntakeEndpoint
from countenance.sessions import SessionWatch, refresh
from countenance.settings import Settings
from countenance.sharing import Subscriptions
from countenance.sockets import SocketEndpoint
from countenance.spool import Spool
from countenance.sse import EventStreamEndpoint
from countenance.tus import TusEndpoint
from countenance.vault.endpoint import VaultEndpoint
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


@dataclass(frozen=True, slots=True)
class Timing:
    """How patient the live transports are, in seconds."""

    init: float = 10.0
    """A socket must send `connection_init` within this."""
    heartbeat: float = 12.0
    """An event stream says at least so often that it lives."""
    poll: float = 1.0
    """A process looks at the event log so often without being nudged."""
    session: float = 1.0
    """The sessions of open connections are looked after so often."""


def create_app(settings: Settings) -> Starlette:
    """Make the application that a server runs, from settings alone."""
    logs.configure(production=settings.in_production, level=settings.log_level)
    composed = compose(settings)
    return application(Parts(settings, composed.ports, composed.blobs, composed.redis, composed.opened))


def application(parts: Parts, timing: Timing | None = None) -> Starlette:
    """Make the application of its parts."""
    timing = timing or Timing()
    settings, ports = parts.settings, parts.ports
    callers = Callers(ports, public_url=settings.public_url, allowed_origins=settings.allowed_origins)
    executor = Executor(graphql.schema(), masks=settings.in_production, introspection=settings.introspection)
    feed = LiveFeed(settings.redis_url.get_secret_value(), refresh, poll_seconds=timing.poll)
    watch = SessionWatch(ports, seconds=timing.session)
    networks, subscribers = _crowds(settings)
    subscriptions = Subscriptions(executor, feed, subscribers, places=settings.database_connections // 2)
    streams = EventStreamEndpoint(
        executor, subscriptions, watch, feed, networks=networks, heartbeat_seconds=timing.heartbeat
    )
    sockets = SocketEndpoint(executor, callers, subscriptions, watch, feed, networks=networks, init_seconds=timing.init)
    uploads = TusEndpoint(Spool(settings.upload_folder), callers.scope)
    routes: list[BaseRoute] = [
        Route("/graphql", GraphQLEndpoint(executor, callers, feed, streams)),
        WebSocketRoute("/graphql", sockets),
        Route("/blobs/{key:path}", blob_endpoint(parts.blobs, callers.account_of), methods=["GET"]),
        Route("/intake/email", IntakeEndpoint(ports, _secret(settings), settings.mail_from).take, methods=["POST"]),
        Route("/cases/reads/{read_id}", CaseFileEndpoint(ports, callers.scope).read, methods=["GET"]),
        ClaimPage().route(),
        *VaultEndpoint(ports, callers.scope).routes(),
        *uploads.routes(),
        *health.routes(health.Gates(parts.redis, ports.cluster, ports.registry)),
    ]
    tasks: tuple[Task, ...] = (feed.run, watch.run, uploads.sweep_for_ever, parts.blobs.sweep_for_ever, *parts.tasks)
    app = Starlette(routes=routes, middleware=_middleware(settings), lifespan=_lifespan(parts, tasks))
    app.state.feed, app.state.subscriptions, app.state.uploads = feed, subscriptions, uploads
    return app


def _crowds(settings: Settings) -> tuple[Crowd, Crowd]:
    """Count the live connections of each network, and the subscriptions of each caller."""
    return (
        Crowd(
            settings.connections_per_network,
            "At most {most} live connections may be open from one network: close some first.",
        ),
        Crowd(
            settings.subscriptions_per_caller,
            "At most {most} subscriptions may run at once for one account, or one network where nobody is signed in: "
            "complete some first.",
        ),
    )


def _secret(settings: Settings) -> str | None:
    return settings.intake_secret.get_secret_value() if settings.intake_secret else None


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
            allow_headers=[
                "authorization",
                "content-type",
                "tus-resumable",
                "upload-checksum",
                "upload-length",
                "upload-metadata",
                "upload-offset",
            ],
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
            end_if_asked()
        except Exception:
            end_if_asked()
            log.exception("a background task failed; starting it again", task=getattr(task, "__qualname__", ""))
        await asyncio.sleep(1)
