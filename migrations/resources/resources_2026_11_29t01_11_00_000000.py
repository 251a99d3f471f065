"""What a moderator holds is not published."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-29T01:11:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "a check of what moderators decide about resources"

STATEMENTS = (
    "ALTER TABLE resource ADD CONSTRAINT resource_moderator_hold"
    " CHECK (moderator_hold IS NULL OR status IN ('HELD', 'BLOCKED', 'REMOVED'))",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="resources", description=DESCRIPTION)

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
