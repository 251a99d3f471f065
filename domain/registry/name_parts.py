"""A registered name, taken apart once for all who look for it."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from domain.registry.diminutives import diminutives
from domain.registry.given_names import is_given_name
from domain.registry.ordinary import is_ordinary
from domain.registry.plain import plain_of
from domain.registry.readings import Reading, reading_of
from domain.registry.skeletons import is_foreign, one_of_each, skeleton, word_list, words_in

_SHORTEST = 3
"""Names in Latin letters of so many letters are ambiguous."""
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=\d)(?=[^\W\d])|(?<=[^\W\d])(?=\d)")
_PINYIN = re.compile(
    r"(?:(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?"
    r"(?:iang|iong|uang|ang|eng|ing|ong|iao|ian|uai|uan|ai|ei|ao|ou|an|en|er|ia|ie|iu|in|ua|uo|ui|un|ue|[aoeiuv]))+"
)


class NameParts(NamedTuple):
    """A name's words as folded, its readings, and what kind of name it is."""

    words: tuple[str, ...]
    readings: tuple[Reading, ...]
    letters: str
    """Its letters and digits, in lower case, without anything between."""
    foreign: bool
    """Not in Latin letters."""
    ambiguous: bool
    """An ordinary word, a given name alone, or so short that only context tells that it is a name."""
    ordinary: bool
    """Made of ordinary words alone."""
    name: str
    """As it was given."""

    @property
    def look(self) -> str:
        """The skeleton of the whole name."""
        return one_of_each(self.joined_looks)

    @property
    def joined_looks(self) -> str:
        """The skeletons of its words without anything between."""
        return "".join([reading.look for reading in self.readings])

    @property
    def joints(self) -> frozenset[int]:
        """Where its words end, or humps of CamelCase words, counted in letters of the skeleton."""
        return _joints_of(self.name)

    @property
    def native_joints(self) -> frozenset[int]:
        """Where its words end, counted in letters of its own script."""
        return frozenset(_joints([reading.native for reading in self.readings]))


def parts_of(name: str) -> NameParts:
    """Take a name apart."""
    plain = plain_of(name)
    words = tuple(word_list(plain.low))
    readings = tuple(map(reading_of, words))
    joined = "".join(words)
    letters = joined if joined.isalnum() else "".join(filter(str.isalnum, joined))
    foreign = any(map(is_foreign, words))
    return NameParts(
        words=words,
        readings=readings,
        letters=letters,
        foreign=foreign,
        ambiguous=(not foreign and (len(letters) <= _SHORTEST or (len(words) == 1 and is_ambiguous(letters))))
        or (words[:1] == ("the",) and all(map(is_ordinary, words))),
        ordinary=all(map(is_ordinary, words)),
        name=name,
    )


def is_ambiguous(word: str) -> bool:
    """Whether one word in Latin letters is a name only where something speaks of a person."""
    return len(word) <= _SHORTEST or is_ordinary(word) or is_given_name(word)


cached_parts = lru_cache(maxsize=1 << 12)(parts_of)
"""For names that are met in texts; the index takes each name apart once."""


@lru_cache(maxsize=1 << 12)
def _joints_of(name: str) -> frozenset[int]:
    plain = plain_of(name)
    words = [plain.cased[first:last] for first, last in (found.span() for found in words_in(plain.low))]
    humps = [hump for word in words for hump in _HUMP.split(word)]
    return frozenset(_joints([reading_of(hump.lower()).look for hump in humps]))


def _joints(skeletons: list[str]) -> Iterator[int]:
    """Say at which letters words meet; where two letters become one there, on both sides of it."""
    at, last = 0, ""
    for one in skeletons:
        if not one:
            continue
        merged = one[0] == last or last + one[0] in ("rn", "vv")
        at -= merged
        if last:
            yield at
            if merged:
                yield at + 1
        at += len(one)
        last = one[-1]


def spellings(parts: NameParts) -> set[str]:
    """Give the skeletons under which a name is looked for in the stream of a text's letters."""
    looks = parts.joined_looks
    found = {one_of_each(looks), skeleton(looks)}
    if any("rn" in word or "vv" in word for word in parts.words):
        found.add(one_of_each(parts.letters.replace("i", "l")))
    if parts.foreign:
        given, *rest = [reading.native for reading in parts.readings]
        for form in (given, *(map(_native, diminutives(parts.words[0])) if rest else ())):
            found.add(one_of_each("".join((form, *rest))))
    return {one for one in found if len(one) > 1}


_MIDDLE_INITIALS = re.compile(r"(?<=[^\W\d]{2})(?: [^\W\d]\b\.?)+(?= [^\W\d]{2})")
_GENERATIONS = "jr|sr|junior|senior|ii|iii|iv"
_GENERATION_AT_END = re.compile(rf",? ({_GENERATIONS})\.?$", re.IGNORECASE)
_GENERATION_BEHIND = re.compile(rf"[\s,]{{0,3}}({_GENERATIONS})\b", re.IGNORECASE)
_SPELLED_OUT = {"junior": "jr", "senior": "sr"}


def without_initials(name: str) -> str | None:
    """Give a name without the initials in its middle, and of two words or more without "Jr." behind them; None where
    there is nothing to leave out.
    """
    shorter = _MIDDLE_INITIALS.sub("", name)
    if (found := _GENERATION_AT_END.search(shorter)) and " " in shorter[: found.start()]:
        shorter = shorter[: found.start()]
    return shorter if shorter != name else None


def is_other_generation(registered: str, behind: str) -> bool:
    """Whether what stands behind a name without its "Jr." says that it is the father, or another generation."""
    mine, theirs = _GENERATION_AT_END.search(registered), _GENERATION_BEHIND.match(behind)
    if not mine or not theirs:
        return False
    one, other = (_SPELLED_OUT.get(found[1].lower(), found[1].lower()) for found in (mine, theirs))
    return one != other


def _native(word: str) -> str:
    return reading_of(word).native


def is_spaced(parts: NameParts) -> bool:
    """Whether a name's words are those that its script puts spaces between."""
    return all(len(word) > 1 and word > "\u036f" and word < "\u0e00" for word in parts.words)


def is_pinyin(parts: NameParts) -> bool:
    """Whether a name could be a Chinese one in Latin letters: two words made of pinyin syllables."""
    return len(parts.words) == 2 and not parts.foreign and all(_PINYIN.fullmatch(word) for word in parts.words)
