"""The clock's indexes: pictures that are still to be drawn from, and files that lie in the clear from before."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-22T13:53:41:127000"
VERSION = "1.38.0"
DESCRIPTION = "pictures and files of entries that wait"

STATEMENTS = (
    "CREATE INDEX stored_file_to_draw ON stored_file (id) WHERE holder_kind = 'preview' AND blob_key <> ''",
    "CREATE INDEX stored_file_to_seal ON stored_file (id) WHERE holder_kind = 'entry' AND vault_key_id IS NULL",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="resources", description=DESCRIPTION)

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
