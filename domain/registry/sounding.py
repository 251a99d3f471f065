"""Names written in another script than they were registered in, recognised by how they sound."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from rapidfuzz.distance import Indel

from domain.registry.name_index import NameIndex
from domain.registry.name_parts import cached_parts
from domain.registry.name_policy import NamePolicy
from domain.registry.near_names import Near
from domain.registry.ordinary import is_ordinary
from domain.registry.skeletons import is_foreign, one_of_each
from domain.registry.sounds import (
    japanese_reading,
    key_of_word,
    key_of_words,
    korean_readings,
    readings_of,
    romanised,
    spaced_key,
    vowelled,
    without_ending,
)
from domain.registry.streams import PARTICLE, Words

_UNSPACED = re.compile(r"[\u3041-\u309f\u3400-\u9fff々]")
_KATAKANA = re.compile(r"[\u30a1-\u30ff]")
_VOWELLESS = re.compile(r"[\u0590-\u06ff]")
_HAN = re.compile(r"[\u3400-\u9fff々]")
_HANGUL = re.compile(r"[\uac00-\ud7a3]+$")
_TOGETHER = re.compile(r"[\s_・·=＝‐-]{0,3}$")
_MOST_JAPANESE = 32
"""So many runs of Han characters of one text are looked up in the Japanese dictionary, which takes a while for each."""

_CONSONANTS = ("", "k", "t", "p", "l", "s", "m", "n")
_GUESSED_FROM = 7
_MOST_GUESSED = 60
_STRICTER = 0.2

_LEAST_CONSONANTS = 3
"""Words in Latin letters with fewer are not taken for a name of another script."""

_ALIKE = {1: 1.0, 2: 0.88, 3: 0.80, 4: 0.72, 5: 0.66}
_ALIKE_LONG = 0.60
_ALIKE_SINGLE = 0.85
"""How alike two names must sound, with their vowels, by the length of the key that they share."""


class _Window(NamedTuple):
    """Words that stand together, how they are read in Latin letters, and the key of that."""

    first: int
    last: int
    latin: tuple[str, ...]
    key: str
    lenience: float = 0.0
    """Added to how alike it must sound: some scripts leave out the vowels."""


def sounding_names(policy: NamePolicy, index: NameIndex, source: Words) -> Iterator[Near]:
    """Find names that are not in the script in which they were registered."""
    if not source.plain.low.isascii():
        windows = list(_foreign_windows(source))
        windows += [other for window in windows[:_MOST_GUESSED] for other in _guessed(window)]
        yield from _judged(policy, index, source, windows, foreign_only=False)
        if index.has_foreign_names:
            yield from _judged(policy, index, source, windows, foreign_only=True)
    if index.has_foreign_names:
        yield from _judged(policy, index, source, list(_latin_windows(source)), foreign_only=True)


def _guessed(window: _Window) -> Iterator[_Window]:
    """Give windows with one consonant heard otherwise, where there are enough others: Ferstappen for Verstappen."""
    if " " not in window.key or len(window.key) < _GUESSED_FROM:
        return
    key = window.key.replace(" ", "")
    others = {one_of_each(key[:at] + heard + key[at + 1 :]) for at in range(len(key)) for heard in _CONSONANTS}
    others |= {one_of_each(key[:at] + heard + key[at:]) for at in range(len(key) + 1) for heard in _CONSONANTS}
    for other in others - {key}:
        yield _Window(window.first, window.last, window.latin, other, _STRICTER)


def _judged(
    policy: NamePolicy, index: NameIndex, source: Words, windows: list[_Window], *, foreign_only: bool
) -> Iterator[Near]:
    known: dict[_Sound, list[int]] = {}
    for place, names in index.sounding([hash(window.key) for window in windows], foreign_only=foreign_only):
        window = windows[place]
        sound = window.latin, window.key, window.lenience
        if sound not in known:
            known[sound] = _alike(window, [(name, index.entry(name).name) for name in names])
        for name in known[sound]:
            yield Near(name, policy.sounded, source.spans[window.first][0], source.spans[window.last][1])


_Sound = tuple[tuple[str, ...], str, float]


def _alike(window: _Window, names: list[tuple[int, str]]) -> list[int]:
    """Choose the names that a window sounds like, in some order of their words."""
    text = vowelled("".join(window.latin))
    wanted = _ALIKE.get(len(window.key.replace(" ", "")), _ALIKE_LONG) + window.lenience
    found = []
    for number, name in names:
        forms, single = _forms(name)
        least = min(1.0, max(wanted, _ALIKE_SINGLE + window.lenience) if single else wanted)
        if any(Indel.normalized_similarity(text, form, score_cutoff=least) >= least for form in forms):
            found.append(number)
    return found


@lru_cache(maxsize=1 << 15)
def _forms(name: str) -> tuple[tuple[str, ...], bool]:
    """Give how a name may sound, with its vowels, and whether it is short and of one word; nothing when ambiguous."""
    parts = cached_parts(name)
    if parts.ambiguous:
        return (), False
    forms = {
        vowelled("".join((*reading[turn:], *reading[:turn])))
        for reading in (readings_of(parts.words) if parts.foreign else [parts.words])
        for turn in {0, 1, len(reading) - 1}
    }
    return tuple(forms), len(parts.words) == 1 and len(parts.letters) < 8


def _foreign_windows(source: Words) -> Iterator[_Window]:
    """Give one to three words of another script that stand together, and each run of Han characters and kana."""
    looked_up = 0
    for foreign, group in groupby(range(len(source.words)), lambda at: is_foreign(source.words[at])):
        if not foreign:
            continue
        for run in _runs(source, list(group)):
            for unspaced, words in groupby(run, lambda at: bool(_UNSPACED.match(source.words[at]))):
                if not unspaced:
                    yield from _spaced_windows(source, list(words))
                elif looked_up < _MOST_JAPANESE:
                    looked_up += 1
                    yield from _japanese_windows(source, list(words))


def _runs(source: Words, places: list[int]) -> Iterator[list[int]]:
    run: list[int] = []
    for at in places:
        if run and not _TOGETHER.match(source.between(at)):
            yield run
            run = []
        run.append(at)
    if run:
        yield run


def _japanese_windows(source: Words, run: list[int]) -> Iterator[_Window]:
    """Runs of Han characters alone, as a Japanese name stands between kana."""
    for is_han, group in groupby(run, lambda at: bool(_HAN.match(source.words[at]))):
        part = list(group)
        if is_han and 3 <= len(part) <= 6:
            latin = (japanese_reading("".join(source.words[at] for at in part)),)
            yield _Window(part[0], part[-1], latin, key_of_words(latin))


def _spaced_windows(source: Words, run: list[int]) -> Iterator[_Window]:
    whole = [_read(source.words[at]) for at in run]
    bare = [_read(without_ending(source.words[at])) for at in run]
    alike = -0.1 if _VOWELLESS.match(source.words[run[0]]) else 0.0
    for begin in range(len(run)):
        for size in (1, 2, 3):
            if begin + size > len(run):
                break
            last = run[begin + size - 1]
            for latin in (whole, bare) if whole != bare else (whole,):
                words = tuple(latin[begin : begin + size])
                yield _Window(run[begin], last, words, spaced_key(words), alike)
                if size > 1:
                    yield _Window(run[begin], last, words, key_of_words(words), alike)
            if any("b" in word for word in words) and _KATAKANA.match(source.words[last]):
                # Japanese writes v as b.
                words = tuple(word.replace("b", "v") for word in words)
                yield _Window(run[begin], last, words, spaced_key(words), alike)
            if size == 1 and _HANGUL.match(source.words[last]):
                for reading in korean_readings(_without_particle(source.words[last]))[1:]:
                    yield _Window(last, last, (reading,), key_of_words((reading,)))


def _read(word: str) -> str:
    return romanised(_without_particle(word) if _HANGUL.match(word) else word)


def _without_particle(word: str) -> str:
    """Leave out what Korean puts behind a name of at least two syllables."""
    found = PARTICLE.search(word, min(2, len(word)))
    return word[: found.start()] if found and len(word) > 3 else word


def _latin_windows(source: Words) -> Iterator[_Window]:
    """Give one to three Latin words in their possible orders, where none is a longer ordinary word."""
    words = source.words
    telling = {at for at, word in enumerate(words) if len(word) > 2 and word.isalpha() and not is_ordinary(word)}
    hyphened: set[int] = set()
    if "-" in source.plain.low:
        hyphened = {at for at, word in enumerate(words) if at > 1 and len(word) <= 4 and source.between(at) == "-"}
    usable = {at for at in telling if words[at].isascii() and len(words[at]) < 30}
    short = {at for near in telling | hyphened for at in range(near - 2, near + 3) if 0 <= at < len(words)}
    usable |= {at for at in short - telling if len(words[at]) <= 4 and words[at].isascii() and words[at].isalpha()}
    for first in sorted(usable):
        for size in (1, 2, 3):
            if first + size - 1 not in usable:
                break
            places = range(first, first + size)
            if telling.isdisjoint(places) and hyphened.isdisjoint(places):
                continue
            window = tuple(words[first : first + size])
            keys = [key_of_word(word) for word in window]
            if sum(map(len, keys)) < _LEAST_CONSONANTS:
                continue
            for turn in range(size):
                order = (*window[turn:], *window[:turn])
                yield _Window(first, places[-1], order, " ".join((*keys[turn:], *keys[:turn])))
                if size > 1:
                    yield _Window(first, places[-1], order, one_of_each("".join((*keys[turn:], *keys[:turn]))))
