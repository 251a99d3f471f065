"""Words of names that a word may be mistyped for, many words looked up at once."""

import re
from collections.abc import Iterable, Iterator, Sequence

from rapidfuzz.distance import OSA

from domain.registry.hashed import Rows, Table
from domain.registry.ordinary import is_ordinary
from domain.registry.skeletons import bare_look, one_of_each
from domain.registry.sounds import vowelled

SAME, MISTYPED, NICKNAME, ALIKE, SPELLED = 0, 1, 2, 3, 4
"""How a word of a text stands to a word of a name. ALIKE: an ordinary word that sounds the same; SPELLED: the same
given name in another spelling."""

Candidate = tuple[int, int]
"""A word of a name by its number, and how the word of the text stands to it."""

_LONGEST_SLIP = 24
_MOST_SLIPS = 32
_AROUND = re.compile(r"(.).\1", re.DOTALL)


class Slips:
    """Finds out what words may be mistyped for. `words` are words of names: the number, the skeleton and the word."""

    def __init__(self, words: Iterable[tuple[int, str, str]]) -> None:
        self._words: dict[int, tuple[str, str]] = {}
        rows = Rows()
        for number, look, word in words:
            self._words[number] = look, word
            rows.add(_spoken_key(word), number)
            for deleted in _deletions(bare_look(word)):
                rows.add(hash(deleted), number)
        self._table = Table(rows)

    def __len__(self) -> int:
        return len(self._table)

    def of(self, asked: Sequence[tuple[str, str]]) -> list[list[Candidate]]:
        """Give for each word, given with its skeleton, the words of names that it may be mistyped for."""
        if not len(self._table):
            return [[] for _ in asked]
        found: list[list[Candidate]] = [[] for _ in asked]
        keys: list[int] = []
        owners: list[int] = []
        for at, (word, look) in enumerate(asked):
            if 3 + word.isalpha() <= len(look) <= _LONGEST_SLIP:
                deleted = _deletions(bare_look(word))
                keys += map(hash, deleted)
                owners += [at] * len(deleted)
        spelled = len(keys)
        for at, (word, _) in enumerate(asked):
            if _may_be_misspelled(word):
                keys.append(_spoken_key(word))
                owners.append(at)
        near: dict[int, set[int]] = {}
        for place, numbers in self._table.find(keys):
            if place < spelled:
                near.setdefault(owners[place], set()).update(numbers)
            else:
                found[owners[place]] += [(number, MISTYPED) for number in numbers]
        for at, others in near.items():
            found[at] += self._near(*asked[at], others.difference(number for number, _ in found[at]))
        return [one[:_MOST_SLIPS] for one in found]

    def _near(self, word: str, look: str, numbers: Iterable[int]) -> Iterator[Candidate]:
        """Choose among longer words of names those from which a word may differ by an edit, the nearest first."""
        bare = bare_look(word)
        masked = "*" in word
        spoken = vowelled(word) if word.isalpha() and is_ordinary(word) else None
        ranked: list[tuple[int, int, int]] = []
        for number in numbers:
            wanted, text = self._words[number]
            if spoken is not None and spoken == vowelled(text):
                ranked.append((0, number, ALIKE))
            elif masked and word[:1] == text[:1]:
                ranked.append((0, number, MISTYPED))
            else:
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


def _may_be_misspelled(word: str) -> bool:
    return len(word) >= 4 and word.isalpha() and word.isascii() and not is_ordinary(word)


def _spoken_key(word: str) -> int:
    """Give the key of how a word sounds, which no spelling has."""
    return hash("/" + vowelled(word))


def _deletions(word: str) -> set[str]:
    """Give a word without doubled letters, and what is left of it without one of its letters.

    The first letter is always there: it is rarely mistyped.
    """
    word = one_of_each(word)
    places = range(1, len(word))
    found = {word, *[word[:at] + word[at + 1 :] for at in places]}
    if _AROUND.search(word):
        # Where a letter stood between two that are the same, one of these goes too.
        found = {one_of_each(one) for one in found}
    return found
