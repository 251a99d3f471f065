"""Names of other scripts in Latin letters: how they are read, and what their scripts leave out."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from domain.registry.arabic import other_readings, usually_written, with_vowels
from domain.registry.japanese import japanese_reading, japanese_readings, may_be_japanese
from domain.registry.skeletons import in_latin

_CYRILLIC_ENDING = re.compile(
    r"(?<=.{3})(?:ого|его|ому|ему|ыми|ими|ией|ых|их|ый|ий|ии|ой|ои|еи|ыи|ая|яя|ую|юю|ым|им|ом|ем|а|у|е|ы|и|я|ю)$"
)
_KOREAN_FAMILY = {
    "i": ("lee", "yi", "rhee"),
    "bag": ("park", "pak"),
    "choe": ("choi",),
    "im": ("lim",),
    "o": ("oh",),
    "u": ("woo",),
    "an": ("ahn",),
    "yu": ("yoo", "ryu"),
    "no": ("roh", "noh"),
    "jeong": ("jung", "chung"),
    "gim": ("kim",),
    "na": ("ra",),
    "yang": ("ryang",),
}
_SPOKEN_AS = (
    ("σχ", "σκ"),
    ("ة", "a"),
    ("ا", "a"),
    ("ى", "a"),
    ("ظ", "z"),
    ("सिंह", "सिंघ"),
    ("γγ", "ng"),
    ("γχ", "nch"),
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
_GREEK_V = re.compile("(?<=[αεη])υ(?=[βγδζλμνραεηιουω]|[θκξπστφχψ]|$)")
_GREEK_F = re.compile("v(?=[θκξπστφχψ]|$)")
"""The second letter of αυ, ευ and ηυ: spoken as v, and as f before what has no voice."""
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff々]")
_KANA = re.compile(r"[\u3041-\u30ff]")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_VOWELLESS = re.compile(r"[\u0590-\u06ff]")
_KOREAN_VOWEL = re.compile(r"yeo|yae|yoo|you|wae|eui|ui|[ewy]?o[eou]?|eu|[yw]?a[eh]?|[yw]?e[eo]?|[yw]?i|[yw]?u|y")
_KOREAN_NAME = re.compile(r"([a-z]{1,6}) ([a-z]{1,6})[- ]([a-z]{1,6})")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_CYRILLIC_AS = tuple(
    (re.compile(f"[{letters}]"), str.maketrans(dict(zip(letters, written, strict=True))))
    for letters, written in (("цж", "cz"), ("ц", "s"), ("х", ["ch"]), ("щ", "ш"), ("ш", ["ch"]))
)
"""Letters of Cyrillic as some write them in Latin ones: Serbian, Czech and Polish, or German and French."""
_GREEK = re.compile(r"[\u0370-\u03ff]")
_GREEK_NOMINATIVE = {"ου": "ος", "ο": "ος", "ε": "ος", "η": "ης", "α": "ας", "ας": "α", "ης": "η"}
_GREEK_GENITIVE = re.compile("(?<=.{2})(?:ου|ας|ης|ο|ε|η|α)$")
"""The name of a man has an s only as the subject of a sentence, that of a woman only where something is hers."""
_DEVANAGARI = re.compile(r"[\u0900-\u097f]")
_FLAPPED = re.compile("(?<=.)[\u0921\u0922]")
"""A d within a word of Devanagari, which with a dot below it is an r."""
_WRITTEN_BOTH = {"ντ": "nt", "μπ": "mp", "γκ": "gk", "αυ": "au", "ευ": "eu", "τζ": "tz", "χ": "h"}
_TWO_IN_GREEK = tuple(map(re.compile, ("(?<=.)(?:ντ|μπ|γκ)", "(?<=.)ντ", "αυ|ευ", "τζ|χ")))
_SOFT_GI, _SOFT_LATIN_GI = re.compile("γι[αεουω]"), re.compile("^gi(?=[aeou])")


def has_no_vowels(name: str) -> bool:
    """Whether a name is in a script that leaves out most vowels: Hebrew or Arabic."""
    return _VOWELLESS.search(name) is not None


def syllables_of(name: str) -> int:
    """Count the syllables of a name in Hangul, or of three syllables in Latin letters; 0 for others."""
    if _HANGUL.search(name):
        return len(_HANGUL.findall(name))
    syllables = _KOREAN_NAME.fullmatch(name.lower())
    return 3 if syllables and all(len(_KOREAN_VOWEL.findall(one)) == 1 for one in syllables.groups()) else 0


def korean_syllables(latin: Iterable[str]) -> int:
    """Count the syllables of words in Latin letters as Korean ones."""
    return sum(len(_KOREAN_VOWEL.findall(word)) for word in latin)


def script_of(name: str) -> str:
    """Say whether a name is in Hangul, Cyrillic or Greek, in Han characters without kana, or in none of these ("")."""
    if _HANGUL.search(name):
        return "hangul"
    if _CYRILLIC.search(name):
        return "cyrillic"
    if _GREEK.search(name):
        return "greek"
    return "han" if _HAN.search(name) and not _KANA.search(name) else ""


def without_ending(word: str) -> str:
    """Leave out the ending of a case, which Russian puts behind names too; in Greek give that of the nominative."""
    if _GREEK.search(word):
        return _GREEK_GENITIVE.sub(lambda ending: _GREEK_NOMINATIVE[ending[0]], word)
    return _CYRILLIC_ENDING.sub("", word) if _CYRILLIC.search(word) else word


@lru_cache(maxsize=1 << 14)
def romanised(word: str) -> str:
    """Write a word of another script in lower-case Latin letters, by the sound."""
    if _VOWELLESS.match(word) and (usual := usually_written(word)):
        return usual
    if _GREEK_V.search(word):
        word = _GREEK_F.sub("f", _GREEK_V.sub("v", word))
    if _VOWELLESS.match(word):
        word = with_vowels(word)
    for spelled, sound in _SPOKEN_AS:
        word = word.replace(spelled, sound)
    if _HAN.search(word) or _KANA.search(word):
        return japanese_reading(word)
    return in_latin(word)


@lru_cache(maxsize=1 << 13)
def chinese_reading(word: str) -> str:
    """Give how a name in Han characters is read in Mandarin, without tones."""
    from pypinyin import lazy_pinyin  # noqa: PLC0415 - a fifth of a second that most processes don't need

    return in_latin("".join(lazy_pinyin(word)))


def is_chinese_in_form(name: str) -> bool:
    """Whether a name has the form of most Chinese ones: a family name of one character, a given name of two."""
    return len(name) == 3 and all(map(_HAN.match, name))


@lru_cache(maxsize=1 << 12)
def readings_of(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Give how words of another script may be read in Latin letters, word by word, or family name and given name."""
    joined = "".join(words)
    if _HANGUL.search(joined):
        return list(_korean(joined))
    if _HAN.search(joined):
        return [*_chinese(joined), *(japanese_readings(joined) if may_be_japanese(joined) else ())]
    if _KANA.search(joined):
        return [tuple(japanese_reading(word) for word in words)]
    return list(dict.fromkeys(_spelled(words)))


