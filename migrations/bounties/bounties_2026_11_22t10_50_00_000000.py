"""What the database itself holds to be true of bounties, and the indexes of their lists."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-22T10:50:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "constraints, indexes and the finality of bounties"

STATEMENTS = (
    # References into the contexts below.
    "ALTER TABLE bounty ADD CONSTRAINT bounty_initiator FOREIGN KEY (initiator_id) REFERENCES account (id)",
    "ALTER TABLE bounty_pledge ADD CONSTRAINT bounty_pledge_backer FOREIGN KEY (backer_id) REFERENCES account (id)",
    "ALTER TABLE bounty_entry ADD CONSTRAINT bounty_entry_author FOREIGN KEY (author_id) REFERENCES account (id)",
    "ALTER TABLE bounty_entry ADD CONSTRAINT bounty_entry_published "
    "FOREIGN KEY (published_resource_id) REFERENCES resource (id)",
    "ALTER TABLE bounty_step ADD CONSTRAINT bounty_step_actor FOREIGN KEY (actor_id) REFERENCES account (id)",
    "ALTER TABLE outcome_read ADD CONSTRAINT outcome_read_account FOREIGN KEY (account_id) REFERENCES account (id)",
    # What a row may say.
    "ALTER TABLE bounty ADD CONSTRAINT bounty_kind CHECK (kind IN ('CHECKPOINT', 'LORA', 'EMBEDDING', 'IMAGE'))",
    "ALTER TABLE bounty ADD CONSTRAINT bounty_status "
    "CHECK (status IN ('OPEN', 'JUDGING', 'AWARDED', 'REFUNDED', 'CANCELLED'))",
    "ALTER TABLE bounty ADD CONSTRAINT bounty_pot CHECK (pot BETWEEN 0 AND 1000000000 AND backer_count >= 0)",
    "ALTER TABLE bounty ADD CONSTRAINT bounty_times CHECK (created_at < closes_at AND closes_at < judged_by)",
    "ALTER TABLE bounty ADD CONSTRAINT bounty_never_mature_person CHECK (NOT (mature AND depicts_real_person))",
    "ALTER TABLE bounty ADD CONSTRAINT bounty_awarded CHECK ((status = 'AWARDED') = (awarded_entry_id IS NOT NULL))",
    "ALTER TABLE bounty_pledge ADD CONSTRAINT bounty_pledge_amount CHECK (amount > 0)",
    "ALTER TABLE bounty_entry ADD CONSTRAINT bounty_entry_status "
    "CHECK (status IN ('DRAFT', 'SCANNING', 'HELD', 'ACCEPTED', 'BLOCKED', 'WITHDRAWN'))",
    "ALTER TABLE bounty_entry ADD CONSTRAINT bounty_entry_submitted "
    "CHECK (status IN ('DRAFT', 'WITHDRAWN') OR submitted_at IS NOT NULL)",
    # A bounty is awarded to an entry of its own, and to nothing else.
    "ALTER TABLE bounty_entry ADD CONSTRAINT bounty_entry_of UNIQUE (bounty_id, id)",
    "ALTER TABLE bounty ADD CONSTRAINT bounty_awarded_entry "
    "FOREIGN KEY (id, awarded_entry_id) REFERENCES bounty_entry (bounty_id, id)",
    # AWARDED, REFUNDED and CANCELLED are final, whoever writes.
    """
    CREATE FUNCTION bounty_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'bounty % is %: it has ended and does not change', OLD.id, OLD.status;
    END
    $$
    """,
    """
    CREATE TRIGGER bounty_final BEFORE UPDATE OF status, pot, awarded_entry_id ON bounty FOR EACH ROW
    WHEN (OLD.status IN ('AWARDED', 'REFUNDED', 'CANCELLED')
          AND (OLD.status, OLD.pot, OLD.awarded_entry_id) IS DISTINCT FROM (NEW.status, NEW.pot, NEW.awarded_entry_id))
    EXECUTE FUNCTION bounty_is_final()
    """,
    # Pledges, history and what was given out are kept as they were written.
    """
    CREATE FUNCTION bounty_record_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% only grows: its rows are neither changed nor deleted', TG_TABLE_NAME;
    END
    $$
    """,
    "CREATE TRIGGER bounty_pledge_kept BEFORE UPDATE OR DELETE ON bounty_pledge "
    "FOR EACH ROW EXECUTE FUNCTION bounty_record_is_kept()",
    "CREATE TRIGGER bounty_step_kept BEFORE UPDATE OR DELETE ON bounty_step "
    "FOR EACH ROW EXECUTE FUNCTION bounty_record_is_kept()",
    "CREATE TRIGGER outcome_read_kept BEFORE UPDATE OR DELETE ON outcome_read "
    "FOR EACH ROW EXECUTE FUNCTION bounty_record_is_kept()",
    # Keysets of the three orders, deadlines, text, and what is read by its parent.
    "CREATE INDEX bounty_closing ON bounty (closes_at, id)",
    "CREATE INDEX bounty_largest ON bounty (pot DESC, id DESC)",
    "CREATE INDEX bounty_by_initiator ON bounty (initiator_id, id DESC)",
    "CREATE INDEX bounty_to_close ON bounty (closes_at) WHERE status = 'OPEN'",
    "CREATE INDEX bounty_to_refund ON bounty (judged_by) WHERE status = 'JUDGING'",
    "CREATE INDEX bounty_text ON bounty USING gin (to_tsvector('simple', title || ' ' || brief))",
    "CREATE INDEX bounty_pledge_of ON bounty_pledge (bounty_id, id)",
    "CREATE INDEX bounty_entry_by_author ON bounty_entry (author_id, bounty_id)",
    "CREATE INDEX bounty_entry_submitted_at ON bounty_entry (submitted_at) WHERE submitted_at IS NOT NULL",
    "CREATE UNIQUE INDEX bounty_entry_publishes ON bounty_entry (published_resource_id) "
    "WHERE published_resource_id IS NOT NULL",
    "CREATE INDEX bounty_step_of ON bounty_step (bounty_id, id)",
    "CREATE INDEX outcome_read_of ON outcome_read (entry_id, id)",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="bounties", description=DESCRIPTION)

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
