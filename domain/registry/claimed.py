"""Somebody who asks to be protected and is not registered yet: how they are looked for, and what holds for them.

A name holds a thing before a decision only where it looks like a person's. Whoever gives the words of a title as a
name must not be able to take that thing from everybody with it; such names are looked for too, and only noted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from domain.kernel.findings import Finding, Signal, Verdict
from domain.registry.given_names import is_given_name
from domain.registry.matching import Matcher
from domain.registry.name_parts import parts_of
from domain.registry.names import NameMatcher
from domain.registry.ordinary import is_jargon, is_ordinary
from domain.registry.snapshot import EnrolledFace, Person, Snapshot

_OF_TITLES = frozenset(("and", "at", "by", "for", "from", "of", "the", "with"))
"""Words that join things in English and are part of no person's name; "in" and "an" are, in other languages."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """Who is looked for. Findings about `sure` may hold; those about `unsure`, who is the same person, are noted."""

    matcher: Matcher
    sure: UUID
    unsure: UUID

    def found(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """Leave of findings what stands and is about the person."""
        return tuple(
            each
            for each in findings
            if each.person_id in (self.sure, self.unsure) and each.verdict is not Verdict.CLEAN
        )

    def agrees(self, found: Sequence[Finding]) -> bool:
        """Whether what was found is exact and sure, or a face: what is only nearly the name holds nothing."""
        return any(
            each.signal is Signal.FACE_IN_SAMPLE or (each.verdict is Verdict.BLOCKED and each.person_id == self.sure)
            for each in found
        )


def claimed(person: Person, faces: Sequence[bytes] = ()) -> Claimed:
    """Make the matcher that looks for one claimed person alone. Takes milliseconds of a processor."""
    unsure = UUID(int=person.id.int ^ 1)
    sure_names, unsure_names = sorted_names(person.names)
    persons = tuple(
        replace(person, id=person_id, name=names[0], aliases=names[1:])
        for person_id, names in ((person.id, sure_names), (unsure, unsure_names))
        if names
    )
    enrolled = tuple(EnrolledFace(persons[0].id, face) for face in faces)
    return Claimed(NameMatcher(Snapshot(version=0, persons=persons, faces=enrolled)), person.id, unsure)


def sorted_names(names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Part names into those that look like a person's, and the others."""
    sure = tuple(name for name in names if looks_like_a_person(name))
    return sure, tuple(name for name in names if name not in sure)


def looks_like_a_person(name: str) -> bool:
    """Whether a name has two words or more, one of them a name's alone, and none that joins things in a title."""
    parts = parts_of(name)
    if parts.ambiguous or len(parts.words) < 2 or not _OF_TITLES.isdisjoint(parts.words):
        return False
    return parts.foreign or any(_is_of_names(word) for word in parts.words)


def anonymous(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Give findings as they are noted under a claim: whom they are about is not registered."""
    return tuple(replace(each, person_id=None) for each in findings)


def _is_of_names(word: str) -> bool:
    return is_given_name(word) or not (is_ordinary(word) or is_jargon(word) or any(map(str.isdigit, word)))
