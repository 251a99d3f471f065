"""What a word of a text may stand for in the names of an index: found out once for each word, and kept."""

import re
from array import array
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from rapidfuzz.distance import OSA

from domain.registry.hashed import Filter, Rows, Table
from domain.registry.name_words import ALIKE, LEAST_ALONE, LEAST_TELLING, MISTYPED, SAME, Candidate, NameWords
from domain.registry.ordinary import is_ordinary
from domain.registry.readings import reading_of
from domain.registry.skeletons import bare_look
from domain.registry.slips import may_be_misspelled, slip_keys, slip_keys_of, spoken_key
from domain.registry.sounds import vowelled

_MOST_SLIPS = 32
_LEAST_MISTYPED, _MOST_MISTYPED = 4, 8
"""A part of a word that is mistyped has so many letters, and stands for so many words of names."""
_MOST_KEPT = 1 << 16


class Parted(NamedTuple):
    """One word that may be two words of a name run together: how many letters the first has, and what each may be."""

    split: int
    first: Candidate
    second: Candidate


class Standing(NamedTuple):
    """What a word may stand for."""

    same: int
    """The word of a name that it is, or 0."""
    firm: tuple[Candidate, ...]
    """Words of names that it is, or is another form of."""
    slips: tuple[Candidate, ...]
    """Words of names that it may be mistyped for."""
    parted: tuple[Parted, ...]
    telling: bool
    """Of five or more letters, and no ordinary word."""
    alone: bool
    """So long that it may be mistyped for a name of one word."""


_NOTHING, _UNTOLD, _UNTOLD_SAME, _UNSEEN = ".uU?"
_WAITING = re.compile("[uU](?:(?=[fntTuU])|(?<=[fntTuU].))")
"""A word that stands beside one that may be part of a name: what it may be mistyped for is to be found out."""
_NEW = re.compile(re.escape(_UNSEEN))


def _kind_of(standing: Standing) -> str:
    if standing.telling:
        return "T" if standing.same else "t"
    if standing.same:
        return "n"
    return "f" if standing.firm else "s"


class _Known(dict[str, str]):
    """What was found out about words: of which kind each is, and what they may stand for."""

    def __init__(self, names: NameWords) -> None:
        super().__init__()
        self.standings: dict[str, Standing] = {}
        self._names = names

    def __missing__(self, word: str) -> str:
        """Look at a word, but for what it may be mistyped for if that can wait; if not it is not yet seen."""
        reading = reading_of(word)
        if not self._names.says_nothing_alone(word, reading.look):
            return _UNSEEN
        same = self._names.same(word, reading)
        # Another thread may just have found out all of it, which is not to be lost.
        if same is None:
            return self.setdefault(word, _UNTOLD)
        firm = tuple(self._names.firm(word, reading))
        self.standings.setdefault(word, Standing(same, firm, (), (), telling=True, alone=False))
        return self.setdefault(word, _UNTOLD_SAME)


