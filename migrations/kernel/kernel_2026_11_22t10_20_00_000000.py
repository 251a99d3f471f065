"""Indexes of the event log, and the one row of its state."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-22T10:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "indexes and state of the event log"

STATEMENTS = (
    "CREATE INDEX fact_unnumbered ON fact (id) WHERE feed_no IS NULL",
    "CREATE INDEX fact_unreacted ON fact (feed_no) WHERE reacted_at IS NULL AND feed_no IS NOT NULL",
    "CREATE UNIQUE INDEX feed_topic_no ON feed (topic, no)",
    "CREATE INDEX feed_no ON feed (no)",
    "INSERT INTO feed_state (id, epoch) VALUES (1, gen_random_uuid())",
    "ALTER TABLE feed_state ADD CONSTRAINT feed_state_one_row CHECK (id = 1)",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="kernel", description=DESCRIPTION)

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
