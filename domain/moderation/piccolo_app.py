"""Piccolo's app of this context: its tables and where their migrations are."""

from pathlib import Path

from piccolo.conf.apps import AppConfig, table_finder

APP_CONFIG = AppConfig(
    app_name="moderation",
    migrations_folder_path=Path(__file__).parents[2] / "migrations" / "moderation",
    table_classes=table_finder(["domain.moderation.tables"], exclude_imported=True),
    migration_dependencies=["domain.bounties.piccolo_app", "domain.generation.piccolo_app"],
)
