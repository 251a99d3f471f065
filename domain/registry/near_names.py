"""Names that are nearly there: mistyped, turned round, shortened, or with a middle name."""

import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import NamedTuple

from domain.registry.judging import Pair, judged
from domain.registry.name_index import NameIndex
from domain.registry.name_parts import cached_parts
from domain.registry.name_policy import NamePolicy
from domain.registry.name_words import SAME, Candidate
from domain.registry.planting import SINGLE, initial_number, pair_key
from domain.registry.spoken_words import PARTICLES
from domain.registry.standings import Standing
from domain.registry.streams import Words


class Near(NamedTuple):
    """A name that is nearly there: its number, the score, and its place in the plain text."""

    name: int
    score: float
    start: int
    end: int


_BESIDE = frozenset(map("".join, [*product("tTU", "sfntTU"), *product("sfn", "tTU"), *product("fn", "fn")]))
"""Two words that may stand for two of a name, by their kinds (`Standings.of`): one is telling, or both are firm."""
_AROUND = "nTU"
_ALONE = "tT"
_ANY = re.compile("[tTUfn]")
"""One of the words of a pair is of such a kind, and most words of a text are of none."""


_MOST_PARTICLES = 3


class _Asked:
    """The pairs of words that are looked up together: the key of each, and what `Pair` says of it."""

    def __init__(self) -> None:
        self.keys: list[int] = []
        self._asked: list[tuple[tuple[int, int], int, int, int]] = []

    def add(self, places: tuple[int, int], first: Candidate, second: Candidate, split: int = 0) -> None:
        self.keys.append(pair_key(first[0], second[0]))
        self._asked.append((places, first[1], second[1], split))

    def pair(self, place: int) -> Pair:
        """Give one of them; few are in any name."""
        places, first, second, split = self._asked[place]
        return Pair(*places, (first, second), split)


def near_names(policy: NamePolicy, index: NameIndex, source: Words) -> Iterator[Near]:
    """Find names of several Latin words that are nearly there, by two of their words that stand together."""
    words = source.words
    known, kinds = index.standings(words)
    asked = _Asked()
    for at in (found.start() for found in _ANY.finditer(kinds)):
        if at and kinds[at - 1] == "s" and kinds[at - 1 : at + 1] in _BESIDE:
            _add_pairs(asked, (at - 1, at), known[words[at - 1]], known[words[at]])
        if kinds[at : at + 2] in _BESIDE:
            _add_pairs(asked, (at, at + 1), known[words[at]], known[words[at + 1]])
        if kinds[at] in _AROUND and kinds[at + 2 : at + 3] and kinds[at + 2] in _AROUND:
            first, second = known[words[at]], known[words[at + 2]]
            asked.add((at, at + 2), (first.same, SAME), (second.same, SAME))
        if kinds[at] in _ALONE:
            _add_alone(asked, at, known[words[at]])
    if "." in source.plain.low:
        _add_initials(asked, source, known)
    for place, names in index.pairs(asked.keys):
        pair = asked.pair(place)
        for name, tag in names:
            parts = cached_parts(index.entry(name).name)
            near = judged(policy, source, pair, parts, tag, shared=len(names) > 1)
            if near:
                yield Near(name, *near)


def _add_pairs(asked: _Asked, places: tuple[int, int], one: Standing, other: Standing) -> None:
    """Two words beside each other. An ordinary word is taken for a slip only beside one that is no ordinary word."""
    for first, second in product(one.firm, other.firm):
        asked.add(places, first, second)
    for slip in one.slips if one.telling or (other.telling and other.same) else ():
        for second in other.firm:
            if one.telling or second[1] == SAME:
                asked.add(places, slip, second)
    for slip in other.slips if other.telling or (one.telling and one.same) else ():
        for first in one.firm:
            if other.telling or first[1] == SAME:
                asked.add(places, first, slip)
    if one.telling and other.telling:
        for slip, slip_too in product(one.slips, other.slips):
            asked.add(places, slip, slip_too)


def _add_alone(asked: _Asked, at: int, standing: Standing) -> None:
    """One word may be a name of one word mistyped, or two words of a name run together."""
    for number, how in standing.slips if standing.alone else ():
        asked.add((at, at), (SINGLE, how), (number, how))
    for split, first, second in standing.parted:
        asked.add((at, at), first, second, split)


def _add_initials(asked: _Asked, source: Words, known: Mapping[str, Standing]) -> None:
    """An initial with a full stop before a family name and its particles: "T. Swift", "U. von der Leyen"."""
    for at, word in enumerate(source.words[:-1]):
        if len(word) == 1 and word.isalpha() and source.between(at + 1).startswith("."):
            behind = source.words[at + 1 : at + _MOST_PARTICLES + 2]
            place = at + 1 + next((place for place, other in enumerate(behind) if other not in PARTICLES), 0)
            family = known.get(source.words[place])
            if family and family.same:
                initial = source.readings[at].look or "a"
                asked.add((at, place), (initial_number(initial), SAME), (family.same, SAME))
