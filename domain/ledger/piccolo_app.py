"""Piccolo's app of this context: its tables and where their migrations are."""

from pathlib import Path

from piccolo.conf.apps import AppConfig, table_finder

APP_CONFIG = AppConfig(
    app_name="ledger",
    migrations_folder_path=Path(__file__).parents[2] / "migrations" / "ledger",
    table_classes=table_finder(["domain.ledger.tables"], exclude_imported=True),
    migration_dependencies=["domain.accounts.piccolo_app"],
)
