"""Names that are nearly there: mistyped, turned round, shortened, with a middle name, or in another script."""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz.distance import OSA, Indel

from domain.registry.name_index import (
    FORWARD,
    INITIAL,
    MISTYPED,
    NICKNAME,
    SAME,
    TURNED,
    Candidate,
    NameIndex,
    initial_id,
    pair_key,
)
from domain.registry.name_parts import NameParts, cached_parts
from domain.registry.name_policy import NamePolicy
from domain.registry.ordinary import is_frequent_family_name, is_given_name, is_ordinary
from domain.registry.skeletons import is_foreign
from domain.registry.sounds import key_of, key_of_words, readings_of, vowelled
from domain.registry.streams import Words

_JOINING = frozenset("and or with & und et y e de la the of in on at as is by to from vs".split())  # noqa: SIM905
_LONGEST_JOINED = 40


class _Pair(NamedTuple):
    """Two words of the text, or two parts of one, that may be two words of a name."""

    first: int
    second: int
    hows: tuple[int, int]
    split: int
    """Where one word was parted, in its letters; 0 for two words."""


class Near(NamedTuple):
    """A name that is nearly there: its number, the score, and its place in the plain text."""

    name: int
    score: float
    start: int
    end: int


def near_names(policy: NamePolicy, index: NameIndex, source: Words) -> Iterator[Near]:
    """Find names of several Latin words that are nearly there, by two of their words that stand together."""
    candidates = _candidates(index, source)
    keys: list[int] = []
    pairs: list[_Pair] = []
    for at in sorted(candidates):
        for first, how in candidates[at]:
            for gap in (1, 2):
                for second, how_second in candidates.get(at + gap, ()):
                    if gap == 2 and (how or how_second):
                        continue
                    keys.append(pair_key(first, second))
                    pairs.append(_Pair(at, at + gap, (how, how_second), 0))
    _add_initials(source, candidates, keys, pairs)
    _add_parted(index, source, candidates, keys, pairs)
    for place, found in index.pairs(keys):
        pair = pairs[place]
        for name, tag in found:
            parts = cached_parts(index.entry(name).name)
            near = _judge(policy, source, pair, parts, tag, shared=len(found) > 1)
            if near:
                yield Near(name, *near)


def _candidates(index: NameIndex, source: Words) -> dict[int, tuple[Candidate, ...]]:
    """Say for each word of the text, by its place, what words of names it may stand for."""
    unknown: dict[str, str] = {}
    found: dict[int, tuple[Candidate, ...]] = {}
    for at, word in enumerate(source.words):
        known = index.candidates(word)
        if known is None:
            unknown[word] = source.readings[at].look
        elif known:
            found[at] = known
    if not unknown:
        return found
    index.learn(unknown.items())
    for at, word in enumerate(source.words):
        if word in unknown:
            known = index.candidates(word)
            if known:
                found[at] = known
    return found


def _add_initials(
    source: Words, candidates: dict[int, tuple[Candidate, ...]], keys: list[int], pairs: list[_Pair]
) -> None:
    """An initial with a full stop before a family name: "T. Swift"."""
    low = source.plain.low
    for at in candidates:
        if at and len(source.words[at - 1]) == 1 and source.words[at - 1].isalpha() and "." in low:
            for second, how in candidates[at]:
                if how == SAME and source.between(at).startswith("."):
                    keys.append(pair_key(initial_id(source.readings[at - 1].look or "a"), second))
                    pairs.append(_Pair(at - 1, at, (SAME, SAME), 0))


