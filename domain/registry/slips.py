"""How slips are found: keys that a word of a name and a word mistyped for it have in common."""

import re
from itertools import combinations, islice

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
    return slip_keys_of(word.replace("i", "l") if word.isalpha() and word.isascii() else bare_look(word))


def spoken_key(word: str) -> int:
    """Give the key of how a word sounds, which no spelling has."""
    return hash("/" + vowelled(word))


def slip_keys_of(bare: str) -> list[int]:
    """Give the keys of a word without doubled letters, and of what is left of it without one of its letters.

    The first letter is always there: it is rarely mistyped. `bare` has the letters that the word looks like.
    """
    word = one_of_each(bare)
    others = len(word) - 1
    # All but the last of these leave out another letter than the first.
    shorter = islice(combinations(word, others), others) if word else ()
    if _AROUND.search(word):
        # Where a letter stood between two that are the same, one of these goes too.
        return [hash(tuple(one_of_each(one))) for one in {word, *map("".join, shorter)}]
    return [hash(tuple(word)), *map(hash, shorter)]
