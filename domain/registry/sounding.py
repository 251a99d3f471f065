"""Names written in another script than they were registered in, recognised by how they sound."""

from collections.abc import Iterator

from rapidfuzz.distance import Indel
from rapidfuzz.process import extract

from domain.registry.name_index import NameIndex
from domain.registry.name_policy import NamePolicy
from domain.registry.near_names import Near
from domain.registry.romanising import korean_syllables
from domain.registry.skeletons import one_of_each
from domain.registry.sound_table import Choir, Traits
from domain.registry.sounds import sung_words
from domain.registry.streams import Words
from domain.registry.windows import Heard, Window, foreign_windows, latin_windows

_CONSONANTS = ("", "k", "t", "p", "l", "s", "m", "n")
_GUESSED_FROM = 7
_MOST_GUESSED = 16
_STRICTER = 0.2

_ALIKE = {1: 1.0, 2: 0.94, 3: 0.86, 4: 0.77, 5: 0.70}
_ALIKE_LONG = 0.64
_ALIKE_SHORT, _ALIKE_TWO = 0.85, 0.94
_VOWELLESS = 0.08
"""How alike two names must sound, with their vowels, by the length of the key that they share: more so for a short
name of one word, less where one is in a script without vowels."""


def sounding_names(policy: NamePolicy, index: NameIndex, source: Words) -> Iterator[Near]:
    """Find names that are not in the script in which they were registered."""
    if not source.plain.low.isascii():
        windows = list(foreign_windows(source))
        windows += [other for window in windows[:_MOST_GUESSED] for other in _guessed(window)]
        yield from _judged(policy, index, source, windows, foreign_only=False)
        if index.has_foreign_names:
            yield from _judged(policy, index, source, windows, foreign_only=True)
    if index.has_foreign_names:
        yield from _judged(policy, index, source, list(latin_windows(source)), foreign_only=True)


def _guessed(window: Window) -> Iterator[Window]:
    """Give windows with one consonant heard otherwise, where there are enough others: Ferstappen for Verstappen."""
    heard = window.heard
    if " " not in heard.key or len(heard.key) < _GUESSED_FROM:
        return
    key = heard.key.replace(" ", "")
    others = {one_of_each(key[:at] + other + key[at + 1 :]) for at in range(len(key)) for other in _CONSONANTS}
    others |= {one_of_each(key[:at] + other + key[at:]) for at in range(len(key) + 1) for other in _CONSONANTS}
    for other in others - {key}:
        yield Window(window.first, window.last, Heard(heard.latin, other, _STRICTER, heard.script))


def _judged(
    policy: NamePolicy, index: NameIndex, source: Words, windows: list[Window], *, foreign_only: bool
) -> Iterator[Near]:
    known: dict[Heard, set[int]] = {}
    for place, choir in index.sounding([hash(window.heard.key) for window in windows], foreign_only=foreign_only):
        first, last, heard = windows[place]
        if heard not in known:
            known[heard] = _alike(heard, choir)
        for name in known[heard]:
            yield Near(name, policy.sounded, source.spans[first][0], source.spans[last][1])


def _alike(heard: Heard, choir: Choir) -> set[int]:
    """Choose the names that words sound like, in some order of theirs."""
    text = sung_words(heard.latin)
    wanted = _ALIKE.get(len(heard.key.replace(" ", "")), _ALIKE_LONG) + heard.lenience
    least = min(1.0, wanted - _VOWELLESS)
    near = extract(text, choir.forms, scorer=Indel.normalized_similarity, score_cutoff=least, limit=None)
    return {choir.names[at][0] for _, score, at in near if _is_alike(heard, choir.names[at][1], score, wanted)}


def _is_alike(heard: Heard, name: Traits, score: float, wanted: float) -> bool:
    if name.script and name.script == heard.script:
        return False
    if name.short:
        if len(heard.latin) > 1 and not name.syllables:
            return False
        wanted = max(wanted, _ALIKE_TWO if name.syllables == 2 else _ALIKE_SHORT + heard.lenience)
    elif name.weak and len(heard.latin) == 1:
        wanted = max(wanted, _ALIKE_SHORT)
    elif name.vowelless:
        wanted -= _VOWELLESS
    if heard.script and name.script:
        wanted += _STRICTER / 2
    return score >= min(1.0, wanted) and _has_syllables(heard, name)


def _has_syllables(heard: Heard, name: Traits) -> bool:
    """Whether words have the syllables of a Korean name: all of them, and in Hangul no more."""
    syllables = korean_syllables(heard.latin) if name.syllables else 0
    return syllables == name.syllables or (syllables > name.syllables and heard.script != "hangul")
