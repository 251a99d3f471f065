"""Writing the registry: its next version, and the entry of a person, folded from the operator's own and claims."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.kernel.ids import ClaimId, PersonId, new_id
from domain.kernel.refusals import NotFound
from domain.kernel.work import Work
from domain.likeness import faces
from domain.likeness.claim_rules import Entry, merged, name_key, name_keys
from domain.likeness.reads import person_of
from domain.likeness.values import Claim
from domain.registry.snapshot import Consent, Person


async def next_version(w: Work) -> int:
    """Lock the state's row and give the next version; it is not given twice, nor left out if the work fails."""
    row = await w.one(
        "INSERT INTO registry_state (id, version) VALUES (1, 1)"
        " ON CONFLICT (id) DO UPDATE SET version = registry_state.version + 1 RETURNING version"
    )
    if row is None:
        raise LookupError("The registry gave no version.")
    version: int = row["version"]
    return version


async def present(w: Work, person_id: PersonId) -> Person:
    """Lock a person who is registered now. Raises NotFound."""
    row = await w.one("SELECT * FROM registered_person WHERE id = $1 AND withdrawn_at IS NULL FOR UPDATE", person_id)
    if row is None:
        raise NotFound("No such person is registered.")
    return person_of(row)


async def write_person(w: Work, person: Person, version: int, *, own: Person | None, at: datetime) -> None:
    """Write an entry, new or changed; `own` is the operator's own part of it, if there is one."""
    await w.execute(
        """
        INSERT INTO registered_person
            (id, name, aliases, consent, creators, registered_at, changed_in, name_keys, own)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (id) DO UPDATE SET name = $2, aliases = $3, consent = $4, creators = $5, changed_in = $7,
            name_keys = $8, own = $9
        """,
        person.id,
        person.name,
        list(person.aliases),
        person.consent,
        list(person.creators),
        at,
        version,
        name_keys(person),
        None if own is None else json.dumps(_entry_json(own)),
    )


async def take_out(w: Work, person_id: PersonId, version: int, *, at: datetime) -> None:
    """Take a person out of the registry, with the files blocked for them and their faces."""
    await w.execute(
        "UPDATE registered_person SET withdrawn_at = $2, changed_in = $3 WHERE id = $1", person_id, at, version
    )
    await w.execute("DELETE FROM blocked_file WHERE person_id = $1", person_id)
    await w.execute("DELETE FROM face_descriptor WHERE person_id = $1", person_id)


async def join(w: Work, claim: Claim, version: int, *, at: datetime) -> PersonId:
    """Register whom an upheld claim is about: as a new person, or with those who are known by the same name."""
    known = await _known(w, claim)
    person_id = known or PersonId(new_id())
    own = await own_part(w, person_id)
    entries = [*await _entries(w, person_id, own), _entry_of(claim)]
    await write_person(w, merged(person_id, entries), version, own=own, at=at)
    await faces.enrol(w, claim.id, person_id)
    await _block_what_was_held(w, claim, person_id, version, at=at)
    return person_id


async def _known(w: Work, claim: Claim) -> PersonId | None:
    """Find and lock the entry of somebody who has the claim's main name, or whose main name the claim has as another.

    A name that is another one to both joins nobody: many people may share it.
    """
    keys = name_keys(Person(claim.id, claim.person_name, claim.aliases))
    rows = await w.fetch(
        "SELECT id, name, name_keys FROM registered_person WHERE withdrawn_at IS NULL AND name_keys && $1::text[]"
        " ORDER BY id FOR UPDATE",
        keys,
    )
    same = [row for row in rows if claim.name_key in row["name_keys"] or name_key(row["name"]) in keys]
    return PersonId(same[0]["id"]) if same else None


async def leave(w: Work, claim: Claim, person_id: PersonId, version: int, *, at: datetime) -> None:
    """Undo what a claim had brought into the registry, and nothing else. The claim is no longer upheld by now."""
    await faces.forget(w, claim.id)
    await w.execute("DELETE FROM blocked_file WHERE claim_id = $1", claim.id)
    row = await w.one("SELECT 1 FROM registered_person WHERE id = $1 AND withdrawn_at IS NULL FOR UPDATE", person_id)
    if row is None:  # the operator took the person out meanwhile
        return
    own = await own_part(w, person_id)
    entries = await _entries(w, person_id, own)
    if not entries:
        await take_out(w, person_id, version, at=at)
        return
    await write_person(w, merged(person_id, entries), version, own=own, at=at)


