"""An index of registered names: one automaton over their skeletons, and compact tables of their words.

The tables are sorted arrays of 64-bit keys, a few bytes a name, so that 100,000 persons with four names each stay
well under 400 MB and every look-up of a whole text is one call.
"""

import ctypes
import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from domain.registry.hashed import Table
from domain.registry.name_parts import without_initials
from domain.registry.planting import WITHOUT_INITIALS, Planting
from domain.registry.snapshot import Person
from domain.registry.sound_table import Choirs, Sounds
from domain.registry.standings import Standing, Standings

_MOST_HEARD = 1 << 14
_LARGE = 20_000
"""From so many names on there is memory to give back once their index is made."""


class NameEntry(NamedTuple):
    """A name in the index: whose, as it was registered, and as it is looked for."""

    person: Person
    registered: str
    name: str


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let no garbage be collected meanwhile: what is gathered for a large index is none, and would be walked often."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def give_back() -> None:
    """Give the system back what was needed only meanwhile, a third of all, where the C library keeps it (glibc)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


class NameIndex:
    """Finds the names of these persons by skeleton, by words nearly right, and by sound."""

    def __init__(self, persons: Sequence[Person]) -> None:
        self._persons = persons
        with _uncollected():
            self._make(Planting(persons))
        if len(self) > _LARGE:
            give_back()

    def _make(self, planted: Planting) -> None:
        # One number of a memoryview is read in a third of the time of one of an array.
        self._owners: memoryview = np.array(planted.owners, dtype=np.uint32).data
        self._places: memoryview = np.array(planted.places, dtype=np.uint32).data
        self._automaton = planted.automaton()
        self._targets, self._sharers = planted.targets()
        self.foreign_only = planted.foreign_only(self._targets, self._sharers)
        """For each skeleton 1 where only names of other scripts have it, and 0 elsewhere."""
        self._pairs = Table(planted.pairs)
        self.sounds = Sounds(planted.sounds)
        """How the names in Latin letters sound."""
        self.foreign_sounds = Choirs(planted.foreign_sounds, planted.sung)
        """How those in other scripts sound."""
        self._heard: dict[tuple[tuple[str, ...], int], tuple[int, ...]] = {}
        self._standings = Standings(planted.numbers, planted.beginnings, planted.long_words, planted.alone)

    def __len__(self) -> int:
        return len(self._owners)

    def entry(self, number: int) -> NameEntry:
        """Give a name by its number."""
        person = self._persons[self._owners[number]]
        place: int = self._places[number]
        at = place & ~WITHOUT_INITIALS
        registered = person.aliases[at - 1] if at else person.name
        return NameEntry(person, registered, (without_initials(registered) or "") if place != at else registered)

    def name(self, number: int) -> str:
        """Give a name by its number, as it is looked for."""
        place: int = self._places[number]
        if place & WITHOUT_INITIALS:
            return self.entry(number).name
        person = self._persons[self._owners[number]]
        return person.aliases[place - 1] if place else person.name

    def hits(self, stream: str) -> list[tuple[int, int, int]]:
        """Find every skeleton in a stream of letters: (number of the skeleton, start, end)."""
        return self._automaton.find_matches_as_indexes(stream, overlapping=True) if self._automaton else []

    def names_at(self, skeleton_number: int) -> list[tuple[int, bool]]:
        """Give the names that a skeleton stands for, and whether it has their words in turned order."""
        first, last = self._sharers[skeleton_number], self._sharers[skeleton_number + 1]
        return [(target >> 1, bool(target & 1)) for target in self._targets[first:last].tolist()]

    def standings(self, words: Sequence[str]) -> tuple[Mapping[str, Standing], str]:
        """Say what words may stand for in a name, and which kind each is: one letter (`Standings.of`)."""
        return self._standings.of(words)

    def pairs(self, keys: Sequence[int]) -> Iterator[tuple[int, list[tuple[int, int]]]]:
        """Find names by two of their words (`pair_key`): for each found key its place, and (name, how they stand)."""
        for at, values in self._pairs.find(keys):
            yield at, [(value >> 2, value & 3) for value in values]

    def heard(self, more: int) -> dict[tuple[tuple[str, ...], int], tuple[int, ...]]:
        """Give the names found so far that words sound like, with room for so many more."""
        if len(self._heard) + more > _MOST_HEARD:
            # Another thread may just be reading it: it is left whole, and a new one begun.
            self._heard = {}
        return self._heard

    @property
    def has_foreign_names(self) -> bool:
        """Whether any name is not in Latin letters."""
        return len(self.foreign_sounds) > 0
