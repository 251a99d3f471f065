"""Names written in another script than they were registered in, recognised by how they sound."""

from collections.abc import Hashable, Iterator

from rapidfuzz.distance import Indel
from rapidfuzz.process import extract

from domain.registry.name_index import NameIndex
from domain.registry.name_policy import NamePolicy
from domain.registry.near_names import Near
from domain.registry.romanising import korean_syllables
from domain.registry.sound_table import Asked, Choir, Traits
from domain.registry.sounds import consonants_of_word, first_of_class, run_together, sound_of, sung_words, together
from domain.registry.streams import Words
from domain.registry.windows import Heard, Window, foreign_windows, latin_windows

_CONSONANTS = ("", "k", "t", "p", "l", "s", "m", "n")
_GUESSED_FROM = 7
_MOST_GUESSED = 16
_STRICTER = 0.05

_ALIKE = {1: 1.0, 2: 0.94, 3: 0.86, 4: 0.77, 5: 0.70}
_ALIKE_LONG = 0.64
_ALIKE_FOREIGN = {1: 1.0, 2: 0.94, 3: 0.86, 4: 0.85}
_ALIKE_FOREIGN_LONG = 0.80
"""The same for words of another script: those who write a name there write its vowels as they hear them."""
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
    said = together(map(consonants_of_word, heard.latin))
    others = {said[:at] + other + said[at + 1 :] for at in range(len(said)) for other in _CONSONANTS}
    others |= {said[:at] + other + said[at:] for at in range(len(said) + 1) for other in _CONSONANTS}
    for sound in {sound_of(first_of_class(other)) for other in others - {said}}:
        key = run_together(sound.key, len(heard.latin))
        yield Window(
            window.first, window.last, Heard(heard.latin, key, _STRICTER, heard.script, sound.voices, heard.others + 1)
        )


def _judged(
    policy: NamePolicy, index: NameIndex, source: Words, windows: list[Window], *, foreign_only: bool
) -> Iterator[Near]:
    table = index.sounding(foreign_only=foreign_only)
    known = table.known_for(len(windows))
    unknown = list({window.heard for window in windows if window.heard not in known})
    if unknown:
        found: dict[Hashable, tuple[int, ...]] = dict.fromkeys(unknown, ())
        asked = [Asked(hash(heard.key), heard.voices, heard.others) for heard in unknown]
        for place, choir in table.find(asked, index.name):
            found[unknown[place]] = _alike(unknown[place], choir)
        known.update(found)  # all at once, for another thread may just be asking for the same
    for first, last, heard in windows:
        for name in known[heard]:
            yield Near(name, policy.sounded, source.spans[first][0], source.spans[last][1])


def _alike(heard: Heard, choir: Choir) -> tuple[int, ...]:
    """Choose the names that words sound like, in some order of theirs."""
    text = sung_words(heard.latin)
    letters = len(heard.key.replace(" ", "").lstrip("0123"))
    if heard.script:
        wanted = _ALIKE_FOREIGN.get(letters, _ALIKE_FOREIGN_LONG) + heard.lenience
    else:
        wanted = _ALIKE.get(letters, _ALIKE_LONG)
    least = min(1.0, wanted - _VOWELLESS)
    near = extract(text, choir.forms, scorer=Indel.normalized_similarity, score_cutoff=least, limit=None)
    alike = {choir.names[at][0] for _, score, at in near if _is_alike(heard, choir.names[at][1], score, wanted)}
    return tuple(alike)


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
