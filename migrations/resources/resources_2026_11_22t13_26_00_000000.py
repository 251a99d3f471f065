"""How far everything stored was judged is carried over to the sweeps; the row keeps what was announced."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-22T13:26:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "sweeps in place of one number"

STATEMENTS = (
    "INSERT INTO sweep (name, done) SELECT name, applied FROM revalidation CROSS JOIN (VALUES ('files'), ('resources')) v (name)",
    "ALTER TABLE revalidation DROP CONSTRAINT revalidation_one_row",
    "ALTER TABLE revalidation ADD CONSTRAINT revalidation_one_row CHECK (id = 1)",
)


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="resources", description=DESCRIPTION
    )

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)

    manager.drop_column(
        table_class_name="RevalidationRow",
        tablename="revalidation",
        column_name="applied",
        db_column_name="applied",
        schema=None,
    )

    return manager
