"""What is gathered, name by name, before an index of names is made of it."""

from collections.abc import Sequence

import numpy as np
from ahocorasick_rs import AhoCorasick, Implementation
from numpy.typing import NDArray

from domain.registry.given_names import is_frequent_family_name, is_given_name
from domain.registry.hashed import Rows
from domain.registry.japanese import kana_of
from domain.registry.name_parts import NameParts, is_pinyin, is_spaced, parts_of, spellings, without_initials
from domain.registry.romanising import chinese_reading, is_chinese_in_form, syllables_of
from domain.registry.skeletons import one_of_each, skeleton, transliterated
from domain.registry.snapshot import Person
from domain.registry.sound_table import VOICES_AT, Sung, sung_parts
from domain.registry.sounds import sounds_of_name

_LEAST_TURNED = 6
"""From so many letters on a name of another script is also looked for with its family name first."""
FORWARD, TURNED, INITIAL, ROTATED = 0, 1, 2, 3
"""How two words of a text stand to a name: its first two, its last before its first, an initial before its last,
or its second and third where the first comes last."""

_FIRST_WORD_NUMBER = 32  # below are the initials: 0 to 25
SINGLE = 31
"""Stands beside the only word of a name."""
WITHOUT_INITIALS = 1 << 31
"""Added to the place of a name that is also looked for without the initials in its middle."""


def pair_key(first: int, second: int) -> int:
    """Give the key of two words, in this order; it looks as if drawn by chance (Knuth's multiplicative hashing)."""
    return ((first << 32 | second) * _GOLDEN & _ALL_BITS) - _HALF


_GOLDEN, _ALL_BITS, _HALF = 0x9E37_79B9_7F4A_7C15, (1 << 64) - 1, 1 << 63


def initial_number(word: str) -> int:
    """Give the number that stands for the first letter of a word."""
    return (ord(word[0]) - ord("a")) % _FIRST_WORD_NUMBER


class Planting:
    """The names of these persons, taken apart: whose they are, their spellings, their words, their sounds."""

    def __init__(self, persons: Sequence[Person]) -> None:
        self.owners: list[int] = []
        self.places: list[int] = []
        self.spellings: dict[str, int | list[int]] = {}
        self.pairs, self.sounds, self.foreign_sounds = Rows(), Rows(), Rows()
        self.sung: dict[int, Sung] = {}
        self.numbers: dict[str, int] = {}
        self.beginnings: dict[str, list[int]] = {}
        self.long_words: dict[str, str] = {}
        self.alone: set[int] = set()
        self._beginning: set[str] = set()
        for owner, person in enumerate(persons):
            for place, name in enumerate(person.names):
                self._add(owner, place, name)
                if shorter := without_initials(name):
                    self._add(owner, place | WITHOUT_INITIALS, shorter)

    def _add(self, owner: int, place: int, name: str) -> None:
        parts = parts_of(name)
        if parts.words:
            self.owners.append(owner)
            self.places.append(place)
            self._plant(len(self.owners) - 1, parts, name)

    def automaton(self) -> AhoCorasick | None:
        """Make what finds every spelling at once in a stream of letters."""
        if not self.spellings:
            return None
        return AhoCorasick(list(self.spellings), store_patterns=False, implementation=Implementation.ContiguousNFA)

    def targets(self) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """Give the names of all spellings in one row, and where those of each spelling begin."""
        targets: list[int] = []
        begins = [0]
        for value in self.spellings.values():
            targets += value if isinstance(value, list) else [value]
            begins.append(len(targets))
        return np.array(targets, dtype=np.uint32), np.array(begins, dtype=np.uint32)

    def foreign_only(self, targets: NDArray[np.uint32], begins: NDArray[np.uint32]) -> bytes:
        """Say for each spelling, as `targets` gives them, whether only names of other scripts have it: 1, or 0."""
        foreign = np.zeros(len(self.owners), dtype=np.bool_)
        foreign[list(self.sung)] = True
        return np.logical_and.reduceat(foreign[targets >> 1], begins[:-1]).tobytes() if len(targets) else b""

    def _plant(self, number: int, parts: NameParts, name: str) -> None:
        for spelling in spellings(parts):
            self._add_spelling(spelling, number << 1)
        if parts.foreign and len(parts.words) == 2 and len(parts.letters) >= _LEAST_TURNED and is_spaced(parts):
            first, last = (reading.native for reading in parts.readings)
            self._add_spelling(one_of_each(last + first), number << 1 | 1)
        if is_pinyin(parts):
            self._add_spelling(skeleton("".join(reversed(parts.words))), number << 1 | 1)
        elif len(parts.words) == 3 and not parts.foreign and syllables_of(name):
            # A Korean name with the family name behind, as elsewhere.
            family, *given = parts.words
            self._add_spelling(skeleton("".join((*given, family))), number << 1 | 1)
        if parts.foreign and is_chinese_in_form(name):
            self._add_spelling(skeleton(chinese_reading(name[1:]) + chinese_reading(name[:1])), number << 1 | 1)
        for kana in kana_of(name) if parts.foreign else ():
            self._add_spelling(skeleton("".join(map(transliterated, kana))), number << 1)
        for spelling, sound in sounds_of_name(name, parts):
            if spelling:
                self._add_spelling(spelling, number << 1)
            if len(sound.key) > 1:
                rows = self.foreign_sounds if parts.foreign else self.sounds
                rows.add(hash(sound.key), number | sound.voices << VOICES_AT)
        if parts.foreign:
            self.sung[number] = sung_parts(name, parts)
        elif all(reading.look for reading in parts.readings):
            self._plant_words(number, parts)

    def _add_spelling(self, spelling: str, target: int) -> None:
        known = self.spellings.setdefault(spelling, target)
        if isinstance(known, list):
            if known[-1] != target:
                known.append(target)
        elif known != target:
            self.spellings[spelling] = [known, target]

    def _plant_words(self, number: int, parts: NameParts) -> None:
        """Note which words of a name stand together, for those that are mistyped, shortened or turned round."""
        looks = [reading.look for reading in parts.readings]
        for word, look in zip(parts.words, looks, strict=True):
            if 4 <= len(look) <= 24:
                self.long_words.setdefault(look, word)
        ids = [self._number_of(look) for look in looks]
        if len(ids) == 1:
            if len(looks[0]) >= 7 and not parts.ambiguous:
                self.pairs.add(pair_key(SINGLE, ids[0]), number << 2 | FORWARD)
                self.alone.add(ids[0])
            return
        self._note_beginnings(parts.words[0], ids[0])
        self.pairs.add(pair_key(ids[0], ids[1]), number << 2 | FORWARD)
        self.pairs.add(pair_key(ids[-1], ids[0]), number << 2 | TURNED)
        if len(ids) > 2:
            self.pairs.add(pair_key(ids[1], ids[2]), number << 2 | ROTATED)
        if len(looks[-1]) >= 5 and not is_frequent_family_name(parts.words[-1]):
            self.pairs.add(pair_key(initial_number(looks[0]), ids[-1]), number << 2 | INITIAL)

    def _note_beginnings(self, given: str, number: int) -> None:
        """A long given name is often shortened to its beginning, where that is a name too: Leo for Leonardo."""
        if given in self._beginning or len(given) < 6:
            return
        self._beginning.add(given)
        for length in (3, 4, 5):
            if is_given_name(given[:length]):
                known = self.beginnings.setdefault(given[:length], [])
                if number not in known:
                    known.append(number)

    def _number_of(self, look: str) -> int:
        return self.numbers.setdefault(look, _FIRST_WORD_NUMBER + len(self.numbers))
