"""What the database itself holds to be true of downloads and previews, and the clock's index of files to erase."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-22T13:27:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "downloads are kept, previews are sealed"

STATEMENTS = (
    "CREATE INDEX outcome_download_of ON outcome_download (read_id, id)",
    "ALTER TABLE outcome_download ADD CONSTRAINT outcome_download_bytes "
    "CHECK (first_byte >= 0 AND last_byte >= first_byte AND sent_bytes >= 0)",
    "ALTER TABLE outcome_download ADD CONSTRAINT outcome_download_ended "
    "CHECK ((sent_bytes IS NULL) = (ended_at IS NULL))",
    # A download is written down when it begins and gets its end once; nothing of it is changed or deleted.
    """
    CREATE TRIGGER outcome_download_kept BEFORE UPDATE OR DELETE ON outcome_download FOR EACH ROW
    EXECUTE FUNCTION outcome_download_is_kept()
    """,
    "CREATE INDEX entry_preview_of ON entry_preview (entry_id, id)",
    "ALTER TABLE entry_preview ADD CONSTRAINT entry_preview_vault_key "
    "FOREIGN KEY (vault_key_id) REFERENCES vault_key (id)",
    "ALTER TABLE entry_preview ADD CONSTRAINT entry_preview_size "
    "CHECK (size_bytes > 0 AND width BETWEEN 1 AND 512 AND height BETWEEN 1 AND 512)",
    "CREATE INDEX bounty_entry_with_files ON bounty_entry (bounty_id) WHERE files_erased_at IS NULL",
)

_KEPT = """
    CREATE FUNCTION outcome_download_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' OR OLD.ended_at IS NOT NULL OR
            (OLD.id, OLD.read_id, OLD.at, OLD.first_byte, OLD.last_byte)
            IS DISTINCT FROM (NEW.id, NEW.read_id, NEW.at, NEW.first_byte, NEW.last_byte) THEN
            RAISE EXCEPTION 'outcome_download only grows: its rows are neither changed nor deleted';
        END IF;
        RETURN NEW;
    END
    $$
"""


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="bounties", description=DESCRIPTION)

    async def run():
        for statement in (_KEPT, *STATEMENTS):
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
