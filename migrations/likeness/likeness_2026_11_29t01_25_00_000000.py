"""Indexes by which claims, their holds and their letters are counted within a day."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-29T01:25:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "indexes of what is counted within a day"

STATEMENTS = (
    "CREATE INDEX likeness_claim_network ON likeness_claim (network_mark, allowed_at)",
    "CREATE INDEX likeness_claim_contact ON likeness_claim (contact_email, allowed_at)",
    "CREATE INDEX claim_letter_recipient ON claim_letter (recipient, created_at)",
    "ALTER TABLE likeness_claim ADD CONSTRAINT likeness_claim_holds CHECK (holds_allowed BETWEEN 0 AND 100)",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="likeness", description=DESCRIPTION)

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
