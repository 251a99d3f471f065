"""The API as its clients see it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from countenance.settings import Settings
from domain.kernel.ports import Ports
from tests import serving
from tests.serving import Api


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    """Settings of a production server whose services are the tests' own."""
    return serving.settings(database_url, redis_url, tmp_path)


@pytest.fixture
async def app(settings: Settings, ports: Ports) -> AsyncIterator[Starlette]:
    """The real application on an empty database and the test's ports."""
    async with serving.app_of(settings, ports) as made:
        yield made


@pytest.fixture
async def client(app: Starlette) -> AsyncIterator[Api]:
    """A client of it: `await client.data("{ viewer { handle } }", token=…)`."""
    async with serving.api_of(app) as api:
        yield api
