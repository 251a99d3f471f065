"""Checks and indexes of the registry."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-22T10:50:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "checks and indexes of the registry"

STATEMENTS = (
    """
    ALTER TABLE registered_person
        ADD CONSTRAINT registered_person_consent
            CHECK (consent IN ('DENY_ALL', 'NAMED_CREATORS', 'SAFE_FOR_WORK_ONLY')),
        ADD CONSTRAINT registered_person_name CHECK (name <> '')
    """,
    "CREATE INDEX registered_person_present ON registered_person (id) WHERE withdrawn_at IS NULL",
    "CREATE UNIQUE INDEX blocked_file_sha256 ON blocked_file (sha256)",
    "CREATE INDEX blocked_file_person ON blocked_file (person_id)",
    """
    ALTER TABLE blocked_file
        ADD CONSTRAINT blocked_file_person FOREIGN KEY (person_id) REFERENCES registered_person (id),
        ADD CONSTRAINT blocked_file_sha256 CHECK (sha256 ~ '^[0-9a-f]{64}$')
    """,
    "ALTER TABLE registry_state ADD CONSTRAINT registry_state_one_row CHECK (id = 1)",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="likeness", description=DESCRIPTION)

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
