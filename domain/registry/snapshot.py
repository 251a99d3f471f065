"""The registry at one version: who is protected, under which names, and what they allow."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID


class Consent(StrEnum):
    """What a registered person allows. NAMED_CREATORS: only the listed accounts, never mature."""

    DENY_ALL = "DENY_ALL"
    NAMED_CREATORS = "NAMED_CREATORS"
    SAFE_FOR_WORK_ONLY = "SAFE_FOR_WORK_ONLY"


@dataclass(frozen=True, slots=True)
class Person:
    """A protected person: the name they are known by, other names, and what they allow."""

    id: UUID
    name: str
    aliases: tuple[str, ...] = ()
    consent: Consent = Consent.DENY_ALL
    creators: tuple[UUID, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that must be recognised, the display name first."""
        return (self.name, *self.aliases)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole registry at `version`. `blocked_sha256` are files that were found to reproduce a person, by person."""

    version: int
    persons: tuple[Person, ...] = ()
    blocked_sha256: tuple[tuple[str, UUID | None], ...] = ()

    def only(self, person_ids: AbstractSet[UUID]) -> "Snapshot":
        """Give the same registry with these persons alone: enough to find the texts that a change touches."""
        return replace(self, persons=tuple(person for person in self.persons if person.id in person_ids))


EMPTY = Snapshot(version=0)
