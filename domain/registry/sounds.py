"""Names as they sound: what is left of a name when it goes from one script to another.

A key keeps the consonants, by classes that spellings confuse; what is compared in the end also has the vowels.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from domain.registry.romanising import readings_of
from domain.registry.skeletons import one_of_each, skeleton
from domain.registry.speaking import spoken

if TYPE_CHECKING:
    from domain.registry.name_parts import NameParts

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
    ("ey", "i"),
    ("ie", "i"),
)
_LOOSE = (
    ("tsch", "k"),
    ("tch", "k"),
    ("dzh", "g"),
    ("dj", "g"),
    ("sch", "s"),
    ("tz", "s"),
    ("ch", "k"),
    ("zh", "g"),
    ("sh", "s"),
    ("kh", "h"),
    ("gh", "g"),
    ("ph", "f"),
    ("th", "t"),
    ("ck", "k"),
    ("x", "ks"),
    ("q", "k"),
)
_LOOSE_AND_KOREAN = _LOOSE + _KOREAN
_TWO_CONSONANTS = re.compile("|".join(spelled for spelled, _ in _LOOSE))
_TWO_AS_ONE = re.compile("|".join(spelled for spelled, _ in _LOOSE_AND_KOREAN))
_VOWELLED = bytes.maketrans(b"gjcdbfzrvwy", b"kkktppsluui")
_CONSONANTS, _VOWELS = bytes.maketrans(b"jcf", b"gkp"), b"aeiou'"
_CLASS = str.maketrans("gdbzr", "ktpsl")
_ALL_CLASSES = frozenset("ktplsmn")


class _Voices(dict[int, str]):
    """A table for `str.translate`: one digit for each letter, and nothing for a space."""

    def __missing__(self, code: int) -> str:
        return "0"


_VOICES = _Voices(
    {**dict.fromkeys(range(ord("a"), ord("z") + 1), "0"), **dict.fromkeys(map(ord, "gdbzr"), "1"), ord(" "): ""}
)
_ONE_CLASS = re.compile(r"[kg]{2,}|[td]{2,}|[pb]{2,}|[lr]{2,}|[sz]{2,}|(\S)\1+")
_MOST_VOICES = 10
"""So many consonants are kept as voiced or not: with the number of a name they fill 32 bits."""
_SOFT_C = re.compile(r"(?<!^m)c+(?=[eiy])")


def consonants_of(latin: str) -> str:
    """Give the consonants of a lower-case word in Latin letters, voiced or not, of each run of a class the first."""
    word = _begun(latin)
    word = _SOFT_C.sub("s", word) if "c" in word else word
    if _TWO_CONSONANTS.search(word):
        for spelled, sound in _LOOSE:
            word = word.replace(spelled, sound)
    return first_of_class(_translated(word, _CONSONANTS, _VOWELS + b"vywh"))


def _begun(latin: str) -> str:
    """Leave out a t that is hardly heard at the beginning of a word: Tsai."""
    return latin.removeprefix("t") if latin.startswith("ts") else latin


def _translated(word: str, table: bytes | None, dropped: bytes) -> str:
    """Replace and drop ASCII letters, in a third of the time of `str.translate`: no other letter has their bytes."""
    return word.encode("utf-8", "surrogatepass").translate(table, dropped).decode("utf-8", "surrogatepass")


def first_of_class(consonants: str) -> str:
    """Leave the first of each run of consonants of one class."""
    return _ONE_CLASS.sub(lambda run: run[0][0], consonants)


consonants_of_word = lru_cache(maxsize=1 << 13)(consonants_of)


def key_of(latin: str) -> str:
    """Give the sound key of a lower-case word in Latin letters: its consonants by class, none twice in a row."""
    return one_of_each(_translated(vowelled(_begun(latin)), None, _VOWELS))


key_of_word = lru_cache(maxsize=1 << 13)(key_of)


class Sound(NamedTuple):
    """How words sound: the key that they are looked up by, and what tells those apart that share it."""

    key: str
    voices: int
    """One bit for each of the first consonants: whether it is voiced, as g, d, b, z, or an r."""


@lru_cache(maxsize=1 << 13)
def sound_of(consonants: str) -> Sound:
    """Give the sound of consonants, as `consonants_of` gives them, with or without spaces between the words."""
    return _sound(*_said(consonants))


def _sound(key: str, voiced: str) -> Sound:
    return Sound(key, int(voiced[:_MOST_VOICES] or "0", 2))


def _said(consonants: str) -> tuple[str, str]:
    """Give the classes of consonants, and one digit for each: whether it is voiced."""
    return consonants.translate(_CLASS), consonants.translate(_VOICES)


_said_word = lru_cache(maxsize=1 << 13)(_said)


def _said_together(words: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Join what words say; where two meet in the same class the first stands, as in `together`."""
    key = voiced = ""
    for classes, digits in words:
        meet = key and classes[:1] == key[-1] and key[-1] in _ALL_CLASSES
        key += classes[1:] if meet else classes
        voiced += digits[1:] if meet else digits
    return key, voiced


