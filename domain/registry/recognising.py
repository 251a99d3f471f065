"""One text against an index of names: every reading of the text, every way in which a name may stand there."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from domain.registry.confirming import confirm, hit_in
from domain.registry.matching import NameMatch
from domain.registry.name_index import NameEntry, NameIndex
from domain.registry.name_parts import cached_parts, is_other_generation
from domain.registry.name_policy import NamePolicy
from domain.registry.near_names import near_names
from domain.registry.plain import Plain, closed_up, plain_of
from domain.registry.prompts import readings
from domain.registry.sounding import sounding_names
from domain.registry.streams import Stream, Words, streams_of

_MOST_PER_PERSON = 100
"""So many occurrences of one person are told of one text; a text that repeats a name costs no more than that."""

_GENERATION_WITHIN = 12
"""So many characters behind a name may say of which generation somebody is."""

_MOST_LOOKS = 2000
"""So often is a skeleton looked at in one text, for all who share it: a text made of one name stays cheap. What is left
then is held for a person to look at."""


class Prepared(NamedTuple):
    """A text as it is looked at, made once for all indexes: its words, and its streams of letters."""

    words: Words
    streams: list[Stream]
    start: int
    """Where it begins in the text as given."""


def prepared(text: str) -> list[Prepared]:
    """Fold a text, in each of its readings, and with the words that are spelled out also closed up."""
    found = []
    for part in readings(text):
        words = Words(plain_of(part.text))
        found.append(Prepared(words, streams_of(words), part.start))
        if words.may_be_spelled_out and (closed := closed_up(words.plain)):
            closed_words = Words(closed)
            found.append(Prepared(closed_words, streams_of(closed_words), part.start))
    return found


def recognise(policy: NamePolicy, index: NameIndex, texts: list[Prepared]) -> Iterator[NameMatch]:
    """Find the names of an index in a prepared text; the same place may be given several times."""
    if not len(index):
        return
    counts: Counter[UUID] = Counter()
    for words, streams, offset in texts:
        for entry, score, start, end in _found(policy, index, words, streams, counts):
            counts[entry.person.id] += 1
            if counts[entry.person.id] <= _MOST_PER_PERSON:
                first, last = words.plain.span(start, end)
                verdict = policy.verdict(score)
                yield NameMatch(entry.person.id, entry.registered, offset + first, offset + last, score, verdict)


def _found(
    policy: NamePolicy, index: NameIndex, words: Words, streams: list[Stream], counts: Counter[UUID]
) -> Iterator[tuple[NameEntry, float, int, int]]:
    for stream in streams:
        looks: Counter[int] = Counter()
        for skeleton, first, last in stream.plausible(index.hits(stream.text), index.foreign_only):
            names = index.names_at(skeleton)
            overlooked = looks[skeleton] > _MOST_LOOKS
            looks[skeleton] += len(names)
            if overlooked:
                continue
            hit = hit_in(stream, first, last)
            if hit is None:
                continue
            unseen = looks[skeleton] > _MOST_LOOKS
            for name, turned in names:
                entry = index.entry(name)
                if counts[entry.person.id] >= _MOST_PER_PERSON:
                    continue
                found = (
                    (policy.unseen, *stream.place(first, last))
                    if unseen
                    else confirm(policy, stream, cached_parts(entry.name), hit, turned=turned)
                )
                if found and not (entry.name != entry.registered and _is_other(words, entry, found[2])):
                    yield entry, *found
    for near in (*near_names(policy, index, words), *sounding_names(policy, index, words)):
        yield index.entry(near.name), near.score, near.start, near.end


def _is_other(words: Words, entry: NameEntry, end: int) -> bool:
    """Whether a name found without its "Jr." is that of another generation: "Robert Downey Sr."."""
    return is_other_generation(entry.registered, words.plain.low[end : end + _GENERATION_WITHIN])


def outermost(found: list[NameMatch]) -> list[NameMatch]:
    """Leave out what a better match of the same person covers, best first: surest, then longest, then earliest."""
    kept: list[NameMatch] = []
    covered: dict[UUID, list[tuple[int, int]]] = {}
    for match in sorted(found, key=lambda match: (-match.score, match.start - match.end, match.start)):
        mine = covered.setdefault(match.person_id, [])
        if all(match.end <= start or match.start >= end for start, end in mine):
            mine.append((match.start, match.end))
            kept.append(match)
    return kept


__all__ = ["Plain", "Prepared", "outermost", "prepared", "recognise"]
