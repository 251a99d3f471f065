"""What every test may ask for: a real Postgres and Valkey of the session's own, an empty database, ports, scopes."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
import uvloop
from piccolo.engine.postgres import PostgresEngine

os.environ["PICCOLO_CONF"] = "piccolo_conf"

from countenance import database
from domain.kernel.clock import HandClock
from domain.kernel.ports import Policy, Ports
from domain.kernel.scope import Actor, Scope
from tests import deadlines, fakes
from tests.services import start_postgres, start_valkey


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make chaos` try more than every run of the tests can."""
    parser.addoption(
        "--histories", type=int, default=60, help="how many random histories of bounties are lived through"
    )
    parser.addoption("--crashes", type=int, default=3, help="how many pairs of deeds race, and die, at random")


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run the tests on the loop that the product runs on."""
    return {"uvloop": uvloop.new_event_loop}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let no test wait for ever."""
    for item in items:
        deadlines.give(item)


@pytest.fixture(scope="session")
def services_folder() -> Iterator[Path]:
    """A short path, so that unix sockets fit."""
    with tempfile.TemporaryDirectory(prefix="cnt-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres_url(services_folder: Path) -> Iterator[str]:
    """A real Postgres server for the whole session."""
    server = start_postgres(services_folder)
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def redis_url(services_folder: Path) -> Iterator[str]:
    """A real Valkey server for the whole session."""
    server = start_valkey(services_folder)
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
async def database_url(postgres_url: str) -> str:
    """A database with this release's schema."""
    await database.migrate(postgres_url)
    return postgres_url


@pytest.fixture(scope="session")
async def open_pool(database_url: str) -> AsyncIterator[PostgresEngine]:
    """The process's connection pool."""
    async with database.pool(database_url, min_size=2, max_size=30) as engine:
        yield engine


@dataclass(frozen=True)
class Emptying:
    """How a database is emptied: only of what is in it, because most tests fill a few of the tables."""

    filled: str
    """The statement that names the tables that have rows."""
    numbered: Sequence[str]
    """The tables that number their rows; they begin again each time."""

    async def run(self, pool: asyncpg.Pool) -> None:
        """Empty every table but the migrations' own and the feed's state."""
        rows = await pool.fetch(self.filled)
        names = sorted({*(row["name"] for row in rows), *self.numbered})
        await pool.execute(f"TRUNCATE {', '.join(names)} RESTART IDENTITY CASCADE")
        await pool.execute("UPDATE feed_state SET last_no = 0, floor_no = 0")


@pytest.fixture(scope="session")
async def emptying(open_pool: PostgresEngine) -> Emptying:
    """How the session's database is emptied."""
    assert open_pool.pool is not None
    rows = await open_pool.pool.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ('migration', 'feed_state')"
    )
    numbered = await open_pool.pool.fetch(
        "SELECT DISTINCT table_name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND table_name NOT IN ('migration', 'feed_state') AND column_default LIKE 'nextval(%'"
    )
    filled = " UNION ALL ".join(
        f'SELECT \'"{name}"\' AS name WHERE EXISTS (SELECT FROM "{name}")'  # noqa: S608 - the schema's own names
        for (name,) in rows
    )
    return Emptying(filled, [f'"{name}"' for (name,) in numbered])


@pytest.fixture
async def db(open_pool: PostgresEngine, emptying: Emptying) -> asyncpg.Pool:
    """The pool, on an empty database."""
    assert open_pool.pool is not None
    await emptying.run(open_pool.pool)
    return open_pool.pool


@pytest.fixture
def histories(request: pytest.FixtureRequest) -> int:
    """How many random histories to live through."""
    return int(request.config.getoption("--histories"))


@pytest.fixture
def crashes(request: pytest.FixtureRequest) -> int:
    """How many random crashes to survive."""
    return int(request.config.getoption("--crashes"))


@pytest.fixture
def clock() -> HandClock:
    """A clock that stands at the real time until a test turns it."""
    return HandClock(datetime.now(UTC))


@pytest.fixture
def ports(db: asyncpg.Pool, clock: HandClock, tmp_path: Path) -> Ports:
    """Ports with loud stand-ins for what a test of one context does not need; replace what it does."""
    return fakes.ports(clock=clock, folder=tmp_path, policy=Policy())


@pytest.fixture
def nobody(ports: Ports) -> Scope:
    """The scope of someone who is not signed in."""
    return Scope(ports=ports, address="127.0.0.1")


@pytest.fixture
def system(ports: Ports) -> Scope:
    """The scope of the product itself."""
    return Scope.of_system(ports)


@pytest.fixture
def acting(nobody: Scope) -> Callable[[Actor], Scope]:
    """Make the scope of a signed-in account."""
    return nobody.as_
