"""Registered names in text: whole words, however they are cased, accented, separated or joined."""

from collections import Counter
from collections.abc import Generator, Iterable
from itertools import product
from typing import Any, NamedTuple
from uuid import UUID

from domain.kernel.findings import Verdict
from domain.registry.folding import Folded, Word, fold, words_of
from domain.registry.matching import NameMatch
from domain.registry.quoting import quoted
from domain.registry.snapshot import Person, Snapshot

__all__ = ["MAX_NAME_LENGTH", "Folded", "NameMatcher", "check_names", "fold"]

MAX_NAME_LENGTH = 200
"""A registered name has at most so many characters."""

_EVERY_SPELLING_UP_TO = 5
"""A name of more words is recognised written all apart, all joined, or as it was registered, not half joined."""

_NAMES = ""
"""The key in a trie node under which the names that end there stand; no folded word is empty."""

_MOST_PER_PERSON = 100
"""So many occurrences of one person are told of one text; a text that repeats a name costs no more memory than that."""

_Trie = dict[str, Any]


class _Name(NamedTuple):
    """A registered name at the end of its path through the trie."""

    person_id: UUID
    name: str
    single: bool
    """A name of one word is looked for among whole words only: "Ann" is not in "JoAnn"."""


_Found = tuple[_Name, int, int]


class NameMatcher:
    """Recognises registered names as whole words. Implements `domain.registry.matching.Matcher`.

    A name of several words is also recognised joined, wholly or in part ("ann_lee", "AnnLee", "annlee2"), where it
    is a whole word or consists of whole humps of one CamelCase word ("myAnnLeeStyle"). It never begins or ends
    within a word: "Ann Lee" is not in "Joann Leerdam". Time is linear in the length of the text, whatever the
    number of persons: each word advances only the names that have matched so far.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._persons = {person.id: person for person in snapshot.persons}
        # Of entries for one file, one that says whom it reproduces is kept before one that does not.
        entries = sorted(snapshot.blocked_sha256, key=lambda entry: entry[1] is not None)
        self._blocked = {sha256.lower(): person_id for sha256, person_id in entries}
        self._trie: _Trie = {}
        for person in snapshot.persons:
            for name in person.names:
                self._plant(person.id, name)

    @property
    def snapshot(self) -> Snapshot:
        """The registry that it was made from."""
        return self._snapshot

    def person(self, person_id: UUID) -> Person | None:
        """Give a registered person of this snapshot."""
        return self._persons.get(person_id)

    def match(self, text: str) -> list[NameMatch]:
        """Find every registered name in `text`, best first: the longest, then the earliest.

        Of several names of one person at one place only the longest is given, and of one person no more than a
        hundred occurrences.
        """
        counts: Counter[UUID] = Counter()
        found = []
        for name, start, end in self._occurrences(text):
            counts[name.person_id] += 1
            if counts[name.person_id] <= _MOST_PER_PERSON:
                found.append(NameMatch(name.person_id, name.name, start, end, 1.0, Verdict.BLOCKED))
        return sorted(_outermost(found), key=lambda match: (-match.score, match.start - match.end, match.start))

    def blocked_file(self, hashes: Iterable[str]) -> tuple[str, UUID | None] | None:
        """Find a blocked file among full SHA256 values, in any case."""
        for value in hashes:
            sha256 = value.lower()
            if sha256 in self._blocked:
                return sha256, self._blocked[sha256]
        return None

    def _plant(self, person_id: UUID, name: str) -> None:
        words = fold(name).words
        if not words:
            return
        parts = [hump for word in words for hump in word.humps or (word,)]
        entry = _Name(person_id, name, single=len(parts) == 1)
        for spelling in _spellings(words, parts):
            node = self._trie
            for word in spelling:
                node = node.setdefault(word, {})
            names = node.setdefault(_NAMES, [])
            if entry not in names:
                names.append(entry)

    def _occurrences(self, text: str) -> Generator[_Found, None, None]:
        active: list[tuple[_Trie, int]] = []
        for word in words_of(text):
            # Most words neither go on with a name nor begin one.
            if active or word.text in self._trie:
                active = yield from self._advance(active, word, within=False)
            inner: list[tuple[_Trie, int]] = []
            for hump in word.humps:
                if inner or hump.text in self._trie:
                    inner = yield from self._advance(inner, hump, within=True)

    def _advance(
        self, active: list[tuple[_Trie, int]], word: Word, *, within: bool
    ) -> Generator[_Found, None, list[tuple[_Trie, int]]]:
        """Take every name that matched so far one word further, and begin anew at this word."""
        advanced = [(node[word.text], start) for node, start in active if word.text in node]
        if word.text in self._trie:
            advanced.append((self._trie[word.text], word.start))
        for node, start in advanced:
            for name in node.get(_NAMES, ()):
                if not (within and name.single):
                    yield name, start, word.end
        return advanced


def _outermost(found: list[NameMatch]) -> list[NameMatch]:
    """Leave out what lies within a longer match of the same person."""
    reached: dict[UUID, int] = {}
    kept = []
    for match in sorted(found, key=lambda match: (match.start, -match.end)):
        if match.end > reached.get(match.person_id, -1):
            reached[match.person_id] = match.end
            kept.append(match)
    return kept


def _spellings(words: tuple[Word, ...], parts: list[Word]) -> set[tuple[str, ...]]:
    """Give the ways to write a name: its parts apart or joined, in every combination for a short name.

    Letters and digits, and characters of scripts without spaces, are never joined: no text has them as one word.
    """
    joints = [at for at in range(1, len(parts)) if not parts[at].turned]
    if len(parts) > _EVERY_SPELLING_UP_TO:
        as_registered = tuple(word.text for word in words)
        return {as_registered, _joined_at(parts, set()), _joined_at(parts, set(joints))}
    choices = product((False, True), repeat=len(joints))
    return {_joined_at(parts, {at for at, join in zip(joints, choice, strict=True) if join}) for choice in choices}


def _joined_at(parts: list[Word], joints: set[int]) -> tuple[str, ...]:
    spelling: list[str] = []
    for at, part in enumerate(parts):
        if at in joints:
            spelling[-1] += part.text
        else:
            spelling.append(part.text)
    return tuple(spelling)


def check_names(person: Person) -> str | None:
    """Say in one sentence which name of a person could not be recognised, and why; None when all can be.

    A name is put through the real matcher, so that none is registered that would protect nobody.
    """
    for name in person.names:
        problem = _problem_with(name)
        if problem:
            return f"The name {quoted(name)} cannot be registered: {problem}."
    return None


def _problem_with(name: str) -> str | None:
    if len(name) > MAX_NAME_LENGTH:
        return f"it has {len(name)} characters, and {MAX_NAME_LENGTH} is the most"
    if not name.strip():
        return "it is empty"
    folded = fold(name)
    if not folded.words:
        return "nothing is left of it once marks, signs and invisible characters are set aside"
    if sum(len(word.text) for word in folded.words) < 2:
        return "a single letter or digit would be found in every text"
    probe = Person(id=UUID(int=0), name=name)
    first, last = folded.words[0], folded.words[-1]
    found = NameMatcher(Snapshot(version=0, persons=(probe,))).match(name)
    if not any(match.start == first.start and match.end == last.end for match in found):
        return "it would not be recognised even in its own spelling"
    return None
