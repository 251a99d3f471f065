"""How a text is reduced before names are looked for: the same for what is registered and for what is examined.

Case, diacritics, compatibility forms (fullwidth, ligatures, mathematical letters) and invisible characters are
folded away; what is neither letter nor digit separates words. Offsets always refer to the text as it was given.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple


class Word(NamedTuple):
    """One folded word and where it stood: `start` to `end` in the text as given.

    `humps` are the parts of a word in CamelCase ("AnnLee" has `ann` and `lee`), empty for any other word.
    `turned` says that nothing separates the word from the one before but a change between letters and digits, or
    of script ("lee" and "2" in "lee2").
    """

    text: str
    start: int
    end: int
    humps: tuple["Word", ...] = ()
    turned: bool = False


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text: its words in order."""

    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        """The words with one space between them; folding it again changes nothing in it."""
        return " ".join(word.text for word in self.words)


# Letters with a stroke or a tie do not decompose in Unicode, yet are typed without.
_UNDECOMPOSED = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
)

# Letters by category that are used as apostrophes, and so separate words as those do.
_APOSTROPHES = frozenset("ʹʺʻʼʽʾʿˈˊˋ")

# Unicode's Default_Ignorable_Code_Point beyond general category Cf, from DerivedCoreProperties.txt.
_IGNORABLE = frozenset({0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0}).union(
    range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xFFF0, 0xFFF9), range(0xE0000, 0xE1000)
)

# Scripts written without spaces, where each character is a word of its own so that a name is found in running text:
# Thai and Lao, Myanmar, Khmer, Hiragana, Han. Katakana changes script at the end of a word and needs no such rule.
_UNSPACED = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3041, 0x309F),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x323AF),
)

# Combining classes of marks that make another letter of it (kana voicing, virama): kept, unlike diacritics.
_KEPT_CLASSES = frozenset({0, 8, 9})

# One character stands for each class, so that words are found by one regular expression:
# u upper case, l lower case, d digit, x letter of a script without case, m mark that is kept,
# c letter of a script without spaces, - left out, and a space for all that separates.
_ATOM = re.compile(r"u+(?!l)|u?l+|d+|cm*|[xm]+")


def _letters(char: str) -> str:
    """Give what is left of one character: nothing for a mark, a separator or an invisible one."""
    kept = []
    for part in unicodedata.normalize("NFKD", char):
        if part.isdecimal():
            kept.append(str(unicodedata.decimal(part)))
        elif part not in _APOSTROPHES and (part.isalnum() or is_kept_mark(part)) and not is_ignorable(part):
            kept.append(part)
    return unicodedata.normalize("NFKD", "".join(kept).casefold()).translate(_UNDECOMPOSED)


def is_kept_mark(char: str) -> bool:
    """Whether a mark makes another letter of the one before it, as vowel signs and the voicing of kana do."""
    return unicodedata.category(char) in ("Mn", "Mc") and unicodedata.combining(char) in _KEPT_CLASSES


def is_ignorable(char: str) -> bool:
    """Whether a character is invisible, or a control character that is no white space."""
    category = unicodedata.category(char)
    return category == "Cf" or ord(char) in _IGNORABLE or (category == "Cc" and not char.isspace())


def _class_of(char: str) -> str:
    """Classify one character; see `_ATOM` for the letters."""
    letters = _letters(char)
    if not letters:
        mark = unicodedata.category(char).startswith("M")
        return "-" if mark or is_ignorable(char) else " "
    if letters.isdigit():
        return "d"
    if any(first <= ord(char) <= last for first, last in _UNSPACED):
        return "m" if is_kept_mark(char) else "c"
    if is_kept_mark(char):
        return "m"
    base = next(part for part in unicodedata.normalize("NFKD", char) if part.isalnum() or is_kept_mark(part))
    if base.isupper() or base.istitle():
        return "u"
    return "l" if base.islower() else "x"


_TABLE_SIZE = 1 << 16
"""A table keeps so many characters; whoever sends more different ones waits longer, and takes no more memory."""


class _Lazy(dict[int, str]):
    """A table for `str.translate`, filled as characters are met."""

    def __init__(self, rule: Callable[[str], str]) -> None:
        super().__init__()
        self._rule = rule

    def __missing__(self, code: int) -> str:
        value = self._rule(chr(code))
        if len(self) < _TABLE_SIZE:
            self[code] = value
        return value


_CLASSES = _Lazy(_class_of)
_LETTERS = _Lazy(_letters)


_MOST_HUMPS = 64
"""A word of more humps, such as an encoded picture, is taken as several, so that it costs little memory."""


def _fold_word(text: str) -> str:
    return text.lower() if text.isascii() else text.translate(_LETTERS)


_fold_short_word = lru_cache(maxsize=1 << 14)(_fold_word)
"""Most words of a prompt are common and short; long ones are not kept."""


def words_of(text: str) -> Iterator[Word]:
    """Give the folded words of a text one by one, in time linear in its length."""
    classes = text.translate(_CLASSES)
    offsets: list[int] | None = None
    if "-" in classes:
        offsets = [at for at, kind in enumerate(classes) if kind != "-"]
        text = "".join([text[at] for at in offsets])
        classes = classes.replace("-", "")
    humps: list[Word] = []
    reached = -1
    for found in _ATOM.finditer(classes):
        first, last = found.span()
        glued = first == reached
        if humps and not (glued and len(humps) < _MOST_HUMPS and _is_camel(classes, first, last)):
            yield _joined(humps)
            humps = []
        turned = glued and not humps
        start, end = (offsets[first], offsets[last - 1] + 1) if offsets else (first, last)
        fold_word = _fold_short_word if last - first <= 32 else _fold_word
        humps.append(Word(fold_word(text[first:last]), start, end, (), turned))
        reached = last
    if humps:
        yield _joined(humps)


def _is_camel(classes: str, first: int, last: int) -> bool:
    """Whether a glued part goes on with the word before it, as the humps of CamelCase do.

    One letter before a digit does not: "LeeV2" is a name and its version.
    """
    version = last - first == 1 and classes[last : last + 1] == "d"
    return classes[first] in "ul" and classes[first - 1] in "ul" and not version


def _joined(humps: list[Word]) -> Word:
    first = humps[0]
    if len(humps) == 1:
        return first
    text = "".join(hump.text for hump in humps)
    return Word(text, first.start, humps[-1].end, tuple(humps), first.turned)


def fold(text: str) -> Folded:
    """Fold a whole text. For a long one prefer `words_of`, which holds one word at a time."""
    return Folded(tuple(words_of(text)))
