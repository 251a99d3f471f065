"""A resource that is held for a claim may be blocked meanwhile, and is held for the claim again afterwards."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-22T13:40:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "what is held for a claim may be blocked meanwhile"

STATEMENTS = (
    """
    ALTER TABLE resource DROP CONSTRAINT resource_held_for_claim,
        ADD CONSTRAINT resource_held_for_claim CHECK (cause <> 'CLAIM' OR status IN ('HELD', 'BLOCKED'))
    """,
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="resources", description=DESCRIPTION)

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
