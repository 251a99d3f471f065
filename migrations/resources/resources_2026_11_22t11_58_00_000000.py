"""A resource has sample pictures, and a scan keeps the faces in one, sealed."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Bytea
from piccolo.columns.indexes import IndexMethod
from piccolo.engine import engine_finder

ID = "2026-11-22T11:58:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "sample pictures and their faces"

STATEMENTS = tuple(
    f"""
    ALTER TABLE {table} DROP CONSTRAINT {table}_holder,
        ADD CONSTRAINT {table}_holder CHECK (holder_kind IN ('resource', 'sample', 'entry'))
    """
    for table in ("stored_file", "upload")
)


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="resources", description=DESCRIPTION
    )

    manager.add_column(
        table_class_name="ScanRow",
        tablename="scan",
        column_name="faces",
        db_column_name="faces",
        column_class_name="Bytea",
        column_class=Bytea,
        params={
            "default": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
