"""Names by how they sound: all that share a sound key, with the vowels that tell them apart."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from domain.registry.hashed import Rows, Table
from domain.registry.name_parts import NameParts, cached_parts
from domain.registry.romanising import has_no_vowels, readings_of, script_of, syllables_of
from domain.registry.sounds import key_of_word, spoken, sung_words

_MOST_KEPT = 1 << 13
_SHORT = 8
_HAS_HAN = re.compile(r"[\u3400-\u9fff]")


class Traits(NamedTuple):
    """What is asked of a text that sounds like a name, because of what the name is."""

    script: str
    """A text in this script is compared by its characters alone."""
    short: bool
    """A short name of one word: the text must sound nearly the same."""
    vowelless: bool
    """In a script that leaves out the vowels."""
    syllables: int
    """So many syllables a Korean name has, and 0 any other."""
    weak: bool
    """One of its words has no consonant that is heard."""


class Sung(NamedTuple):
    """How a name may sound, with its vowels, in its orders, and its traits."""

    forms: tuple[str, ...]
    traits: Traits


class Choir(NamedTuple):
    """All names that share a sound key: the forms of all, and beside each the name's number and traits."""

    forms: list[str]
    names: list[tuple[int, Traits]]


class SoundTable:
    """Finds names by sound key; what was found is kept, because few keys are met again and again.

    `sung` has how names may sound; that of others is found out when it is needed.
    """

    def __init__(self, rows: Rows, name_of: Callable[[int], str], sung: Mapping[int, Sung]) -> None:
        self._table, self._name_of, self._sung = Table(rows), name_of, sung
        self._known: dict[int, Choir | None] = {}

    def __len__(self) -> int:
        return len(self._table)

    def find(self, keys: Sequence[int]) -> Iterator[tuple[int, Choir]]:
        """For each key (`hash` of a sound key) that is there give its place, and how its names may sound."""
        known = self._known
        if len(known) > _MOST_KEPT:
            known = self._known = {}
        new = list(set(keys).difference(known))
        if new:
            known.update(dict.fromkeys(new))
            for at, names in self._table.find(new):
                known[new[at]] = self._choir(names)
        for place, key in enumerate(keys):
            choir = known[key]
            if choir:
                yield place, choir

    def _choir(self, names: list[int]) -> Choir:
        choir = Choir([], [])
        for name in names:
            sung = self._sung.get(name) or sung_of(self._name_of(name))
            choir.forms.extend(sung.forms)
            choir.names.extend([(name, sung.traits)] * len(sung.forms))
        return choir


@lru_cache(maxsize=1 << 14)
def sung_of(name: str) -> Sung:
    """Find out how a name may sound."""
    words = tuple(name.lower().split())
    if len(words) == 1 or not all(word.isascii() and word.isalpha() for word in words):
        return sung_parts(name, cached_parts(name))
    # Two or more plain words need not be taken apart further.
    weak = not all(map(key_of_word, words))
    return Sung(
        _orders(spoken(words)), _shared("", short=False, vowelless=False, syllables=syllables_of(name), weak=weak)
    )


def sung_parts(name: str, parts: NameParts) -> Sung:
    """Find out how a name that was taken apart may sound; an ambiguous one is not to be heard at all."""
    one_word = not any(map(str.isspace, name)) and not _HAS_HAN.search(name)
    weak = not parts.foreign and not all(map(key_of_word, parts.words))
    short = one_word and len(name) < _SHORT
    return Sung(_forms(parts), _shared(script_of(name), short, has_no_vowels(name), syllables_of(name), weak))


_shared = lru_cache(maxsize=1 << 8)(Traits)
"""Few traits are many names' own."""


def _forms(parts: NameParts) -> tuple[str, ...]:
    if parts.ambiguous:
        return ()
    return _orders(readings_of(parts.words) if parts.foreign else spoken(parts.words))


def _orders(said: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple({sung_words((*words[turn:], *words[:turn])) for words in said for turn in {0, 1, len(words) - 1}})
