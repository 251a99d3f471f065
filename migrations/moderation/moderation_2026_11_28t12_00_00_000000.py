"""What the database itself holds to be true of cases, and the indexes of their lists."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-28T12:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "constraints, indexes and the log of cases"

STATEMENTS = (
    """
    ALTER TABLE moderation_case
        ADD CONSTRAINT moderation_case_subject CHECK (subject_kind IN ('bounty', 'entry', 'resource')),
        ADD CONSTRAINT moderation_case_bounty CHECK (subject_kind = 'resource' OR bounty_id IS NOT NULL),
        ADD CONSTRAINT moderation_case_claim CHECK ((claimed_by IS NULL) = (claim_expires_at IS NULL)),
        ADD CONSTRAINT moderation_case_decided CHECK (
            (decided_at IS NULL) = (decided_by IS NULL) AND (decided_at IS NULL) = (decision IS NULL)
            AND (decided_at IS NULL OR claimed_by IS NULL)),
        ADD CONSTRAINT moderation_case_decision
            CHECK (decision IN ('NO_ACTION', 'LABEL_MATURE', 'HOLD', 'REMOVE', 'RESTORE')),
        ADD CONSTRAINT moderation_case_digest CHECK (octet_length(digest) = 32 AND events >= 0),
        ADD CONSTRAINT moderation_case_of_bounty FOREIGN KEY (bounty_id) REFERENCES bounty (id),
        ADD CONSTRAINT moderation_case_claimed_by FOREIGN KEY (claimed_by) REFERENCES account (id),
        ADD CONSTRAINT moderation_case_decided_by FOREIGN KEY (decided_by) REFERENCES account (id)
    """,
    # Whatever is told of one subject joins the one case about it that is not decided.
    "CREATE UNIQUE INDEX moderation_case_open ON moderation_case (subject_kind, subject_id) WHERE decided_at IS NULL",
    "CREATE INDEX moderation_case_urgent ON moderation_case ((decided_at IS NULL) DESC, rank DESC, id DESC)",
    "CREATE INDEX moderation_case_claimed ON moderation_case (claimed_by) WHERE claimed_by IS NOT NULL",
    """
    ALTER TABLE case_event
        ADD CONSTRAINT case_event_place UNIQUE (case_id, nth),
        ADD CONSTRAINT case_event_digest CHECK (octet_length(digest) = 32),
        ADD CONSTRAINT case_event_actor FOREIGN KEY (actor_id) REFERENCES account (id)
    """,
    """
    CREATE FUNCTION case_event_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the log of a case only grows: its events are neither changed nor deleted';
    END
    $$
    """,
    "CREATE TRIGGER case_event_kept BEFORE UPDATE OR DELETE ON case_event "
    "FOR EACH ROW EXECUTE FUNCTION case_event_is_kept()",
    # A decision is final.
    """
    CREATE FUNCTION moderation_case_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'case % is decided and does not change', OLD.id;
    END
    $$
    """,
    "CREATE TRIGGER moderation_case_final BEFORE UPDATE OR DELETE ON moderation_case FOR EACH ROW "
    "WHEN (OLD.decided_at IS NOT NULL) EXECUTE FUNCTION moderation_case_is_final()",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="moderation", description=DESCRIPTION)

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
