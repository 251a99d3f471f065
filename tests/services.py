"""The real services for tests: a Postgres and a Valkey of the session's own, in a temporary folder."""

import secrets
from pathlib import Path

from countenance.embedded.postgres import Postgres
from countenance.embedded.valkey import Valkey


def start_postgres(folder: Path) -> Postgres:
    """Start a Postgres that doesn't wait for the disk; `.url` connects to it, `.stop()` ends it."""
    server = Postgres(folder / "postgres", log=folder / "postgres.log", password=secrets.token_hex(8), durable=False)
    server.start()
    server.wait()
    return server


def start_valkey(folder: Path) -> Valkey:
    """Start a Valkey; `.url` connects to it, `.stop()` ends it."""
    server = Valkey(folder / "valkey", log=folder / "valkey.log", password=secrets.token_hex(8))
    server.start()
    server.wait()
    return server
