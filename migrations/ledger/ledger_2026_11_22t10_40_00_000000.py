"""The ledger's laws, kept by the database itself.

Balances move by postings alone; a journal entry balances when its transaction commits and gets no postings later;
nothing in the journal is changed or deleted; no purse but the house's and the mint's goes below zero.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-22T10:40:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "the ledger's laws"

STATEMENTS = (
    """
    ALTER TABLE purse
        ADD CONSTRAINT purse_kind_belongs_to UNIQUE (kind, belongs_to),
        ADD CONSTRAINT purse_kind CHECK (kind IN ('ACCOUNT', 'PLEDGE', 'JOB', 'HOUSE', 'MINT')),
        ADD CONSTRAINT purse_holder CHECK ((holder_id IS NULL) = (kind IN ('HOUSE', 'MINT'))),
        ADD CONSTRAINT purse_balance CHECK (balance >= 0 OR kind IN ('HOUSE', 'MINT')),
        ADD CONSTRAINT purse_holder_fk FOREIGN KEY (holder_id) REFERENCES account (id) ON DELETE RESTRICT
    """,
    """
    CREATE INDEX purse_escrow ON purse (holder_id) INCLUDE (balance)
    WHERE kind IN ('PLEDGE', 'JOB') AND balance > 0
    """,
    "ALTER TABLE journal_entry ADD COLUMN written_by xid8 NOT NULL DEFAULT pg_current_xact_id()",
    """
    ALTER TABLE posting
        ADD CONSTRAINT posting_amount CHECK (amount <> 0),
        ADD CONSTRAINT posting_subject CHECK ((subject_kind IS NULL) = (subject_id IS NULL))
    """,
    "CREATE UNIQUE INDEX posting_of_purse ON posting (purse_id, no DESC)",
    "CREATE INDEX posting_of_entry ON posting (entry_id) INCLUDE (amount)",
    # Balances move by postings alone.
    """
    CREATE FUNCTION posting_moves_balance() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE purse SET balance = balance + NEW.amount WHERE id = NEW.purse_id RETURNING balance INTO NEW.balance_after;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER posting_moves_balance BEFORE INSERT ON posting
    FOR EACH ROW EXECUTE FUNCTION posting_moves_balance()
    """,
    """
    CREATE FUNCTION purse_moves_by_posting() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' AND NEW.balance = 0 THEN
            RETURN NEW;
        END IF;
        IF TG_OP = 'UPDATE' AND pg_trigger_depth() > 1
           AND (NEW.id, NEW.kind, NEW.belongs_to, NEW.holder_id)
               IS NOT DISTINCT FROM (OLD.id, OLD.kind, OLD.belongs_to, OLD.holder_id) THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'a balance moves by postings alone' USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    """
    CREATE TRIGGER purse_moves_by_posting BEFORE INSERT OR UPDATE OR DELETE ON purse
    FOR EACH ROW EXECUTE FUNCTION purse_moves_by_posting()
    """,
    # The journal only grows.
    """
    CREATE FUNCTION journal_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the journal only grows: write a reversing entry'
            USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    """
    CREATE TRIGGER journal_only_grows BEFORE UPDATE OR DELETE ON journal_entry
    FOR EACH ROW EXECUTE FUNCTION journal_only_grows()
    """,
    """
    CREATE TRIGGER posting_only_grows BEFORE UPDATE OR DELETE ON posting
    FOR EACH ROW EXECUTE FUNCTION journal_only_grows()
    """,
    # An entry balances at commit. Summed once an entry, not once a posting: an award may have thousands of those.
    """
    CREATE FUNCTION journal_balances() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        legs bigint;
        total numeric;
    BEGIN
        SELECT count(*), coalesce(sum(amount), 0) INTO legs, total FROM posting WHERE entry_id = NEW.id;
        IF legs < 2 OR total <> 0 THEN
            RAISE EXCEPTION 'journal entry % does not balance: % postings add up to %', NEW.key, legs, total
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE CONSTRAINT TRIGGER journal_balances AFTER INSERT ON journal_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION journal_balances()
    """,
    # That sum holds for ever, because an entry of an earlier transaction gets no more postings.
    """
    CREATE FUNCTION journal_is_closed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM added JOIN journal_entry AS entry ON entry.id = added.entry_id
            WHERE entry.written_by <> pg_current_xact_id()
        ) THEN
            RAISE EXCEPTION 'a committed journal entry gets no more postings'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER journal_is_closed AFTER INSERT ON posting REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION journal_is_closed()
    """,
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