def together(consonants: Iterable[str]) -> str:
    """Join the consonants of several words; where two meet in the same class the first stands."""
    return first_of_class("".join(consonants))


def key_of_words(latin: Iterable[str]) -> str:
    """Give the sound key of several words."""
    return joined_keys(map(key_of_word, latin))


def joined_keys(keys: Iterable[str]) -> str:
    """Join sound keys; where two meet in the same consonant it stands once."""
    joined = ""
    for key in keys:
        joined += key[1:] if key and key[0] == joined[-1:] else key
    return joined


def spaced_key(latin: Iterable[str]) -> str:
    """Give the sound keys of several words, one by one: more telling than the joined key."""
    return " ".join(key_of_word(word) for word in latin)


@lru_cache(maxsize=1 << 14)
def vowelled(latin: str) -> str:
    """Give a comparable form of how a word in Latin letters sounds, with its vowels."""
    word = _SOFT_C.sub("s", latin) if "c" in latin else latin
    if _TWO_AS_ONE.search(word):
        for spelled, sound in _LOOSE_AND_KOREAN:
            word = word.replace(spelled, sound)
    return one_of_each(_translated(word, _VOWELLED, b"h"))


_COARSE = bytes.maketrans(b"ue", b"oi")


@lru_cache(maxsize=1 << 14)
def sung(latin: str) -> str:
    """Give how a word sounds, with its vowels as they are heard from afar: u as o, and e as i."""
    return one_of_each(_translated(vowelled(latin), _COARSE, b""))


def sung_words(latin: Iterable[str]) -> str:
    """Give how several words sound together."""
    return joined_keys(map(sung, latin))


def run_together(key: str, words: int) -> str:
    """Give the key by which a name of so many words is found where their number is another, or one is misheard."""
    return f"{words}{key}" if words > 1 and len(key) > 1 else key


def any_words(key: str) -> str:
    """Give the key by which a name of another script is found, however many words it has."""
    return f"0{key}" if len(key) > 1 else key


def sounds_of_name(name: str, parts: "NameParts") -> Iterator[tuple[str, Sound]]:
    """Give the ways a registered name may sound: a skeleton to look for, or an empty one, and its sound."""
    if parts.foreign:
        whole = parts.words if len(name) < _LONG else parts.words[:8]
        for reading in readings_of(whole):
            for order in dict.fromkeys((reading, reading[::-1] if len(reading) == 2 else reading)):
                yield skeleton("".join(order)), Sound(spaced_key(order), 0)
                joined = key_of_words(order)
                yield "", Sound(any_words(joined), 0)
                yield "", Sound(run_together(joined, len(order)), 0)
        return
    plainly = tuple(map(consonants_of_word, parts.words))
    found: set[tuple[str, str]] = set()
    for consonants in {tuple(map(consonants_of_word, one)) for one in spoken(parts.words, name, vowels=False)}:
        words = list(map(_said_word, consonants))
        # What is spoken otherwise is not looked for in another order too: it would fill the table for little.
        for turn in {0, 1, len(words) - 1} if consonants == plainly else (0,):
            turned = words[turn:] + words[:turn]
            found.add((" ".join([key for key, _ in turned]), "".join([voiced for _, voiced in turned])))
            if len(turned) > 1:
                key, voiced = _said_together(turned)
                found.add((run_together(key, len(turned)), voiced))
    for key, voiced in found:
        yield "", _sound(key, voiced)


_LONG = 40
