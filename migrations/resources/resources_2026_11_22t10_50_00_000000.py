"""Checks, references, indexes and the text search of the resources context."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-22T10:50:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "checks, references, indexes and text search of resources"

STATEMENTS = (
    # What a generated column computes must be immutable, and array_to_string is only declared stable.
    """
    CREATE FUNCTION resource_words(title text, description text, trigger_words text[]) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
        setweight(to_tsvector('simple', title), 'A')
        || setweight(to_tsvector('simple', array_to_string(trigger_words, ' ')), 'B')
        || setweight(to_tsvector('simple', description), 'C')
    """,
    """
    ALTER TABLE resource ADD COLUMN words tsvector
        GENERATED ALWAYS AS (resource_words(title, description, trigger_words)) STORED
    """,
    "CREATE INDEX resource_words ON resource USING gin (words)",
    "CREATE INDEX resource_owner ON resource (owner_id, id)",
    "CREATE INDEX resource_published ON resource (id) WHERE status = 'PUBLISHED'",
    "CREATE INDEX resource_status ON resource (status, id)",
    "ALTER TABLE resource ADD CONSTRAINT resource_owner FOREIGN KEY (owner_id) REFERENCES account (id)",
    """
    ALTER TABLE resource ADD CONSTRAINT resource_kind CHECK (kind IN ('CHECKPOINT', 'LORA', 'EMBEDDING')),
        ADD CONSTRAINT resource_status
            CHECK (status IN ('DRAFT', 'SCANNING', 'HELD', 'PUBLISHED', 'BLOCKED', 'REMOVED')),
        ADD CONSTRAINT resource_cause CHECK (cause IN ('SCAN', 'OWNER', 'MODERATOR')),
        ADD CONSTRAINT resource_restricted_by
            CHECK ((status IN ('HELD', 'BLOCKED', 'REMOVED')) = (cause IS NOT NULL)),
        ADD CONSTRAINT resource_published_at CHECK (status <> 'PUBLISHED' OR published_at IS NOT NULL),
        ADD CONSTRAINT resource_real_and_mature CHECK (NOT (mature AND depicts_real_person)),
        ADD CONSTRAINT resource_source
            CHECK ((source_path IS NULL) = (source_sha256 IS NULL) AND (source_path IS NULL) = (source_bytes IS NULL))
    """,
    "CREATE INDEX stored_file_holder ON stored_file (holder_kind, holder_id, id)",
    "CREATE INDEX stored_file_sha256 ON stored_file (sha256)",
    "CREATE INDEX stored_file_blob ON stored_file (blob_key)",
    """
    ALTER TABLE stored_file ADD CONSTRAINT stored_file_account FOREIGN KEY (account_id) REFERENCES account (id),
        ADD CONSTRAINT stored_file_holder CHECK (holder_kind IN ('resource', 'entry')),
        ADD CONSTRAINT stored_file_size CHECK (size_bytes > 0),
        ADD CONSTRAINT stored_file_sha256 CHECK (sha256 ~ '^[0-9a-f]{64}$')
    """,
    "CREATE UNIQUE INDEX file_hash_file ON file_hash (file_id, algorithm)",
    "CREATE INDEX file_hash_value ON file_hash (algorithm, value)",
    """
    ALTER TABLE file_hash
        ADD CONSTRAINT file_hash_file FOREIGN KEY (file_id) REFERENCES stored_file (id) ON DELETE CASCADE,
        ADD CONSTRAINT file_hash_value CHECK (value ~ '^[0-9a-f]+$')
    """,
    "CREATE INDEX upload_open ON upload (expires_at) WHERE status = 'OPEN'",
    "CREATE INDEX upload_account ON upload (account_id) WHERE status = 'OPEN'",
    """
    ALTER TABLE upload ADD CONSTRAINT upload_account FOREIGN KEY (account_id) REFERENCES account (id),
        ADD CONSTRAINT upload_holder CHECK (holder_kind IN ('resource', 'entry')),
        ADD CONSTRAINT upload_status CHECK (status IN ('OPEN', 'COMPLETE', 'EXPIRED', 'ENDED', 'REFUSED')),
        ADD CONSTRAINT upload_complete CHECK ((status = 'COMPLETE') = (file_id IS NOT NULL)),
        ADD CONSTRAINT upload_size CHECK (size_bytes > 0)
    """,
    "CREATE UNIQUE INDEX scan_file ON scan (file_id)",
    "CREATE INDEX scan_queue ON scan (not_before) WHERE status = 'QUEUED'",
    "CREATE INDEX scan_leases ON scan (lease_until) WHERE status = 'RUNNING'",
    """
    ALTER TABLE scan
        ADD CONSTRAINT scan_file FOREIGN KEY (file_id) REFERENCES stored_file (id) ON DELETE CASCADE,
        ADD CONSTRAINT scan_status CHECK (status IN ('QUEUED', 'RUNNING', 'DONE')),
        ADD CONSTRAINT scan_lease CHECK ((status = 'RUNNING') = (lease_until IS NOT NULL)),
        ADD CONSTRAINT scan_verdict CHECK (verdict IN ('PENDING', 'CLEAN', 'HELD', 'BLOCKED', 'FAILED')),
        ADD CONSTRAINT scan_done CHECK ((status = 'DONE') = (verdict <> 'PENDING'))
    """,
    "ALTER TABLE revalidation ADD CONSTRAINT revalidation_one_row CHECK (id = 1 AND applied <= announced)",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="resources", description=DESCRIPTION)

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
