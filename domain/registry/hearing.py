"""How words may be heard: in Latin letters, word by word or run together, with the key that names are looked up by."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from domain.registry.chinese import is_loan, usual_given_name, with_consonants
from domain.registry.japanese import japanese_reading, may_be_japanese
from domain.registry.romanising import (
    chinese_reading,
    loan_reading,
    readings_of,
    romanised,
    without_added_vowels,
    without_ending,
)
from domain.registry.sounds import (
    any_words,
    consonants_of_word,
    first_of_class,
    joined_keys,
    key_of_word,
    key_of_words,
    run_together,
    sound_of,
    together,
)
from domain.registry.streams import PARTICLE

_KATAKANA = re.compile(r"[\u30a1-\u30ff]")
_HAN = re.compile(r"[\u3400-\u9fff々]")
_HANGUL = re.compile(r"[\uac00-\ud7a3]+$")
_SCRIPTS = (
    ("greek", re.compile(r"[\u0370-\u03ff]")),
    ("cyrillic", re.compile(r"[\u0400-\u052f]")),
    ("vowelless", re.compile(r"[\u0590-\u06ff]")),
)
_ARTICLE = re.compile(r"(\u0627\u0644)(?=.{3})")
"""What is written to an Arabic word, and apart from it in Latin letters: al-Attiyah."""

_WRITTEN_TO = re.compile("[\u0648\u0644\u0628\u0643\u0641\u05d5\u05dc\u05d1\u05db\u05de\u05e9\u05d4](?=.{2})")
"""What Arabic and Hebrew write to a word: and, to, in, as, so; from, that, the."""

_ALL_OTHER = 10
_OTHER_VOICES = {"kana": _ALL_OTHER, "hangul": _ALL_OTHER, "vowelless": 2, "greek": 1, "cyrillic": 1, "other": 1}
"""So many consonants may be voiced in the text and not in the name: Japanese has no l, Korean voices what stands
between vowels, and Arabic has no p."""
_KANA_LENIENCE, _DOTTED_LENIENCE = -0.05, -0.10
_RUN_TOGETHER = 0.12
"""Added where the words of a text are others than those of the name: what is run together is alike more often."""
_CONSONANTS = ("", "k", "t", "p", "l", "s", "m", "n")
_GUESSED_FROM = 7
_STRICTER = 0.05
_LEAST_JOINED = 8
"""Two words of a name run together have at least so many letters."""
_MOST_OTHERWISE = 2
"""So many readings of words are also tried as the script writes what others say."""
_LEAST_SYLLABLES = 4
"""A word of fewer in Hangul has little that could be heard otherwise."""
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
    loan: bool = False
    """Whether it is heard as the script writes what it has no letters for: no name in Han characters is written so."""


def heard_foreign(words: tuple[str, ...], *, guessed: bool) -> list[Heard]:
    """Give the ways to hear words of another script than Latin; or, guessed, with one consonant heard otherwise."""
    if _HAN.match(words[0]):
        return list(_heard_chinese(words) if len(words) > 1 else (*_heard_japanese(words), *_heard_joined(words[0])))
    if guessed:
        plainly = _HANGUL.match(words[-1]) is not None
        return [other for one in _heard_spaced(words, plainly=plainly) for other in _guessed(one)]
    return _heard_spaced(words)


def _heard_japanese(words: tuple[str, ...]) -> Iterator[Heard]:
    if not may_be_japanese(words[0]):
        return
    latin = (japanese_reading(words[0]),)
    for count in (1, 2):
        yield Heard(latin, run_together(key_of_words(latin), count), script="han")


def _heard_chinese(words: tuple[str, ...]) -> Iterator[Heard]:
    """The name of somebody else in Chinese, with a dot in it: each character is a syllable, so vowels are added."""
    whole = tuple(map(chinese_reading, words))
    bare = tuple(map(chinese_reading, map(with_consonants, words)))
    usual = (usual_given_name(words[0]) or bare[0], *bare[1:])
    readings = [other for one in (whole, bare, usual) for other in (one, *_written_otherwise(one, _CHINESE))]
    for latin in dict.fromkeys(readings):
        spaced = sound_of(" ".join(map(consonants_of_word, latin)))
        yield Heard(latin, spaced.key, _DOTTED_LENIENCE, "kana", spaced.voices, _ALL_OTHER)


def _heard_joined(word: str) -> Iterator[Heard]:
    """The same without a dot, in characters that are there for their sound."""
    if not is_loan(word):
        return
    whole, bare = (chinese_reading(word),), (chinese_reading(with_consonants(word)),)
    for latin in dict.fromkeys(other for one in (whole, bare) for other in (one, *_written_otherwise(one, _CHINESE))):
        sound = sound_of(consonants_of_word(latin[0]))
        for count in (2, 3):
            key = run_together(sound.key, count)
            yield Heard(latin, key, _KANA_LENIENCE, "kana", sound.voices, _ALL_OTHER)


def _heard_spaced(words: tuple[str, ...], *, plainly: bool = False) -> list[Heard]:
    """Words of a script with spaces; plainly: not as that script may write what others say."""
    script = _script_of(words[-1])
    readings = dict.fromkeys(_read_plainly(words, script))
    found = [heard for latin in readings for heard in _sounding(latin, script)]
    if not plainly and (len(words) > 1 or script != "hangul" or len(words[0]) >= _LEAST_SYLLABLES):
        ways = _HEARD_AS.get(script, ())
        others = (other for one in list(readings)[:_MOST_OTHERWISE] for other in _written_otherwise(one, ways))
        loans = (other for other in dict.fromkeys(others) if other not in readings)
        found += [heard._replace(loan=True) for latin in loans for heard in _sounding(latin, script)]
    if len(words) == 1 and script == "hangul":
        for reading in readings_of((_without_particle(words[0]),))[1:]:
            key = key_of_words(reading)
            found += [Heard(reading, one, script=script) for one in (key, run_together(key, 2), run_together(key, 3))]
    return found


def _read_plainly(words: tuple[str, ...], script: str) -> list[tuple[str, ...]]:
    """Read words in Latin letters, with what is written to them and without."""
    if script == "hangul":
        whole = tuple(map(_without_particle, words))
        forms = dict.fromkeys((whole, (*whole[:-1], PARTICLE.sub("", words[-1]) or words[-1])))
        return [tuple(map(read, form)) for form in forms for read in (romanised, loan_reading)]
    readings = [tuple(map(romanised, words)), tuple(romanised(without_ending(word)) for word in words)]
    if script == "vowelless" and _WRITTEN_TO.match(words[0]):
        readings.append(tuple(map(romanised, (words[0][1:], *words[1:]))))
    if script == "greek":
        readings += readings_of(words)
    if script == "kana":
        readings += without_added_vowels(readings[0])
    if script == "vowelless" and any(map(_ARTICLE.match, words)):
        readings.append(tuple(map(romanised, " ".join(_ARTICLE.sub(r"\1 ", word) for word in words).split())))
    return readings


def _sounding(latin: tuple[str, ...], script: str) -> Iterator[Heard]:
    """Give how words sound one by one; and run together, for names that have another number of words."""
    consonants = [consonants_of_word(word) for word in latin]
    lenience, most = _KANA_LENIENCE if script == "kana" else 0.0, _OTHER_VOICES[script]
    spaced = sound_of(" ".join(consonants))
    yield Heard(latin, spaced.key, lenience, script, spaced.voices, most)
    numbers = (1, 2, 3) if script in ("hangul", "kana") or len(latin) == 2 else (2,)
    if len(latin) == 1 and len(latin[0]) < _LEAST_JOINED - 2 * (script == "kana") and script != "hangul":
        return
    joined = sound_of(together(consonants))
    stricter = 0.0 if script == "hangul" else _RUN_TOGETHER
    for words in numbers:
        if words != len(latin):
            key = run_together(joined.key, words)
            yield Heard(latin, key, lenience + stricter, script, joined.voices, most)


def _guessed(heard: Heard) -> Iterator[Heard]:
    """Hear one consonant otherwise, or two turned, where there are enough others: Ferstappen for Verstappen."""
    if " " not in heard.key or len(heard.key) < _GUESSED_FROM:
        return
    said = together(map(consonants_of_word, heard.latin))
    others = {said[:at] + other + said[at + 1 :] for at in range(len(said)) for other in _CONSONANTS}
    others |= {said[:at] + other + said[at:] for at in range(len(said) + 1) for other in _CONSONANTS}
    others |= {said[:at] + said[at + 1] + said[at] + said[at + 2 :] for at in range(len(said) - 1)}
    for sound in {sound_of(first_of_class(other)) for other in others - {said}}:
        key = run_together(sound.key, len(heard.latin))
        yield Heard(heard.latin, key, _STRICTER, heard.script, sound.voices, heard.others + 1)


def _script_of(word: str) -> str:
    if _HANGUL.match(word):
        return "hangul"
    if _KATAKANA.match(word):
        return "kana"
    return next((script for script, letters in _SCRIPTS if letters.match(word)), "other")


_CHINESE = (("x", "s"), ("x", "h"), ("ng", "n"), ("nm", "m"), ("f", "v"))
_HEARD_AS = {
    "kana": (("nb", "mb"), ("j", "z")),
    "hangul": (("ng", "n"), ("j", "z"), ("ae", "a"), ("ei", "a")),
    "vowelless": (("tsh", "c"), ("ts", "s"), ("f", "v")),
    "greek": (("ts", "c"), ("f", "v")),
    "cyrillic": (("g", "h"), ("dz", "z")),
}
"""Which sounds a script writes as another: Japanese v as b, Korean z as j and ts as ch, Arabic v as f; and Arabic and
Greek the end of Slavic names in two letters."""


def _written_otherwise(latin: tuple[str, ...], sounds: Sequence[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Give words with one or more sounds as others write them."""
    forms = [latin]
    for heard, written in sounds:
        forms += [
            tuple(word.replace(heard, written) for word in form)
            for form in forms
            if any(heard in word for word in form)
        ]
    return forms[1:]


