"""The live parts: a real server on a free port, and a relay."""

from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette

from countenance.asgi import Timing
from countenance.relay import Relay
from countenance.settings import Settings
from domain.kernel.ids import BountyId
from domain.kernel.ports import Ports
from tests import serving
from tests.api.conftest import client, settings
from tests.realtime import world

__all__ = ["client", "settings"]


@pytest.fixture
def timing() -> Timing:
    """Less patience than in production, so that the tests are quick."""
    return Timing(init=0.5, heartbeat=0.2, poll=0.5, session=0.1)


@pytest.fixture
async def app(settings: Settings, ports: Ports, timing: Timing) -> AsyncIterator[Starlette]:
    """The real application on an empty database and the test's ports."""
    async with serving.app_of(settings, ports, timing) as made:
        yield made


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


@pytest.fixture
async def live_app(app: Starlette, url: str) -> Starlette:
    """The application while it is served, for tests that look inside."""
    return app


@pytest.fixture
async def bounty(ports: Ports) -> BountyId:
    """An open bounty, whose opening nobody has relayed yet unless a relay runs."""
    return await world.open_bounty(ports)
