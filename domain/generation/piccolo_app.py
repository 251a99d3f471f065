"""Piccolo's app of this context: its tables and where their migrations are."""

from pathlib import Path

from piccolo.conf.apps import AppConfig, table_finder

APP_CONFIG = AppConfig(
    app_name="generation",
    migrations_folder_path=Path(__file__).parents[2] / "migrations" / "generation",
    table_classes=table_finder(["domain.generation.tables"], exclude_imported=True),
    migration_dependencies=["domain.reports.piccolo_app"],
)
