"""What stands around a name: whether an ordinary word is meant as a person's name there."""

import re

from domain.registry.given_names import is_given_name
from domain.registry.ordinary import is_ordinary
from domain.registry.plain import Plain

_ROLE = (
    r"(?:(?:super)?models?|actress(?:es)?|actors?|singers?|rappers?|musicians?|pop\s?stars?|rock\s?stars?"
    r"|celebrit(?:y|ies)"
    r"|artists?|footballers?|athletes?|influencers?|youtubers?|streamers?|idols?|dancers?|comedians?|djs?|celebs?"
    r"|presenters?|politicians?|superstars?|entertainers?|performers?|vocalists?|songwriters?|diva|wrestlers?|boxers?)"
)
_PICTURE = (
    r"(?:photo(?:graph|shoot)?|pic(?:ture)?|portrait|image|face|likeness|selfie|headshot|shot|painting|drawing|deepfake"
    r"|close-?up|lookalike|sketch|render|depiction|figure|voice)s?"
)
_PICTURE_BEFORE = re.compile(rf"\b{_PICTURE}\s+of[\W_]{{0,3}}(?:(?:the\s+)?(?:\w+\s+)?{_ROLE}[\W_]+)?$")
_ROLE_BEFORE = re.compile(rf"\b{_ROLE}[\W_]{{1,2}}$")
_AFTER = re.compile(
    rf"[\W_]{{1,3}}(?:the\s+|an?\s+)?(?:\w+\s+)?{_ROLE}\b"
    r"|['’]s?\s+(?:face|likeness|voice|concert|tour|album|hair|music|outfit|smile)\b"
    r"|\s+(?:in concert|on stage|performing|singing|live at|on the red carpet)\b"
)
_GOES_ON = re.compile(r"[ -]([^\W\d_]+)")
_CHILD = re.compile(r"\s+(?:and|with)\s+(?:the\s+|a\s+|her\s+)?(?:christ\s+)?(?:child|infant|baby|saints?)\b")
_FOLLOWS = frozenset(
    """
    a above against all alone along an and are as at beside between but by doing during eating for from has having he
    her his holding if in inside into is isn it its laughing leaning like looking near next of on or outside over
    performing playing posing reading riding running sat seated she singing sits sitting smiling standing
    stands talking that the
    then they through to under walking was wearing wears when where while who with without
    """.split()  # noqa: SIM905 - a list of words is read as a paragraph
)
_WIDTH = 60


def speaks_of_person(plain: Plain, first: int, last: int) -> bool:
    """Whether what stands around plain characters `first` to `last` speaks of a person of that name."""
    before = plain.low[max(0, first - _WIDTH) : first]
    after = plain.low[last : last + _WIDTH]
    if goes_on(plain, last) or _CHILD.match(after):
        return False
    if _AFTER.match(after) or _ROLE_BEFORE.search(before):
        return True
    word = plain.low[first:last]
    common = plain.cased[first].islower() and is_ordinary(word) and not is_given_name(word)
    return not common and _PICTURE_BEFORE.search(before) is not None


def goes_on(plain: Plain, last: int) -> bool:
    """Whether the next word makes it a part of something else: "rose petals", "Drake Hotel", "Rose Tyler"."""
    found = _GOES_ON.match(plain.low, last)
    if found is None or found[1] in _FOLLOWS:
        return False
    word, cased = found[1], plain.cased[found.start(1) : found.end(1)]
    if re.fullmatch(_ROLE, word):
        return False
    return cased[:1].isupper() or is_ordinary(word) or is_given_name(word)


_COMPARED = re.compile(r"-(?:like|esque|style|styled|ish|inspired|type|core)\b")


def is_compared(plain: Plain, last: int) -> bool:
    """Whether a hyphen binds the word before `last` to one that makes an adjective of it ("glau-like")."""
    return _COMPARED.match(plain.low, last) is not None


_ARTICLE = re.compile(r"\b(?:an?|one|per|each|every)\s+$")


def counts_things(plain: Plain, first: int, last: int) -> bool:
    """Whether a name that begins with a number counts something there: "a 50 cent coin"."""
    return bool(_ARTICLE.search(plain.low[max(0, first - 8) : first])) or goes_on(plain, last)
