"""Names as languages inflect them: "Roberta Lewandowskiego" is of Robert Lewandowski, "Sanna Marinin" of Sanna Marin.

Words are plain: in lower case, and without marks.
"""

from collections.abc import Iterator, Mapping, Sequence

from domain.registry.given_names import is_given_name
from domain.registry.ordinary import is_ordinary


def _table(cases: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Give for each ending those that the name itself may have."""
    found: dict[str, tuple[str, ...]] = {}
    for own, endings in cases.items():
        for ending in endings.split():
            found[ending] = (*found.get(ending, ()), own)
    return found


_EVERY_WORD = _table(
    {
        "": "a u e y i em om im ym m owi ovi iem ego emu ho mu ova ove ovou og",
        "a": "y i e u o ie ou oj ej iej",
        "e": "a u em om ovi owi",
        "o": "a u em om ovi owi",
        "y": "eho emu ym",
        "ek": "ka kem kiem kom kovi kowi ku",
        "ec": "ca cem com covi cowi cu",
        "el": "la lem lom lovi lu",
    }
)
"""By the ending that a name has in other cases, those that it has itself, in the Slavic languages with Latin letters:
they inflect every word of a man's name, and the given name of a woman."""
_LAST_WORD = _table(
    {
        "": """
            in ille ilta issa ista iksi lle lta ssa sta ksi nak nek rol tol bol val vel hoz hez ert kent nal nel tal tel
            ot et nin nun dan den yi ye ile ilt iga it
        """,
        "nen": "sen sta selle sella selta sessa sesta",
    }
)
"""The same in Finnish, Estonian, Hungarian, Turkish and Albanian, which inflect the last word alone. Endings that make
other family names are none of it: -n, -lla, -ia."""

_EITHER = {ending: (*_EVERY_WORD.get(ending, ()), *_LAST_WORD.get(ending, ())) for ending in _EVERY_WORD | _LAST_WORD}
_LONGEST = max(map(len, _EITHER))
_LEAST_STEM, _LEAST_NAME, _LEAST_ENDED = 2, 3, 4
_LEAST_LETTERS = 8
"""Names of fewer letters are not looked for in other cases."""


def uninflected(word: str) -> Iterator[str]:
    """Give what a word may be a case of; nothing for an ordinary word."""
    if len(word) < _LEAST_NAME or not (word.isascii() and word.isalpha()) or is_ordinary(word):
        return
    for length in range(1, min(_LONGEST, len(word) - _LEAST_STEM) + 1):
        for own in _EITHER.get(word[-length:], ()):
            if len(word) - length + len(own) >= _LEAST_NAME:
                yield word[:-length] + own


def is_inflected(words: Sequence[str], names: Sequence[str]) -> bool:
    """Whether words are those of a name in another case, as one language has it."""
    if len(names) < 2 or sum(map(len, names)) < _LEAST_LETTERS:
        return False
    changed = [at for at, word in enumerate(words) if word != names[at]]
    if len(changed) == len(words):
        return all(_is_case_of(*pair, _EVERY_WORD) for pair in zip(words, names, strict=True))
    if len(changed) != 1 or is_given_name(words[changed[0]]) or is_ordinary(words[changed[0]]):
        return False
    word, name = words[changed[0]], names[changed[0]]
    if changed == [0] and name.endswith("a"):
        return _is_case_of(word, name, _EVERY_WORD)
    return changed[0] == len(words) - 1 and len(name) >= _LEAST_ENDED and _is_case_of(word, name, _LAST_WORD)


def _is_case_of(word: str, name: str, table: Mapping[str, tuple[str, ...]]) -> bool:
    return any(stem + own == name for stem, ending in _parted(word) for own in table.get(ending, ()))


def _parted(word: str) -> Iterator[tuple[str, str]]:
    """Part a word before each ending that it may have."""
    for length in range(1, min(_LONGEST, len(word) - _LEAST_STEM) + 1):
        yield word[:-length], word[-length:]
