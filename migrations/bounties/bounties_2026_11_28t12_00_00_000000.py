"""A moderator's hold is a hold, a restriction gives its reason, and what moderators let pass or looked into is kept."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-28T12:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "checks of what moderators decide"

STATEMENTS = (
    """
    ALTER TABLE bounty DROP CONSTRAINT bounty_held, ADD CONSTRAINT bounty_held CHECK ((held_at IS NOT NULL) =
        (held_findings <> '[]'::jsonb OR reference_findings <> '[]'::jsonb OR held_for_claim
            OR moderator_hold IS NOT NULL OR coalesce(review IN ('WAITING', 'REFUSED'), false)))
    """,
    """
    ALTER TABLE bounty_entry
        ADD CONSTRAINT bounty_entry_restriction CHECK (restriction IN ('HELD', 'BLOCKED')),
        ADD CONSTRAINT bounty_entry_restricted CHECK ((restriction IS NULL) = (restriction_reason IS NULL))
    """,
    """
    ALTER TABLE bounty_dealing_lift
        ADD CONSTRAINT bounty_dealing_lift_of_its_own
            FOREIGN KEY (bounty_id, entry_id) REFERENCES bounty_entry (bounty_id, id),
        ADD CONSTRAINT bounty_dealing_lift_moderator FOREIGN KEY (moderator_id) REFERENCES account (id)
    """,
    "CREATE TRIGGER bounty_dealing_lift_kept BEFORE UPDATE OR DELETE ON bounty_dealing_lift "
    "FOR EACH ROW EXECUTE FUNCTION bounty_record_is_kept()",
    "ALTER TABLE outcome_read ADD CONSTRAINT outcome_read_for_a_case CHECK ((case_id IS NULL) = (purpose IS NULL))",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="bounties", description=DESCRIPTION)

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
