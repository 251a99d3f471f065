"""A bounty holds reference pictures."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-22T14:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "a bounty holds reference pictures"

STATEMENTS = (
    *(
        f"""
        ALTER TABLE {table} DROP CONSTRAINT {table}_holder,
            ADD CONSTRAINT {table}_holder CHECK (holder_kind IN ('resource', 'sample', 'entry', 'preview', 'reference'))
        """
        for table in ("stored_file", "upload")
    ),
    "CREATE INDEX stored_reference ON stored_file (id) WHERE holder_kind = 'reference' AND blob_key <> ''",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="resources", description=DESCRIPTION)

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
