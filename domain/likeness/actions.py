"""Changes of the registry. Each is one version: the state's row is locked first, so that versions have one order."""

from collections.abc import Sequence
from uuid import UUID

from domain.kernel.beside import beside_loop
from domain.kernel.ids import PersonId, new_id
from domain.kernel.refusals import Conflict, InvalidInput
from domain.kernel.scope import Scope
from domain.kernel.work import work
from domain.likeness.facts import RegistryChanged
from domain.likeness.registering import (
    change_own,
    next_version,
    own_part,
    present,
    protecting,
    take_out,
    write_person,
)
from domain.likeness.rules import checked_person
from domain.registry.snapshot import Consent, Person


async def register(
    scope: Scope,
    *,
    name: str,
    aliases: Sequence[str] = (),
    consent: Consent = Consent.DENY_ALL,
    creators: Sequence[UUID] = (),
) -> tuple[Person, int]:
    """Register a person and give them with the registry's new version. For moderators and the operator.

    Raises SignInRequired, NotAllowed, InvalidInput.
    """
    _require_authority(scope)
    person = await beside_loop(checked_person, new_id(), name=name, aliases=aliases, consent=consent, creators=creators)
    async with work(scope.now) as w:
        version = await next_version(w)
        await write_person(w, person, version, own=person, at=scope.now)
        w.tell(RegistryChanged(version, (PersonId(person.id),)))
    return person, version


async def change(
    scope: Scope,
    person_id: PersonId,
    *,
    name: str | None = None,
    aliases: Sequence[str] | None = None,
    consent: Consent | None = None,
    creators: Sequence[UUID] | None = None,
) -> tuple[Person, int]:
    """Change the operator's own part of what a person is known by or allows; None leaves it.

    What upheld claims say stays beside it. Gives the person with the registry's new version.

    Raises SignInRequired, NotAllowed, NotFound, InvalidInput.
    """
    _require_authority(scope)
    async with work(scope.now) as w:
        version = await next_version(w)
        now = await present(w, person_id)
        before = await own_part(w, person_id) or Person(person_id, now.name)
        consent = before.consent if consent is None else consent
        kept = before.creators if consent is Consent.NAMED_CREATORS else ()
        own = await beside_loop(
            checked_person,
            person_id,
            name=before.name if name is None else name,
            aliases=before.aliases if aliases is None else aliases,
            consent=consent,
            creators=kept if creators is None else creators,
        )
        person = await change_own(w, own, version, at=scope.now)
        w.tell(RegistryChanged(version, (person_id,)))
    return person, version


async def withdraw(scope: Scope, person_id: PersonId) -> int:
    """Take a person out of the registry, with the files blocked for them and their faces; give its new version.

    Whoever upheld claims protect stays: each claim is withdrawn by its claimant. Raises SignInRequired, NotAllowed,
    NotFound, Conflict.
    """
    _require_authority(scope)
    async with work(scope.now) as w:
        version = await next_version(w)
        await present(w, person_id)
        if codes := await protecting(w, person_id):
            raise Conflict(
                f"This person is protected by {len(codes)} upheld {'claim' if len(codes) == 1 else 'claims'}, such as"
                f" {codes[0]}: they leave the registry when their claimants withdraw them.",
                state="PROTECTED",
            )
        await take_out(w, person_id, version, at=scope.now)
        w.tell(RegistryChanged(version, (person_id,)))
    return version


async def block_file(scope: Scope, *, sha256: str, person_id: PersonId) -> int:
    """Put a file that reproduces a person into the registry, whatever it is named; give the new version.

    Raises SignInRequired, NotAllowed, NotFound, InvalidInput, Conflict.
    """
    _require_authority(scope)
    digits = sha256.strip().lower()
    if len(digits) != 64 or not set(digits) <= set("0123456789abcdef"):
        raise InvalidInput("A file is named by its SHA256: 64 hex digits.", field="sha256")
    async with work(scope.now) as w:
        version = await next_version(w)
        await present(w, person_id)
        added = await w.execute(
            "INSERT INTO blocked_file (id, sha256, person_id, blocked_at, changed_in) VALUES ($1, $2, $3, $4, $5)"
            " ON CONFLICT (sha256, person_id) WHERE claim_id IS NULL DO NOTHING",
            new_id(),
            digits,
            person_id,
            scope.now,
            version,
        )
        if added != "INSERT 0 1":
            raise Conflict("This file is blocked already.", state="BLOCKED")
        w.tell(RegistryChanged(version, (person_id,)))
    return version


def _require_authority(scope: Scope) -> None:
    if not scope.system:
        scope.require_moderator()
