"""What a word of a text may stand for in the names of an index: found out once for each word, and kept."""

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import NamedTuple

from domain.registry.given_names import fuller_forms, is_given_name, read_as_given_name, short_forms, spelled_forms
from domain.registry.ordinary import is_ordinary
from domain.registry.readings import Reading, reading_of
from domain.registry.skeletons import skeleton
from domain.registry.slips import MISTYPED, NICKNAME, SAME, SPELLED, Candidate, Slips

_LEAST_PARTED, _MOST_PARTED = 8, 40
_LEAST_TELLING, _LEAST_ALONE = 5, 7
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


_NOTHING = "."


def _kind_of(standing: Standing) -> str:
    if standing.telling:
        return "T" if standing.same else "t"
    if standing.same:
        return "n"
    return "f" if standing.firm else "s"


_STANDS_APART = frozenset((_NOTHING, "s"))
"""Kinds of words beside which it does not matter what a word may be mistyped for."""


def _is_beside(kinds: Sequence[str], at: int) -> bool:
    """Whether a word stands beside one that may be of a name."""
    return not _STANDS_APART.issuperset((*kinds[max(at - 1, 0) : at], *kinds[at + 1 : at + 2]))


class _Apart(NamedTuple):
    """What is known of a word that was only met apart from words of names."""

    rough: str
    """The kind that it may be of, taken for what it could be mistyped for."""
    kind: str | None
    """Its kind where it stands apart; None where everything about it has to be known."""


class _Known(NamedTuple):
    """What was found out about words: what they may stand for, and of which kind each is."""

    standings: dict[str, Standing]
    kinds: dict[str, str]
    apart: dict[str, _Apart]