def _without_particle(word: str) -> str:
    """Leave out what Korean puts behind a name of at least two syllables."""
    found = PARTICLE.search(word, min(2, len(word)))
    return word[: found.start()] if found and len(word) > 3 else word


def orders_of(words: tuple[str, ...]) -> list[tuple[tuple[str, ...], str]]:
    """Give the orders of Latin words, each with the key that finds names however many words these have.

    A j may also be a y. Where there are too few consonants for a name there are none.
    """
    if len(words) == 1 and len(key := key_of_word(words[0])) >= _LEAST_CONSONANTS and "j" not in words[0]:
        return [(words, any_words(key))]  # as most are
    keys = tuple(map(key_of_word, words))
    consonants = len("".join(keys))
    if consonants < _LEAST_CONSONANTS and (consonants < _LEAST_CONSONANTS - 1 or len("".join(words)) < _LONG):
        return []
    found = _turned(words, keys)
    if "j" in "".join(words):
        spoken = tuple(word.replace("j", "y") for word in words)
        found += _turned(spoken, tuple(map(key_of_word, spoken)))
    return found


def _turned(words: tuple[str, ...], keys: tuple[str, ...]) -> list[tuple[tuple[str, ...], str]]:
    if len(words) == 1:
        return [(words, any_words(keys[0]))]
    turns = range(len(words))
    return [(words[turn:] + words[:turn], any_words(joined_keys(keys[turn:] + keys[:turn]))) for turn in turns]