def _add_parted(
    index: NameIndex,
    source: Words,
    candidates: dict[int, tuple[Candidate, ...]],
    keys: list[int],
    pairs: list[_Pair],
) -> None:
    """One long word may be two words of a name run together: turned round, or one of them mistyped."""
    for at, reading in enumerate(source.readings):
        look = reading.look
        if not 8 <= len(look) <= _LONGEST_JOINED or at in candidates or is_ordinary(source.words[at]):
            continue
        for split in range(3, len(look) - 2):
            left, right = index.word_id(look[:split]), index.word_id(look[split:])
            if left is None and right is None:
                continue
            lefts = ((left, SAME),) if left is not None else _mistyped(index, look[:split])
            rights = ((right, SAME),) if right is not None else _mistyped(index, look[split:])
            for first, how in lefts:
                for second, how_second in rights:
                    keys.append(pair_key(first, second))
                    pairs.append(_Pair(at, at, (how, how_second), split))


def _mistyped(index: NameIndex, look: str) -> tuple[Candidate, ...]:
    if len(look) < 4:
        return ()
    if index.candidates(look) is None:
        index.learn([(look, look)])
    return tuple(one for one in index.candidates(look) or () if one[1] == MISTYPED)


def _judge(
    policy: NamePolicy, source: Words, pair: _Pair, parts: NameParts, tag: int, *, shared: bool
) -> tuple[float, int, int] | None:
    """Give score and place of a name of which two words were found; None when it isn't that name."""
    first, last = pair.first, pair.second
    if parts.ambiguous:
        return None
    if not pair.split:
        # The pair is the first two words of a name, or its last and first: the rest must follow.
        last += len(parts.words) - 2
        if last >= len(source.words) or (len(parts.words) > 2 and pair.second - pair.first > 1):
            return None
    start, end = source.spans[first][0], source.spans[last][1]
    if tag == INITIAL:
        score = _of_initial(policy, source, pair, parts, shared=shared)
    elif pair.second - pair.first == 2:
        score = _of_middle(policy, source, pair, parts) if tag == FORWARD else 0
    else:
        words = source.words[first : last + 1]
        if pair.split:
            look = source.readings[first].look
            words = [look[: pair.split], look[pair.split :]]
        score = _of_words(policy, source, pair, words, parts, turned=tag == TURNED)
    return (score, start, end) if score >= policy.held_from else None


def _of_words(
    policy: NamePolicy, source: Words, pair: _Pair, words: list[str], parts: NameParts, *, turned: bool
) -> float:
    own = [reading.look for reading in parts.readings]
    names = list(parts.words)
    if turned:
        own, names = [own[-1], *own[:-1]], [names[-1], *names[:-1]]
    looks = words if pair.split else [source.readings[pair.first + at].look for at in range(len(words))]
    hows = (*pair.hows, *(SAME,) * (len(words) - 2))
    if pair.hows == (SAME, SAME) and looks == own and not turned:
        return 0  # The automaton has found it already.
    score = policy.exact
    edits = 0
    for how, word, look, wanted, name in zip(hows, words, looks, own, names, strict=True):
        if how == NICKNAME:
            if name != parts.words[0] or is_frequent_family_name(parts.words[-1]):
                return 0
            score = min(score, policy.nickname)
        elif look != wanted:
            edit = _edits(word, look, wanted, name)
            if edit is None:
                return 0
            edits += edit
    if edits:
        if edits > policy.edits(len(parts.letters)) or not _rest_is_telling(words, parts):
            return 0
        score = min(score, policy.mistyped - policy.per_edit * (edits - 1))
    if turned:
        score = min(score, _of_turn(policy, source, pair, parts))
    elif not pair.split and _is_apart(source, pair):
        return 0
    return score


def _edits(word: str, look: str, wanted: str, name: str) -> int | None:
    """Count the edits between a word and a word of a name; None where they are two words rather than one mistyped."""
    distance = OSA.distance(look, wanted, score_cutoff=2)
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


def _rest_is_telling(words: list[str], parts: NameParts) -> bool:
    """Whether not every word of the text is an ordinary one, and one of them is spelled as the name is."""
    return not all(is_ordinary(word) for word in words) or len(parts.letters) >= 12


