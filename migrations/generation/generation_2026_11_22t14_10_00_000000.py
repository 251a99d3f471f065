"""What is withheld belongs to a job."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-22T14:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "pictures are withheld with their job"

STATEMENTS = (
    """
    ALTER TABLE generation_withheld
        ADD CONSTRAINT generation_withheld_job FOREIGN KEY (id) REFERENCES generation_job (id) ON DELETE CASCADE
    """,
    "ALTER TABLE generation_withheld ADD CONSTRAINT generation_withheld_why CHECK (jsonb_array_length(findings) > 0)",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="generation", description=DESCRIPTION)

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
