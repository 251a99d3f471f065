"""What the database itself holds to be true of awards, and the grants of the bounties that were awarded before."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-22T13:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "awards are whole, and kept"

STATEMENTS = (
    # An award is of an entry of the same bounty, and of something.
    "ALTER TABLE bounty_award ADD CONSTRAINT bounty_award_of_its_own "
    "FOREIGN KEY (bounty_id, entry_id) REFERENCES bounty_entry (bounty_id, id)",
    "ALTER TABLE bounty_award ADD CONSTRAINT bounty_award_share CHECK (percent BETWEEN 1 AND 100 AND amount > 0)",
    "CREATE INDEX bounty_award_of ON bounty_award (bounty_id)",
    "ALTER TABLE bounty_self_dealing ADD CONSTRAINT bounty_self_dealing_of_its_own "
    "FOREIGN KEY (bounty_id, entry_id) REFERENCES bounty_entry (bounty_id, id)",
    "ALTER TABLE bounty_self_dealing ADD CONSTRAINT bounty_self_dealing_actor "
    "FOREIGN KEY (actor_id) REFERENCES account (id)",
    "ALTER TABLE bounty ADD CONSTRAINT bounty_reminders CHECK (reminders BETWEEN 0 AND 2)",
    "CREATE INDEX bounty_stopped ON bounty (payouts_stopped_at) WHERE payouts_stopped_at IS NOT NULL",
    # Until now every award was of a whole pot, to one entry.
    """
    INSERT INTO bounty_award (id, bounty_id, entry_id, percent, amount, awarded_at)
    SELECT gen_random_uuid(), bounty.id, bounty.awarded_entry_id, 100, bounty.pot,
           coalesce((SELECT max(step.at) FROM bounty_step step WHERE step.bounty_id = bounty.id AND step.step = 'AWARD'),
                    bounty.judged_by)
    FROM bounty WHERE bounty.status = 'AWARDED'
    """,
    # Who has a grant has it for ever.
    "CREATE TRIGGER bounty_award_kept BEFORE UPDATE OR DELETE ON bounty_award "
    "FOR EACH ROW EXECUTE FUNCTION bounty_record_is_kept()",
    "CREATE TRIGGER bounty_self_dealing_kept BEFORE UPDATE OR DELETE ON bounty_self_dealing "
    "FOR EACH ROW EXECUTE FUNCTION bounty_record_is_kept()",
    # At commit, an awarded bounty has given away the whole of its pot, and one that is not has given away nothing.
    """
    CREATE FUNCTION bounty_awards_are_whole() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        asked uuid;
        awarded boolean;
        whole boolean;
    BEGIN
        IF TG_TABLE_NAME = 'bounty' THEN
            asked := NEW.id;
        ELSE
            asked := NEW.bounty_id;
        END IF;
        SELECT bounty.status = 'AWARDED',
               (SELECT coalesce(sum(percent) = 100 AND sum(amount) = bounty.pot
                                AND bool_or(entry_id = bounty.awarded_entry_id), false)
                FROM bounty_award WHERE bounty_id = bounty.id)
        INTO awarded, whole FROM bounty WHERE id = asked;
        IF NOT (awarded AND whole) THEN
            RAISE EXCEPTION 'the awards of bounty % are not the whole of its pot', asked
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE CONSTRAINT TRIGGER bounty_awards_whole AFTER UPDATE OF status ON bounty
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.status = 'AWARDED' AND OLD.status <> 'AWARDED')
    EXECUTE FUNCTION bounty_awards_are_whole()
    """,
    """
    CREATE CONSTRAINT TRIGGER bounty_award_whole AFTER INSERT ON bounty_award
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bounty_awards_are_whole()
    """,
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="bounties", description=DESCRIPTION)

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
