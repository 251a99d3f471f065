"""An index of registered names: one automaton over their skeletons, and compact tables of their words.

The tables are sorted arrays of 64-bit keys, a few bytes a name, so that 100,000 persons with four names each stay
well under 400 MB and every look-up of a whole text is one call.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from ahocorasick_rs import AhoCorasick, Implementation
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from domain.registry.name_parts import NameParts, is_pinyin, parts_of, spellings
from domain.registry.ordinary import fuller_forms, is_frequent_family_name, is_given_name, is_ordinary, short_forms
from domain.registry.skeletons import bare_look, one_of_each, reading_of, skeleton
from domain.registry.snapshot import Person
from domain.registry.sounds import sounds_of_name, vowelled

FORWARD, TURNED, INITIAL, ROTATED = 0, 1, 2, 3
"""How two words of a text stand to a name: its first two, its last before its first, an initial before its last,
or its second and third where the first comes last."""

SAME, MISTYPED, NICKNAME, ALIKE = 0, 1, 2, 3
"""How a word of a text stands to a word of a name; ALIKE: an ordinary word that sounds the same."""

_FIRST_WORD_ID = 32  # below are the initials: 0 to 25
SINGLE = 31
"""Stands beside the only word of a name."""
_MOST_SHARERS = 64
"""So many names with the same two words are looked at; more can't be told apart by them anyway."""

Candidate = tuple[int, int]
"""A word of a name by its number, and how the word of the text stands to it."""


class Table:
    """Values by 64-bit key, as two sorted arrays; a key may stand several times."""

    def __init__(self, rows: "_Rows") -> None:
        unsorted = np.frombuffer(rows.keys, dtype=np.int64) if rows.keys else np.empty(0, dtype=np.int64)
        order = np.argsort(unsorted, kind="stable")
        self._keys: NDArray[Any] = unsorted[order]
        self._values: NDArray[np.uint32] = np.array(rows.values, dtype=np.uint32)[order]

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, keys: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
        """For each key that is there give its place among those asked for, and its values, a bounded number."""
        if not keys or not len(self._keys):
            return
        asked = np.array(keys, dtype=self._keys.dtype)
        first = np.searchsorted(self._keys, asked, side="left")
        there = self._keys[np.minimum(first, len(self._keys) - 1)] == asked
        for at in np.flatnonzero(there).tolist():
            begin = int(first[at])
            end = begin + 1
            while end < len(self._keys) and end - begin < _MOST_SHARERS and self._keys[end] == asked[at]:
                end += 1
            yield at, self._values[begin:end].tolist()


class _Rows:
    """Keys and values as they are gathered, in twelve bytes each."""

    def __init__(self) -> None:
        self.keys, self.values = array("q"), array("I")

    def add(self, key: int, value: int) -> None:
        self.keys.append(key)
        self.values.append(value)


class NameEntry(NamedTuple):
    """A name in the index: whose, and as it was registered."""

    person: Person
    name: str


