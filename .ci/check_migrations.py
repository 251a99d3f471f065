"""Fail when a table was changed without a migration. Compares tables with migration files; needs no database."""

import asyncio
import contextlib
import io
import os
import sys
from pathlib import Path

os.environ.setdefault("PICCOLO_CONF", "piccolo_conf")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from piccolo.apps.migrations.commands.new import AutoMigrationManager

from countenance.database import APP_REGISTRY


async def drifted() -> list[str]:
    """Name the contexts whose tables say something else than their migrations."""
    found = []
    for app in APP_REGISTRY.app_configs.values():
        with contextlib.redirect_stdout(io.StringIO()):  # Piccolo prints a table for each
            statements = await AutoMigrationManager(auto_input="y").get_alter_statements(app)
        if any(group.statements for group in statements):
            found.append(app.app_name)
    return found


if __name__ == "__main__":
    if names := asyncio.run(drifted()):
        sys.exit(f"Without a migration: {', '.join(names)}. Run `.venv/bin/piccolo migrations new <name> --auto`.")
    print("Every table has its migrations.")
