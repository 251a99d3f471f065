"""The words of a text that may be a name in another script than it was registered in."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby, islice, pairwise
from typing import NamedTuple

from domain.registry.chinese import loan_runs, usual_given_names
from domain.registry.readings import BESIDE, FOREIGN, PARTED, TELLING, UNSPACED
from domain.registry.spoken_words import APOSTROPHE, DOT, STOP, is_initial, spoken_words
from domain.registry.streams import Words

_HAN = re.compile(r"[\u3400-\u9fff々]")
_TOGETHER = re.compile(r"[\s_・·•=＝‐-]{0,3}$")
_HYPHENED, _HYPHENED_MOST = re.compile(r"-[a-z]{1,4}\b"), 4
_FOREIGN_RUN = re.compile(f"{FOREIGN}+|{UNSPACED}+")
_LATIN_BETWEEN = re.compile(f"(?<={FOREIGN})[^{FOREIGN}{UNSPACED}](?={FOREIGN})")
_FROM_TELLING = re.compile(f"{TELLING}[{TELLING}{BESIDE}]*")
_MOST_JAPANESE = 32
"""So many runs of Han characters of one text are looked up in the Japanese dictionary, which takes a while for each."""
_MOST_DOTS, _MOST_LEFT, _MOST_RIGHT = 8, 6, 6
"""So many dots between Han characters are looked at, and so many characters before and behind each."""
_MOST_WORDS, _MOST_WITH_PARTICLES, _PAIR = 3, 5, 2
_LEAST_LOAN, _MOST_LOANS = 4, 192
"""So many characters has the name of somebody else in Chinese without a dot, and so many windows may be one."""
_IS_PARTED = re.compile(PARTED)
_DISGUISED = re.compile("[a-z]+(?:[013457@$!]+[a-z]+)+")
_LETTERS = str.maketrans("013457@$!", "oieastasi")


LATIN, TITLED, SURE, UNSURE, MIXED, GUESSED = range(6)
"""How words stand that may be a name: in Latin letters; each with a capital; in a script without capitals; in lower
case where names have capitals; beside an everyday word; or with one consonant that is to be heard otherwise."""


class Window(NamedTuple):
    """Words that stand together: from which to which, the words, and how they stand; Han characters are one."""

    first: int
    last: int
    asked: tuple[tuple[str, ...], int]


def foreign_windows(source: Words) -> Iterator[Window]:
    """Give one to three words of another script that stand together, and each run of Han characters."""
    unspaced: list[list[int]] = []
    shouted = source.plain.cased.isupper()
    for together in _FOREIGN_RUN.finditer(_with_initials(source)):
        for run in _runs(source, range(*together.span())):
            if together[0][0] == FOREIGN:
                yield from _spaced_windows(source, run, shouted=shouted)
            elif len(unspaced) < _MOST_JAPANESE:
                unspaced.append(run)
                yield from _japanese_windows(source, run)
                yield from _dotted_windows(source, run)
    yield from islice((window for run in unspaced for window in _loan_windows(source, run)), _MOST_LOANS)


def _with_initials(source: Words) -> str:
    """Give the manners of words, where one Latin capital between words of another script goes with them."""
    return _LATIN_BETWEEN.sub(lambda found: FOREIGN if is_initial(source, found.start()) else found[0], source.manners)


def _runs(source: Words, places: Iterable[int]) -> Iterator[list[int]]:
    run: list[int] = []
    for at in places:
        if run and not _goes_on(source, at):
            yield run
            run = []
        run.append(at)
    if run:
        yield run


def _goes_on(source: Words, at: int) -> bool:
    """Whether a word stands with the one before it: a space or a dot between them, or the full stop of an initial."""
    between = source.between(at)
    if _TOGETHER.match(between):
        return True
    return is_initial(source, at - 1) and (STOP.match(between) or APOSTROPHE.match(between)) is not None


def _dotted_windows(source: Words, run: list[int]) -> Iterator[Window]:
    """Han characters on both sides of a dot, as Chinese writes the names of others, or of two; of the outer ones some
    may be.
    """
    dots = [place for place in range(1, len(run)) if DOT.fullmatch(source.between(run[place]))][:_MOST_DOTS]
    for first, last in (*zip(dots, dots, strict=True), *pairwise(dots)):
        for begin in range(max(0, first - _MOST_LEFT), first):
            for end in range(last + 1, min(last + _MOST_RIGHT, len(run)) + 1):
                edges = dict.fromkeys((begin, first, last, end))
                yield _characters(source, run, list(edges))


def _loan_windows(source: Words, run: list[int]) -> Iterator[Window]:
    """Han characters that stand for the name of somebody else without a dot: what usually is a given name and some
    behind it, or a row of characters that are there for their sound, of which the outer ones may be of other words.
    """
    text = "".join(source.words[at] for at in run)
    for given in usual_given_names(text):
        for end in range(given.end() + 1, min(given.end() + _MOST_RIGHT, len(run)) + 1):
            yield _characters(source, run, [*given.span(), end])
    for row in loan_runs(text):
        begin, end = row.span()
        for first, last in ((begin, end), (begin + 1, end), (begin, end - 1)):
            if last - first >= _LEAST_LOAN:
                yield _characters(source, run, [first, last])


def _characters(source: Words, run: list[int], edges: list[int]) -> Window:
    """Take the Han characters between each two places of a run as a word."""
    words = tuple("".join(source.words[at] for at in run[begin:end]) for begin, end in pairwise(edges))
    return Window(run[edges[0]], run[edges[-1] - 1], (words, SURE))


def _japanese_windows(source: Words, run: list[int]) -> Iterator[Window]:
    """Runs of Han characters alone, as a Japanese name stands between kana."""
    for is_han, group in groupby(run, lambda at: bool(_HAN.match(source.words[at]))):
        part = list(group)
        if is_han and 3 <= len(part) <= 6:
            yield Window(part[0], part[-1], (("".join(source.words[at] for at in part),), SURE))


def _spaced_windows(source: Words, run: list[int], *, shouted: bool) -> Iterator[Window]:
    """Everyday words are no name, alone or in three words, unless all have capitals and other words have none.

    Particles are not counted among the three, nor is one of two words joined by a hyphen; initials are left out. In a
    text that is shouted capitals say nothing.
    """
    cased, starts = source.plain.cased, source.spans.starts
    titles = not shouted and any(cased[starts[at]].isupper() for at in run)
    spoken = spoken_words(source, run)
    words = tuple(one.word for one in spoken)
    for begin in range(len(spoken)):
        everyday, counted = 0, 0
        for end in range(begin + 1, min(begin + _MOST_WITH_PARTICLES, len(spoken)) + 1):
            last = spoken[end - 1]
            counted += not last.light
            if last.breaks or counted > _MOST_WORDS:
                break
            everyday += last.common
            inside = spoken[begin:end]
            if titles and all(one.capital for one in inside):
                manner = TITLED
            elif everyday == 0:
                manner = UNSURE if any(one.lower for one in inside) else SURE
            elif everyday == 1 and (end - begin == _PAIR or any(one.syllable for one in inside[1:-1])):
                manner = MIXED  # the everyday one of three words is a syllable between the others: "델", "폰"
            else:
                continue
            yield Window(spoken[begin].first, last.last, (words[begin:end], manner))


def latin_windows(source: Words) -> Iterator[Window]:
    """Give one to three Latin words that stand together, of which one is no ordinary word and all may be of a name."""
    words, manners = _undisguised(source.words, _with_hyphened(source))
    for telling in _FROM_TELLING.finditer(manners):
        begin, end = telling.span()
        while begin and manners[begin - 1] == BESIDE and telling.start() - begin < _MOST_WORDS - 1:
            begin -= 1
        for first in range(begin, end):
            for last in range(first, min(first + _MOST_WORDS, end)):
                if last > first and "," in source.between(last):
                    break
                if TELLING in manners[first : last + 1]:
                    yield Window(first, last, (tuple(words[first : last + 1]), LATIN))


def _undisguised(words: list[str], manners: str) -> tuple[list[str], str]:
    """Give words and their manners, where a word with digits among its letters is a telling one with those they are
    like: "h4ruki".
    """
    places = [found.start() for found in _IS_PARTED.finditer(manners) if _DISGUISED.fullmatch(words[found.start()])]
    if not places:
        return words, manners
    words, letters = words.copy(), list(manners)
    for at in places:
        words[at], letters[at] = words[at].translate(_LETTERS), TELLING
    return words, "".join(letters)


def _with_hyphened(source: Words) -> str:
    """Give the manners of words, where a short word behind a hyphen is telling, as in "Tae-hee"."""
    if "-" not in source.plain.low or not _HYPHENED.search(source.plain.low):
        return source.manners
    return "".join(
        TELLING if at and len(word) <= _HYPHENED_MOST and word.isascii() and source.between(at) == "-" else manner
        for at, (word, manner) in enumerate(zip(source.words, source.manners, strict=True))
    )