class NameIndex:
    """Finds the names of these persons by skeleton, by words nearly right, and by sound."""

    def __init__(self, persons: Sequence[Person]) -> None:
        self._persons = persons
        self._owners: list[int] = []
        self._places: list[int] = []
        self._word_ids: dict[str, int] = {}
        self._candidates: dict[str, tuple[Candidate, ...]] = {}
        self._beginnings: dict[str, list[int]] = {}
        building = _Building()
        for number, person in enumerate(persons):
            for place, name in enumerate(person.names):
                self._plant(building, number, place, parts_of(name), name)
        self._finish(building)

    def __len__(self) -> int:
        return len(self._owners)

    def entry(self, number: int) -> NameEntry:
        """Give a name by its number."""
        person = self._persons[self._owners[number]]
        return NameEntry(person, person.names[self._places[number]])

    def hits(self, stream: str) -> list[tuple[int, int, int]]:
        """Find every skeleton in a stream of letters: (number of the skeleton, start, end)."""
        return self._automaton.find_matches_as_indexes(stream, overlapping=True) if self._automaton else []

    def names_at(self, skeleton_number: int) -> list[tuple[int, bool]]:
        """Give the names that a skeleton stands for, and whether it has their words in turned order."""
        first, last = self._sharers[skeleton_number], self._sharers[skeleton_number + 1]
        return [(target >> 1, bool(target & 1)) for target in self._targets[first:last].tolist()]

    def word_id(self, word: str) -> int | None:
        """Give the number of a word's skeleton, if a name has it."""
        return self._word_ids.get(word)

    def candidates(self, word: str) -> tuple[Candidate, ...] | None:
        """Give what a word (its skeleton) may stand for, as far as it is known already."""
        return self._candidates.get(word)

    def learn(self, words: Iterable[tuple[str, str]]) -> None:
        """Find out what these words, each with its skeleton, may stand for, all at once, and remember it."""
        asked = list(words)
        if len(self._candidates) > 1 << 16:
            self._candidates.clear()
        keys: list[int] = []
        owners: list[int] = []
        found: list[list[Candidate]] = []
        for at, (word, look) in enumerate(asked):
            found.append(self._plain_candidates(word, look))
            if not word.isalpha() and word.isascii():
                found[at] += self._without_signs(word, look)
            if 3 + word.isalpha() <= len(look) <= 24:
                deleted = _deletions(bare_look(word))
                keys += map(hash, deleted)
                owners += [at] * len(deleted)
        telling = [at for at, (word, _) in enumerate(asked) if _may_be_misspelled(word)]
        for place, numbers in self._spoken.find([hash(vowelled(asked[at][0])) for at in telling]):
            mine = found[telling[place]]
            mine += [(number, MISTYPED) for number in numbers if all(number != known for known, _ in mine)]
        for at, numbers in self._deletions.find(keys):
            mine = found[owners[at]]
            for number in numbers:
                kind = self._nearness(*asked[owners[at]], number)
                if kind is not None and all(number != known for known, _ in mine):
                    mine.append((number, kind))
        for (word, _), candidates in zip(asked, found, strict=True):
            self._candidates[word] = tuple(candidates)

    def pairs(self, keys: Sequence[int]) -> Iterator[tuple[int, list[tuple[int, int]]]]:
        """Find names by two of their words (`pair_key`): for each found key its place, and (name, how they stand)."""
        for at, values in self._pairs.find(keys):
            yield at, [(value >> 2, value & 3) for value in values]

    def sounding(self, keys: Sequence[int], *, foreign_only: bool) -> Iterator[tuple[int, list[int]]]:
        """Find names by how they sound (`hash` of a sound key); of those in other scripts alone, if asked."""
        return (self._foreign_sounds if foreign_only else self._sounds).find(keys)

    @property
    def has_foreign_names(self) -> bool:
        """Whether any name is not in Latin letters."""
        return len(self._foreign_sounds) > 0

    def _plain_candidates(self, word: str, look: str) -> list[Candidate]:
        same = self._word_ids.get(look)
        found: list[Candidate] = [] if same is None else [(same, SAME)]
        # A short form stands for the full name, and a full name for a registered short form.
        for other in fuller_forms(word) | short_forms(word):
            number = self._word_ids.get(skeleton(other))
            if number is not None and number != same:
                found.append((number, NICKNAME))
        if 3 <= len(word) <= 5 and is_given_name(word):
            found += [
                (number, NICKNAME) for number in self._beginnings.get(word, ()) if (number, NICKNAME) not in found
            ]
        return found

    def _nearness(self, word: str, look: str, number: int) -> int | None:
        """Say how a word stands to a longer word of a name from which it may differ by an edit."""
        text = self._texts[number]
        if is_ordinary(word) and word.isalpha() and vowelled(word) == vowelled(text):
            return ALIKE
        if word[:1] == text[:1] and "*" in word:
            return MISTYPED
        wanted = skeleton(text)
        distance = min(OSA.distance(look, wanted), OSA.distance(bare_look(word), bare_look(text)))
        return MISTYPED if look[:1] == wanted[:1] and distance <= (1 if len(wanted) < 8 else 2) else None

    def _without_signs(self, word: str, look: str) -> list[Candidate]:
        """A sign at the edge of a word may be none of its letters: "swift|"."""
        letters = reading_of(word).letters
        return [] if letters == look else [one for one in self._plain_candidates("", letters) if one[1] == SAME]

    def _plant(self, building: "_Building", owner: int, place: int, parts: NameParts, name: str) -> None:
        if not parts.words:
            return
        number = len(self._owners)
        self._owners.append(owner)
        self._places.append(place)
        for spelling in spellings(parts):
            building.add_spelling(spelling, number << 1)
        if is_pinyin(parts):
            building.add_spelling(skeleton("".join(reversed(parts.words))), number << 1 | 1)
        for spelling, key in sounds_of_name(name, parts):
            if spelling:
                building.add_spelling(spelling, number << 1)
            if len(key) > 1:
                (building.foreign_sounds if parts.foreign else building.sounds).add(hash(key), number)
        if not parts.foreign and all(reading.look for reading in parts.readings):
            self._plant_words(building, number, parts)

    def _plant_words(self, building: "_Building", number: int, parts: NameParts) -> None:
        """Note which words of a name stand together, for those that are mistyped, shortened or turned round."""
        looks = [reading.look for reading in parts.readings]
        for word, look in zip(parts.words, looks, strict=True):
            if 4 <= len(look) <= 24:
                building.long_words.setdefault(look, word)
        ids = [self._number_of(look) for look in looks]
        if len(ids) == 1:
            if len(looks[0]) >= 7 and not parts.ambiguous:
                building.pairs.add(pair_key(SINGLE, ids[0]), number << 2 | FORWARD)
            return
        self._note_beginnings(parts.words[0], ids[0])
        building.pairs.add(pair_key(ids[0], ids[1]), number << 2 | FORWARD)
        building.pairs.add(pair_key(ids[-1], ids[0]), number << 2 | TURNED)
        if len(ids) > 2:
            building.pairs.add(pair_key(ids[1], ids[2]), number << 2 | ROTATED)
        if len(looks[-1]) >= 5 and not is_frequent_family_name(parts.words[-1]):
            building.pairs.add(pair_key(initial_id(looks[0]), ids[-1]), number << 2 | INITIAL)

    def _note_beginnings(self, given: str, number: int) -> None:
        """A long given name is often shortened to its beginning, where that is a name too: Leo for Leonardo."""
        for length in (3, 4, 5):
            if len(given) >= 6 and is_given_name(given[:length]):
                known = self._beginnings.setdefault(given[:length], [])
                if number not in known:
                    known.append(number)

    def _number_of(self, look: str) -> int:
        return self._word_ids.setdefault(look, _FIRST_WORD_ID + len(self._word_ids))

    def _finish(self, building: "_Building") -> None:
        names = building.spellings
        self._automaton = (
            AhoCorasick(list(names), store_patterns=False, implementation=Implementation.ContiguousNFA)
            if names
            else None
        )
        targets: list[int] = []
        sharers = [0]
        for value in names.values():
            targets += value if isinstance(value, list) else [value]
            sharers.append(len(targets))
        self._targets = np.array(targets, dtype=np.uint32)
        self._sharers = np.array(sharers, dtype=np.uint32)
        self._pairs = Table(building.pairs)
        self._sounds = Table(building.sounds)
        self._foreign_sounds = Table(building.foreign_sounds)
        deletions = _Rows()
        for look, word in building.long_words.items():
            for deleted in _deletions(bare_look(word)):
                deletions.add(hash(deleted), self._word_ids[look])
        self._deletions = Table(deletions)
        self._texts = [""] * (_FIRST_WORD_ID + len(self._word_ids))
        spoken = _Rows()
        for look, word in building.long_words.items():
            self._texts[self._word_ids[look]] = word
            spoken.add(hash(vowelled(word)), self._word_ids[look])
        self._spoken = Table(spoken)
        self._owners, self._places = _compact(self._owners), _compact(self._places)


