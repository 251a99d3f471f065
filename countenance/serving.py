"""The server process: uvicorn on uvloop, bound to the settings' address."""

import uvicorn
from starlette.applications import Starlette

from countenance.asgi import create_app
from countenance.hosts import warn_of_defaults
from countenance.http import MAX_BODY
from countenance.settings import Settings


def configuration(settings: Settings, app: Starlette) -> uvicorn.Config:
    """Say how the server runs."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="auto",  # httptools where it is installed, else h11
        ws="websockets-sansio",
        ws_max_size=MAX_BODY,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        ws_per_message_deflate=False,  # it would compress each live event once for every subscriber
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=3,
        lifespan="on",
    )


def serve(settings: Settings) -> None:
    """Serve until a signal comes."""
    warn_of_defaults(settings)
    uvicorn.Server(configuration(settings, create_app(settings))).run()
