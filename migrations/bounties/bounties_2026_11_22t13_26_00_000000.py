"""The words of a bounty are kept beside it, and every script's words are found."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-22T13:26:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "text search of bounties in every script, and with misspellings"

STATEMENTS = (
    """
    ALTER TABLE bounty ADD COLUMN words tsvector
        GENERATED ALWAYS AS (to_tsvector('simple', search_spaced(title || ' ' || brief))) STORED
    """,
    "DROP INDEX bounty_text",
    "CREATE INDEX bounty_words ON bounty USING gin (words)",
    # What is public already; later bounties are learnt from when they are told.
    "SELECT search_learn(words) FROM bounty ORDER BY id",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="bounties", description=DESCRIPTION)

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
