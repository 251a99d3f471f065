"""The server of the fan-out bench, in a process of its own: our transport, and Strawberry's beside it.

    python -m benchmarks.served uvicorn|granian

It reads its settings from the environment, serves both transports on one free port, relays, and prints the port.
"""

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server
from starlette.applications import Starlette
from starlette.routing import Mount
from strawberry.asgi import GraphQL

from countenance import graphql
from countenance.asgi import Parts, application
from countenance.composition import compose
from countenance.relay import Relay
from countenance.serving import configuration
from countenance.settings import Settings, load
from domain.kernel.scope import Scope
from schema.context import Context


class Native(GraphQL[Any, Any]):
    """Strawberry's own view on the same schema: every subscriber is executed and encoded by itself."""

    def __init__(self, ours: Starlette, nobody: Scope) -> None:
        super().__init__(graphql.schema(), subscription_protocols=["graphql-transport-ws"])
        self._ours, self._nobody = ours, nobody

    async def get_context(self, request: Any, response: Any) -> Context:
        """Give the same feed."""
        return Context(self._nobody, self._ours.state.feed)


def app(settings: Settings) -> Starlette:
    """Make both applications, and a relay that runs beside them."""
    composed = compose(settings)

    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[None]:
        async with composed.opened():
            yield

    relay = Relay(composed.ports, database_url=settings.database_url.get_secret_value(), redis=composed.redis)
    ours = application(Parts(settings, composed.ports, composed.blobs, composed.redis, opened, (relay.run,)))
    ours.router.routes.append(Mount("/native", Native(ours, Scope(composed.ports))))
    return ours


def main() -> None:
    """Serve until killed."""
    settings, server = load(), sys.argv[1]
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    port = bound.getsockname()[1]
    print(port, flush=True)
    if server == "uvicorn":
        config = configuration(settings, app(settings))
        config.ws_ping_interval = None  # the bench's clients don't answer
        uvicorn.Server(config).run(sockets=[bound])
        return
    bound.close()  # granian binds by itself
    made = Server(app(settings), port=port, interface=Interfaces.ASGI, websockets=True)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(made.serve())


if __name__ == "__main__":
    main()
