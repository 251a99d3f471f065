"""Names written in another script than they were registered in, recognised by how they sound."""

import re
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from rapidfuzz.distance import Indel

from domain.registry.name_index import NameIndex
from domain.registry.name_parts import NameParts, cached_parts
from domain.registry.name_policy import NamePolicy
from domain.registry.near_names import Near
from domain.registry.ordinary import is_ordinary
from domain.registry.skeletons import is_foreign
from domain.registry.sounds import japanese_reading, key_of_words, korean_readings, readings_of, romanised, vowelled
from domain.registry.streams import PARTICLE, Words

_UNSPACED = re.compile(r"[\u3041-\u309f\u3400-\u9fff々]")
_KATAKANA = re.compile(r"[\u30a1-\u30ff]")
_VOWELLESS = re.compile(r"[\u0590-\u06ff]")
_HAN = re.compile(r"[\u3400-\u9fff々]")
_HANGUL = re.compile(r"[\uac00-\ud7a3]+$")
_TOGETHER = re.compile(r"[\s_・·=＝‐-]{0,3}$")
_MOST_JAPANESE = 32
"""So many runs of Han characters of one text are looked up in the Japanese dictionary, which takes a while for each."""

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
        yield from _judged(policy, index, source, windows, foreign_only=False)
        if index.has_foreign_names:
            yield from _judged(policy, index, source, windows, foreign_only=True)
    if index.has_foreign_names:
        yield from _judged(policy, index, source, list(_latin_windows(source)), foreign_only=True)


def _judged(
    policy: NamePolicy, index: NameIndex, source: Words, windows: list[_Window], *, foreign_only: bool
) -> Iterator[Near]:
    for place, names in index.sounding([hash(window.key) for window in windows], foreign_only=foreign_only):
        window = windows[place]
        for name in names:
            parts = cached_parts(index.entry(name).name)
            if not parts.ambiguous and _alike(window, parts):
                start, end = source.spans[window.first][0], source.spans[window.last][1]
                yield Near(name, policy.sounded, start, end)


def _alike(window: _Window, parts: NameParts) -> bool:
    """Whether a window sounds like a name, in some order of its words."""
    text = vowelled("".join(window.latin))
    wanted = _ALIKE.get(len(window.key), _ALIKE_LONG)
    if len(parts.words) == 1 and len(window.key) < 5 and len(parts.letters) < 8:
        wanted = max(wanted, _ALIKE_SINGLE)
    wanted += window.lenience
    for reading in readings_of(parts.words) if parts.foreign else [parts.words]:
        orders = {reading, (*reading[1:], *reading[:1]), (*reading[-1:], *reading[:-1])}
        if any(Indel.normalized_similarity(text, vowelled("".join(order))) >= wanted for order in orders):
            return True
    return False


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
    latin = [_read(source.words[at]) for at in run]
    alike = -0.1 if _VOWELLESS.match(source.words[run[0]]) else 0.0
    for begin in range(len(run)):
        for size in (1, 2, 3):
            if begin + size > len(run):
                break
            last = run[begin + size - 1]
            words = tuple(latin[begin : begin + size])
            yield _Window(run[begin], last, words, key_of_words(words), alike)
            if any("b" in word for word in words) and _KATAKANA.match(source.words[last]):
                # Japanese writes v as b.
                words = tuple(word.replace("b", "v") for word in words)
                yield _Window(run[begin], last, words, key_of_words(words), alike)
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
    """Give one to three Latin words, not all of them ordinary, in both orders."""
    words = source.words
    latin = [word.isascii() and word.isalpha() and 1 < len(word) < 30 for word in words]
    plain = [not latin[at] or is_ordinary(words[at]) for at in range(len(words))]
    for at in range(len(words)):
        for size in (1, 2, 3):
            if at + size > len(words) or not latin[at + size - 1]:
                break
            if all(plain[at : at + size]) or any(
                plain[place] and len(words[place]) > 4 for place in range(at, at + size)
            ):
                continue
            window = tuple(words[at : at + size])
            yield _Window(at, at + size - 1, window, key_of_words(window))
            if size > 1:
                turned = (window[-1], *window[:-1])
                yield _Window(at, at + size - 1, turned, key_of_words(turned))
