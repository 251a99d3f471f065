"""Reading the registry: whole, for the matchers; person by person, for moderators."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from domain.kernel.ids import PersonId
from domain.kernel.ports import Sealer
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch, fetch_one
from domain.kernel.work import pool
from domain.likeness.faces import enrolled_faces
from domain.likeness.values import Registered
from domain.registry.snapshot import Consent, Person, Snapshot


async def load_snapshot(sealer: Sealer | None = None) -> Snapshot:
    """Read the registry as it stands at one version, in one consistent look; with its faces if `sealer` opens them."""
    async with (
        pool().acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        version = await connection.fetchval("SELECT version FROM registry_state")
        persons = await connection.fetch(
            "SELECT id, name, aliases, consent, creators FROM registered_person WHERE withdrawn_at IS NULL ORDER BY id"
        )
        files = await connection.fetch("SELECT sha256, person_id FROM blocked_file ORDER BY sha256")
        faces = await enrolled_faces(connection, sealer)
    return Snapshot(
        version=version or 0,
        persons=tuple(map(person_of, persons)),
        blocked_sha256=tuple((row["sha256"], row["person_id"]) for row in files),
        faces=faces,
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
