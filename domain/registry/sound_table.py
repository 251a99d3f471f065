"""Names by how they sound: all that share a sound key, with the vowels that tell them apart."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Indel

from domain.registry.hashed import Rows, Table
from domain.registry.name_parts import NameParts, cached_parts, is_ambiguous
from domain.registry.romanising import has_no_vowels, readings_of, script_of, syllables_of, without_ending
from domain.registry.sounds import key_of_word, sung, sung_words
from domain.registry.speaking import spoken

VOICES_AT = 22
"""From this bit on a row has the voices of a sound; below is the number of a name."""
_NUMBER = (1 << VOICES_AT) - 1
_ONES = np.array([bits.bit_count() for bits in range(1 << (32 - VOICES_AT))], dtype=np.uint8)
_MOST_ROWS, _MOST_NAMES = 1024, 64
"""So many names of one key are compared by their voices, and so many of them by their vowels."""
_MOST_CHOIRS = 1 << 12
_ROUGHLY = 0.22
"""A name as it is spelled sounds less alike than as it may be spoken, by so much at most."""
_SHORT = 8
_VOWEL_RUN = re.compile("[aeiou]+")
_HAS_HAN = re.compile(r"[\u3400-\u9fff]")


class Traits(NamedTuple):
    """What is asked of a text that sounds like a name, because of what the name is."""

    script: str
    """The script that it is in, where a text in the same is compared otherwise (`romanising.script_of`)."""
    short: bool
    """A short name of one word: the text must sound nearly the same."""
    vowelless: bool
    """In a script that leaves out the vowels."""
    syllables: int
    """So many syllables a Korean name has, and 0 any other."""
    weak: bool
    """One of its words has no consonant that is heard."""
    characters: int
    """So many Han characters it has, each of which is heard as a syllable or more; and 0 any other."""
    vowels: int
    """So many vowels, or runs of them, are written in a name in Latin letters but for an e at the end; 0 in others."""


class Sung(NamedTuple):
    """How a name may sound, with its vowels, in its orders, and its traits."""

    joined: str
    """Its forms with a space between them: one string of a name takes far less memory than many."""
    traits: Traits


class Asked(NamedTuple):
    """A sound that is looked for: the hash of its key, its voices, and how many of those may be others."""

    key: int
    voices: int
    others: int
    text: str
    """How it sounds with its vowels."""
    wanted: float
    """How alike a name has to sound."""


class Choir(NamedTuple):
    """All names that have a sound, by number, with their traits."""

    forms: list[str]
    """How they may sound, each form once."""
    names: dict[str, list[tuple[int, Traits]]]
    """Whose each form is."""
    vowelless: bool
    """Whether any is in a script that leaves out the vowels."""


class Sounds:
    """Finds names in Latin letters by sound key and voices; how they may sound is found out when one is asked for."""

    def __init__(self, rows: Rows) -> None:
        self._table = Table(rows)
        self.may_have = self._table.may_have

    def find(self, asked: Sequence[Asked], name_of: Callable[[int], str]) -> Iterator[tuple[int, Choir]]:
        """For each sound that is there give its place among those asked for, and how its names may sound."""
        known: dict[tuple[int, int, int], list[int]] = {}  # one sound is asked for with several texts
        for place, begin, end in self._table.slices([one.key for one in asked]):
            one = asked[place]
            numbers = known.get(one[:3])
            if numbers is None:
                rows = self._table.rows(begin, min(end, begin + _MOST_ROWS))
                known[one[:3]] = numbers = _numbers(rows[_ONES[(rows >> VOICES_AT) ^ one.voices] <= one.others])
            choir = _choir((number, sung_of(name_of(number))) for number in _near(one, numbers, name_of))
            if choir.forms:
                yield place, choir


class Choirs:
    """Finds names in other scripts by sound key, whatever their voices. `sung` has how they may sound."""

    def __init__(self, rows: Rows, sung: Mapping[int, Sung]) -> None:
        self._table, self._sung = Table(rows), sung
        self._known: dict[int, Choir] = {}

    def __len__(self) -> int:
        return len(self._table)

    def of(self, key: int) -> Choir | None:
        """Give the names that have a sound; None where nobody has it."""
        choir = self._known.get(key)
        if choir is None and self._table.may_have(key):
            if len(self._known) >= _MOST_CHOIRS:
                self._known = {}
            self._known[key] = choir = self._made(key)
        return choir if choir and choir.forms else None

    def _made(self, key: int) -> Choir:
        places = self._table.slices([key])
        rows = (self._table.rows(begin, min(end, begin + _MOST_ROWS)) for _, begin, end in places)
        return _choir((number, self._sung[number]) for some in rows for number in _numbers(some))


def _numbers(rows: NDArray[np.uint32]) -> list[int]:
    """Give the numbers of names that stand in rows, each once."""
    return list(dict.fromkeys((rows & _NUMBER).tolist()))


def _choir(singers: Iterable[tuple[int, Sung]]) -> Choir:
    names: dict[str, list[tuple[int, Traits]]] = {}
    vowelless = False
    for name, one in singers:
        vowelless = vowelless or one.traits.vowelless
        for form in one.joined.split():
            names.setdefault(form, []).append((name, one.traits))
    return Choir(list(names), names, vowelless)


def _near(asked: Asked, names: list[int], name_of: Callable[[int], str]) -> list[int]:
    """Leave out the names that sound quite otherwise, a tenth of the work of finding out how they may sound at all."""
    least = asked.wanted - _ROUGHLY
    text, likeness = asked.text, Indel.normalized_similarity
    found: list[int] = []
    for number in names:
        name = name_of(number)
        words = name.lower().split()
        if len(words) > 1 and name.isascii():
            first, rest = sung(words[0]), "".join(map(sung, words[1:]))
            if max(likeness(text, first + rest), likeness(text, rest + first)) < least:
                continue
        found.append(number)
        if len(found) >= _MOST_NAMES:
            break
    return found


@lru_cache(maxsize=1 << 14)
def sung_of(name: str) -> Sung:
    """Find out how a name may sound."""
    words = tuple(name.lower().split())
    if not all(word.isascii() and word.isalpha() for word in words) or (len(words) == 1 and is_ambiguous(name.lower())):
        return sung_parts(name, cached_parts(name))
    # Plain words need not be taken apart further.
    weak, short = not all(map(key_of_word, words)), len(words) == 1 and len(name) < _SHORT
    return Sung(
        _orders(spoken(words), (words,)), _shared("", short, False, syllables_of(name), weak, 0, _vowels_of(words))
    )


def sung_parts(name: str, parts: NameParts) -> Sung:
    """Find out how a name that was taken apart may sound; an ambiguous one is not to be heard at all."""
    one_word = not any(map(str.isspace, name)) and not _HAS_HAN.search(name)
    weak = not parts.foreign and not all(map(key_of_word, parts.words))
    short = one_word and len(name) < _SHORT
    characters = len("".join(name.split())) if script_of(name) == "han" else 0
    vowels = 0 if parts.foreign else _vowels_of(parts.words)
    return Sung(
        _forms(parts),
        _shared(script_of(name), short, has_no_vowels(name), syllables_of(name), weak, characters, vowels),
    )


def _vowels_of(words: Sequence[str]) -> int:
    return sum(len(_VOWEL_RUN.findall(word[:-1] if word.endswith("e") else word)) for word in words)


_shared = lru_cache(maxsize=1 << 8)(Traits)
"""Few traits are many names' own."""


def _forms(parts: NameParts) -> str:
    if parts.ambiguous:
        return ""
    if parts.foreign:
        # A text has the name in any case, and is read without its ending.
        bare = tuple(map(without_ending, parts.words))
        readings = [*readings_of(parts.words), *(readings_of(bare) if bare != parts.words else ())]
        return _orders(readings, readings)
    return _orders(spoken(parts.words, parts.name), (parts.words,))


def _orders(said: Iterable[tuple[str, ...]], plainly: Collection[tuple[str, ...]]) -> str:
    """Give forms of names as they are said, and turned for those that are said plainly."""
    return " ".join(
        {
            sung_words((*words[turn:], *words[:turn]))
            for words in said
            for turn in ({0, 1, len(words) - 1} if words in plainly else (0,))
        }
    )
