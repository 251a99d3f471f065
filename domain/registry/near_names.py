"""Names that are nearly there: mistyped, turned round, shortened, or with a middle name."""

from collections.abc import Iterator, Sequence
from itertools import pairwise, product
from typing import NamedTuple

from domain.registry.judging import Pair, judged
from domain.registry.name_index import NameIndex
from domain.registry.name_parts import cached_parts
from domain.registry.name_policy import NamePolicy
from domain.registry.planting import SINGLE, initial_number, pair_key
from domain.registry.standings import SAME, Candidate, Standing
from domain.registry.streams import Words


class Near(NamedTuple):
    """A name that is nearly there: its number, the score, and its place in the plain text."""

    name: int
    score: float
    start: int
    end: int


class _Asked:
    """The pairs of words that are looked up together: the key of each, and what `Pair` says of it."""

    def __init__(self) -> None:
        self.keys: list[int] = []
        self.pairs: list[tuple[int, int, tuple[int, int], int]] = []

    def add(self, places: tuple[int, int], first: Candidate, second: Candidate, split: int = 0) -> None:
        self.keys.append(pair_key(first[0], second[0]))
        self.pairs.append((*places, (first[1], second[1]), split))


def near_names(policy: NamePolicy, index: NameIndex, source: Words) -> Iterator[Near]:
    """Find names of several Latin words that are nearly there, by two of their words that stand together."""
    standings = index.standings(source.words)
    asked = _Asked()
    for at, (one, other) in enumerate(pairwise(standings)):
        if one and other and (one.telling or other.telling or (one.firm and other.firm)):
            _add_pairs(asked, (at, at + 1), one, other)
    for at, (one, other) in enumerate(zip(standings, standings[2:], strict=False)):
        if one and other and one.same and other.same:
            asked.add((at, at + 2), (one.same, SAME), (other.same, SAME))
    for at, one in enumerate(standings):
        if one and (one.alone or one.parted):
            _add_alone(asked, at, one)
    if "." in source.plain.low:
        _add_initials(asked, source, standings)
    for place, found in index.pairs(asked.keys):
        pair = Pair(*asked.pairs[place])
        for name, tag in found:
            parts = cached_parts(index.entry(name).name)
            near = judged(policy, source, pair, parts, tag, shared=len(found) > 1)
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


def _add_initials(asked: _Asked, source: Words, standings: Sequence[Standing | None]) -> None:
    """An initial with a full stop before a family name: "T. Swift"."""
    for at, standing in enumerate(standings):
        if at and standing and standing.same and len(source.words[at - 1]) == 1 and source.words[at - 1].isalpha():
            initial = source.readings[at - 1].look or "a"
            if source.between(at).startswith("."):
                asked.add((at - 1, at), (initial_number(initial), SAME), (standing.same, SAME))