class _Building:
    """What is gathered name by name before the tables are made."""

    def __init__(self) -> None:
        self.spellings: dict[str, int | list[int]] = {}
        self.pairs = _Rows()
        self.sounds = _Rows()
        self.foreign_sounds = _Rows()
        self.long_words: dict[str, str] = {}

    def add_spelling(self, spelling: str, target: int) -> None:
        known = self.spellings.setdefault(spelling, target)
        if isinstance(known, list):
            if known[-1] != target:
                known.append(target)
        elif known != target:
            self.spellings[spelling] = [known, target]


def pair_key(first: int, second: int) -> int:
    """Give the key of two words, in this order."""
    return first << 32 | second


def initial_id(word: str) -> int:
    """Give the number that stands for the first letter of a word."""
    return (ord(word[0]) - ord("a")) % _FIRST_WORD_ID


def _may_be_misspelled(word: str) -> bool:
    return len(word) >= 4 and word.isalpha() and word.isascii() and not is_ordinary(word)


def _deletions(word: str) -> set[str]:
    """Give a word and what is left of it without one of its letters, but for the first, which is rarely mistyped."""
    return {one_of_each(word), *(one_of_each(word[:at] + word[at + 1 :]) for at in range(1, len(word)))}


def _compact(numbers: Sequence[int]) -> Any:
    """Keep many small numbers in four bytes each."""
    return np.array(numbers, dtype=np.uint32)
