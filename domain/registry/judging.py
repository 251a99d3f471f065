"""Whether a name of which two words were found nearly right is that name, and how surely."""

import re
from typing import NamedTuple

from rapidfuzz.distance import OSA

from domain.registry.compounds import goes_before_given_name, is_place, stands_in_place
from domain.registry.given_names import (
    fuller_forms,
    is_frequent_family_name,
    is_given_name,
    read_as_given_name,
    short_forms,
)
from domain.registry.inflecting import is_inflected
from domain.registry.name_parts import NameParts
from domain.registry.name_policy import NamePolicy
from domain.registry.name_words import INFLECTED, NICKNAME, SAME, SPELLED
from domain.registry.ordinary import is_ordinary
from domain.registry.planting import FORWARD, INITIAL, ROTATED, TURNED
from domain.registry.skeletons import bare_look, skeleton
from domain.registry.sounds import key_of, vowelled
from domain.registry.streams import Words

_JOINING = frozenset(
    ("and", "or", "with", "und", "et", "y", "e", "de", "la", "the", "of", "in", "on", "at", "as", "is", "by")
)


_SHORT_NAME = 6
_LEAST_ORDINARY = 3
"""Shorter words stand for themselves alone."""


class Pair(NamedTuple):
    """Two words of the text, or two parts of one, that may be two words of a name."""

    first: int
    second: int
    hows: tuple[int, int]
    split: int
    """Where one word was parted, in its letters; 0 for two words."""


def judged(
    policy: NamePolicy, source: Words, pair: Pair, parts: NameParts, tag: int, *, shared: bool
) -> tuple[float, int, int] | None:
    """Give score and place of a name of which two words were found; None when it isn't that name."""
    first, last = pair.first, pair.second
    if parts.ambiguous:
        return None
    if pair.split and len(parts.words) > 2:
        return None
    if not pair.split and pair.first == pair.second:
        # One more letter at the end makes another word: "Zendayan".
        longer = source.words[pair.first].startswith(parts.words[0])
        return (policy.mistyped, *source.spans.of(pair.first)) if len(parts.words) == 1 and not longer else None
    if not pair.split and tag != INITIAL:
        # The pair is the first two words of a name, or its last and first: the rest must follow.
        last += len(parts.words) - 2
        if last >= len(source.words) or (len(parts.words) > 2 and pair.second - pair.first > 1):
            return None
    start, end = source.spans.starts[first], source.spans.ends[last]
    if tag == INITIAL:
        score = _of_initial(policy, source, pair, parts, shared=shared)
    elif pair.second - pair.first == 2:
        score = _of_middle(policy, source, pair, parts) if tag == FORWARD else 0
    else:
        words = source.words[first : last + 1]
        if pair.split:
            look = source.readings[first].look
            words = [look[: pair.split], look[pair.split :]]
        score = _of_words(policy, source, pair, (words, parts), tag)
    return (score, start, end) if score >= policy.held_from else None


def _of_words(policy: NamePolicy, source: Words, pair: Pair, spelled: tuple[list[str], NameParts], tag: int) -> float:
    words, parts = spelled
    own = [reading.look for reading in parts.readings]
    names = list(parts.words)
    turned = tag in (TURNED, ROTATED)
    if turned:
        cut = 1 if tag == ROTATED else len(own) - 1
        own, names = [*own[cut:], *own[:cut]], [*names[cut:], *names[:cut]]
    looks = words if pair.split else [source.readings[pair.first + at].look for at in range(len(words))]
    hows = (*pair.hows, *(SAME,) * (len(words) - 2))
    if pair.hows == (SAME, SAME) and looks == own and not turned:
        return 0  # The automaton has found it already.
    if INFLECTED in hows:
        return policy.mistyped if not _is_apart(source, pair) and is_inflected(words, names) else 0
    spellings = list(zip(hows, words, looks, own, names, strict=True))
    score, edits = _of_spellings(policy, spellings, parts, turned=turned)
    if not score or edits > policy.edits(len(parts.letters)):
        return 0
    if edits:
        score = min(score, policy.mistyped - policy.per_edit * (edits - 1))
    if turned:
        score = min(score, _of_turn(policy, source, pair, parts))
    elif not pair.split and _is_apart(source, pair) and not (edits and source.between(pair.second).strip() == "!"):
        return 0  # An exclamation mark may be the i that is missing.
    return score


def _of_spellings(
    policy: NamePolicy, spellings: list[tuple[int, str, str, str, str]], parts: NameParts, *, turned: bool
) -> tuple[float, int]:
    """Give the score of words as they are spelled beside those of a name, and how many edits they are away.

    Of each: how it stands to the word of the name, the word, its skeleton, that of the word of the name, and that word.
    """
    score, edits = policy.exact, 0
    words = [word for _, word, *_ in spellings]
    for how, word, look, wanted, name in spellings:
        if how == NICKNAME:
            given = read_as_given_name(word)
            fuller = given not in short_forms(name) and name not in fuller_forms(given) and not name.startswith(given)
            frequent = len(parts.words) == 2 and is_frequent_family_name(parts.words[-1])
            if name != parts.words[0] or (fuller and frequent):
                return 0, 0
            score = min(score, policy.nickname)
        elif how == SPELLED:
            score = min(score, policy.mistyped)
        elif len(word) < _LEAST_ORDINARY and word.isascii() and word.isalpha() and word != name:
            return 0, 0  # "in" looks like "Linn", and is a word.
        elif look != wanted:
            edit = 0 if "*" in word and _fits_mask(word, wanted) else _edits(word, look, wanted, name)
            if edit is None or (is_ordinary(word) and not _is_slip(word, name, words, parts, turned=turned)):
                return 0, 0
            score = min(score, policy.mistyped)
            edits += edit
    return score, edits


