"""A resource can be held for a claim that is not decided yet."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-22T11:52:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "a resource can be held for a claim"

STATEMENTS = (
    "ALTER TABLE resource DROP CONSTRAINT resource_cause",
    """
    ALTER TABLE resource
        ADD CONSTRAINT resource_cause CHECK (cause IN ('SCAN', 'OWNER', 'MODERATOR', 'CLAIM')),
        ADD CONSTRAINT resource_held_for_claim CHECK (cause <> 'CLAIM' OR status = 'HELD')
    """,
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="resources", description=DESCRIPTION)

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