def _spelled(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Read words of a script with letters for sounds: as they are spoken, and as others write them."""
    latin = tuple(map(romanised, words))
    yield latin
    joined = "".join(words)
    for letters, written in _CYRILLIC_AS if _CYRILLIC.search(joined) else ():
        if letters.search(joined):
            yield tuple(romanised(word.translate(written)) for word in words)
    if _VOWELLESS.search(joined):
        yield from other_readings(words, latin, romanised)
    if _DEVANAGARI.search(joined) and "j" in "".join(latin):
        yield tuple(word.replace("j", "z") for word in latin)  # a dot below tells these apart, and is left out
    if _FLAPPED.search(joined):
        yield tuple(romanised(_FLAPPED.sub("\u0930", word)) for word in words)
    for two in _TWO_IN_GREEK if _GREEK.search(joined) else ():
        # Two letters for one sound, of which many write both.
        both = tuple(romanised(two.sub(_both, word)) for word in words)
        yield both
        yield tuple(_SOFT_LATIN_GI.sub("y", word) for word in both)
    if any(map(_SOFT_GI.match, words)):
        yield tuple(_SOFT_LATIN_GI.sub("y", word) for word in latin)


def _chinese(name: str) -> Iterator[tuple[str, ...]]:
    """Read a name in Mandarin, and as it is written in Taiwan: Hsiao for xiao, Tzu for zi."""
    pinyin = chinese_reading(name)
    yield from dict.fromkeys(((pinyin,), (pinyin.replace("x", "s").replace("zi", "tsu"),)))


def _both(two: re.Match[str]) -> str:
    return _WRITTEN_BOTH[two[0]]


def _korean(name: str) -> Iterator[tuple[str, ...]]:
    """Read a name in Hangul: its family name is one syllable, and is often written otherwise than it sounds."""
    family, given = name[:1], in_latin(name[1:])
    for reading in (in_latin(family), *_KOREAN_FAMILY.get(in_latin(family), ())):
        yield (reading, given) if given else (reading,)


_SYLLABLES, _FINALS, _STOPPED, _FINAL_D = 0xAC00, 28, frozenset({19, 20, 22, 23, 25}), 7


def loan_reading(word: str) -> str:
    """Read what Hangul writes of another language: a last s, j or ch of a syllable is a t, and eu no vowel."""
    heard = []
    for char in word:
        at = ord(char) - _SYLLABLES
        final = at % _FINALS if _HANGUL.match(char) else 0
        heard.append(chr(ord(char) - final + _FINAL_D) if final in _STOPPED else char)
    return in_latin("".join(heard)).replace("eu", "")


_ADDED_U = re.compile(r"(?<=[bcfgkmprsz])u(?=[^aeiouy]|$)")
_ADDED_O = re.compile(r"(?<=[td])o(?=[^aeiouy]|$)")


def without_added_vowels(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Leave out the vowels that Japanese puts behind consonants of other languages: `makkusu` is Max."""
    without_u = [_ADDED_U.sub("", word) for word in words]
    return [tuple(without_u), tuple(_ADDED_O.sub("", word) for word in without_u)]
