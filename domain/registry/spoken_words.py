"""The words of another script as they are said in a name: with their particles, and without initials."""

import re
from typing import NamedTuple

from domain.registry.everyday import is_everyday
from domain.registry.streams import Words

PARTICLES = frozenset(
    """
    al bin da de del den der di du el la le van von
    фон ван дер ден де да ди дю ла ле аль бен бин ибн φον βαν ντερ ντε ντι ντελ λα
    フォン ヴァン ファン デア デル デン デ ダ ディ デュ ドゥ ド ラ ル アル ビン ベン
    폰 반 판 데어 데르 데 디 라 빈 فون فان دير دي دو بن
    """.split()  # noqa: SIM905 - a list of words is read as a line
)
"""Words that stand before a family name, and are in lower case there where a script has capitals."""

DOT = re.compile("[·・•‐-]")
APOSTROPHE, STOP = re.compile("['’ʼ]$"), re.compile(r"(?:\.\s?|[·・•=＝]|\s)$")
"""What stands behind the letter of "O'Neal"; and behind an initial."""
_SYLLABLE = re.compile(r"[\uac00-\ud7a3]")
"""One syllable in Hangul is a word, which one letter of other scripts is not."""


class Spoken(NamedTuple):
    """A word of a name in another script: from which place to which it is, and what is to be known of it."""

    first: int
    last: int
    word: str
    capital: bool
    lower: bool
    common: bool
    syllable: bool
    light: bool
    """A particle, or the second of two names joined by a hyphen: not counted among the words of a name."""
    breaks: bool
    """One letter, which is no word of a name."""


def is_initial(source: Words, at: int) -> bool:
    """Whether a word is one capital letter, of Latin or of another script that has capitals."""
    return len(source.words[at]) == 1 and source.plain.cased[source.spans.starts[at]].isupper()


def spoken_words(source: Words, run: list[int]) -> list[Spoken]:
    """Give the words of a run without initials; a letter before an apostrophe is one word with the next ("О'Нил")."""
    found: list[Spoken] = []
    begun: int | None = None
    for at in run:
        behind = source.between(at + 1) if at < run[-1] and is_initial(source, at) else ""
        if behind and begun is None and APOSTROPHE.match(behind):
            begun = at
        elif not (behind and found and _is_left_out(source.words[at], behind)):
            found.append(_spoken(source, at if begun is None else begun, at))
            begun = None
    return found


def _is_left_out(initial: str, behind: str) -> bool:
    return STOP.match(behind) is not None and (initial.isascii() or behind.startswith("."))


def _spoken(source: Words, first: int, last: int) -> Spoken:
    word = "".join(source.words[first : last + 1])
    letter = source.plain.cased[source.spans.starts[first]]
    particle, syllable = word in PARTICLES, _SYLLABLE.fullmatch(word) is not None
    return Spoken(
        first,
        last,
        word,
        capital=letter.isupper() or particle,
        lower=letter.islower() and not particle,
        common=is_everyday(word) and not particle,
        syllable=syllable,
        light=particle or (letter.isupper() and first > 0 and source.between(first) == "-"),
        breaks=len(word) < 2 and not (particle or syllable or _is_dotted(source, last)),
    )


def _is_dotted(source: Words, at: int) -> bool:
    """Whether one kana stands before a dot, as Korean family names of one syllable do in Japanese."""
    is_kana = "\u3041" <= source.words[at] <= "\u30ff"
    return is_kana and at + 1 < len(source.words) and DOT.fullmatch(source.between(at + 1)) is not None
