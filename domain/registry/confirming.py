"""What was found in a stream of letters, looked at again in the text: whether it is the name, and how surely."""

import re
from typing import NamedTuple

from domain.registry.compounds import is_done, names_thing, stands_in_place
from domain.registry.contexts import counts_things, goes_on, is_compared, speaks_of_person
from domain.registry.given_names import is_frequent_family_name, is_given_name
from domain.registry.han import are_variants, is_longer_in_han, is_within_han, may_be_chinese
from domain.registry.name_parts import NameParts
from domain.registry.name_policy import NamePolicy
from domain.registry.ordinary import is_ordinary
from domain.registry.plain import Plain
from domain.registry.readings import LOOK, NATIVE, SHORTEST_WITH_AFFIX, reading_of
from domain.registry.skeletons import is_foreign
from domain.registry.streams import LEAST_SOUNDED, Edge, Stream, Words

_SENTENCE = re.compile(r"(?: {2,})?['\")\]]*[,;.!?]+['\")]*\s|\s*\n\s*\n")
"""Spaces before the sign are what is left of the syntax of prompts: "[emma:anna:0.5], stone walls"."""
_DRAWN_OUT = re.compile(r"([^\W\d_])\1\1")
_LEAST_KANA = 5
"""So many kana has a name in kanji that is written in them."""
_LONG_NAME = 10
"""From so many letters on a name may be broken anywhere by spaces and still be near evidence."""


class Hit(NamedTuple):
    """What was found in a stream of letters: from which of them, and where in the text it may begin and end."""

    letter: int
    starts: list[Edge]
    ends: list[Edge]
    few: bool
    """Whether there are too few Latin letters for a name of another script."""


def hit_in(stream: Stream, first: int, last: int) -> Hit | None:
    """Give the hit of some letters of a stream, for all names that are spelled so; None where none can stand there.

    A name begins and ends where words do, or where humps of one CamelCase word do.
    """
    ends = list(stream.ends(last))
    starts = list(stream.starts(first)) if ends else []
    if not starts:
        return None
    text = stream.source.plain.low[min(start.at for start in starts) : max(end.at for end in ends)]
    return Hit(first, starts, ends, text.isascii() and sum(map(str.isalnum, text)) < LEAST_SOUNDED)


def confirm(
    policy: NamePolicy, stream: Stream, parts: NameParts, hit: Hit, *, turned: bool
) -> tuple[float, int, int] | None:
    """Give score and place, in the plain text, of a hit of a name in a stream; None when it isn't that name.

    It is apart only where the name is, unless its letters are spelled out or nothing but signs stand between them.
    """
    if parts.foreign and hit.few:
        return None
    best: tuple[float, int, int] | None = None
    for start in hit.starts:
        for end in hit.ends:
            if start.at >= end.at or not _edges_fit(stream, parts, start, end):
                continue
            score = _score(policy, stream, parts, hit.letter, (start, end), turned=turned)
            if score > 0 and (best is None or score > best[0]):
                best = (score, start.at, end.at)
    return best


def _edges_fit(stream: Stream, parts: NameParts, start: Edge, end: Edge) -> bool:
    if start.inner or end.inner:
        # Humps count within what is written as one, and not for a short name of one word: "Ann" is not in "JoAnn".
        if any(stream.source.between(word) not in _WITHIN_NAMES for word in range(start.word + 1, end.word + 1)):
            return False
        if len(parts.words) == 1 and len(parts.joints) == 0 and (len(parts.letters) < 6 or parts.ambiguous):
            return False
    if start.affixed or end.affixed:
        return start.word == end.word and len(parts.words) > 1 and len(parts.letters) >= SHORTEST_WITH_AFFIX
    return not (end.plural and len(parts.letters) < 7)


_WITHIN_NAMES = frozenset("'’-‐")


