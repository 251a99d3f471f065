"""A bounty is held for what its pictures show, too; each copy that is shown is of a picture of the same bounty."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-22T14:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "reference pictures hold, and are drawn once"

STATEMENTS = (
    """
    ALTER TABLE bounty DROP CONSTRAINT bounty_held, ADD CONSTRAINT bounty_held CHECK ((held_at IS NOT NULL) =
        (held_findings <> '[]'::jsonb OR reference_findings <> '[]'::jsonb OR held_for_claim
            OR coalesce(review IN ('WAITING', 'REFUSED'), false)))
    """,
    "CREATE INDEX bounty_reference_of ON bounty_reference (bounty_id)",
    "ALTER TABLE bounty_reference ADD CONSTRAINT bounty_reference_file FOREIGN KEY (file_id) REFERENCES stored_file (id)",
    "ALTER TABLE bounty_reference ADD CONSTRAINT bounty_reference_size CHECK (width > 0 AND height > 0)",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="bounties", description=DESCRIPTION)

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
