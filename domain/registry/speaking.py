"""How a name in Latin letters may be spoken: as those say it who write it in another script.

Letters are spoken by rules that differ from language to language, and nothing says of which a name is. So each way
changes one thing, and the two that others write most often change beside any other: an r that nobody says before a
consonant, and a v for which many have only b.
"""

import re
from collections.abc import Iterable

from domain.registry.given_names import spelled_forms
from domain.registry.plain import plain_of
from domain.registry.skeletons import word_list

Spoken = tuple[str, ...]

_SILENT_R = re.compile(r"r+(?=[^aeiouyr]|$)")
_Rule = tuple[str, re.Pattern[str], str]
_Rules = tuple[_Rule, ...]
_CONSONANTS: _Rules = (
    ("j", re.compile("j"), "y"),
    ("j", re.compile("j"), "h"),
    ("gh", re.compile(r"gh(?=[ty ]|$)"), ""),
    ("kh", re.compile("kh"), "k"),
    ("ch", re.compile(r"ch(?=[aeiouy]|$| )"), "sh"),
    ("c", re.compile(r"c+(?=[ei])"), "k"),
    ("cz", re.compile("cz"), "ch"),
    ("rz", re.compile(r"(?<=[^ ])rz"), "zh"),
    ("gn", re.compile(r"gn(?=[aeiouy])"), "n"),
    ("t", re.compile(r"(?<=[^ ][^ ][aeonr])t(?= |$)"), ""),
    ("rd", re.compile(r"(?<=r)d(?= |$)"), ""),
    ("rg", re.compile(r"(?<=r)g(?= |$)"), ""),
    ("ux", re.compile(r"(?<=u)x(?= |$)"), ""),
    ("ds", re.compile(r"ds(?= |$)"), "z"),
    ("von", re.compile(r"\bvon\b"), "fon"),
    ("w", re.compile(r"\bw(?=[aeiou])"), "b"),
    ("wsk", re.compile("wsk"), "fsk"),
    ("th", re.compile("th"), "s"),
)
_VOWELS: _Rules = (
    ("r", re.compile(r"[eiu]r+(?=[^aeiouyr]|$)"), "o"),
    ("n", re.compile(r"[ei]n(?=[^aeiouyn]|$)"), "an"),
    ("e", re.compile(r"(?<=[^ ][^aeiouy ])e(?= |$)"), ""),
    ("ea", re.compile(r"ea(?=[^aeiou ])"), "i"),
    ("aw", re.compile(r"aw(?=[^aeiouy]|$)"), "o"),
    ("au", re.compile(r"au(?=[^aeiouy]|$)"), "o"),
    ("y", re.compile(r"(?<=[^aeiou ])y(?=[aeiou]|[^aeiou ][aeiou])"), "ai"),
    ("i", re.compile(r"(?<=[^aeiou ])i(?=[^aeiou ]{1,2}[aeiou])"), "ai"),
)
"""What is always there, what is spoken otherwise, and how: a j as a y or an h, a th as those say it who have none, a
vowel as in English, and what is written and not spoken."""

_ALL = _CONSONANTS + _VOWELS
_FRENCH = frozenset(("ch", "t", "rd", "rg", "ux"))
"""What is often beside each other in a French name: Chalamet."""

_MARKED = str.maketrans(
    {
        "ç": "s",
        "č": "ch",
        "ć": "ch",
        "š": "sh",
        "ś": "sh",
        "ş": "sh",
        "ž": "zh",
        "ż": "zh",
        "ź": "zh",
        "ñ": "ny",
        "ą": "on",
        "ę": "en",
        "ã": "an",
        "å": "o",
        "ğ": "",
        "ř": "rzh",
        "ł": "w",
        "ń": "ny",
        "ň": "ny",
        "ő": "o",
    }
)
"""Letters with marks that say how they are spoken."""


def spoken(words: Spoken, name: str = "", *, vowels: bool = True) -> set[Spoken]:
    """Give the ways to speak a name, by its plain words; `name` is what was registered, with its marks.

    Without `vowels` those are left out in which only vowels differ.
    """
    plain = " ".join(words)
    rules = [rule for rule in (_ALL if vowels else _CONSONANTS) if rule[0] in plain]
    found = {words}
    for base in _bases(plain):
        said = {base}
        for _, written, sound in rules:
            said.add(written.sub(sound, base))
        if sum(rule[0] in _FRENCH for rule in rules) > 1:
            said.add(_together(base, rules))
        found.update(tuple(one.split(" ")) for one in said)
    marked = "" if name.isascii() else name.lower()
    if (as_marked := marked.translate(_MARKED)) != marked:
        found.add(tuple(word_list(plain_of(as_marked).low)))
    return found | {(other, *words[1:]) for other in spelled_forms(words[0])}


def _together(name: str, rules: Iterable[_Rule]) -> str:
    """Speak a name as French does, by all its rules at once."""
    for always_there, written, sound in rules:
        if always_there in _FRENCH:
            name = written.sub(sound, name)
    return name


def _bases(name: str) -> list[str]:
    """Give a name as it is, without an r before consonants, and with b for v."""
    found = [name]
    if (silent := _SILENT_R.sub("", name)) != name:
        found.append(silent)
    if "v" in name:
        found += [one.replace("v", "b") for one in found]
    return found
