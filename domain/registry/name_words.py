"""The words of registered names: which of them a word of a text is, as it is written or in another form."""

from collections.abc import Mapping

from domain.registry.given_names import fuller_forms, is_given_name, read_as_given_name, short_forms, spelled_forms
from domain.registry.hashed import Filter
from domain.registry.inflecting import uninflected
from domain.registry.ordinary import is_jargon, is_ordinary
from domain.registry.readings import Reading
from domain.registry.skeletons import skeleton
from domain.registry.slips import may_be_misspelled, slip_keys, spoken_key

SAME, MISTYPED, NICKNAME, ALIKE, SPELLED, INFLECTED = 0, 1, 2, 3, 4, 5
"""How a word of a text stands to a word of a name. ALIKE: an ordinary word that sounds the same; SPELLED: the same
given name in another spelling; INFLECTED: in another case."""

Candidate = tuple[int, int]
"""A word of a name by its number, and how the word of the text stands to it."""

LEAST_TELLING, LEAST_ALONE = 5, 7
"""From so many letters on a word is telling, and may be mistyped for a name of one word."""
_LEAST_PARTED, _MOST_PARTED = 8, 40


class NameWords:
    """Says what a word of a text is among the words of names.

    `numbers` numbers these by skeleton, `beginnings` says which given names are shortened to a word, and `alone` has
    the keys by which slips are found for those that are names by themselves.
    """

    def __init__(self, numbers: Mapping[str, int], beginnings: Mapping[str, list[int]], alone: Filter) -> None:
        self.numbers, self._beginnings, self._alone = numbers, beginnings, alone

    def same(self, word: str, reading: Reading) -> int | None:
        """Give the word of a name that a word is; None where it is none."""
        known = map(self.numbers.get, _letters_of(word, reading))
        return next((number for number in known if number is not None), None)

    def firm(self, word: str, reading: Reading) -> list[Candidate]:
        """Give the words of names that a word is, or is a short form, a long form or another spelling of."""
        found: list[Candidate] = []
        for letters in _letters_of(word, reading):
            _add(found, self.numbers.get(letters), SAME)
        if word.isalpha():
            for other in spelled_forms(word):
                _add(found, self.numbers.get(skeleton(other)), SPELLED)
            if is_given_name(word) and not is_jargon(word):
                self._add_forms(found, word, *spelled_forms(word))
        given = read_as_given_name(word)
        if given != word:
            self._add_forms(found, given)
        return found

    def inflected(self, word: str) -> list[Candidate]:
        """Give the words of names of which a word may be another case."""
        found: list[Candidate] = []
        for name in uninflected(word):
            _add(found, self.numbers.get(skeleton(name)), INFLECTED)
        return found

    def _add_forms(self, found: list[Candidate], word: str, *spelled: str) -> None:
        """Add what a given name, in its spellings, is short for or is shortened to, in all their spellings."""
        forms = fuller_forms(word) | short_forms(word)
        forms = forms.union(*map(fuller_forms, spelled), *map(short_forms, spelled))
        for other in forms.union(*map(spelled_forms, forms)):
            _add(found, self.numbers.get(skeleton(other)), NICKNAME)
        if 3 <= len(word) <= 5:
            for number in self._beginnings.get(word, ()):
                _add(found, number, NICKNAME)

    def splits(self, look: str) -> list[tuple[int, str, str]]:
        """Give the places at which a word parts into two, one of which is a word of a name."""
        numbers = self.numbers
        found = []
        if _LEAST_PARTED <= len(look) <= _MOST_PARTED:
            for split in range(3, len(look) - 2):
                left, right = look[:split], look[split:]
                if (left in numbers and (split > 3 or right in numbers)) or (right in numbers and len(right) > 3):
                    found.append((split, left, right))
        return found

    def says_nothing_alone(self, word: str, look: str) -> bool:
        """Whether a telling word says nothing by itself: it is no slip for a name of one word, nor two run together."""
        if len(word) < LEAST_TELLING or is_ordinary(word) or self.splits(look):
            return False
        if len(word) < LEAST_ALONE:
            return True
        keys = slip_keys(word, look)
        if may_be_misspelled(word):
            keys.append(spoken_key(word))
        return not self._alone.may_have_any(keys)


def _letters_of(word: str, reading: Reading) -> tuple[str, ...]:
    """Give the letters of a word, of which a sign at its edge may be none: "swift|"."""
    if reading.letters == reading.look or word.isalpha() or not word.isascii():
        return (reading.look,)
    return (reading.look, reading.letters)


def _add(found: list[Candidate], number: int | None, how: int) -> None:
    if number is not None and all(number != known for known, _ in found):
        found.append((number, how))
