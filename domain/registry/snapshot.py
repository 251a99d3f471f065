"""The registry at one version: who is protected, under which names, and what they allow."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID

from domain.registry.blocked import BlockedFiles


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
class EnrolledFace:
    """A face of a protected person, as `domain.registry.faces.packed` writes it; no repr, and so no log, shows it."""

    person_id: UUID
    descriptor: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole registry at `version`. `blocked_sha256` are files that were found to reproduce a person, by person."""

    version: int
    persons: tuple[Person, ...] = ()
    blocked_sha256: tuple[tuple[str, UUID | None], ...] = ()
    blocked_files: BlockedFiles = field(default_factory=BlockedFiles, repr=False)
    """Blocked files with all that is known to recognise them and their near copies by."""
    faces: tuple[EnrolledFace, ...] = field(default=(), repr=False)

    def only(self, person_ids: AbstractSet[UUID]) -> "Snapshot":
        """Give the same registry with these persons alone: enough to find what a change touches."""
        return replace(
            self,
            persons=tuple(person for person in self.persons if person.id in person_ids),
            faces=tuple(face for face in self.faces if face.person_id in person_ids),
        )


EMPTY = Snapshot(version=0)