def _edits(word: str, look: str, wanted: str, name: str) -> int | None:
    """Count the edits between a word and a word of a name; None where they are two words rather than one mistyped."""
    if word[:-1] == name and word[-1] != name[-1] and len(name) <= _SHORT_NAME:
        return None  # Brandt is not Brand.
    if len(word) >= 4 and vowelled(word) == vowelled(name):
        return 1
    distance = min(OSA.distance(look, wanted), OSA.distance(bare_look(word), bare_look(name)))
    allowed = 1 if len(wanted) < 8 else 2
    if distance > allowed or look[:1] != wanted[:1]:
        return None
    if len(wanted) <= 4 and not (sorted(look) == sorted(wanted) or len(look) == len(wanted) + 1):
        return None
    if is_given_name(word) and is_given_name(name):
        # Maria is not Mario, but Kristin may be Kristen.
        same_ending = (word[-1] in "aeioy") == (name.rstrip("h")[-1:] in "aeioy")
        if key_of(word) != key_of(name) or not same_ending or len(wanted) < 5:
            return None
    return int(distance)


def _fits_mask(word: str, wanted: str) -> bool:
    """Whether a word with asterisks in it is a word of a name with letters masked."""
    pieces = (re.escape(skeleton(piece)) for piece in word.split("*"))
    return re.fullmatch(".{0,2}".join(pieces), wanted) is not None


def _is_slip(word: str, name: str, words: list[str], parts: NameParts, *, turned: bool) -> bool:
    """Whether an ordinary word stands for a word of a name: it sounds the same, or the rest of the name is telling."""
    if turned or len(word) < 4:
        return False
    if vowelled(word) == vowelled(name):
        return True
    rest = [one for one in words if one != word]
    return len(parts.letters) >= 10 and any(len(one) >= 5 and not is_ordinary(one) for one in rest)


def _of_turn(policy: NamePolicy, source: Words, pair: Pair, parts: NameParts) -> float:
    """Family name first is usual with a comma, and otherwise near evidence where the words are no ordinary ones."""
    comma = not pair.split and source.between(pair.second).strip() == ","
    if len(parts.letters) < (_SHORT_NAME if comma and _has_capitals(source, pair) else 8):
        return 0
    if pair.split:
        return 0 if parts.ordinary else policy.turned
    if comma:
        first = source.spans.starts[pair.first]
        telling = not parts.ordinary or source.plain.cased[first].isupper()
        apart = is_place(parts.words[0]) or stands_in_place(source.plain, first)
        return policy.turned_with_comma if telling and not apart else 0
    if (len(parts.words) == 2 and is_place(parts.words[0])) or goes_before_given_name(parts.words[-1]):
        return 0
    return 0 if parts.ordinary or _is_apart(source, pair) else policy.turned


def _has_capitals(source: Words, pair: Pair) -> bool:
    return all(source.plain.cased[source.spans.starts[at]].isupper() for at in (pair.first, pair.second))


def _is_apart(source: Words, pair: Pair) -> bool:
    """Whether more than a space or a sign stands between two words."""
    between = source.between(pair.second)
    if between.strip() == "." and len(source.words[pair.first]) == 1:
        return False  # an initial
    return len(between.strip()) > 1 or (any(sign in between for sign in ",;.!?\n") and between != ".")


def _of_middle(policy: NamePolicy, source: Words, pair: Pair, parts: NameParts) -> float:
    """A middle name or initial between given name and family name."""
    at = pair.first + 1
    word = source.words[at]
    first, last = source.spans.of(at)
    if len(parts.words) != 2 or (word in _JOINING and not (len(word) == 1 and source.plain.cased[first].isupper())):
        return 0
    if source.between(at).strip() or source.between(at + 1).strip() not in ("", "."):
        return 0
    cased = source.plain.cased
    edges = (source.spans.starts[pair.first], first, source.spans.starts[pair.second])
    titled = all(cased[edge].isupper() for edge in edges) and not cased[first:last].isupper()
    if word.isdigit():
        return policy.middle
    if len(word) == 1:
        return policy.middle if word.isalpha() and (word != "a" or titled or cased[first].isupper()) else 0
    if is_given_name(word) and (titled or not parts.ordinary):
        return policy.middle
    return policy.middle if titled and (not is_ordinary(word) or is_frequent_family_name(word)) else 0


def _of_initial(policy: NamePolicy, source: Words, pair: Pair, parts: NameParts, *, shared: bool) -> float:
    """An initial, where one registered person alone has it with that family name, and the particles before this."""
    if shared or pair.split or tuple(source.words[pair.first + 1 : pair.second + 1]) != parts.words[1:]:
        return 0
    single = len(source.words[pair.first]) == 1 and source.words[pair.first] == parts.words[0][0]
    before = source.between(pair.first).rstrip(" ") if pair.first else ""
    after_initial = pair.first and before.endswith(".") and len(source.words[pair.first - 1]) == 1
    return policy.initial if single and _has_capitals(source, pair) and not after_initial else 0