class Standings:
    """Finds out what words may stand for, all unknown words of a text at once.

    `numbers` numbers the words of the names, by skeleton. `beginnings` says which given names are shortened to a word,
    `long_words` gives the words of four or more letters by skeleton, and `alone` has the numbers of those that are
    names by themselves.
    """

    def __init__(
        self,
        numbers: dict[str, int],
        beginnings: dict[str, list[int]],
        long_words: Mapping[str, str],
        alone: Container[int],
    ) -> None:
        self._texts = [""] * (max(numbers.values(), default=0) + 1)
        self._looks = self._texts.copy()
        slips, slips_alone = Rows(), array("q")
        for look, word in long_words.items():
            number = numbers[look]
            # Where they are the same, one string is kept.
            self._texts[number], self._looks[number] = (look if word == look else word), look
            keys = [spoken_key(word), *slip_keys_of(bare_look(word))]
            slips.extend(keys, number)
            if number in alone:
                slips_alone.extend(keys)
        self._table = Table(slips)
        self._names = NameWords(numbers, beginnings, Filter(slips_alone))
        self._known = _Known(self._names)

    def of(self, words: Sequence[str]) -> tuple[Mapping[str, Standing], str]:
        """Say what words may stand for, those that may stand for something; and which kind each word is.

        A kind is one letter: t for a telling word, T for one that also is a word of a name, u and U for the same where
        it was not worth while to find out what they may be mistyped for; among the others n for one that is a word of
        a name, f for another form of one, s for one that may be mistyped; and a stop for nothing.
        """
        known = self._known
        if len(known) > _MOST_KEPT:
            # Another thread may just be reading it: it is left whole, and a new one begun.
            known = self._known = _Known(self._names)
        kinds = "".join(map(known.__getitem__, words))
        for unsure in (_NEW, _WAITING):
            if places := [found.start() for found in unsure.finditer(kinds)]:
                for word in {words[at] for at in places}:
                    self._learn(word, known)
                kinds = _replaced(kinds, {at: known[words[at]] for at in places})
        return known.standings, kinds

    def _learn(self, word: str, known: _Known) -> None:
        """Find out all that a word may stand for."""
        reading = reading_of(word)
        firm = self._names.firm(word, reading)
        mine = {number for number, _ in firm}
        near = [one for one in self._slips(word, reading.look) if one[0] not in mine]
        slips = tuple([one for one in near if one[1] == MISTYPED])
        firm += [one for one in near if one[1] != MISTYPED]
        firm += [one for one in self._names.inflected(word) if one[0] not in mine]
        ordinary = is_ordinary(word)
        parted = () if firm or slips or ordinary else tuple(self._parted(reading.look))
        kind = _NOTHING
        if firm or slips or parted:
            same = firm[0][0] if firm and firm[0][1] == SAME else 0
            telling = len(word) >= LEAST_TELLING and not ordinary
            alone = telling and len(word) >= LEAST_ALONE and bool(slips)
            one = Standing(same, tuple(firm), slips, parted, telling, alone)
            known.standings[word] = one
            kind = _kind_of(one)
        known[word] = kind

    def _slips(self, word: str, look: str) -> list[Candidate]:
        """Give the words of names that a word, given with its skeleton, may be mistyped for."""
        spoken = [spoken_key(word)] if may_be_misspelled(word) else ()
        alike = [number for _, numbers in self._table.find(spoken) for number in numbers]
        near: set[int] = set()
        for _, numbers in self._table.find(slip_keys(word, look)):
            near.update(numbers)
        near.difference_update(alike)
        found = [(number, MISTYPED) for number in alike]
        if near:
            found += self._near(word, look, near)
        return found[:_MOST_SLIPS]

    def _near(self, word: str, look: str, numbers: Iterable[int]) -> Iterator[Candidate]:
        """Choose among longer words of names those from which a word may differ by an edit, the nearest first."""
        bare = bare_look(word)
        masked = "*" in word
        spoken = vowelled(word) if word.isalpha() and is_ordinary(word) else None
        ranked: list[tuple[int, int, int]] = []
        for number in numbers:
            text = self._texts[number]
            if spoken is not None and spoken == vowelled(text):
                ranked.append((0, number, ALIKE))
            elif masked and word[:1] == text[:1]:
                ranked.append((0, number, MISTYPED))
            else:
                wanted = self._looks[number]
                most = 1 if len(wanted) < 8 else 2
                if look[:1] != wanted[:1]:
                    continue
                distance = OSA.distance(look, wanted, score_cutoff=most)
                # Where neither had a letter reduced, the letters are the same as the skeletons.
                if distance > most and not (len(bare) == len(look) and len(text) == len(wanted)):
                    distance = OSA.distance(bare, bare_look(text), score_cutoff=most)
                if distance <= most:
                    ranked.append((distance, number, MISTYPED))
        ranked.sort()
        return ((number, how) for _, number, how in ranked)

    def _parted(self, look: str) -> Iterator[Parted]:
        """Part a word that may be two words of a name run together, turned round, or one of them mistyped."""
        for split, left, right in self._names.splits(look):
            rights = self._parts(right)
            for first in self._parts(left) if rights else ():
                for second in rights:
                    yield Parted(split, first, second)

    def _parts(self, part: str) -> list[Candidate]:
        """Give the words of names that a part of a word is, or may be mistyped for."""
        same = self._names.numbers.get(part)
        if same is not None:
            return [(same, SAME)]
        slips = self._slips(part, part) if len(part) >= _LEAST_MISTYPED else ()
        return [one for one in slips if one[1] == MISTYPED][:_MOST_MISTYPED]


def _replaced(letters: str, others: Mapping[int, str]) -> str:
    """Put other letters at some places."""
    changed = list(letters)
    for at, letter in others.items():
        changed[at] = letter
    return "".join(changed)
