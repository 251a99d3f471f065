"""The database: Piccolo's engine, the apps whose migrations make it, and the pool's life."""

import contextlib
import io
from collections.abc import AsyncIterator

from piccolo.apps.migrations.commands.base import BaseMigrationManager
from piccolo.apps.migrations.commands.forwards import run_forwards
from piccolo.conf.apps import AppRegistry
from piccolo.engine.postgres import PostgresEngine

CONTEXTS = (
    "kernel",
    "reasons",
    "accounts",
    "ledger",
    "resources",
    "likeness",
    "bounties",
    "reports",
    "generation",
    "moderation",
)

APP_REGISTRY = AppRegistry(apps=[f"domain.{context}.piccolo_app" for context in CONTEXTS])


class _Engine(PostgresEngine):
    """Piccolo's engine, made before it is known where to connect to.

    Piccolo asks the server for its version while the engine is constructed, which would be at import; the version is
    pinned by the deployment instead.
    """

    async def check_version(self) -> None:
        """Ask nothing: at import there is nobody to ask."""


DB: PostgresEngine = _Engine(config={})
"""The one engine of the process; `configure` says where it connects to."""


class MigrationFailed(Exception):
    """The database could not be brought to this release's schema; the message says where it stopped."""


def configure(database_url: str) -> None:
    """Point the engine at a database, such as `postgresql://user@host:5432/name`."""
    DB.config.clear()
    DB.config["dsn"] = database_url


@contextlib.asynccontextmanager
async def pool(database_url: str, *, min_size: int = 2, max_size: int = 10) -> AsyncIterator[PostgresEngine]:
    """Keep a connection pool open. Piccolo without one opens a connection for each query."""
    configure(database_url)
    await DB.start_connection_pool(min_size=min_size, max_size=max_size)
    try:
        yield DB
    finally:
        await DB.close_connection_pool()


async def migrate(database_url: str) -> None:
    """Bring the database to this release's schema. Raises MigrationFailed."""
    configure(database_url)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        result = await run_forwards("all")
    if not result.success:
        raise MigrationFailed(f"The migrations stopped: {result.message or said.getvalue().strip()[-300:]}")


async def missing_migrations() -> list[str]:
    """Name the migrations of this release that the database has not run. The pool must be open."""
    asked = DB.pool
    if asked is None or not await asked.fetchval("SELECT to_regclass('migration') IS NOT NULL"):
        return ["all"]
    ran = {(row["app_name"], row["name"]) for row in await asked.fetch("SELECT app_name, name FROM migration")}
    reader = BaseMigrationManager()
    return [
        f"{app.app_name} {migration_id}"
        for app in APP_REGISTRY.app_configs.values()
        for migration_id in reader.get_migration_modules(app.resolved_migrations_folder_path)
        if (app.app_name, migration_id) not in ran
    ]