def _score(
    policy: NamePolicy, stream: Stream, parts: NameParts, letter: int, edges: tuple[Edge, Edge], *, turned: bool
) -> float:
    start, end = edges
    plain = stream.source.plain
    text = plain.low[start.at : end.at]
    score = _likeness(policy, stream, parts, text)
    if score == 0:
        return 0
    if start.word == end.word and len(parts.words) > 1 and _is_one_ordinary_word(plain.cased[start.at : end.at], text):
        return 0
    score = min(score, _of_breaks(policy, stream, parts, letter, edges, turned=turned))
    if start.affixed or end.affixed:
        score = min(score, policy.broken)
    if turned or end.plural:
        score = min(score, policy.turned)
    if _is_something_else(plain, parts, start.at, end.at):
        return 0
    if parts.letters[:1].isdigit() and counts_things(plain, start.at, end.at):
        return 0
    if parts.ambiguous:
        return min(score, policy.in_context) if speaks_of_person(plain, start.at, end.at) else 0
    return score


def _is_something_else(plain: Plain, parts: NameParts, first: int, last: int) -> bool:
    """Whether what stands beside the name makes another thing of it; not where the name is disguised."""
    if parts.foreign:
        return is_longer_in_han(plain, first, last)
    if is_within_han(plain, first, last):
        return True
    given = parts.words[0]
    if is_ordinary(given) and not is_given_name(given) and is_compared(plain, last):
        return True
    written = plain.low[first:last]
    if len(parts.words) == 1 or " " not in written or not written.replace(" ", "").isalpha():
        return False
    if names_thing(plain, parts, first, last) or is_done(plain, parts, first, last):
        return True
    wordy = parts.ordinary and not any(map(is_given_name, parts.words)) and plain.cased[first].islower()
    return wordy and (stands_in_place(plain, first) or (goes_on(plain, last) and not _ACTING.match(plain.low, last)))


_ACTING = re.compile(r" [a-z]{3,}ing\b")


def _is_one_ordinary_word(cased: str, low: str) -> bool:
    return low.isalpha() and is_ordinary(low) and not any(char.isupper() for char in cased[1:] if not cased.isupper())


def _likeness(policy: NamePolicy, stream: Stream, parts: NameParts, text: str) -> float:
    """Say how the letters in the text stand to the name's own."""
    letters = "".join(char for char in text if char.isalnum())
    if letters == parts.letters:
        return policy.exact
    if parts.foreign:
        return _foreign_likeness(policy, stream, parts, letters)
    return _latin_likeness(policy, stream, parts, text)


def _latin_likeness(policy: NamePolicy, stream: Stream, parts: NameParts, text: str) -> float:
    letters = "".join(char for char in text if char.isalnum())
    if _digits(parts.letters) and _digits(parts.letters) != _digits(letters):
        return 0
    if is_foreign(letters) and stream.kind == LOOK and not _is_mixed(letters):
        return policy.sounded if len(parts.letters) >= 6 and may_be_chinese(letters) else 0
    if len(parts.letters) < 5:
        return 0
    if not letters.isalpha() or not letters.isascii() or any(sign in text for sign in "$@!|*") or (
        _DRAWN_OUT.search(letters) and not _DRAWN_OUT.search(parts.letters)
    ):  # fmt: skip
        return policy.disguised
    return policy.doubled if len(parts.letters) >= 7 else 0


def _foreign_likeness(policy: NamePolicy, stream: Stream, parts: NameParts, letters: str) -> float:
    if stream.kind == NATIVE:
        return policy.doubled if len(parts.letters) >= 7 or _is_kana(letters) or _is_drawn_out(parts, letters) else 0
    if is_foreign(letters):
        # The same sound in the same script is another name more often than not, but for Han written otherwise.
        if are_variants(letters, parts.letters):
            return policy.doubled
        if _is_kana(letters):
            return policy.sounded if len(letters) >= _LEAST_KANA else 0
        return policy.sounded if len(letters) == len(parts.letters) >= 3 and _shared(letters, parts.letters) else 0
    return policy.sounded if len(letters) >= LEAST_SOUNDED else 0


