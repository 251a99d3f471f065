"""The worker's own address: whether it lives, and its figures for Prometheus."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import structlog
import uvicorn
from starlette.applications import Starlette

from countenance import health

log = structlog.get_logger(__name__)

_AGAIN_SECONDS = 30.0
_GRACE_SECONDS = 1


class _Server(uvicorn.Server):
    """A server inside a worker, which listens for signals itself."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the worker."""
        yield


async def tell_for_ever(host: str, port: int) -> None:
    """Serve `/health` and `/metrics` until cancelled; while the port is taken, say so and try again."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    while True:
        try:
            listening = socket.create_server((host, port), family=family)
        except OSError as error:
            log.warning(
                "the worker can't give its figures here; COUNTENANCE_WORK_PORT chooses another port, empty for none",
                host=host,
                port=port,
                reason=str(error),
            )
            await asyncio.sleep(_AGAIN_SECONDS)
            continue
        await _serve(listening)


async def _serve(listening: socket.socket) -> None:
    """Serve on a socket, and close it in good order when cancelled."""
    server = _Server(
        uvicorn.Config(
            Starlette(routes=health.worker_routes()),
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await serving
