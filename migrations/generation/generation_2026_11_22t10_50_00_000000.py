"""Checks, references and indexes of the generation context; a job that has ended is never changed again."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-22T10:50:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "checks, references and indexes of generations"

STATEMENTS = (
    """
    ALTER TABLE generation_job
        ADD CONSTRAINT generation_job_owner FOREIGN KEY (owner_id) REFERENCES account (id),
        ADD CONSTRAINT generation_job_checkpoint FOREIGN KEY (checkpoint_id) REFERENCES resource (id),
        ADD CONSTRAINT generation_job_status CHECK (
            status IN ('QUEUED', 'VALIDATING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED', 'REFUSED')),
        ADD CONSTRAINT generation_job_priority CHECK (priority IN ('LOW', 'NORMAL', 'HIGH')),
        ADD CONSTRAINT generation_job_size CHECK (
            width % 8 = 0 AND height % 8 = 0 AND width > 0 AND height > 0 AND steps > 0 AND quantity > 0),
        ADD CONSTRAINT generation_job_cost CHECK (cost > 0 AND cost % quantity = 0 AND charged BETWEEN 0 AND cost),
        ADD CONSTRAINT generation_job_paid CHECK (charged = 0 OR status IN ('SUCCEEDED', 'CANCELLED')),
        ADD CONSTRAINT generation_job_finished CHECK (
            (status IN ('SUCCEEDED', 'FAILED', 'CANCELLED', 'REFUSED')) = (finished_at IS NOT NULL)),
        ADD CONSTRAINT generation_job_lease CHECK (
            (status IN ('VALIDATING', 'RUNNING')) = (lease_until IS NOT NULL)),
        ADD CONSTRAINT generation_job_refused CHECK (status <> 'REFUSED' OR refusal IS NOT NULL)
    """,
    "CREATE INDEX generation_job_queue ON generation_job (queue_at, id) WHERE status = 'QUEUED'",
    "CREATE INDEX generation_job_at_work ON generation_job (lease_until) WHERE status IN ('VALIDATING', 'RUNNING')",
    "CREATE INDEX generation_job_owner ON generation_job (owner_id, id)",
    """
    CREATE INDEX generation_job_unfinished ON generation_job (owner_id)
    WHERE status IN ('QUEUED', 'VALIDATING', 'RUNNING')
    """,
    "CREATE INDEX generation_job_finished ON generation_job (status, finished_at)",
    """
    ALTER TABLE generation_use
        ADD CONSTRAINT generation_use_resource FOREIGN KEY (resource_id) REFERENCES resource (id),
        ADD CONSTRAINT generation_use_weight CHECK (weight BETWEEN -1 AND 2)
    """,
    "CREATE UNIQUE INDEX generation_use_job ON generation_use (job, position)",
    "CREATE INDEX generation_use_resource ON generation_use (resource_id)",
    "ALTER TABLE generation_image ADD CONSTRAINT generation_image_sha256 CHECK (sha256 ~ '^[0-9a-f]{64}$')",
    "CREATE UNIQUE INDEX generation_image_job ON generation_image (job, attempt, position)",
    """
    CREATE FUNCTION generation_job_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'job % has ended and is not changed again', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    """
    CREATE TRIGGER generation_job_is_final BEFORE UPDATE OR DELETE ON generation_job FOR EACH ROW
    WHEN (OLD.finished_at IS NOT NULL) EXECUTE FUNCTION generation_job_is_final()
    """,
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="generation", description=DESCRIPTION)

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
