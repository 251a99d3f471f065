"""Cases about resources: they close by themselves, open files, and are there for all resources that are held already."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-29T01:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "cases about resources"

BACK_FILL = (
    # The rank and the digest are those of domain/moderation/rules.py, for a case that is opened now and due in 48 hours.
    """
    WITH held AS (
        SELECT id, gen_random_uuid() AS case_id, date_trunc('microseconds', now()) AS at,
            CASE WHEN cause = 'CLAIM' THEN 'CLAIM' ELSE 'VALIDATION' END AS cause
        FROM resource WHERE status = 'HELD' AND NOT EXISTS (
            SELECT FROM moderation_case c
            WHERE c.subject_kind = 'resource' AND c.subject_id = resource.id AND c.decided_at IS NULL)
    ), told AS (
        SELECT held.*, 'it was held before there were cases about resources, by ' || cause AS detail,
            to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') || '+00:00' AS said_at
        FROM held
    ), chained AS (
        SELECT told.*, sha256(decode(repeat('00', 32), 'hex') || convert_to(
            '{"actor":null,"at":"' || said_at || '","case":"' || replace(case_id::text, '-', '') || '","detail":"'
            || detail || '","kind":"OPENED","nth":1}', 'UTF8')) AS digest
        FROM told
    ), opened AS (
        INSERT INTO moderation_case
            (id, subject_kind, subject_id, causes, rank, opened_at, due_at, events, digest)
        SELECT case_id, 'resource', id, ARRAY[cause],
            CASE cause WHEN 'CLAIM' THEN 4 ELSE 2 END
                - extract(epoch FROM at - timestamptz '2026-01-01 00:00:00+00')::float8 / 3600 / 12,
            at, at + interval '48 hours', 1, digest
        FROM chained
        RETURNING id
    )
    INSERT INTO case_event (id, case_id, nth, at, kind, detail, digest)
    SELECT gen_random_uuid(), chained.case_id, 1, chained.at, 'OPENED', chained.detail, chained.digest
    FROM chained JOIN opened ON opened.id = chained.case_id
    """,
)
STATEMENTS = (
    # Nobody has decided a case that closed by itself.
    """
    ALTER TABLE moderation_case DROP CONSTRAINT moderation_case_decided, ADD CONSTRAINT moderation_case_decided CHECK (
        (decided_at IS NULL) = (decision IS NULL) AND (decided_at IS NOT NULL OR decided_by IS NULL)
        AND (decided_by IS NOT NULL OR coalesce(decision, 'NO_ACTION') = 'NO_ACTION')
        AND (decided_at IS NULL OR claimed_by IS NULL))
    """,
    """
    ALTER TABLE case_read
        ADD CONSTRAINT case_read_file FOREIGN KEY (file_id) REFERENCES stored_file (id) ON DELETE CASCADE,
        ADD CONSTRAINT case_read_account FOREIGN KEY (account_id) REFERENCES account (id)
    """,
    *BACK_FILL,
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="moderation", description=DESCRIPTION)

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
