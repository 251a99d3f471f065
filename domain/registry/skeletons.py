"""Words by what they look like: digits, signs, look-alike letters and drawn-out letters reduced to one skeleton.

A word has up to three readings: `look`, in which digits and signs are the letters they resemble and another script
is written in Latin letters; `letters`, in which digits and signs separate and a foreign script is read by the Latin
letters that it resembles; and `native`, in its own script. The same reduction is applied to what is registered.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from anyascii import anyascii
from confusable_homoglyphs.confusables import confusables_data

# Scripts written without spaces: each character is a word of its own, so that a name is found in running text.
UNSPACED = "\u3041-\u309f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff々\U00020000-\U000323af"
_MARKED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Myanmar, Khmer
_INDIC = "\u0900-\u0963\u0970-\u0dff"
_GERESH = "[\u05d2\u05d6\u05e6\u05e5]['\u05f3\u2019]"  # a Hebrew letter for a sound of another language
_KATAKANA = "\u30a1-\u30fa\u30fc-\u30ff"

_SPACE = ord(" ")
_HUMPS = re.compile(r"[A-Z\u0391-\u03a9\u0410-\u042f](?<=[^\W\d_].)")
_CASES = bytes(ord("A") if chr(code).isupper() else ord("a") if chr(code).islower() else 0 for code in range(128))
_CASES += bytes(128)
_SIGNS = "$@!|*€£¢"
_ASCII_WORD = re.compile(r"[$@|!]?[a-z0-9]+(?:[$@!|*]+[a-z0-9]+)*(?:!?[$@|])?")
_SEPARATED = {code: " " for code in range(128) if chr(code) not in "abcdefghijklmnopqrstuvwxyz0123456789$@!|*"}
_WORD = re.compile(
    rf"[{UNSPACED}]|[{_MARKED}][\u0e30-\u0e3a\u0e47-\u0e4e\u0eb0-\u0ebc\u102b-\u103e\u17b4-\u17d3]*"
    rf"|[{_KATAKANA}]+|[{_INDIC}]+"
    rf"|[$@|!€£¢]?(?:{_GERESH}|(?![{UNSPACED}{_MARKED}{_KATAKANA}{_INDIC}])[^\W_])+"
    rf"(?:[{_SIGNS}]+(?:(?![{UNSPACED}{_MARKED}{_KATAKANA}{_INDIC}])[^\W_])+)*(?:!?[$@|€£¢])?"
)

_LOOKS = dict(zip("0134578962$@!|€£¢i", "oleastbggzsallelcl", strict=True)) | {"*": ""}
_LOOK_TABLE = str.maketrans(_LOOKS)
_UNITS = re.compile(r"rn|vv|.", re.DOTALL)
_RUNS = re.compile(r"(.)\1+", re.DOTALL)
_DOUBLED = re.compile(r"(.)\1", re.DOTALL)
_FIRST = itemgetter(1)
_NOT_LETTERS = re.compile(rf"[0-9{re.escape(_SIGNS)}]+")
_TWO_AS_ONE = {"rn": "m", "vv": "w"}

# Names lost between TR39's table and what people use.
_MORE_LOOKALIKES = dict(zip("ᗩᗷᑕᗪᖴᕼᒍᒪᗰᑎᑭᑫᖇᔕᑌᐯᗯ᙭ᘔ", "abcdfhjlmnpqrsuvwxz", strict=True)) | {
    "ı": "l",
    "ƨ": "s",
    "ɔ": "c",
    "ə": "e",
    "ß": "b",
    "θ": "o",
    "α": "a",
    "ε": "e",
    "η": "n",
    "ω": "w",
}


def bare_look(word: str) -> str:
    """Give the letters that a word of Latin letters looks like, drawn-out ones as they are."""
    return word.translate(_LOOK_TABLE)


def words_in(low: str) -> Iterator[re.Match[str]]:
    """Find the words of a plain lower-case text."""
    return (_ASCII_WORD if low.isascii() else _WORD).finditer(low)


def word_list(low: str) -> list[str]:
    """Give the words of a plain lower-case text, without their places, which is faster."""
    if not low.isascii():
        return _WORD.findall(low)
    pieces = low.translate(_SEPARATED).split()
    if not _has_sign(low):
        return pieces
    # No word goes on where the text was parted, so only what has a sign in it is looked at letter by letter.
    return [word for piece in pieces for word in ((piece,) if piece.isalnum() else _ASCII_WORD.findall(piece))]


class Spans(NamedTuple):
    """Where words begin and end; one place is asked for far more seldom than there are words."""

    starts: Sequence[int]
    ends: Sequence[int]

    def of(self, word: int) -> tuple[int, int]:
        """Give where one word begins and ends."""
        return self.starts[word], self.ends[word]


def spans_of(low: str, words: list[str]) -> Spans:
    """Say where the words of a plain lower-case text stand."""
    if low.isascii() and not _has_sign(low):
        spaces = np.frombuffer(f" {low.translate(_SEPARATED)} ".encode(), dtype=np.uint8) == _SPACE
        # A number of a memoryview is read nearly as fast as one of a list, which would take longer to make.
        edges = (spaces[1:] != spaces[:-1]).nonzero()[0].data
        return Spans(edges[::2], edges[1::2])
    # Between two words nothing stands that a word could begin with, so each is found right behind the other.
    find, at = low.find, 0
    starts, ends = [], []
    for word in words:
        starts.append(find(word, at))
        at = starts[-1] + len(word)
        ends.append(at)
    return Spans(starts, ends)


def humps_in(cased: str) -> list[int]:
    """Find the upper-case letters behind another letter."""
    if cased.isascii():
        # Most texts have none, which is seen many times faster than by the expression.
        cases = cased.encode().translate(_CASES)
        if b"aA" not in cases and b"AA" not in cases:
            return []
    return [found.start() for found in _HUMPS.finditer(cased)]


def _has_sign(low: str) -> bool:
    return any(sign in low for sign in "$@!|*")


def skeleton(letters: str) -> str:
    """Reduce lower-case letters to their skeleton: i is l, rn is m, vv is w, and no letter stands twice in a row."""
    return one_of_each(joined_lookalikes(letters.replace("i", "l")))


def joined_lookalikes(letters: str) -> str:
    """Replace two letters that look like one."""
    if "rn" in letters or "vv" in letters:
        return letters.replace("rn", "m").replace("vv", "w")
    return letters


def one_of_each(letters: str) -> str:
    """Leave one of each run of the same letter."""
    return _RUNS.sub(_FIRST, letters) if _DOUBLED.search(letters) else letters


@cache
def lookalike(char: str) -> str | None:
    """Give the Latin letter that a character of another script looks like, by Unicode TR39; None if there is none."""
    if char in _MORE_LOOKALIKES:
        return _MORE_LOOKALIKES[char]
    for form in (char, char.upper()):
        for other in confusables_data.get(form, ()):
            if len(other["c"]) == 1 and other["c"].isascii() and other["c"].isalpha():
                return str(other["c"]).lower()
    return None


@cache
def transliterated(char: str) -> str:
    """Write one character in lower-case Latin letters."""
    return in_latin(char)


def in_latin(text: str) -> str:
    """Write a text in lower-case Latin letters, by the sound, without what is no letter."""
    return "".join(part for part in anyascii(text).lower() if part.isalpha() and part.isascii())


def is_foreign(word: str) -> bool:
    """Whether a word has letters that are not Latin."""
    return not word.isascii() and any(char.isalpha() and not char.isascii() for char in word)


def _look_of(char: str) -> str:
    if char.isascii() or char in _LOOKS:
        return _LOOKS.get(char, char)
    return transliterated(char).replace("i", "l")


def _mixed_look_of(char: str) -> str:
    if char.isascii() or char in _LOOKS:
        return _LOOKS.get(char, char)
    return (lookalike(char) or transliterated(char)).replace("i", "l")


def _letters_of(char: str) -> str:
    if char.isascii():
        return char.replace("i", "l") if char.isalpha() else ""
    return (lookalike(char) or char).replace("i", "l") if char.isalpha() else ""


def _native_of(char: str) -> str:
    if char.isascii():
        return char.replace("i", "l") if char.isalnum() else ""
    return chr(ord(char) + _TO_KATAKANA) if _HIRAGANA[0] <= char <= _HIRAGANA[1] else char


_HIRAGANA, _TO_KATAKANA = "ぁゖ", 0x60
_CYRILLIC_LOOKS = dict(zip("abcehikmoptxy", "авсеникмортху", strict=True)) | {"i": "і", "j": "ј", "s": "ѕ"}


_GREEK_LOOKS = dict(zip("abehikmnoptuvxyz", "αβεηικμνορτυνχυζ", strict=True))


def _cyrillic_of(char: str) -> str:
    return _CYRILLIC_LOOKS.get(char) or _native_of(char)


def _greek_of(char: str) -> str:
    return _GREEK_LOOKS.get(char) or _native_of(char)


Reader = Callable[[str], str]
_LATIN, _GREEK, _CYRILLIC = re.compile("[a-z]"), re.compile("[\u0370-\u03ff]"), re.compile("[\u0400-\u04ff]")


def readers_of(word: str) -> tuple[Reader, Reader, Reader]:
    """Choose how the characters of a word are read: by look, by letters, and in its own script.

    A word of several scripts at once is read by its looks: in Latin letters, and in those of the other script.
    """
    latin, cyrillic, greek = _LATIN.search(word), _CYRILLIC.search(word), _GREEK.search(word)
    mixed = latin or (cyrillic and greek)
    native = _cyrillic_of if latin and cyrillic else _greek_of if latin and greek else _native_of
    return (_mixed_look_of if mixed else _look_of), _letters_of, native


def letters_alone(word: str) -> str:
    """Leave out the digits and signs of an ASCII word."""
    return _NOT_LETTERS.sub("", word)


def reduced(letters: str) -> str:
    """Reduce letters that were read one by one: two that look like one are joined, and none stands twice in a row."""
    return one_of_each(joined_lookalikes(letters))


def extents(word: str, kind: int) -> list[tuple[int, int]]:
    """Say for each letter of a word's skeleton from which character to before which it stands in the word.

    `kind` is the reading's place in `domain.registry.readings.Reading`.
    """
    reader = readers_of(word)[kind] if not word.isascii() else (_look_of, _letters_of, _letters_of)[kind]
    letters = [(letter, at) for at, char in enumerate(word) for letter in reader(char)]
    text = "".join(letter for letter, _ in letters)
    found: list[tuple[int, int]] = []
    last = ""
    for unit in _UNITS.finditer(text):
        first_at, last_at = letters[unit.start()][1], letters[unit.end() - 1][1] + 1
        letter = _TWO_AS_ONE.get(unit[0], unit[0])
        if letter == last:
            found[-1] = (found[-1][0], last_at)
        else:
            found.append((first_at, last_at))
        last = letter
    return found
