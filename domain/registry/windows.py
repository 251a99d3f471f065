"""The words of a text that may be a name in another script than it was registered in, with how they sound."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from domain.registry.romanising import japanese_reading, readings_of, romanised, without_ending
from domain.registry.sounds import (
    any_words,
    consonants_of_word,
    joined_keys,
    key_of_word,
    key_of_words,
    run_together,
    sound_of,
    together,
)
from domain.registry.streams import PARTICLE, Words

_UNSPACED = re.compile(r"[\u3041-\u309f\u3400-\u9fff々]")
_KATAKANA = re.compile(r"[\u30a1-\u30ff]")
_VOWELLESS = re.compile(r"[\u0590-\u06ff]")
_HAN = re.compile(r"[\u3400-\u9fff々]")
_HANGUL = re.compile(r"[\uac00-\ud7a3]+$")
_TOGETHER = re.compile(r"[\s_・·=＝‐-]{0,3}$")
_HYPHENED = re.compile(r"-[a-z]{1,4}\b")
_MOST_JAPANESE = 32
"""So many runs of Han characters of one text are looked up in the Japanese dictionary, which takes a while for each."""

_ALL_OTHER = 10
_OTHER_VOICES = {"kana": _ALL_OTHER, "hangul": _ALL_OTHER, "vowelless": 2, "other": 1}
"""So many consonants may be voiced in the text and not in the name: Japanese has no l, Korean voices what stands
between vowels, and Arabic has no p."""
_KANA_LENIENCE = -0.05
_RUN_TOGETHER = 0.12
"""Added where the words of a text are others than those of the name: what is run together is alike more often."""
_MOST_WORDS = 3
_LONGEST = 30
_LEAST_CONSONANTS, _LONG = 3, 9
"""Words in Latin letters with fewer, or long ones with two, are not taken for a name of another script."""


class Heard(NamedTuple):
    """How words are read in Latin letters, and the key of that."""

    latin: tuple[str, ...]
    key: str
    lenience: float = 0.0
    """Added to how alike it must sound: some scripts put vowels behind consonants."""
    script: str = ""
    """`han` or `hangul`: names of the same script are compared by their characters alone."""
    voices: int = 0
    """Which of its consonants are voiced."""
    others: int = _ALL_OTHER
    """So many of its consonants may be voiced otherwise in the name."""


class Window(NamedTuple):
    """Words that stand together, and how they are heard."""

    first: int
    last: int
    heard: Heard


def foreign_windows(source: Words) -> Iterator[Window]:
    """Give one to three words of another script that stand together, and each run of Han characters and kana."""
    looked_up = 0
    for foreign, group in groupby(range(len(source.words)), lambda at: source.readings[at].foreign):
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


def _japanese_windows(source: Words, run: list[int]) -> Iterator[Window]:
    """Runs of Han characters alone, as a Japanese name stands between kana."""
    for is_han, group in groupby(run, lambda at: bool(_HAN.match(source.words[at]))):
        part = list(group)
        if is_han and 3 <= len(part) <= 6:
            latin = (japanese_reading("".join(source.words[at] for at in part)),)
            for words in (1, 2):
                key = run_together(key_of_words(latin), words)
                yield Window(part[0], part[-1], Heard(latin, key, script="han"))


def _spaced_windows(source: Words, run: list[int]) -> Iterator[Window]:
    words = tuple(source.words[at] for at in run)
    for begin in range(len(run)):
        for end in range(begin, min(begin + _MOST_WORDS, len(run))):
            if len(words[end]) < 2:
                break
            for heard in _heard_foreign(words[begin : end + 1]):
                yield Window(run[begin], run[end], heard)


@lru_cache(maxsize=1 << 14)
def _heard_foreign(words: tuple[str, ...]) -> tuple[Heard, ...]:
    """Give the ways to hear words of one script with spaces: as they are, without endings, and as it writes others."""
    whole = tuple(map(_read, words))
    bare = tuple(_read(without_ending(word)) for word in words)
    script = _script_of(words[-1])
    others = [
        tuple(word.replace(heard, written) for word in whole)
        for heard, written in _heard_as(words[-1])
        if any(heard in word for word in whole)
    ]
    found = [heard for latin in dict.fromkeys((whole, bare, *others)) for heard in _sounding(latin, script)]
    if len(words) == 1 and script == "hangul":
        for reading in readings_of((_without_particle(words[0]),))[1:]:
            key = key_of_words(reading)
            found += [Heard(reading, one, script=script) for one in (key, run_together(key, 2), run_together(key, 3))]
    return tuple(found)


def _sounding(latin: tuple[str, ...], script: str) -> Iterator[Heard]:
    """Give how words sound one by one; and run together, for names that have another number of words."""
    consonants = [consonants_of_word(word) for word in latin]
    lenience, most = _KANA_LENIENCE if script == "kana" else 0.0, _OTHER_VOICES[script]
    spaced = sound_of(" ".join(consonants))
    yield Heard(latin, spaced.key, lenience, script, spaced.voices, most)
    numbers = (1, 2, 3) if script == "hangul" or len(latin) == 2 else (2,)
    joined = sound_of(together(consonants))
    stricter = 0.0 if script == "hangul" else _RUN_TOGETHER
    for words in numbers:
        if words != len(latin):
            key = run_together(joined.key, words)
            yield Heard(latin, key, lenience + stricter, script, joined.voices, most)


def _script_of(word: str) -> str:
    if _HANGUL.match(word):
        return "hangul"
    if _KATAKANA.match(word):
        return "kana"
    return "vowelless" if _VOWELLESS.match(word) else "other"


def _heard_as(word: str) -> tuple[tuple[str, str], ...]:
    """Say which sounds a script writes as another: Japanese v as b, Korean z as j and ts as ch, Arabic v as f."""
    if _KATAKANA.match(word):
        return (("b", "v"),)
    if _HANGUL.match(word):
        return (("j", "z"), ("ch", "ts"))
    return (("f", "v"),) if _VOWELLESS.match(word) else ()


def _read(word: str) -> str:
    return romanised(_without_particle(word) if _HANGUL.match(word) else word)


def _without_particle(word: str) -> str:
    """Leave out what Korean puts behind a name of at least two syllables."""
    found = PARTICLE.search(word, min(2, len(word)))
    return word[: found.start()] if found and len(word) > 3 else word


def latin_windows(source: Words) -> Iterator[Window]:
    """Give one to three Latin words in their possible orders, where one is no ordinary word."""
    words, readings = source.words, source.readings
    telling = {at for at, reading in enumerate(readings) if reading.telling} | _hyphened(source)
    usable = {at for at in telling if words[at].isascii() and len(words[at]) < _LONGEST}
    for near in telling:
        usable |= {at for at in range(max(0, near - 2), min(near + 3, len(words))) if readings[at].beside}
    for first in usable:
        for last in range(first, first + _MOST_WORDS):
            if last not in usable:
                break
            if not telling.isdisjoint(range(first, last + 1)):
                for heard in _heard_latin(tuple(words[first : last + 1])):
                    yield Window(first, last, heard)


@lru_cache(maxsize=1 << 14)
def _heard_latin(words: tuple[str, ...]) -> tuple[Heard, ...]:
    """Give the orders of Latin words, each with the keys one by one and joined; a j may also be a y."""
    keys = tuple(map(key_of_word, words))
    consonants = sum(map(len, keys))
    if consonants < _LEAST_CONSONANTS and (consonants < _LEAST_CONSONANTS - 1 or sum(map(len, words)) < _LONG):
        return ()
    found = _turned(words, keys)
    if any("j" in word for word in words):
        spoken = tuple(word.replace("j", "y") for word in words)
        found += _turned(spoken, tuple(map(key_of_word, spoken)))
    return tuple(found)


def _turned(words: tuple[str, ...], keys: tuple[str, ...]) -> list[Heard]:
    found = []
    for turn in range(len(words)):
        order, sounds = words[turn:] + words[:turn], keys[turn:] + keys[:turn]
        found.append(Heard(order, any_words(joined_keys(sounds))))
        if len(words) > 1:
            found.append(Heard(order, " ".join(sounds)))
    return found


def _hyphened(source: Words) -> set[int]:
    """Give the short words behind a hyphen, as in "Tae-hee"."""
    if not _HYPHENED.search(source.plain.low):
        return set()
    words = source.words
    return {at for at, word in enumerate(words) if at and len(word) <= 4 and source.between(at) == "-"}
