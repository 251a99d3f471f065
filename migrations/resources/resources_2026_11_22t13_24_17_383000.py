"""What the database itself holds to be true of sealed files and of their keys."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-22T13:24:17:383000"
VERSION = "1.38.0"
DESCRIPTION = "keys are destroyed for good, files of entries are sealed, verdicts are about bytes"

STATEMENTS = (
    # A holder has one key that new files are sealed under; one that was destroyed stays so.
    "CREATE UNIQUE INDEX vault_key_in_use ON vault_key (holder_id) WHERE destroyed_at IS NULL",
    "CREATE INDEX vault_key_by_master ON vault_key (master, id) WHERE destroyed_at IS NULL",
    """
    ALTER TABLE vault_key
        ADD CONSTRAINT vault_key_destroyed CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL)),
        ADD CONSTRAINT vault_key_master CHECK (master > 0)
    """,
    """
    CREATE FUNCTION vault_key_stays_destroyed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'vault key % was destroyed: it does not come back', OLD.id;
    END
    $$
    """,
    """
    CREATE TRIGGER vault_key_final BEFORE UPDATE ON vault_key FOR EACH ROW
    WHEN (OLD.destroyed_at IS NOT NULL) EXECUTE FUNCTION vault_key_stays_destroyed()
    """,
    # What belongs to an entry is stored sealed or not at all, whoever writes.
    """
    CREATE FUNCTION stored_file_is_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'a file of an entry (%) is stored sealed or not at all', NEW.name;
    END
    $$
    """,
    """
    CREATE TRIGGER stored_file_sealed BEFORE INSERT ON stored_file FOR EACH ROW
    WHEN (NEW.holder_kind IN ('entry', 'preview') AND NEW.vault_key_id IS NULL)
    EXECUTE FUNCTION stored_file_is_sealed()
    """,
    "ALTER TABLE stored_file ADD CONSTRAINT stored_file_vault_key "
    "FOREIGN KEY (vault_key_id) REFERENCES vault_key (id)",
    "CREATE INDEX stored_file_in_vault ON stored_file (vault_key_id) WHERE vault_key_id IS NOT NULL",
    "CREATE INDEX doomed_blob_due ON doomed_blob (not_before)",
    "CREATE INDEX doomed_blob_key ON doomed_blob (blob_key)",
    "ALTER TABLE resource ADD CONSTRAINT resource_credited_to "
    "FOREIGN KEY (credited_to_id) REFERENCES account (id)",
    # Scans of earlier releases say what they read among the hashes of the file.
    """
    UPDATE scan SET sha256 = file_hash.value FROM file_hash
    WHERE file_hash.file_id = scan.file_id AND file_hash.algorithm = 'SHA256' AND scan.status = 'DONE'
    """,
    *(
        f"""
        ALTER TABLE {table} DROP CONSTRAINT {table}_holder,
            ADD CONSTRAINT {table}_holder CHECK (holder_kind IN ('resource', 'sample', 'entry', 'preview'))
        """
        for table in ("stored_file", "upload")
    ),
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="resources", description=DESCRIPTION)

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
