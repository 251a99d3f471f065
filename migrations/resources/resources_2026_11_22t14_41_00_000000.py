"""Of every file it is written down whether it is a picture; only an entry's may be one thing or the other."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-22T14:41:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "which files are pictures"

STATEMENTS = tuple(
    statement
    for table in ("stored_file", "upload")
    for statement in (
        f"UPDATE {table} SET picture = true WHERE holder_kind IN ('sample', 'preview', 'reference')",
        # What an entry holds follows from what its bounty asks for; every other holder holds one kind of file.
        f"""
        ALTER TABLE {table} ADD CONSTRAINT {table}_picture
            CHECK (holder_kind = 'entry' OR picture = (holder_kind <> 'resource'))
        """,
    )
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="resources", description=DESCRIPTION)

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
