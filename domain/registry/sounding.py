"""Names written in another script than they were registered in, recognised by how they sound."""

from collections.abc import Iterator

from rapidfuzz.distance import Indel
from rapidfuzz.process import extract

from domain.registry.hearing import GUESSED, Heard, heard_foreign, orders_of
from domain.registry.name_index import NameIndex
from domain.registry.name_policy import NamePolicy
from domain.registry.near_names import Near
from domain.registry.romanising import korean_syllables
from domain.registry.sound_table import Asked, Choir, Traits
from domain.registry.sounds import sung_words
from domain.registry.streams import Words
from domain.registry.windows import Window, foreign_windows, latin_windows

_MOST_GUESSED = 6
"""So many windows of several words are also looked up with one consonant heard otherwise."""

_ALIKE = {1: 1.0, 2: 0.94, 3: 0.86, 4: 0.77, 5: 0.70}
_ALIKE_LONG = 0.64
_ALIKE_FOREIGN = {1: 1.0, 2: 0.94, 3: 0.86, 4: 0.85}
_ALIKE_FOREIGN_LONG = 0.80
"""The same for words of another script: those who write a name there write its vowels as they hear them."""
_ALIKE_SHORT, _ALIKE_TWO = 0.85, 0.94
_VOWELLESS = 0.08
_BOTH_FOREIGN = 0.025
"""How alike two names must sound, with their vowels, by the length of the key that they share: more so for a short
name of one word, less where one is in a script without vowels."""

Names = tuple[int, ...]


def sounding_names(policy: NamePolicy, index: NameIndex, source: Words) -> Iterator[Near]:
    """Find names that are not in the script in which they were registered."""
    windows: list[Window] = []
    if not source.plain.low.isascii():
        windows += foreign_windows(source)
        spaced = [window for window in windows if len(window.words) > 1]
        windows += [window._replace(words=(*window.words, GUESSED)) for window in spaced[:_MOST_GUESSED]]
    if index.has_foreign_names:
        windows += latin_windows(source)
    if not windows:
        return
    known = index.heard(len(windows))
    unknown = {window.words for window in windows}.difference(known)
    if unknown:
        known.update(_heard(index, unknown))  # all at once, for another thread may just be asking for the same
    for first, last, words in windows:
        for name in known[words]:
            yield Near(name, policy.sounded, source.spans.starts[first], source.spans.ends[last])


def _heard(index: NameIndex, unknown: set[tuple[str, ...]]) -> dict[tuple[str, ...], Names]:
    """Find out which names words sound like: Latin ones those of other scripts, and others all of them."""
    found: dict[tuple[str, ...], Names] = dict.fromkeys(unknown, ())
    latin = {words for words in unknown if words[0].isascii()}
    foreign = [(words, heard) for words in unknown - latin for heard in heard_foreign(words)]
    if foreign:
        _add_alike(index, foreign, found, foreign_only=False)
    if index.has_foreign_names:
        may_have = index.sounding(foreign_only=True).may_have
        turned = ((words, order) for words in latin for order in orders_of(words))
        foreign += [(words, Heard(order, key)) for words, (order, key) in turned if may_have(hash(key))]
        _add_alike(index, foreign, found, foreign_only=True)
    return found


def _add_alike(
    index: NameIndex,
    ways: list[tuple[tuple[str, ...], Heard]],
    found: dict[tuple[str, ...], Names],
    *,
    foreign_only: bool,
) -> None:
    """Add to what was found the names of one table that words sound like in these ways."""
    asked = [Asked(hash(heard.key), heard.voices, heard.others) for _, heard in ways]
    for place, choir in index.sounding(foreign_only=foreign_only).find(asked, index.name):
        words, heard = ways[place]
        found[words] += _alike(heard, choir)


def _alike(heard: Heard, choir: Choir) -> Names:
    """Choose the names that words sound like, in some order of theirs."""
    text = sung_words(heard.latin)
    letters = len(heard.key.replace(" ", "").lstrip("0123"))
    if heard.script:
        wanted = _ALIKE_FOREIGN.get(letters, _ALIKE_FOREIGN_LONG) + heard.lenience
    else:
        wanted = _ALIKE.get(letters, _ALIKE_LONG)
    least = min(1.0, wanted - _VOWELLESS)
    near = extract(text, choir.forms, scorer=Indel.normalized_similarity, score_cutoff=least, limit=None)
    return tuple({choir.names[at][0] for _, score, at in near if _is_alike(heard, choir.names[at][1], score, wanted)})


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
        wanted += _BOTH_FOREIGN
    return score >= min(1.0, wanted) and _has_syllables(heard, name)


def _has_syllables(heard: Heard, name: Traits) -> bool:
    """Whether words have the syllables of a Korean name: all of them, and in Hangul no more."""
    syllables = korean_syllables(heard.latin) if name.syllables else 0
    return syllables == name.syllables or (syllables > name.syllables and heard.script != "hangul")
