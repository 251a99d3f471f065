"""Checks and indexes of kept e-mails and of letters that were given up."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-29T01:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "checks and indexes of kept e-mails and of letters that were given up"

STATEMENTS = (
    """
    ALTER TABLE intake_message
        ADD CONSTRAINT intake_message_dealt_by FOREIGN KEY (dealt_by) REFERENCES account (id),
        ADD CONSTRAINT intake_message_dealt
            CHECK (dealt_at IS NULL OR (problem IS NOT NULL AND dealt_by IS NOT NULL))
    """,
    "DROP INDEX intake_message_problem",
    "CREATE INDEX intake_message_waiting ON intake_message (id) WHERE problem IS NOT NULL AND dealt_at IS NULL",
    "CREATE INDEX intake_message_claim ON intake_message (claim_id, id) WHERE claim_id IS NOT NULL",
    "CREATE INDEX intake_message_blob ON intake_message (id) WHERE blob_key IS NOT NULL",
    "UPDATE claim_letter SET body = '' WHERE given_up_at IS NOT NULL AND body <> ''",
    "CREATE INDEX claim_letter_given_up ON claim_letter (claim_id) WHERE given_up_at IS NOT NULL",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="likeness", description=DESCRIPTION)

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
