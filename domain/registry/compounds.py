"""What a name is part of that is something else: a thing, a place, a title, a clause."""

import re

from domain.registry.name_parts import NameParts
from domain.registry.ordinary import is_ordinary
from domain.registry.plain import Plain

_THINGS = frozenset(
    """
    anvil anvils bark barrel basket bench blossom blossoms bottle bouquet bowl bread brick broth burger burgers cabinet
    cake carpet casserole chair cheese cliff cliffs coffee counter cupboard curry dish dishes door dough drawer fence
    fern ferns floor floral flower flowers fruit furniture hammer hammers juice lamp leaf leather lichen lid marble
    meadow mug oak oil paint pan pattern petal petals pie pillar planks plant plants pot quarry recipe roof rug salad
    salads sandwich sauce seedling seeds shelf ship ships shovel soup sprout sprouts steps stew stone stones
    stool stools table tables tea tile tiles tree trees vase vine vines wall wallpaper walls wardrobe wool yarn
    """.split()  # noqa: SIM905 - a list of words is read as a paragraph
)
"""What ordinary words stand before to name a thing, and where no person is meant: "sean bean salad"."""
_WILD = frozenset(("cub", "cubs", "den", "habitat", "hunting", "paw", "paws", "prowling", "roaming", "stalking"))
"""The same where the name itself is a thing of nature: "tiger woods hunting cat"."""
_HOTELS = frozenset(("hotel", "hotels", "inn", "lobby", "opera", "resort", "restaurant", "rooftop", "suite", "suites"))

_PLACES = frozenset(
    """
    adelaide alabama alexandria asia aurora austin brooklyn carolina charlotte chelsea cheyenne china dakota dallas
    devon florence geneva georgia holland houston india ireland israel jordan kent kenya lincoln london madison
    memphis milan montana orlando paris phoenix santiago savannah siena sienna sydney tennessee troy valencia venice
    verona victoria vienna virginia
    """.split()  # noqa: SIM905 - as above
)
"""Given names that are places as well."""

_ADJECTIVES = frozenset(
    """
    best big black blue bright brown english french german gold golden good gray green grey irish large little long
    noble old rich savage scottish sharp short silver small stern strong sweet white wild wise young
    """.split()  # noqa: SIM905 - as above
)
"""Family names that say a quality as well, and stand before a given name or a thing: "young neil"."""
_TITLES = frozenset(
    """
    abbot baron bishop captain cardinal count dean duke earl emperor general judge king knight lady lord major marshal
    master mayor pope prince princess queen saint sheriff
    """.split()  # noqa: SIM905 - as above
)
"""Family names that are titles as well, and stand before a given name: "king stephen"."""

_VERBS = {
    "styles": frozenset(("a", "her", "his", "my", "the", "their")),
    "waits": frozenset(("by", "for", "here", "in", "outside", "patiently", "there", "until", "while")),
    "may": frozenset(("also", "be", "cause", "come", "find", "go", "have", "not", "rain", "take", "try", "well")),
    "will": frozenset(("also", "be", "come", "find", "go", "have", "make", "not", "take", "try")),
}
"""Family names that are verbs as well, and what then goes on."""
_CLAUSE = re.compile(r"\b(?:when|while|if|as|because)\s+$")
_NEXT = re.compile(r" ([a-z]+)")
_ARTICLE = re.compile(r"\b(?:in|on|at|near|from|to|into|the|an?|behind|under|over|le|la|les|el|los|das|der|die|il)\s+$")


def names_thing(plain: Plain, parts: NameParts, first: int, last: int) -> bool:
    """Whether a name of ordinary words goes on as the name of a thing, as in "sean bean salad"."""
    found = _NEXT.match(plain.low, last)
    if found is None or plain.cased[last - 1 :].startswith("s's"):
        return False
    if plain.cased[first].isupper() and plain.cased[found.start(1)].islower():
        return False
    word, given = found[1], parts.words[0]
    if given in _PLACES and word in _HOTELS:
        return True
    if not is_ordinary(parts.words[-1]):
        return False
    return word in _THINGS or (word in _WILD and parts.ordinary)


def is_place(given_name: str) -> bool:
    """Whether a given name is a place as well."""
    return given_name in _PLACES


def goes_before_given_name(family_name: str) -> bool:
    """Whether a family name is a title or a quality as well, which stands before a given name: "king stephen"."""
    return family_name in _TITLES or family_name in _ADJECTIVES


def is_done(plain: Plain, parts: NameParts, first: int, last: int) -> bool:
    """Whether a family name is a verb here: "tom waits for the bus"."""
    verb = _VERBS.get(parts.words[-1])
    if verb is None or plain.cased[first].isupper():
        return False
    found = _NEXT.match(plain.low, last)
    return bool(found and found[1] in verb) or _CLAUSE.search(plain.low[max(0, first - 10) : first]) is not None


def stands_in_place(plain: Plain, first: int) -> bool:
    """Whether an article or a preposition of place stands before, which nobody writes before "Swift, Taylor"."""
    return _ARTICLE.search(plain.low[max(0, first - 8) : first]) is not None
