"""Reading the registry: whole, for the matchers; person by person, for moderators."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg

from domain.kernel.fingerprints import FINGERPRINT_SQL
from domain.kernel.ids import PersonId
from domain.kernel.ports import Sealer
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch, fetch_one
from domain.kernel.work import pool
from domain.likeness.faces import enrolled_faces
from domain.likeness.values import Registered
from domain.registry.blocked import BlockedFile, BlockedFiles, fingerprint_in
from domain.registry.changes import Change
from domain.registry.snapshot import Consent, Person, Snapshot

_BLOCKED_SQL = f"""
    SELECT blocked_file.sha256, blocked_file.person_id, {FINGERPRINT_SQL.format(sha256="blocked_file.sha256")}
    FROM (SELECT DISTINCT sha256, person_id FROM blocked_file) AS blocked_file
    WHERE $1::uuid[] IS NULL OR blocked_file.person_id = ANY($1) ORDER BY blocked_file.sha256
"""  # noqa: S608 - constants of ours

_PERSONS_SQL = """
    SELECT id, name, aliases, consent, creators FROM registered_person
    WHERE withdrawn_at IS NULL AND ($1::uuid[] IS NULL OR id = ANY($1)) ORDER BY id
"""

_CHANGED_SQL = """
    SELECT id FROM registered_person WHERE changed_in > $1
    UNION SELECT person_id FROM blocked_file WHERE changed_in > $1 AND person_id IS NOT NULL
"""


async def load_snapshot(sealer: Sealer | None = None) -> Snapshot:
    """Read the registry as it stands at one version, in one consistent look; with its faces if `sealer` opens them."""
    async with _one_look() as connection:
        return await _read(connection, sealer, None)


async def load_change(since: int, sealer: Sealer | None = None) -> Change:
    """Read what became of the registry after version `since`, however large it is; see `load_snapshot`."""
    async with _one_look() as connection:
        changed = frozenset(row["id"] for row in await connection.fetch(_CHANGED_SQL, since))
        return Change(since, changed, await _read(connection, sealer, list(changed)))


async def snapshot_at(scope: Scope, version: int) -> Snapshot:
    """Give the registry at this version or a newer one: the process's own, once it has adopted it."""
    registry = scope.ports.registry
    return registry.matcher.snapshot if await registry.reach(version) else await load_snapshot(scope.ports.sealer)


async def changed_persons(since: int) -> frozenset[PersonId]:
    """Give those whose entry, or whose blocked files, changed after version `since`, the withdrawn too."""
    return frozenset(PersonId(row["id"]) for row in await fetch(_CHANGED_SQL, since))


@asynccontextmanager
async def _one_look() -> AsyncIterator[asyncpg.pool.PoolConnectionProxy]:
    """Look at the database as it stands at one moment."""
    async with (
        pool().acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        yield connection


async def _read(
    connection: asyncpg.pool.PoolConnectionProxy, sealer: Sealer | None, persons: list[UUID] | None
) -> Snapshot:
    """Read the registry, or as much of it as is about these persons."""
    version = await connection.fetchval("SELECT version FROM registry_state")
    rows = await connection.fetch(_PERSONS_SQL, persons)
    files = await connection.fetch(_BLOCKED_SQL, persons)
    return Snapshot(
        version=version or 0,
        persons=tuple(map(person_of, rows)),
        blocked_sha256=tuple((row["sha256"], row["person_id"]) for row in files),
        blocked_files=BlockedFiles(
            BlockedFile(fingerprint_in(row, row["sha256"]), row["person_id"])
            for row in files
            if row["fingerprint_hashes"] is not None
        ),
        faces=await enrolled_faces(connection, sealer, persons),
    )


async def registry_version() -> int:
    """Read the registry's version alone."""
    row = await fetch_one("SELECT version FROM registry_state")
    return row["version"] if row else 0


async def list_persons(scope: Scope) -> list[Registered]:
    """Give everybody who is registered, in the order of registration. For moderators and the operator."""
    if not scope.system:
        scope.require_moderator()
    rows = await fetch("SELECT * FROM registered_person WHERE withdrawn_at IS NULL ORDER BY id")
    return [Registered(person_of(row), row["registered_at"]) for row in rows]


async def persons_by_ids(scope: Scope, ids: Sequence[UUID]) -> dict[PersonId, Registered]:
    """Give registered persons, those withdrawn since too; moderators see them, everybody else none."""
    if not ids or not (scope.system or scope.is_moderator):
        return {}
    rows = await fetch(
        "SELECT *, (SELECT count(*) FROM face_descriptor face WHERE face.person_id = registered_person.id) AS faces"
        " FROM registered_person WHERE id = ANY($1::uuid[])",
        list(ids),
    )
    return {PersonId(row["id"]): Registered(person_of(row), row["registered_at"], row["faces"]) for row in rows}


def person_of(row: asyncpg.Record) -> Person:
    """Read a row of the table of persons."""
    return Person(
        id=row["id"],
        name=row["name"],
        aliases=tuple(row["aliases"]),
        consent=Consent(row["consent"]),
        creators=tuple(row["creators"]),
    )
