"""Registered names in text: exact evidence blocks, near evidence is held for a person to look at."""

from collections.abc import Iterable
from uuid import UUID

from domain.registry.folding import Folded, fold
from domain.registry.matching import NameMatch
from domain.registry.name_index import NameIndex
from domain.registry.name_parts import parts_of
from domain.registry.name_policy import NAMES_2026_11, NamePolicy
from domain.registry.quoting import quoted
from domain.registry.recognising import outermost, prepared, recognise
from domain.registry.snapshot import Person, Snapshot

__all__ = ["MAX_NAME_LENGTH", "Folded", "NameMatcher", "check_names", "fold", "nothing_in"]

MAX_NAME_LENGTH = 200
"""A registered name has at most so many characters."""

_OVERLAY_SHARE = 50
"""An overlay of more than a fiftieth of the registry, and of more than `_OVERLAY_LEAST`, is folded into the base."""

_OVERLAY_LEAST = 1000

_CROWDED_SHARE, _CROWDED_LEAST = 400, 250
"""From an overlay of so many on, making the base anew in the background is worth its while."""


class NameMatcher:
    """Recognises registered names. Implements `domain.registry.matching.Matcher`.

    A name is recognised whole, however it is cased, accented, separated, joined, drawn out, spelled out or put in
    digits, signs and look-alike letters; turned round, mistyped, shortened or written in another script it is near
    evidence. It begins and ends where words do, or where humps of a CamelCase word do: "Ann Lee" is not in "Joann
    Leerdam". A name that is an ordinary word needs a context that speaks of a person. Time is linear in the length
    of the text.
    """

    def __init__(self, snapshot: Snapshot, policy: NamePolicy = NAMES_2026_11) -> None:
        self._take(snapshot, policy)
        self._base = NameIndex(snapshot.persons)
        self._base_persons = self._persons
        self._overlay = NameIndex(())
        self._replaced: frozenset[UUID] = frozenset()

    def _take(self, snapshot: Snapshot, policy: NamePolicy) -> None:
        self._snapshot, self._policy = snapshot, policy
        self._persons = {person.id: person for person in snapshot.persons}
        # Of entries for one file, one that says whom it reproduces is kept before one that does not.
        entries = sorted(snapshot.blocked_sha256, key=lambda entry: entry[1] is not None)
        self._blocked = {sha256.lower(): person_id for sha256, person_id in entries}

    def updated(self, snapshot: Snapshot) -> "NameMatcher":
        """Make the matcher of a newer registry in milliseconds: the index of this one, and an overlay of what changed.

        Where much has changed it is made anew, which takes seconds for a large registry.
        """
        new = NameMatcher.__new__(NameMatcher)
        new._take(snapshot, self._policy)
        base = self._base_persons
        changed = [person for person in snapshot.persons if base.get(person.id) is not person]
        changed = [person for person in changed if not _same_names(base.get(person.id), person)]
        if len(changed) > max(_OVERLAY_LEAST, len(base) // _OVERLAY_SHARE):
            return NameMatcher(snapshot, self._policy)
        gone = base.keys() - new._persons.keys()
        new._base, new._base_persons = self._base, base
        new._overlay = NameIndex(changed)
        new._replaced = frozenset(gone).union(person.id for person in changed)
        return new

    def shares_index(self, other: "NameMatcher") -> bool:
        """Whether both are based on one index, so that neither was made anew."""
        return self._base is other._base

    @property
    def overlaid(self) -> int:
        """How many persons are not as they are in the index that it is based on."""
        return len(self._replaced)

    @property
    def crowded(self) -> bool:
        """Whether so many are not as in the index that it had better be made anew soon, beside the work."""
        return self.overlaid > max(_CROWDED_LEAST, len(self._base_persons) // _CROWDED_SHARE)

    @property
    def snapshot(self) -> Snapshot:
        """The registry that it was made from."""
        return self._snapshot

    @property
    def policy(self) -> NamePolicy:
        """The thresholds that it judges by."""
        return self._policy

    def person(self, person_id: UUID) -> Person | None:
        """Give a registered person of this snapshot."""
        return self._persons.get(person_id)

    def match(self, text: str) -> list[NameMatch]:
        """Find every registered name in `text`, best first: the surest, then the longest, then the earliest.

        Of several matches of one person at one place only the best is given, and of one person no more than a
        hundred occurrences.
        """
        if not self._persons:
            return []
        texts = prepared(text)
        found = [match for match in recognise(self._policy, self._base, texts) if match.person_id not in self._replaced]
        found += recognise(self._policy, self._overlay, texts)
        return outermost(found)

    def blocked_file(self, hashes: Iterable[str]) -> tuple[str, UUID | None] | None:
        """Find a blocked file among full SHA256 values, in any case."""
        for value in hashes:
            sha256 = value.lower()
            if sha256 in self._blocked:
                return sha256, self._blocked[sha256]
        return None


def _same_names(one: Person | None, other: Person) -> bool:
    return one is not None and one.names == other.names


def check_names(person: Person) -> str | None:
    """Say in one sentence which name of a person could not be recognised, and why; None when all can be.

    A name is put through the real matcher, so that none is registered that would protect nobody.
    """
    for name in person.names:
        problem = _problem_with(name)
        if problem:
            return f"The name {quoted(name)} cannot be registered: {problem}."
    return None


def nothing_in(name: str) -> str | None:
    """Say why there is nothing in a name that could be looked for; None where there is something."""
    if (name.isascii() and any(map(str.isalnum, name))) or parts_of(name).letters:
        return None
    nothing = "nothing is left of it once marks, signs and invisible characters are set aside"
    return nothing if name.strip() else "it is empty"


def _problem_with(name: str) -> str | None:
    if len(name) > MAX_NAME_LENGTH:
        return f"it has {len(name)} characters, and {MAX_NAME_LENGTH} is the most"
    if nothing := nothing_in(name):
        return nothing
    parts = parts_of(name)
    if len(set(parts.letters)) == 1 and len(parts.look) <= 1:
        often = ", however often," if len(parts.letters) > 1 else ""
        return f"a single letter or digit{often} would be found in every text"
    before, after = "photo of, ", " , smiling"
    matches = NameMatcher(Snapshot(version=0, persons=(Person(id=UUID(int=0), name=name),))).match(
        before + name + after
    )
    if not any(match.start < len(before) + len(name) and match.end > len(before) for match in matches):
        return "it would not be recognised even in its own spelling"
    return None
