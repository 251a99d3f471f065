"""A file may be blocked under several claims; names are folded so that marks which are letters tell them apart."""

import unicodedata

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder
from piccolo.querystring import QueryString

ID = "2026-11-29T01:30:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "files blocked under several claims, and keys of names anew"

STATEMENTS = (
    "DROP INDEX blocked_file_sha256",
    "CREATE INDEX blocked_file_sha256 ON blocked_file (sha256)",
    "CREATE UNIQUE INDEX blocked_file_once_a_claim ON blocked_file (sha256, claim_id) WHERE claim_id IS NOT NULL",
    "CREATE UNIQUE INDEX blocked_file_once_by_operators ON blocked_file (sha256, person_id) WHERE claim_id IS NULL",
)


def key_of(name: str) -> str:
    """Fold a name, as `domain.likeness.claim_rules.name_key` did when this was written."""
    kept: list[str] = []
    accented = False
    for char in unicodedata.normalize("NFKD", name).casefold():
        if unicodedata.category(char).startswith("M"):
            kept += [] if accented else [char]
        else:
            accented = char < "\u0780" or "\u1e00" <= char <= "\u1fff"
            kept.append(char if char.isalnum() else " ")
    return " ".join(sorted(unicodedata.normalize("NFC", "".join(kept)).split()))


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="likeness", description=DESCRIPTION)

    async def run():
        engine = engine_finder()
        for statement in STATEMENTS:
            await engine.run_ddl(statement)
        claims = QueryString("SELECT id, person_name, name_key FROM likeness_claim")
        for row in await engine.run_querystring(claims):
            if (key := key_of(row["person_name"])) != row["name_key"]:
                changed = QueryString("UPDATE likeness_claim SET name_key = {} WHERE id = {}", key, row["id"])
                await engine.run_querystring(changed)
        persons = QueryString("SELECT id, name, aliases, name_keys FROM registered_person")
        for row in await engine.run_querystring(persons):
            keys = sorted({key for name in (row["name"], *row["aliases"]) if (key := key_of(name))})
            if keys != row["name_keys"]:
                changed = QueryString("UPDATE registered_person SET name_keys = {} WHERE id = {}", keys, row["id"])
                await engine.run_querystring(changed)

    manager.add_raw(run)
    return manager
