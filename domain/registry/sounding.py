"""Names written in another script than they were registered in, recognised by how they sound."""

import re
from collections.abc import Iterator
from math import log10

from rapidfuzz.distance import Indel
from rapidfuzz.process import extract

from domain.registry.hearing import Heard, heard_foreign, orders_of
from domain.registry.name_index import NameIndex
from domain.registry.name_policy import NamePolicy
from domain.registry.near_names import Near
from domain.registry.romanising import korean_syllables
from domain.registry.sound_table import Asked, Choir, Traits
from domain.registry.sounds import sung, sung_words
from domain.registry.streams import Words
from domain.registry.windows import GUESSED, LATIN, MIXED, SURE, TITLED, UNSURE, Window, foreign_windows, latin_windows

_MOST_GUESSED = 6
"""So many windows of several words are also looked up with one consonant heard otherwise."""

_ALIKE = {1: 1.0, 2: 0.94, 3: 0.86, 4: 0.77, 5: 0.70}
_ALIKE_LONG = 0.64
_ALIKE_FOREIGN = {1: 1.0, 2: 0.94, 3: 0.86, 4: 0.85}
_ALIKE_FOREIGN_LONG = 0.80
"""The same for words of another script: those who write a name there write its vowels as they hear them."""
_ALIKE_SHORT, _ALIKE_TWO = 0.85, 0.94
_FEW_SYLLABLES, _ALIKE_FEW = 2, 0.96
"""Most Korean words have two syllables."""
_CROWD_FROM, _CROWD_SPAN = 1000, 2.0
_CROWDED = {LATIN: 0.06, TITLED: 0.0, SURE: 0.05, UNSURE: 0.07, MIXED: 0.10, GUESSED: 0.10}
_CROWDED_ALONE, _CROWDED_HALF = 0.05, 0.5
_CROWDED_SCRIPT = {"hangul": 0.04, "vowelless": 0.02}
"""Added for words of another script in a large registry, where somebody sounds like any two words: nothing for a
thousand names, all of it for a hundred times as many."""
_VOWELLESS = 0.03
_BOTH_FOREIGN = 0.03
_BY_CHARACTERS, _ALIKE_SAME_SCRIPT = ("han", "hangul"), 0.9
"""Names that a text in their own script has by their characters alone; and how alike others sound there, where nothing
but the ending of a case differs."""
"""How alike two names must sound, with their vowels, by the length of the key that they share: more so for a short
name of one word, less where one is in a script without vowels."""

_COUNTED = ("0", "1", "2", "3")
"""How a key begins that says of how many words a name is, or that it may be any number."""

_MANY_VOWELS, _VOWEL_RUN = 2, re.compile("[aeiouy]+")
"""One word may have one vowel fewer than a name that has more, however alike they are once letters are left out."""

_ROUNDING = 1e-5
"""A likeness that is just as much as wanted must not be lost to rounding."""

Names = tuple[int, ...]
Spoken = tuple[tuple[str, ...], int]
"""Words that stand together, and how they stand (`Window`)."""


def sounding_names(policy: NamePolicy, index: NameIndex, source: Words) -> Iterator[Near]:
    """Find names that are not in the script in which they were registered."""
    windows: list[Window] = []
    if not source.plain.low.isascii():
        windows += foreign_windows(source)
        windows += _to_guess(windows)
    if index.has_foreign_names:
        windows += latin_windows(source)
    if not windows:
        return
    known = index.heard(len(windows))
    found = [known.get(window.asked) for window in windows]
    unknown = {window.asked for window, names in zip(windows, found, strict=True) if names is None}
    if unknown:
        known.update(_heard(index, unknown))  # all at once, for another thread may just be asking for the same
    for (first, last, asked), names in zip(windows, found, strict=True):
        for name in known[asked] if names is None else names:
            yield Near(name, policy.sounded, source.spans.starts[first], source.spans.ends[last])


def _to_guess(windows: list[Window]) -> list[Window]:
    """Choose windows of several words that are also looked up with one consonant heard otherwise, a bounded number.

    That gives a hundred sounds for each; in a long text only what is written as a name is worth it.
    """
    spaced = [window for window in windows if len(window.asked[0]) > 1]
    if len(spaced) > _MOST_GUESSED:
        spaced = [window for window in spaced if window.asked[1] == TITLED]
    return [window._replace(asked=(window.asked[0], GUESSED)) for window in spaced[:_MOST_GUESSED]]


