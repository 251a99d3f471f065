"""Words that descriptions in other scripts are full of: by themselves they are never taken for a name by sound."""

import re
from functools import cache, lru_cache
from importlib.resources import files

from domain.registry.given_names import is_given_name
from domain.registry.plain import plain_of
from domain.registry.romanising import loan_reading, romanised
from domain.registry.skeletons import one_of_each

_ENDINGS = (
    (
        re.compile(r"[\u0400-\u04ff]"),
        re.compile(
            # As texts are read, in which й is и.
            r"|[аеиоуыьюя]|[аеиоуыюя][ияюхм]|[ое]е|ые|ью|[ое]го|[ое]му|[ыи]ми|[ая]ми|и[ям]и|ия[мх]|ием|иеи"
            r"|ок|ек|к[аиу]|кои"
        ),
    ),
    (
        re.compile(r"[\u0370-\u03ff]"),
        re.compile(r"|[αοηεισυς]|[αεηοι]ς|ου|ους|ον|οι|ων|ει|ια|ιας|ιου|ιων|υς|εις|εων|ατα|ατος|ν"),
    ),
    (re.compile(r"[\u0600-\u06ff]"), re.compile(r"|[ةهايت]|ات|ين|ون|ها|هم|ان|ية")),
    (
        re.compile(r"[\uac00-\ud7a3]"),
        re.compile(
            r"(?:[은는이가을를의에와과도로만들한인된운색]|으로|에서|에게|까지|부터|처럼|같은|하는|하고|적인|스러운|라보는|있는|는)*"
        ),
    ),
)
"""What may stand behind a stem, by script; never what makes a family name of it: "красн" is not in "Краснов"."""
_ARTICLE = re.compile(r"(?:[وبلكف]?ال|لل|[وبل])(?=..)")
"""What Arabic writes before a word without a space."""
_LONGEST_ENDING = 5
_PAIR = 2


@cache
def _stems() -> frozenset[str]:
    """Read the list, as texts are read: without marks, in lower case."""
    lines = (files("domain.registry") / "data" / "everyday_words.txt").read_text("utf-8").splitlines()
    return frozenset(plain_of(" ".join(line for line in lines if not line.startswith("#"))).low.split())


@lru_cache(maxsize=1 << 13)
def is_everyday(word: str) -> bool:
    """Whether a plain lower-case word of another script than Latin is an everyday one, with any ending."""
    stems = _stems()
    if word in stems or len(word) == 1:
        return True
    article = _ARTICLE.match(word)
    if article and is_everyday(word[article.end() :]):
        return True
    if _is_korean_form(word):
        return True
    for script, endings in _ENDINGS:
        if script.match(word):
            cuts = range(len(word) - 1, max(0, len(word) - 1 - _LONGEST_ENDING), -1)
            return any(word[:cut] in stems and endings.fullmatch(word, cut) is not None for cut in cuts)
    return False


_HANGUL = re.compile(r"[\uac00-\ud7a3]{2,}")
_FIRST_SYLLABLE, _FINALS = 0xAC00, 28
_NONE, _N, _B, _SS, _NG = 0, 4, 17, 20, 21
"""What a Hangul syllable ends with, as Unicode counts: nothing, or one of these consonants, or another."""


def _is_korean_form(word: str) -> bool:
    """Whether a Hangul word is a verb as a sentence ends with it, or an adjective of two syllables before a noun.

    No Korean name ends so; given names of others do where they end in -nda ("Miranda").
    """
    if not _HANGUL.fullmatch(word):
        return False
    before = (ord(word[-2]) - _FIRST_SYLLABLE) % _FINALS
    if word[-1] == "다" and len(word) > _PAIR:
        polite = word[-2] == "니" and (ord(word[-3]) - _FIRST_SYLLABLE) % _FINALS == _B
        return polite or before == _SS or (before == _N and not _is_foreign_given_name(word))
    return word[-1] == "은" and len(word) == _PAIR and before not in (_NONE, _N, _NG)


def _is_foreign_given_name(word: str) -> bool:
    """Whether a Hangul word is a given name of others; where Korean writes l they may have an r."""
    heard = {one_of_each(romanised(word)), one_of_each(loan_reading(word))}
    return any(map(is_given_name, heard | {one.replace("l", "r") for one in heard}))
