"""How one word may be read, found out once for each word and kept: its skeletons, and where a name may begin or end.

Most words of a text were met before, so that a text costs little more than one look-up for each of its words.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from domain.registry.given_names import is_given_name
from domain.registry.ordinary import is_jargon, is_ordinary
from domain.registry.skeletons import bare_look, is_foreign, letters_alone, readers_of, reduced, skeleton

LOOK, LETTERS, NATIVE = 0, 1, 2
"""The ways to read a word, by their places in `Reading`."""


class Reading(NamedTuple):
    """A word as it may be read: its skeletons by look, by letters alone, and in its own script."""

    look: str
    letters: str
    native: str
    begins: tuple[bytes, bytes, bytes]
    """By the way of reading and the letter of the skeleton: 1 where a name may begin before the letter."""
    ends: tuple[bytes, bytes, bytes]
    """By the way of reading and the letter of the skeleton: 1 where a name may end behind the letter."""
    manner: str
    """What else it is: one of the letters below."""


TELLING, BESIDE, PARTED, FOREIGN, UNSPACED, PLAIN = "tbpfu."
"""The manners of words, one letter each. Of Latin letters alone: `t`, no ordinary word and not very long, so that it
may be a name; `b`, part of a name where it stands beside such a one, as a short word or a given name is. What may read
otherwise by its letters alone: `p`, with digits or signs among them; `f`, in another script; `u`, a character of Han or
Hiragana, which are written without spaces. A stop for the rest."""


def _column(field: str) -> Callable[[Iterable[Reading]], Iterator[Any]]:
    """Take one field of many readings, which is many times faster than asking each for it."""
    field_of = itemgetter(Reading._fields.index(field))
    return lambda readings: map(field_of, readings)


SKELETONS = (_column("look"), _column("letters"), _column("native"))
"""What each of many readings has, by the way of reading."""
MANNERS = _column("manner")

# What people write before and behind a name without a space, in names of files and accounts.
_BEFORE = ("foto", "photo", "pic", "img", "image", "portrait", "style", "art", "lora", "the", "my", "its", "real", "xx")
_BEHIND = (
    *("style", "styled", "art", "lora", "locon", "lycoris", "model", "face", "woman", "girl", "man", "guy", "photo"),
    *("pic", "actress", "actor", "singer", "official", "fan", "fans", "sdxl", "xl", "flux", "pony", "ai", "xx"),
)
AFFIX_BEFORE = re.compile("|".join(_BEFORE))
"""A whole piece of a word before a name."""
AFFIX_BEHIND = re.compile("|".join(_BEHIND))
"""A whole piece of a word behind a name."""
SHORTEST_WITH_AFFIX = 8
"""A name has at least so many letters where something is written to it without a space."""

_KEPT_LENGTH = 32
_MOST_KEPT = 1 << 14


class _Readings(dict[str, Reading]):
    """The readings of the words met so far; long words are not kept."""

    def __missing__(self, word: str) -> Reading:
        reading = _read(word)
        if len(word) <= _KEPT_LENGTH:
            if len(self) >= _MOST_KEPT:
                self.clear()
            self[word] = reading
        return reading


_READINGS = _Readings()


def reading_of(word: str) -> Reading:
    """Give the readings of a plain lower-case word."""
    return _READINGS[word]


def readings_of_words(words: list[str]) -> list[Reading]:
    """Give the readings of many words: one look-up each."""
    return list(map(_READINGS.__getitem__, words))


def _read(word: str) -> Reading:
    if word.isascii() and word.isalpha():
        return _read_plain(word)
    if word.isascii():
        look = skeleton(bare_look(word))
        letters = native = skeleton(letters_alone(word))
    else:
        look, letters, native = (reduced("".join(map(reader, word))) for reader in readers_of(word))
    begin, end = _marks(word, look)
    begin_letters, end_letters = _marks(word, letters)
    begin_native, end_native = (begin, end) if native is look else _marks(word, native)
    return Reading(
        look,
        letters,
        native,
        (begin, begin_letters, begin_native),
        (end, end_letters, end_native),
        _manner_of(word, differs=letters is not look),
    )


def _read_plain(word: str) -> Reading:
    """Read a word of Latin letters alone, as most are: there is one way."""
    look = skeleton(word)
    begin, end = _marks_of(len(look), _may_have_affix(word), word[-1] in "sz")
    manner = TELLING if _is_telling(word) else BESIDE if _is_beside(word) else PLAIN
    return Reading(look, look, look, (begin,) * 3, (end,) * 3, manner)


_PAIR, _LONGEST = 2, 30
_UNSPACED = re.compile(r"[\u3041-\u309f\u3400-\u9fff々]")
_ALPHABETIC = re.compile(r"[\u0370-\u052f]+")
"""A word in Greek or Cyrillic letters alone: nothing begins or ends within it, as in one in Latin letters."""
_PAIRS = frozenset(
    """
    ad ah ai al am an ar as at av ax be by ca cd ch cm co cv da de di do dr du dx ed eh el en er es et ex eu fi ft fx gb
    go gt ha he hd hi ho hq hr id if ii in ip is it iv jr kg km la le li lo lt ma mb me mi mm mr ms mt my ne nd no ny of
    oh ok on op or os ow ox oz pa pc pm ps px qr rd re rt sd se sf sh si so sr st sw ta td th to tv uk un up us ui uv ux
    va vi vr vs we xl ya ye yo
    """.split()  # noqa: SIM905 - a list of pairs is read as a paragraph
)
"""Pairs of letters that stand in many texts and say nothing about a name."""
_PARTED = re.compile(r"[a-z][^a-z]+[a-z]|^[^a-z0-9]|[^a-z0-9]$")
_JOINING = frozenset(
    ("a", "an", "and", "as", "at", "by", "for", "from", "in", "is", "of", "on", "or", "the", "to", "with")
)


_NO_PART = frozenset(
    """
    air also are blue core done ear eye face fair field fine fire game gone green hair have her here home hour ice idea
    into less like line made make male more mouse near none nude oil one only open over pale pipe pure rain ride safe
    same she shoe side some sure take tale tape tea there tile time tire tone tree true tube use vine were wide wine
    wipe wire you
    """.split()  # noqa: SIM905 - a list of words is read as a paragraph
)
"""Short words, and words that are given names as well, that are no part of a name in another script."""


def _manner_of(word: str, *, differs: bool) -> str:
    """Say what a word is that has not Latin letters alone; `differs`: its letters alone are not what it looks like."""
    if is_foreign(word):
        return UNSPACED if _UNSPACED.match(word) else FOREIGN
    return PARTED if differs and (not word.isascii() or _PARTED.search(word)) else PLAIN


def _is_telling(word: str) -> bool:
    if len(word) >= _LONGEST or is_jargon(word):
        return False
    return word not in _PAIRS if len(word) == _PAIR else not is_ordinary(word)


_SHORT = 4
_SYLLABLES = re.compile(r"(?:[^aeiou]{0,2}[aeiou]{1,2}(?:ng|nd|rk|[nrklmph])?){1,2}")
"""An ordinary word of such syllables may be part of a Chinese, Korean or Japanese name; "soft" and "best" are none."""


def _is_beside(word: str) -> bool:
    if word in _JOINING or word in _NO_PART or is_jargon(word):
        return False
    short = len(word) <= _SHORT and (not is_ordinary(word) or len(word) <= _PAIR or _SYLLABLES.fullmatch(word))
    return bool(short) or is_given_name(word)


def _marks(word: str, skeleton_of_it: str) -> tuple[bytes, bytes]:
    """Mark the letters before and behind which a name may begin or end: more than do, and never less."""
    whole = word.isalpha() if word.isascii() else _ALPHABETIC.fullmatch(word) is not None
    anywhere = not whole or _may_have_affix(word)
    return _marks_of(len(skeleton_of_it), anywhere, word[-1:] in ("s", "z"))


@lru_cache(maxsize=1 << 10)
def _marks_of(length: int, anywhere: bool, plural: bool) -> tuple[bytes, bytes]:
    if anywhere or not length:
        return b"\1" * length, b"\1" * length
    ends = b"\1\1" if plural and length > 1 else b"\1"
    return b"\1".ljust(length, b"\0"), ends.rjust(length, b"\0")


def _may_have_affix(word: str) -> bool:
    long = len(word) >= SHORTEST_WITH_AFFIX + 2
    return long and (word.endswith(_BEHIND) or word.startswith(_BEFORE)) and not is_ordinary(word)