async def change_own(w: Work, own: Person, version: int, *, at: datetime) -> Person:
    """Write another part of the operator's own of an entry; what upheld claims say of the person stays in it."""
    person = merged(own.id, await _entries(w, PersonId(own.id), own))
    await write_person(w, person, version, own=own, at=at)
    return person


async def _entries(w: Work, person_id: PersonId, own: Person | None) -> list[Entry]:
    """Give what is said of a person now: by the operator, and by upheld claims in the order of their decision."""
    rows = await w.fetch(
        "SELECT person_name, aliases, consent, creators FROM likeness_claim"
        " WHERE person_id = $1 AND status = 'UPHELD' ORDER BY decided_at, id",
        person_id,
    )
    of_claims = [
        Entry(row["person_name"], tuple(row["aliases"]), Consent(row["consent"]), tuple(row["creators"]))
        for row in rows
    ]
    return [*([Entry(own.name, own.aliases, own.consent, own.creators)] if own else []), *of_claims]


async def protecting(w: Work, person_id: PersonId) -> list[str]:
    """Give the case codes of the upheld claims about a person, the oldest first."""
    rows = await w.fetch(
        "SELECT case_code FROM likeness_claim WHERE person_id = $1 AND status = 'UPHELD' ORDER BY id", person_id
    )
    return [row["case_code"] for row in rows]


async def own_part(w: Work, person_id: PersonId) -> Person | None:
    """Give what the operator alone has said of a person; None where only claims have."""
    row = await w.one("SELECT own FROM registered_person WHERE id = $1", person_id)
    if row is None or row["own"] is None:
        return None
    own = json.loads(row["own"])
    return Person(
        person_id,
        own["name"],
        tuple(own["aliases"]),
        Consent(own["consent"]),
        tuple(UUID(creator) for creator in own["creators"]),
    )


async def _block_what_was_held(w: Work, claim: Claim, person_id: PersonId, version: int, *, at: datetime) -> None:
    """Put the files of what was held under a claim into the registry, so that copies are recognised by their bytes.

    So are those of what would have been held, had nothing else restricted it already. A file may be blocked under
    several claims, and is free when the last of them is withdrawn. A file that the claim's consent allows stays out:
    a blocked file is blocked whatever the person allows.
    """
    rows = await w.fetch(
        "SELECT before FROM claim_affected WHERE claim_id = $1 AND (action = 'HELD' OR before @> '{\"agrees\": true}')",
        claim.id,
    )
    blocked = [
        sha256 for row in rows for sha256 in _files_against(json.loads(row["before"]), claim.consent, claim.creators)
    ]
    await w.many(
        "INSERT INTO blocked_file (id, sha256, person_id, blocked_at, changed_in, claim_id)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (sha256, claim_id) WHERE claim_id IS NOT NULL DO NOTHING",
        [(new_id(), sha256, person_id, at, version, ClaimId(claim.id)) for sha256 in dict.fromkeys(blocked)],
    )


def _files_against(before: dict[str, Any], consent: Consent, creators: Sequence[UUID]) -> list[str]:
    mature, owner = bool(before.get("mature")), before.get("owner_id")
    by_named = consent is Consent.NAMED_CREATORS and owner in {str(creator) for creator in creators}
    allowed = not mature and (consent is Consent.SAFE_FOR_WORK_ONLY or by_named)
    return [] if allowed else list(before.get("sha256", ()))


def _entry_of(claim: Claim) -> Entry:
    return Entry(claim.person_name, claim.aliases, claim.consent, claim.creators)


def _entry_json(person: Person) -> dict[str, Any]:
    return {
        "name": person.name,
        "aliases": list(person.aliases),
        "consent": person.consent,
        "creators": [str(creator) for creator in person.creators],
    }
