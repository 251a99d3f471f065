"""A text as streams of letters with nothing between the words, and the way back from a letter to its place."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import AnyStr, NamedTuple

import numpy as np

from domain.registry.plain import Plain
from domain.registry.readings import (
    AFFIX_BEFORE,
    AFFIX_BEHIND,
    FOREIGN,
    LETTERS,
    LOOK,
    MANNERS,
    NATIVE,
    PARTED,
    SKELETONS,
    UNSPACED,
    Reading,
    readings_of_words,
)
from domain.registry.skeletons import Spans, extents, humps_in, spans_of, word_list

# What Korean puts behind a name without a space: particles and forms of address.
PARTICLE = re.compile(
    r"(?:[은는이가을를의에와과도로만야아씨님군양]|으로|에서|에게|께서|한테|처럼|보다|까지|부터|이랑|랑|하고|같은|같이|이다|입니다)+$"
)
_VERSION = re.compile(r"(?:v|ver|version)?\d")
LEAST_SOUNDED = 6
"""So many Latin letters has a name of another script that is found in them."""
_THREE_SINGLE = bytes((1, 1, 1))
"""The lengths of three words of one letter that follow each other."""
_BEGIN = np.zeros(1, dtype=np.int64)


class Edge(NamedTuple):
    """Where a name may begin or end: in which word, and at which character of the plain text."""

    word: int
    at: int
    inner: bool
    """Between humps of one CamelCase word."""
    plural: bool = False
    affixed: bool = False
    """Something is written to the name without a space."""


class Words:
    """The words of a plain text with their readings; their places are looked up when first needed.

    `manners` has one letter for each word (`domain.registry.readings`).
    """

    def __init__(self, plain: Plain) -> None:
        self.plain = plain
        self.words = word_list(plain.low)
        self.readings: list[Reading] = readings_of_words(self.words)
        self.manners = "".join(MANNERS(self.readings))
        self._spans: Spans | None = None
        self._humped: frozenset[int] | None = None

    @property
    def spans(self) -> Spans:
        """Where the words stand in the plain text."""
        if self._spans is None:
            self._spans = spans_of(self.plain.low, self.words)
        return self._spans

    @property
    def may_be_spelled_out(self) -> bool:
        """Whether three words of one letter or digit follow each other; also said where a word is very long."""
        try:
            return _THREE_SINGLE in bytes(map(len, self.words))
        except ValueError:
            return True

    @property
    def humped(self) -> frozenset[int]:
        """Which words have an upper-case letter behind another letter, and are not all in upper case."""
        if self._humped is None:
            self._humped = frozenset(self._with_humps())
        return self._humped

    def _with_humps(self) -> Iterator[int]:
        cased = self.plain.cased
        if cased.isupper():
            return
        last = -1
        for at in humps_in(cased):
            word = bisect_right(self.spans.starts, at) - 1
            if word > last and not cased[slice(*self.spans.of(word))].isupper():
                last = word
                yield word

    def between(self, word: int) -> str:
        """Give what stands before a word, after the one before it."""
        return self.plain.low[self.spans.ends[word - 1] : self.spans.starts[word]]


class Stream:
    """One reading of all words, joined; where two words meet in the same letter it stands once."""

    def __init__(self, source: Words, kind: int) -> None:
        self.source, self.kind = source, kind
        self._skeletons: list[str] = list(SKELETONS[kind](source.readings))
        joined = "".join(self._skeletons)
        if joined.isascii():
            letters = np.frombuffer(joined.encode("ascii"), dtype=np.uint8)
        else:
            letters = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        # No skeleton has a letter twice in a row, so that two alike stand where two words meet.
        self._doubled: list[int] = ((letters[1:] == letters[:-1]).nonzero()[0] + 1).tolist()
        self.text = _without(joined, self._doubled)
        self._edges: Sequence[int] | None = None
        self._offsets: Sequence[int] | None = None
        self._extents: dict[int, list[tuple[int, int]]] = {}

    @property
    def edges(self) -> Sequence[int]:
        """At which letter each word begins, counted with those that are left out of the stream, and all of them."""
        if self._edges is None:
            lengths = np.fromiter(map(len, self._skeletons), np.int64, len(self._skeletons))
            self._edges = np.concatenate((_BEGIN, lengths.cumsum())).data
        return self._edges

    @property
    def offsets(self) -> Sequence[int]:
        """At which letter of the stream each word begins, and its length at last."""
        if self._offsets is None:
            begins = np.array(self.edges)
            self._offsets = (begins - np.array(self._doubled, dtype=np.int64).searchsorted(begins)).data
        return self._offsets

    def _added(self, word: int) -> int:
        """Say how many letters a word adds to the stream."""
        return self.offsets[word + 1] - self.offsets[word]

    def plausible(self, hits: list[tuple[int, int, int]], foreign: bytes) -> list[tuple[int, int, int]]:
        """Leave out the hits that surely begin or end within a word, which most do in a large registry, and those with
        too few Latin letters for a name of another script.

        `foreign` has 1 for each skeleton that only names of other scripts have.
        """
        if not hits:
            return hits
        edges, readings, doubled, kind = self.edges, self.source.readings, self._doubled, self.kind
        # How many letters were left out of the stream up to each of those that were.
        left_out = [at - number for number, at in enumerate(doubled)]
        words, latin = self.source.words, self.source.plain.low.isascii()
        found = []
        for hit in hits:
            first = hit[1] + bisect_right(left_out, hit[1])
            begin = bisect_right(edges, first) - 1
            if not readings[begin].begins[kind][first - edges[begin]] and begin not in self.source.humped:
                # The letter that is left begins what the other began, and ends what it ended itself.
                at = bisect_right(doubled, first)
                if at == len(doubled) or doubled[at] != first + 1:
                    continue
            last = hit[2] - 1 + bisect_right(left_out, hit[2] - 1)
            end = bisect_right(edges, last) - 1
            if readings[end].ends[kind][last - edges[end]] or end in self.source.humped:
                few = latin and foreign[hit[0]] and sum(map(len, words[begin : end + 1])) < LEAST_SOUNDED
                if not few:
                    found.append(hit)
        return found

    def starts(self, letter: int) -> Iterator[Edge]:
        """Give the places at which a name that begins with this letter of the stream may begin in the text."""
        word = bisect_right(self.offsets, letter) - 1
        dropped = len(self._skeletons[word]) - self._added(word)
        inside = letter - self.offsets[word] + dropped
        first = self.source.spans.starts[word]
        if inside == 0:
            yield Edge(word, first, inner=False)
        else:
            begin, end = self._extents_of(word)[inside]
            for at in range(first + begin, first + end):
                kind = _boundary(self.source.plain, at)
                if kind:
                    yield Edge(word, at, inner=kind == _HUMP)
                elif AFFIX_BEFORE.fullmatch(self.source.plain.low, first, at):
                    yield Edge(word, at, inner=False, affixed=True)
        if letter + 1 == self.offsets[word + 1]:
            yield from self._shared_start(word + 1)

    def _shared_start(self, word: int) -> Iterator[Edge]:
        """The word after may begin with the very letter that the one before ended with."""
        while word < len(self._skeletons) and not self._skeletons[word]:
            word += 1
        if word < len(self._skeletons) and len(self._skeletons[word]) != self._added(word):
            yield Edge(word, self.source.spans.starts[word], inner=False)

    def ends(self, letter: int) -> Iterator[Edge]:
        """Give the places at which a name that ends before this letter of the stream may end in the text."""
        word = bisect_left(self.offsets, letter) - 1
        dropped = len(self._skeletons[word]) - self._added(word)
        inside = letter - self.offsets[word] + dropped
        first, last = self.source.spans.of(word)
        if inside == len(self._skeletons[word]):
            yield Edge(word, last, inner=False)
            yield from self._shared_ends(word + 1)
            return
        begin, end = self._extents_of(word)[inside - 1]
        for at in range(first + begin + 1, first + end + 1):
            if at == last:
                yield Edge(word, at, inner=False)
                continue
            kind = _boundary(self.source.plain, at)
            rest = self.source.plain.low[at:last]
            if kind or _VERSION.match(rest):
                yield Edge(word, at, inner=kind == _HUMP and not _VERSION.match(rest))
            elif rest in ("s", "z") or (len(rest) <= 4 and PARTICLE.fullmatch(rest)):
                yield Edge(word, at, inner=False, plural=rest in ("s", "z"))
            elif AFFIX_BEHIND.fullmatch(rest):
                yield Edge(word, at, inner=False, affixed=True)

    def _shared_ends(self, word: int) -> Iterator[Edge]:
        """The words after may consist of the very letter that the one before ended with."""
        while word < len(self._skeletons) and not self._added(word):
            if self._skeletons[word]:
                yield Edge(word, self.source.spans.ends[word], inner=False)
            word += 1

    def place(self, first: int, last: int) -> tuple[int, int]:
        """Give the place, in the plain text, of the words that these letters of the stream stand in."""
        begin, end = bisect_right(self.offsets, first) - 1, bisect_left(self.offsets, last) - 1
        return self.source.spans.starts[begin], self.source.spans.ends[end]

    def breaks(self, start: int, first: int, last: int) -> Iterator[tuple[int, int]]:
        """For each word after `first` to `last` give its number and how many letters of the name came before it."""
        for word in range(first + 1, last + 1):
            if self._skeletons[word]:
                yield word, self.offsets[word] - start

    def _extents_of(self, word: int) -> list[tuple[int, int]]:
        if word not in self._extents:
            self._extents[word] = extents(self.source.words[word], self.kind)
        return self._extents[word]


def _without(letters: AnyStr, places: list[int]) -> AnyStr:
    """Leave out the letters at these places."""
    if not places:
        return letters
    edges = zip([0, *(at + 1 for at in places)], [*places, len(letters)], strict=True)
    return letters[:0].join([letters[first:last] for first, last in edges])


_NONE, _CLASS, _HUMP = 0, 1, 2


def _boundary(plain: Plain, at: int) -> int:
    """Say whether something begins at a character within a word: after a digit or sign, or as a hump."""
    before, here = plain.cased[at - 1], plain.cased[at]
    if _is_letter(before) != _is_letter(here):
        return _CLASS
    if here.isupper():
        after = plain.cased[at + 1 : at + 2]
        return _HUMP if before.islower() or (before.isupper() and after.islower()) else _NONE
    return _CLASS if before.isascii() != here.isascii() and _is_letter(here) and _is_letter(before) else _NONE


def _is_letter(char: str) -> bool:
    """Whether a character of a word is a letter, or a vowel sign that belongs to one."""
    return char.isalpha() or not (char.isascii() or char.isdigit() or char in "€£¢")


def streams_of(source: Words) -> list[Stream]:
    """Give the streams that differ: one for plain prose, up to three where digits, signs or other scripts occur."""
    found = [Stream(source, LOOK)]
    for kind in (NATIVE, LETTERS):
        if kind == NATIVE and source.plain.low.isascii():
            continue
        if not any(manner in source.manners for manner in (PARTED, FOREIGN, UNSPACED)):
            break
        stream = Stream(source, kind)
        if all(stream.text != other.text for other in found):
            found.append(stream)
    return found
