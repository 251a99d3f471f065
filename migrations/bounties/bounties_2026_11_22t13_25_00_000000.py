"""What the database holds to be true of held bounties and their reviews, and what finds those that are held."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-22T13:25:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "held bounties: constraints, indexes, and what was listed before"

STATEMENTS = (
    "ALTER TABLE bounty_review ADD CONSTRAINT bounty_review_moderator FOREIGN KEY (moderator_id) "
    "REFERENCES account (id)",
    "ALTER TABLE bounty_review ADD CONSTRAINT bounty_review_decision CHECK (decision IN ('LIST', 'REFUSE'))",
    "CREATE TRIGGER bounty_review_kept BEFORE UPDATE OR DELETE ON bounty_review "
    "FOR EACH ROW EXECUTE FUNCTION bounty_record_is_kept()",
    "CREATE INDEX bounty_review_of ON bounty_review (bounty_id, id)",
    # Everything that was opened by an earlier release was listed at once.
    "UPDATE bounty SET listed_at = created_at",
    "ALTER TABLE bounty ADD CONSTRAINT bounty_review_state CHECK (review IN ('WAITING', 'LISTED', 'REFUSED'))",
    # Held is what anything speaks against, and nothing else is.
    """
    ALTER TABLE bounty ADD CONSTRAINT bounty_held CHECK ((held_at IS NOT NULL) =
        (held_findings <> '[]'::jsonb OR held_for_claim OR coalesce(review IN ('WAITING', 'REFUSED'), false)))
    """,
    "CREATE INDEX bounty_held_since ON bounty (held_at, id) WHERE held_at IS NOT NULL",
    "CREATE INDEX bounty_to_review ON bounty (id) WHERE review = 'WAITING'",
    # The notes that a change of the registry may touch.
    "CREATE INDEX bounty_entry_noted ON bounty_entry (id) WHERE note <> '' AND status <> 'WITHDRAWN'",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="bounties", description=DESCRIPTION)

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
