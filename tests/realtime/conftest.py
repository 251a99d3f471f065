"""The live parts: a real server on a free port, and a relay."""

from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette

from countenance.relay import Relay
from countenance.settings import Settings
from domain.kernel.ports import Ports
from tests import serving
from tests.api.conftest import app, client, settings

__all__ = ["app", "client", "settings"]


@pytest.fixture
async def relay(ports: Ports, database_url: str, redis_url: str) -> AsyncIterator[Relay]:
    """The one relay."""
    async with serving.relaying(ports, database_url, redis_url) as running:
        yield running


@pytest.fixture
async def url(app: Starlette, settings: Settings) -> AsyncIterator[str]:
    """The address of a real server."""
    async with serving.served(app, settings) as address:
        yield address