def _heard(index: NameIndex, unknown: set[Spoken]) -> dict[Spoken, Names]:
    """Find out which names words sound like: Latin ones those of other scripts, and others all of them."""
    found: dict[Spoken, Names] = dict.fromkeys(unknown, ())
    latin = {asked for asked in unknown if asked[0][0].isascii()}
    foreign = [
        (asked, heard) for asked in unknown - latin for heard in heard_foreign(asked[0], guessed=asked[1] == GUESSED)
    ]
    crowd = min(1.0, max(0.0, log10((len(index) + 1) / _CROWD_FROM) / _CROWD_SPAN))
    # Of the many ways to hear words few have a sound that is there.
    if foreign:
        may_have = index.sounds.may_have
        ways = [(asked, heard) for asked, heard in foreign if may_have(hash(heard.key))]
        sounds = [_asked(heard, asked, crowd) for asked, heard in ways]
        for place, choir in index.sounds.find(sounds, index.name):
            asked, heard = ways[place]
            found[asked] += _alike(heard, sounds[place].text, sounds[place].wanted, choir)
    if index.has_foreign_names:
        choir_of = index.foreign_sounds.of
        for asked, heard in foreign:
            if others := choir_of(hash(heard.key)):
                found[asked] += _alike(heard, _text_of(heard.latin), _wanted(heard, asked, crowd), others)
        for asked in latin:
            for order, key in orders_of(asked[0]):
                if others := choir_of(hash(key)):
                    heard = Heard(order, key)
                    found[asked] += _alike(heard, _text_of(order), _wanted(heard, asked, crowd), others)
    return found


def _asked(heard: Heard, asked: Spoken, crowd: float) -> Asked:
    """Ask for a sound among how many others: from none (0) to very many (1)."""
    others = heard.others - (crowd > _CROWDED_HALF and asked[1] in (UNSURE, MIXED))
    return Asked(hash(heard.key), heard.voices, others, _text_of(heard.latin), _wanted(heard, asked, crowd))


def _text_of(latin: tuple[str, ...]) -> str:
    """Give how words sound with their vowels."""
    return sung(latin[0]) if len(latin) == 1 else sung_words(latin)


def _wanted(heard: Heard, asked: Spoken, crowd: float) -> float:
    """Say how alike a name has to sound, more so among many others."""
    words, manner = asked
    letters = len(heard.key) - heard.key.count(" ") - heard.key.startswith(_COUNTED)
    if heard.script:
        wanted = _ALIKE_FOREIGN.get(letters, _ALIKE_FOREIGN_LONG) + heard.lenience
    else:
        wanted = _ALIKE.get(letters, _ALIKE_LONG)
    if heard.script == "hangul" and len(words) == 1 and len(words[0]) <= _FEW_SYLLABLES:
        wanted = max(wanted, _ALIKE_FEW)
    stricter = _CROWDED[manner] + (_CROWDED_ALONE if len(words) == 1 and manner != TITLED else 0.0)
    stricter += _CROWDED_SCRIPT.get(heard.script, 0.0)
    return wanted + crowd * stricter


def _alike(heard: Heard, text: str, wanted: float, choir: Choir) -> Names:
    """Choose the names that words sound like, in some order of theirs."""
    near = _near(text, choir, min(1.0, wanted - _VOWELLESS * choir.vowelless))
    if not near:
        return ()
    named = ((score, name, traits) for form, score in near for name, traits in choir.names[form])
    return tuple({name for score, name, traits in named if _is_alike(heard, traits, score, wanted)})


def _near(text: str, choir: Choir, least: float) -> list[tuple[str, float]]:
    """Give the forms that sound so much alike, with their likeness."""
    if (1.0 - least) * (2 * len(text) + 1) < 1.0:
        # Not even one letter more or less would do.
        return [(text, 1.0)] if text in choir.names else []
    cutoff = least - _ROUNDING
    found = extract(text, choir.forms, scorer=Indel.normalized_similarity, score_cutoff=cutoff, limit=None)
    return [(form, score) for form, score, _ in found]


def _is_alike(heard: Heard, name: Traits, score: float, wanted: float) -> bool:
    same_script, by_characters = name.script == heard.script, name.script in _BY_CHARACTERS
    if (same_script and by_characters) or (heard.loan and (name.characters or name.vowelless)):
        return False
    if name.short:
        if len(heard.latin) > 1 and not name.syllables:
            return False
        wanted = max(wanted, _ALIKE_TWO if name.syllables == 2 else _ALIKE_SHORT + heard.lenience)
    elif name.weak and len(heard.latin) == 1:
        wanted = max(wanted, _ALIKE_SHORT)
    elif name.vowelless:
        wanted -= _VOWELLESS
    if heard.script and by_characters:
        wanted += _BOTH_FOREIGN
    elif heard.script and same_script:
        wanted = max(wanted, _ALIKE_SAME_SCRIPT)
    return score >= min(1.0, wanted) and _has_syllables(heard, name)


def _has_syllables(heard: Heard, name: Traits) -> bool:
    """Whether words have the syllables of a name: as many as a Korean one, in Hangul no more, and no fewer than a
    name in Han characters has characters.
    """
    if heard.script == "vowelless":
        return True
    one_word = len(heard.latin) == 1 and name.vowels > _MANY_VOWELS
    if one_word and len(_VOWEL_RUN.findall(heard.latin[0])) < name.vowels - 1:
        return False
    if not name.syllables and not name.characters:
        return True
    syllables = korean_syllables(heard.latin)
    if name.characters:
        return syllables >= name.characters
    return syllables == name.syllables or (syllables > name.syllables and heard.script != "hangul")
