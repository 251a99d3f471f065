"""Face descriptors at rest: sealed with a key that the database never sees, opened for the registry's snapshot alone.

No field of the API gives one back, no log holds one, and they are deleted with the claim that brought them.
"""

import contextlib
import logging
import struct
from collections.abc import Sequence
from uuid import UUID

import asyncpg

from domain.kernel.ids import ClaimId, PersonId, new_id
from domain.kernel.ports import Sealer
from domain.kernel.refusals import InvalidInput
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch
from domain.kernel.work import Work
from domain.registry.snapshot import EnrolledFace

_log = logging.getLogger(__name__)

_PACKED = struct.Struct("<128f")
Descriptor = tuple[float, ...]


def require_sealer(scope: Scope) -> Sealer:
    """Give what seals descriptors. Raises InvalidInput where this server has no key for them."""
    if scope.ports.sealer is None:
        raise InvalidInput(
            "This server takes no face descriptors, because it has no key to keep them under: leave them out.",
            field="input.faceDescriptors",
        )
    return scope.ports.sealer


async def keep(w: Work, scope: Scope, claim_id: ClaimId, descriptors: Sequence[Descriptor]) -> None:
    """Seal and store the descriptors of a claim. Each is bound to its claim: moved to another, it doesn't open."""
    if not descriptors:
        return
    sealer = require_sealer(scope)
    await w.many(
        "INSERT INTO face_descriptor (id, claim_id, sealed) VALUES ($1, $2, $3)",
        [(new_id(), claim_id, sealer.seal(_PACKED.pack(*each), about=claim_id.bytes)) for each in descriptors],
    )


async def enrol(w: Work, claim_id: ClaimId, person_id: PersonId) -> None:
    """Have the registry compare with the descriptors of a claim that is upheld."""
    await w.execute("UPDATE face_descriptor SET person_id = $2 WHERE claim_id = $1", claim_id, person_id)


async def forget(w: Work, claim_id: ClaimId) -> None:
    """Delete the descriptors of a claim that is over."""
    await w.execute("DELETE FROM face_descriptor WHERE claim_id = $1", claim_id)


async def enrolled_faces(
    connection: asyncpg.pool.PoolConnectionProxy, sealer: Sealer | None, persons: Sequence[UUID] | None = None
) -> tuple[EnrolledFace, ...]:
    """Open the descriptors of everybody who is registered, or of these, for the snapshot that gates compare with.

    Without the key there are none. One that doesn't open is left out with a warning: the rest of the registry must
    not wait for it.
    """
    if sealer is None:
        return ()
    rows = await connection.fetch(
        """
        SELECT face.person_id, face.claim_id, face.sealed FROM face_descriptor face
        JOIN registered_person person ON person.id = face.person_id AND person.withdrawn_at IS NULL
        WHERE $1::uuid[] IS NULL OR face.person_id = ANY($1)
        ORDER BY face.person_id, face.id
        """,
        persons,
    )
    opened = []
    for row in rows:
        with contextlib.suppress(ValueError):
            descriptor = sealer.open(row["sealed"], about=row["claim_id"].bytes)
            opened.append(EnrolledFace(row["person_id"], descriptor))
    if len(opened) < len(rows):
        _log.warning("%d enrolled faces were sealed under another key and are not compared", len(rows) - len(opened))
    return tuple(opened)


async def faces_of_claim(scope: Scope, claim_id: ClaimId) -> tuple[tuple[bytes, ...], int]:
    """Open the descriptors of one claim, packed as the registry compares them; for the product itself alone.

    Gives also how many don't open: they are left out with a warning, and the claim is looked into without them.
    """
    if not scope.system:
        return (), 0
    rows = await fetch("SELECT sealed FROM face_descriptor WHERE claim_id = $1 ORDER BY id", claim_id)
    opened = []
    for row in rows if scope.ports.sealer else ():
        with contextlib.suppress(ValueError):
            opened.append(require_sealer(scope).open(row["sealed"], about=claim_id.bytes))
    unread = len(rows) - len(opened)
    if unread:
        _log.warning("%d faces of a claim were sealed under another key and are not compared", unread)
    return tuple(opened), unread
