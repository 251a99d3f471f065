"""How slips are found: keys that a word of a name and a word mistyped for it have in common."""

import re

from domain.registry.ordinary import is_ordinary
from domain.registry.skeletons import bare_look, one_of_each
from domain.registry.sounds import vowelled

_LONGEST = 24
_AROUND = re.compile(r"(.).\1", re.DOTALL)


def may_be_misspelled(word: str) -> bool:
    """Whether a word could be a name spelled as it is heard: of four Latin letters or more, and no ordinary word."""
    return len(word) >= 4 and word.isalpha() and word.isascii() and not is_ordinary(word)


def slip_keys(word: str, look: str) -> list[int]:
    """Give the keys by which a word is found that it may be mistyped for; none where it is too short or too long."""
    if not 3 + word.isalpha() <= len(look) <= _LONGEST:
        return []
    return list(map(hash, deletions(word.replace("i", "l") if word.isalpha() and word.isascii() else bare_look(word))))


def spoken_key(word: str) -> int:
    """Give the key of how a word sounds, which no spelling has."""
    return hash("/" + vowelled(word))


def deletions(word: str) -> set[str]:
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
