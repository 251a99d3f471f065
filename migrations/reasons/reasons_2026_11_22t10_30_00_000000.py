"""Bounds and indexes of statements of reasons; what was stated is never rewritten."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-22T10:30:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "bounds and indexes of statements of reasons"

STATEMENTS = (
    "CREATE UNIQUE INDEX statement_in_force ON statement (subject_kind, subject_id) WHERE withdrawn_at IS NULL",
    "CREATE INDEX statement_owner ON statement (owner_id, id DESC)",
    """
    ALTER TABLE statement
        ADD CONSTRAINT statement_facts_length CHECK (length(decision_facts) BETWEEN 1 AND 5000),
        ADD CONSTRAINT statement_ground_length CHECK (length(ground_reference) BETWEEN 1 AND 500),
        ADD CONSTRAINT statement_explanation_length CHECK (length(ground_explanation) BETWEEN 1 AND 2000),
        ADD CONSTRAINT statement_content_type CHECK (cardinality(content_type) > 0),
        ADD CONSTRAINT statement_decides CHECK (
            cardinality(decision_visibility) > 0
            OR num_nonnulls(decision_monetary, decision_provision, decision_account) > 0
        )
    """,
    """
    CREATE FUNCTION statement_stands() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF OLD.withdrawn_at IS NOT NULL
           OR to_jsonb(NEW) - 'withdrawn_at' IS DISTINCT FROM to_jsonb(OLD) - 'withdrawn_at' THEN
            RAISE EXCEPTION 'a statement of reasons is never rewritten' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER statement_stands BEFORE UPDATE ON statement
    FOR EACH ROW EXECUTE FUNCTION statement_stands()
    """,
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="reasons", description=DESCRIPTION)

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
