"""A text without what only decorates it: compatibility forms, marks, invisible characters. Offsets are kept."""

import re
import unicodedata
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from anyascii import anyascii

from domain.registry.folding import is_ignorable, is_kept_mark


class Plain(NamedTuple):
    """A plain text, as cased and in lower case (of one length), and where its characters stood.

    `starts` and `ends` are offsets into the text as given; None when they are the text's own.
    """

    cased: str
    low: str
    starts: Sequence[int] | None
    ends: Sequence[int] | None

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Give the offsets, in the text as given, of the characters from `first` to before `last`."""
        if self.starts is None or self.ends is None:
            return first, last
        return self.starts[first], self.ends[last - 1]


# A Hangul syllable spelled by its parts, and kana with a mark of its own, are one character each.
_COMPOSED = re.compile(
    "[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?|[\u3041-\u30ff][\u3099\u309a]|[\uff66-\uff9d][\uff9e\uff9f]|.",
    re.DOTALL,
)
_PARTED = re.compile("[\u1100-\u11ff\u3099\u309a\uff9e\uff9f]")

_LETTER_SIGN = re.compile(
    r"(?:PARENTHESIZED LATIN|(?:NEGATIVE )?(?:CIRCLED|SQUARED) LATIN|REGIONAL INDICATOR SYMBOL) .*LETTER ([A-Z])$"
)

# Greek letters that look like a Latin one, and that Unicode takes for others that don't.
_LUNATE = {"\u03f9": "C", "\u03f2": "c"}

# Greek capitals that look like a Latin one, while the small letter looks like another; among letters of other scripts
# they are there for their looks.
_GREEK_CAPITALS = str.maketrans("ΗΝΥΧΖ", "HNYXZ")
_MIXED = re.compile(r"[ΗΝΥΧΖ](?=[a-zA-Z\u0400-\u04ff])|(?<=[a-zA-Z\u0400-\u04ff])[ΗΝΥΧΖ]")

_IN_GREEK = re.compile("[\u0386\u0388-\u038f\u03ac-\u03ceΓΔΘΛΞΠΣΦΨΩα-ω]")
"""A letter that only Greek has: where there is none, capitals that look like Latin ones are there for their looks."""

_CONTROL = re.compile(r"[\0-\x08\x0e-\x1b\x7f]")

_TABLE_SIZE = 1 << 16


class _Table(dict[str, str]):
    """What is left of each character, filled as they are met."""

    def __missing__(self, char: str) -> str:
        value = _plain(char)
        if len(self) < _TABLE_SIZE:
            self[char] = value
        return value


def _plain(char: str) -> str:
    """Give what is left of one character (or of one that is spelled by its parts)."""
    sign = _LETTER_SIGN.match(unicodedata.name(char, "")) if len(char) == 1 else None
    if sign:
        return sign.group(1)
    if char in _LUNATE:
        return _LUNATE[char]
    return "".join(_part(part) for part in unicodedata.normalize("NFKC", char))


def _part(char: str) -> str:
    if is_ignorable(char) or (unicodedata.category(char).startswith("M") and not is_kept_mark(char)):
        return ""
    if char.isascii():
        return char
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    name = unicodedata.name(char, "")
    if name.startswith("LATIN ") or unicodedata.category(char) == "Lm":
        return anyascii(unicodedata.normalize("NFKD", char))
    if name.startswith(("CYRILLIC", "GREEK", "ARABIC", "HEBREW")):
        # Composed letters of these scripts differ by a mark alone, as Latin ones do.
        base = unicodedata.normalize("NFKD", char)
        return "".join(part for part in base if not unicodedata.category(part).startswith("M"))
    return char


_TABLE = _Table()


def _lowered(char: str) -> str:
    low = char.lower()
    return low if len(low) == 1 else char


def plain_of(text: str) -> Plain:
    """Reduce a text, in time linear in its length; a text of ASCII alone is its own plain form."""
    if text.isascii() and (text.isprintable() or not _CONTROL.search(text)):
        return Plain(text, text.lower(), None, None)
    pieces: Sequence[str] = _COMPOSED.findall(text) if _PARTED.search(text) else text
    kept = [_TABLE[piece] for piece in pieces]
    cased = "".join(kept)
    if _IN_GREEK.search(cased):
        cased = _MIXED.sub(lambda found: found[0].translate(_GREEK_CAPITALS), cased)
    else:
        cased = cased.translate(_GREEK_CAPITALS)
    low = cased.lower()
    if len(low) != len(cased):
        low = "".join(map(_lowered, cased))
    if len(cased) == len(text) and all(map(len, kept)):
        return Plain(cased, low, None, None)
    edges = [0, *accumulate(map(len, pieces))]
    starts = [edges[at] for at, part in enumerate(kept) for _ in part]
    ends = [edges[at + 1] for at, part in enumerate(kept) for _ in part]
    return Plain(cased, low, starts, ends)


_SPELLED_OUT = re.compile(r"(?<![^\W_])[^\W\d_]([ ._-])[^\W\d_](?:\1[^\W\d_])+(?![^\W_])")
"""Three letters or more, each with the same sign between: "e m m a"."""


def closed_up(plain: Plain) -> Plain | None:
    """Give a plain text without what stands between the letters of words that are spelled out; None where none are."""
    gaps = {gap for run in _SPELLED_OUT.finditer(plain.low) for gap in range(run.start() + 1, run.end(), 2)}
    if not gaps:
        return None
    kept = [at for at in range(len(plain.low)) if at not in gaps]
    starts = kept if plain.starts is None else [plain.starts[at] for at in kept]
    ends = [at + 1 for at in kept] if plain.ends is None else [plain.ends[at] for at in kept]
    return Plain("".join([plain.cased[at] for at in kept]), "".join([plain.low[at] for at in kept]), starts, ends)