def _of_turn(policy: NamePolicy, source: Words, pair: _Pair, parts: NameParts) -> float:
    """Family name first is usual with a comma, and otherwise near evidence where the words are no ordinary ones."""
    if len(parts.letters) < 8:
        return 0
    if pair.split:
        return 0 if parts.ordinary else policy.turned
    between = source.between(pair.second)
    if between.strip() == ",":
        telling = not parts.ordinary or source.plain.cased[source.spans[pair.first][0]].isupper()
        return policy.turned_with_comma if telling else 0
    return 0 if parts.ordinary or _is_apart(source, pair) else policy.turned


def _is_apart(source: Words, pair: _Pair) -> bool:
    """Whether more than a space or a sign stands between two words."""
    between = source.between(pair.second)
    return len(between.strip()) > 1 or any(sign in between for sign in ",;.!?\n") and between != "."


def _of_middle(policy: NamePolicy, source: Words, pair: _Pair, parts: NameParts) -> float:
    """A middle name or initial between given name and family name."""
    at = pair.first + 1
    word = source.words[at]
    first, last = source.spans[at]
    if len(parts.words) != 2 or word in _JOINING and not (len(word) == 1 and source.plain.cased[first].isupper()):
        return 0
    if source.between(at).strip() or source.between(at + 1).strip() not in ("", "."):
        return 0
    cased = source.plain.cased
    edges = (source.spans[pair.first][0], first, source.spans[pair.second][0])
    titled = all(cased[edge].isupper() for edge in edges) and not cased[first:last].isupper()
    if len(word) == 1:
        return policy.middle if word.isalpha() and (word != "a" or titled or cased[first].isupper()) else 0
    if is_given_name(word) and not parts.ordinary:
        return policy.middle
    return policy.middle if titled and not is_ordinary(word) else 0


def _of_initial(policy: NamePolicy, source: Words, pair: _Pair, parts: NameParts, *, shared: bool) -> float:
    """An initial, where one registered person alone has it with that family name."""
    if shared or pair.split or len(parts.words) != 2 or source.words[pair.second] != parts.words[-1]:
        return 0
    first, second = (source.spans[at][0] for at in (pair.first, pair.second))
    cased = source.plain.cased
    single = len(source.words[pair.first]) == 1 and source.words[pair.first] == parts.words[0][0]
    before = source.between(pair.first).rstrip(" ") if pair.first else ""
    after_initial = pair.first and before.endswith(".") and len(source.words[pair.first - 1]) == 1
    titled = cased[first].isupper() and cased[second].isupper()
    return policy.initial if single and titled and not after_initial and not cased[second:].startswith("'") else 0


def sounding_names(policy: NamePolicy, index: NameIndex, source: Words) -> Iterator[Near]:
    """Find names that are written in another script than they were registered in, by how they sound."""
    foreign = [at for at, word in enumerate(source.words) if is_foreign(word)]
    latin = index.has_foreign_names
    if not foreign and not latin:
        return
    for only_foreign, windows in ((False, _foreign_windows(source, foreign)), (True, _latin_windows(source) if latin else [])):
        keys = [hash(window.key) for window in windows]
        for place, names in index.sounding(keys, foreign_only=only_foreign):
            window = windows[place]
            for name in names:
                near = _judge_sound(policy, index.entry(name).name, window)
                if near:
                    yield Near(name, near, source.spans[window.first][0], source.spans[window.last][1])
        if not only_foreign and latin:
            keys = [hash(window.key) for window in windows]
            for place, names in index.sounding(keys, foreign_only=True):
                window = windows[place]
                for name in names:
                    near = _judge_sound(policy, index.entry(name).name, window)
                    if near:
                        yield Near(name, near, source.spans[window.first][0], source.spans[window.last][1])


class _Window(NamedTuple):
    """Some words that stand together, how they are read in Latin letters, and the sound key of that."""

    first: int
    last: int
    latin: tuple[str, ...]
    key: str