class Standings:
    """Finds out what words may stand for, all unknown words of a text at once.

    `numbers` numbers the words of the names, by skeleton. `beginnings` says which given names are shortened to a word,
    `long_words` gives the words of four or more letters by skeleton, `singles` the skeletons of names of one word.
    """

    def __init__(
        self,
        numbers: dict[str, int],
        beginnings: dict[str, list[int]],
        long_words: Mapping[str, str],
        singles: Container[str] = frozenset(),
    ) -> None:
        self._numbers, self._beginnings = numbers, beginnings
        self._known = _Known({}, {}, {})
        self._slips = Slips((numbers[look], look, word) for look, word in long_words.items())
        self._slips_alone = Slips((numbers[look], look, word) for look, word in long_words.items() if look in singles)

    def of(self, words: Sequence[str]) -> tuple[Mapping[str, Standing], str]:
        """Say what words may stand for, those that may stand for something; and which kind each word is.

        A kind is one letter: t for a telling word, T for one that also is a word of a name; among the others n for
        one that is a word of a name, f for another form of one, s for one that may be mistyped; and a stop for nothing.
        """
        known = self._known
        try:
            return known.standings, "".join(map(known.kinds.__getitem__, words))
        except KeyError:
            pass
        if len(known.kinds) + len(known.apart) + len(words) > _MOST_KEPT:
            # Another thread may just be reading it: it is left whole, and a new one begun.
            known = self._known = _Known({}, {}, {})
        return known.standings, self._kinds_of(words, known)

    def _kinds_of(self, words: Sequence[str], known: _Known) -> str:
        """Say of which kinds words are, of which some are not known yet.

        What a word may be mistyped for takes long to find out, and matters beside a word that may be of a name alone.
        A word that stands apart from all such is known in part, until it is met beside one.
        """
        row = [known.kinds.get(word, "") for word in words]
        places = [at for at, kind in enumerate(row) if not kind]
        for at in places:
            row[at] = self._apart(words[at], known).rough
        whole = {words[at] for at in places if known.apart[words[at]].kind is None or _is_beside(row, at)}
        if whole:
            self._learn(list(whole), known)
        for at in places:
            word = words[at]
            row[at] = known.kinds[word] if word in whole else known.apart[word].kind or _NOTHING
        return "".join(row)

    def _apart(self, word: str, known: _Known) -> _Apart:
        """Find out what matters of a word that stands apart: what it is, and which name of one word it is nearly."""
        found = known.apart.get(word)
        if found is None:
            reading = reading_of(word)
            firm = self._firm(word, reading)
            same = firm[0][0] if firm and firm[0][1] == SAME else 0
            telling = len(word) >= _LEAST_TELLING and not is_ordinary(word)
            rough = _kind_of(Standing(same, tuple(firm), (), (), telling, alone=False))
            if not is_ordinary(word) and any(True for _ in self._splits(reading.look)):
                found = _Apart(rough, None)
            else:
                long = telling and len(word) >= _LEAST_ALONE
                slips = self._slips_alone.of([(word, reading.look)])[0] if long else []
                one = Standing(same, tuple(firm), tuple(slips), (), telling, alone=bool(slips))
                if firm or slips:
                    known.standings.setdefault(word, one)
                found = _Apart(rough, rough if firm or slips else _NOTHING)
            known.apart[word] = found
        return found

    def _learn(self, words: list[str], known: _Known) -> None:
        readings = [reading_of(word) for word in words]
        firm = [self._firm(word, reading) for word, reading in zip(words, readings, strict=True)]
        slips = self._slips.of([(word, reading.look) for word, reading in zip(words, readings, strict=True)])
        for at in range(len(words)):
            mine = {number for number, _ in firm[at]}
            near = [one for one in slips[at] if one[0] not in mine]
            firm[at] += [one for one in near if one[1] != MISTYPED]
            slips[at] = [one for one in near if one[1] == MISTYPED]
        lonely = [at for at, word in enumerate(words) if not firm[at] and not slips[at] and not is_ordinary(word)]
        parted = dict(zip(lonely, self._parted([readings[at].look for at in lonely]), strict=True))
        for at, word in enumerate(words):
            parts = parted.get(at, ())
            kind = _NOTHING
            if firm[at] or slips[at] or parts:
                same = firm[at][0][0] if firm[at] and firm[at][0][1] == SAME else 0
                telling = len(word) >= _LEAST_TELLING and not is_ordinary(word)
                alone = telling and len(word) >= _LEAST_ALONE and bool(slips[at])
                one = Standing(same, tuple(firm[at]), tuple(slips[at]), tuple(parts), telling, alone)
                known.standings[word] = one
                kind = _kind_of(one)
            known.kinds[word] = kind

    def _firm(self, word: str, reading: Reading) -> list[Candidate]:
        """Give the words of names that a word is, or is a short form, a long form or another spelling of."""
        look = reading.look
        same = self._numbers.get(look)
        found: list[Candidate] = [] if same is None else [(same, SAME)]
        if word.isalpha():
            for other in spelled_forms(word):
                self._add(found, self._numbers.get(skeleton(other)), SPELLED)
            if is_given_name(word):
                self._add_forms(found, word)
        elif word.isascii() and reading.letters != look:
            # A sign at the edge of a word may be none of its letters: "swift|".
            self._add(found, self._numbers.get(reading.letters), SAME)
        given = read_as_given_name(word)
        if given != word:
            self._add_forms(found, given)
        return found

    def _add_forms(self, found: list[Candidate], word: str) -> None:
        """Add what a given name is short for, or is shortened to, in all their spellings."""
        forms = fuller_forms(word) | short_forms(word)
        for other in forms.union(*map(spelled_forms, forms)):
            self._add(found, self._numbers.get(skeleton(other)), NICKNAME)
        if 3 <= len(word) <= 5:
            for number in self._beginnings.get(word, ()):
                self._add(found, number, NICKNAME)

    @staticmethod
    def _add(found: list[Candidate], number: int | None, how: int) -> None:
        if number is not None and all(number != known for known, _ in found):
            found.append((number, how))

    def _splits(self, look: str) -> Iterator[tuple[int, str, str]]:
        """Give the places at which a word may be two words of a name run together."""
        numbers = self._numbers
        if _LEAST_PARTED <= len(look) <= _MOST_PARTED:
            for split in range(3, len(look) - 2):
                left, right = look[:split], look[split:]
                if (left in numbers and (split > 3 or right in numbers)) or (right in numbers and len(right) > 3):
                    yield split, left, right

    def _parted(self, looks: Sequence[str]) -> list[list[Parted]]:
        """Part words that may be two words of a name run together, turned round, or one of them mistyped."""
        numbers = self._numbers
        splits = [(at, *split) for at, look in enumerate(looks) for split in self._splits(look)]
        if not splits:
            return [[] for _ in looks]
        unsure = {part for _, _, *parts in splits for part in parts if part not in numbers and len(part) >= 4}
        slips = self._slips.of([(part, part) for part in unsure])
        near = {part: [one for one in mine if one[1] == MISTYPED][:8] for part, mine in zip(unsure, slips, strict=True)}
        found: list[list[Parted]] = [[] for _ in looks]
        for at, split, left, right in splits:
            lefts = [(numbers[left], SAME)] if left in numbers else near.get(left, [])
            rights = [(numbers[right], SAME)] if right in numbers else near.get(right, [])
            found[at] += [Parted(split, first, second) for first in lefts for second in rights]
        return found
