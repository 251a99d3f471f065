"""Names as they sound: what is left of a name when it goes from one script to another.

A key keeps the consonants, by classes that spellings confuse; what is compared in the end also has the vowels.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from anyascii import anyascii

from domain.registry.skeletons import one_of_each, skeleton

if TYPE_CHECKING:
    from domain.registry.name_parts import NameParts

_CYRILLIC_ENDING = re.compile(
    r"(?<=.{3})(?:ого|его|ому|ему|ыми|ими|ией|ых|их|ый|ий|ии|ой|ои|еи|ыи|ая|яя|ую|юю|ым|им|ом|ем|а|у|е|ы|и|я|ю)$"
)
_KOREAN = (
    ("yeo", "yu"),
    ("eo", "u"),
    ("eu", "u"),
    ("oo", "u"),
    ("ou", "u"),
    ("ui", "i"),
    ("ee", "i"),
    ("ae", "e"),
    ("wo", "u"),
)
_KOREAN_FAMILY = {
    "i": "lee",
    "bak": "park",
    "choe": "choi",
    "im": "lim",
    "o": "oh",
    "u": "woo",
    "an": "ahn",
    "yu": "yoo",
    "no": "roh",
}
_LOOSE = (
    ("tsch", "k"),
    ("tch", "k"),
    ("dzh", "k"),
    ("sch", "s"),
    ("tz", "s"),
    ("ch", "k"),
    ("zh", "k"),
    ("sh", "s"),
    ("kh", "h"),
    ("gh", "k"),
    ("ph", "f"),
    ("th", "t"),
    ("ck", "k"),
    ("x", "ks"),
    ("q", "k"),
)
_CLASSES = str.maketrans("gjcdbfzrv", "kkktppslw")
_SOFT_C = re.compile(r"c(?=[eiy])")
_SILENT = re.compile(r"[aeiouywh']+")
_SPOKEN_AS = (
    ("σχ", "σκ"),
    ("ة", ""),
    ("μπ", "b"),
    ("ντ", "d"),
    ("γκ", "g"),
    ("τζ", "j"),
    ("τσ", "ts"),
    ("ου", "u"),
    ("ड़", "र"),
    ("ढ़", "र"),
    ("ड़", "र"),
    ("ढ़", "र"),
    ("ं", "न"),
    ("च", "छ"),
)
"""What is not written as it sounds: two letters that are one sound in Greek, and a nasal or flap in Devanagari."""
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff々]")
_KANA = re.compile(r"[\u3041-\u30ff]")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")


def key_of(latin: str) -> str:
    """Give the sound key of a lower-case word in Latin letters: its consonants by class, none twice in a row."""
    word = _SOFT_C.sub("s", latin.removeprefix("t") if latin.startswith("ts") else latin)
    for spelled, sound in _LOOSE:
        if spelled in word:
            word = word.replace(spelled, sound)
    return one_of_each(_SILENT.sub("", word.translate(_CLASSES)))


key_of_word = lru_cache(maxsize=1 << 15)(key_of)


def key_of_words(latin: Iterable[str]) -> str:
    """Give the sound key of several words."""
    return one_of_each("".join(key_of_word(word) for word in latin))


def spaced_key(latin: Iterable[str]) -> str:
    """Give the sound keys of several words, one by one: more telling than the joined key."""
    return " ".join(key_of_word(word) for word in latin)


@lru_cache(maxsize=1 << 14)
def vowelled(latin: str) -> str:
    """Give a comparable form of how a word in Latin letters sounds, with its vowels."""
    word = _SOFT_C.sub("s", latin)
    for spelled, sound in (*_LOOSE, *_KOREAN):
        word = word.replace(spelled, sound)
    return one_of_each(word.translate(_CLASSES).replace("h", "").replace("y", "i").replace("w", "u"))


def without_ending(word: str) -> str:
    """Leave out the ending of a case, which Russian puts behind names too."""
    return _CYRILLIC_ENDING.sub("", word) if _CYRILLIC.search(word) else word


def romanised(word: str) -> str:
    """Write a word of another script in lower-case Latin letters, by the sound."""
    for spelled, sound in _SPOKEN_AS:
        word = word.replace(spelled, sound)
    if _HAN.search(word) or _KANA.search(word):
        return japanese_reading(word)
    return _latin(word)


def _latin(word: str) -> str:
    return "".join(char for char in anyascii(word).lower() if char.isalpha() and char.isascii())


@cache
def _kakasi() -> Any:
    """Load the Japanese dictionary, about a second, where the first Japanese word is met."""
    from pykakasi import kakasi  # noqa: PLC0415 - most processes never meet one

    return kakasi()


@lru_cache(maxsize=1 << 13)
def japanese_reading(word: str) -> str:
    """Give how a word in kanji or kana is read in Japanese, in Latin letters."""
    return _latin("".join(part["hepburn"] for part in _kakasi().convert(word)))


@lru_cache(maxsize=1 << 13)
def chinese_reading(word: str) -> str:
    """Give how a name in Han characters is read in Mandarin, without tones."""
    from pypinyin import lazy_pinyin  # noqa: PLC0415 - a fifth of a second that most processes don't need

    return _latin("".join(lazy_pinyin(word)))


def korean_readings(word: str) -> list[str]:
    """Give how a name in Hangul is written in Latin letters, by rule and as its family name is usually written."""
    family, given = _latin(word[:1]), _latin(word[1:])
    usual = _KOREAN_FAMILY.get(family)
    return [family + given, *([usual + given] if usual else [])]


@lru_cache(maxsize=1 << 12)
def readings_of(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Give how words of another script may be read in Latin letters, word by word."""
    joined = "".join(words)
    if _HANGUL.search(joined):
        return [(reading,) for reading in korean_readings(joined)]
    if _HAN.search(joined):
        return [(chinese_reading(joined),), (japanese_reading(joined),)]
    if _KANA.search(joined):
        return [tuple(japanese_reading(word) for word in words)]
    return [tuple(romanised(word) for word in words)]


def sounds_of_name(name: str, parts: "NameParts") -> Iterator[tuple[str, str]]:
    """Give the ways a registered name may sound: a skeleton to look for, or an empty one, and a sound key."""
    if not parts.foreign:
        words = parts.words
        for one in _spoken(words):
            keys = [key_of_word(word) for word in one]
            for order in {tuple(keys), (*keys[1:], keys[0]), (keys[-1], *keys[:-1])}:
                yield "", " ".join(order)
                if len(order) > 1:
                    yield "", one_of_each("".join(order))
        return
    whole = parts.words if len(name) < 40 else parts.words[:8]
    for reading in readings_of(whole):
        yield skeleton("".join(reading)), spaced_key(reading)


_SILENT_GH = re.compile(r"gh(?=t|$)")
_SOFT_R = re.compile(r"r(?=[^aeiouyr]|$)")


def _spoken(words: tuple[str, ...]) -> set[tuple[str, ...]]:
    """Give the ways to speak a name: its j as in English or as a y, its r before a consonant or not at all."""
    found = {words}
    if any("j" in word for word in words):
        found.add(tuple(word.replace("j", "y") for word in words))
    if any(_SILENT_GH.search(word) for word in words):
        found.add(tuple(_SILENT_GH.sub("", word) for word in words))
    if any(_SOFT_R.search(word) for word in words):
        found.add(tuple(_SOFT_R.sub("", word) for word in words))
    return found