def _is_drawn_out(parts: NameParts, letters: str) -> bool:
    """Whether letters, which are more than those of a name of three or more, are Hangul: a syllable is drawn out."""
    return len(parts.letters) >= 3 and all("\uac00" <= char <= "\ud7a3" for char in letters)


def _is_kana(letters: str) -> bool:
    """Whether letters are kana alone, which are the same name in either kind of kana."""
    return all("\u3041" <= char <= "\u30ff" for char in letters)


def _shared(one: str, other: str) -> bool:
    """Whether at least two characters are the same at the same place."""
    return sum(left == right for left, right in zip(one, other, strict=True)) >= 2


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())


def _is_mixed(letters: str) -> bool:
    return any(char.isascii() and char.isalpha() for char in letters)


def _of_breaks(
    policy: NamePolicy, stream: Stream, parts: NameParts, letter: int, edges: tuple[Edge, Edge], *, turned: bool
) -> float:
    """Say how the breaks between the words of the text fit those of the name."""
    start, end = edges
    source = stream.source
    joints = parts.native_joints if stream.kind == NATIVE else parts.joints
    odd_spaces = odd_signs = 0
    score = policy.exact
    for word, passed in stream.breaks(letter, start.word, end.word):
        between = source.between(word)
        if passed in joints or turned:
            if _SENTENCE.match(between) and len(source.words[word - 1]) > 1:
                score = min(score, _across_sentences(policy, source, word, edges, parts))
        elif not between or _is_unspaced(source.words[word]):
            continue
        elif any(char.isspace() for char in between):
            odd_spaces += 1
        else:
            odd_signs += 1
    words = [word for word in source.words[start.word : end.word + 1] if word]
    if not odd_spaces and not odd_signs:
        return score
    if _is_spelled_out(words, parts):
        letters = len("".join(words)) if parts.foreign else len(parts.letters)
        return policy.exact if letters >= 5 else policy.broken if letters >= 4 else 0
    if not odd_spaces and len(parts.letters) >= 6:
        return policy.exact
    long = len(parts.letters) >= _LONG_NAME and odd_spaces + odd_signs <= 2
    return policy.broken if long and not all(map(is_ordinary, words)) else 0


def _across_sentences(
    policy: NamePolicy, source: Words, word: int, edges: tuple[Edge, Edge], parts: NameParts
) -> float:
    """Beside a comma or a full stop two words may be no name ("named Emma, stone walls"), and may be one ("nicole,
    kidman"): where each is a tag by itself, or where nothing goes on behind them.
    """
    if len(parts.words) > 2:
        return policy.broken
    low, family = source.plain.low, source.words[word]
    if not _ENDS_TAG.match(low, edges[1].at):
        return 0
    sign = source.between(word).strip(" '\"()[]\n")
    begins = _BEGINS_TAG.search(low[max(0, edges[0].at - 4) : edges[0].at]) is not None
    if sign == ".":
        return policy.broken if begins else 0
    if is_ordinary(family) or is_frequent_family_name(family):
        return 0
    if is_given_name(family):
        # A list of given names is none of this.
        beside = source.words[max(0, edges[0].word - 1) : edges[0].word] + source.words[edges[1].word + 1 :][:1]
        return policy.broken if begins and not any(map(is_given_name, beside)) else 0
    return policy.broken if sign in (",", ";", "...", "\u2026") else 0


_BEGINS_TAG = re.compile(r"(?:^|[,;:(\[{|\n\"'>]|\bof)\s*$")
_ENDS_TAG = re.compile(r"['\"]?\s*(?:$|[,;:)\]}|\n<\"'—–])|[.]\s*$")


def _is_unspaced(word: str) -> bool:
    return len(word) == 1 and not word.isascii() and reading_of(word).look != reading_of(word).letters


def _is_spelled_out(words: list[str], parts: NameParts) -> bool:
    single = sum(len(word) == 1 for word in words)
    return single >= 3 and single >= 0.6 * len(words) and len(words) > len(parts.words)
