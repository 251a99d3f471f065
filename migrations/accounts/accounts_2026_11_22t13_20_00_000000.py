"""What a mark may be; and no credential of payment is noted twice for one account."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-22T13:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "checks of marks"

STATEMENTS = (
    "ALTER TABLE account_sign_up ADD CONSTRAINT account_sign_up_marks "
    "CHECK (octet_length(email_mark) = 32 AND octet_length(network_mark) = 32)",
    """
    ALTER TABLE account_payment_credential
        ADD CONSTRAINT account_payment_mark CHECK (octet_length(mark) = 32),
        ADD CONSTRAINT account_payment_once UNIQUE (account_id, mark)
    """,
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="accounts", description=DESCRIPTION)

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
