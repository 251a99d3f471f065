"""What a handle, an address, a role and a session may be; and the index that ends sessions."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-22T10:30:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "checks and indexes of accounts"

STATEMENTS = (
    """
    ALTER TABLE account
        ADD CONSTRAINT account_handle CHECK (handle ~ '^[a-z0-9][a-z0-9_-]{2,31}$'),
        ADD CONSTRAINT account_role CHECK (role IN ('MEMBER', 'TRUSTED_FLAGGER', 'MODERATOR', 'ADMIN')),
        ADD CONSTRAINT account_suspension CHECK (suspended_until IS NULL OR suspended_at IS NOT NULL)
    """,
    """
    ALTER TABLE session
        ADD CONSTRAINT session_token CHECK (octet_length(token_hash) = 32),
        ADD CONSTRAINT session_expires CHECK (expires_at > created_at)
    """,
    "CREATE INDEX session_account ON session (account_id)",
    "CREATE INDEX session_expiry ON session (expires_at)",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="accounts", description=DESCRIPTION)

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
