"""Searching texts: Postgres' full text, which also understands a misspelt word.

A search is written as people write it: words, "quoted phrases", `or`, and `-word` for what is not wanted; the last word
may be unfinished. A word that no public text has is taken for the nearest words that some have: within one slip from 4
letters on, within two from 8 on, where a slip is a letter left out, added or wrong, or two swapped. A word that hardly
any text has stands for itself and for the usual word one slip away, because another may have misspelt it too. What has
no word that near is taken for those most like it by their trigrams.

Contexts learn the words of a text once it is public (`search_learn` in the database, a reaction). A word only ever
widens a search: what a search finds, the reads decide.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import DamerauLevenshtein

from domain.kernel.sql import fetch

TSQUERY = "to_tsquery('simple', search_spaced({}))"
"""What a column of words is compared with; its argument is a search as `understood` gives it."""

_WIDENED_WORDS = 8
"""How many words of one search are looked up, the longest first; the others must be written right."""
_ALTERNATIVES = 12
_CANDIDATES = 1000
_USUAL = 3
"""In how many texts a word stands that is surely meant."""
_SHORTEST, _LONG, _LONGEST, _HEAD = 4, 8, 32, 7
_SHORTEST_TO_CORRECT = 6
_ALIKE = 0.4
"""How many trigrams, of all that two words have, they share at least when one may be meant for the other."""
_ALMOST_AS_ALIKE = 0.1
_MOST_ALIKE = 4
_SHORTEST_PREFIX = 3

_TERM = re.compile(r'(?P<minus>-?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
_LETTERS = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class _Term:
    """A word or a phrase that a text must have, or must not."""

    text: str
    phrase: bool = False
    unwanted: bool = False
    unfinished: bool = False

    @property
    def may_be_misspelt(self) -> bool:
        return (
            not (self.phrase or self.unwanted)
            and _SHORTEST <= len(self.text) <= _LONGEST
            and _LETTERS.fullmatch(self.text) is not None
        )


async def understood(search: str) -> str:
    """Say a search for `TSQUERY`; with one statement, two where a word is far from all, none where none is doubtful."""
    ways = _read(search)
    doubtful = {term.text.lower() for terms in ways for term in terms if term.may_be_misspelt}
    words = sorted(doubtful, key=lambda word: (-len(word), word))[:_WIDENED_WORDS]
    known = await _near(words) if words else {}
    meant = {word: _alternatives(word, known) for word in words}
    if lost := [word for word in words if word not in known and not meant[word]]:
        begun = {term.text.lower() for terms in ways for term in terms if term.unfinished}
        meant |= await _alike(lost, begun)
    return " | ".join(" & ".join(_said(term, meant) for term in terms) for terms in ways)


def keys(word: str) -> set[str]:
    """Give what a word has in common with every word that it may be misspelt for: what `search_keys` gives for it.

    Two words that are one slip apart are equal when the right letter is left out of each, and two slips apart when two
    are (Garbe's symmetric deletion). The first seven letters tell words apart well enough, and keep the keys few.
    """
    head = word[:_HEAD]
    once = _shorter({head}) if len(word) >= _SHORTEST else set()
    twice = _shorter(once) if len(word) >= _LONG else set()
    return {head} | once | twice


def _shorter(words: set[str]) -> set[str]:
    return {word[:n] + word[n + 1 :] for word in words for n in range(len(word))}


def _read(search: str) -> list[list[_Term]]:
    """Read a search as ways to match, each a list of terms that must all hold."""
    ways: list[list[_Term]] = [[]]
    for found in _TERM.finditer(search):
        word, phrase = found["word"], found["phrase"]
        if word and word.casefold() == "or" and not found["minus"]:
            ways.append([])
        elif any(letter.isalnum() for letter in word or phrase or ""):
            ways[-1].append(_Term(word or phrase, phrase=word is None, unwanted=bool(found["minus"])))
    last = ways[-1][-1] if ways[-1] else None
    if last and search.endswith(last.text) and not (last.phrase or last.unwanted):
        ways[-1][-1] = _Term(last.text, unfinished=len(last.text) >= _SHORTEST_PREFIX)
    return [terms for terms in ways if terms]


async def _near(words: Sequence[str]) -> dict[str, int]:
    """Give the known words that may be meant by some of `words`, and these where they are known, with their uses."""
    rows = await fetch(
        """
        SELECT word, uses FROM search_word
        WHERE search_keys(word) && $2::text[] ORDER BY word = ANY($1::text[]) DESC, uses DESC, word LIMIT $3
        """,
        list(words),
        sorted(set().union(*map(keys, words))),
        _CANDIDATES,
    )
    return {row["word"]: row["uses"] for row in rows}


async def _alike(lost: Sequence[str], begun: Collection[str]) -> dict[str, list[str]]:
    """Give for words that no known one is near to those whose trigrams are most like theirs.

    A word of `begun` is unfinished: where a known word begins with it, that one is meant, and no other.
    """
    rows = await fetch(
        """
        SELECT asked, found.word, found.alike FROM unnest($1::text[]) AS asked, LATERAL (
            SELECT word, similarity(word, asked) AS alike, uses FROM search_word
            WHERE word % asked ORDER BY alike DESC, uses DESC, word LIMIT $3
        ) AS found
        WHERE found.alike >= $4 AND NOT (
            asked = ANY($2::text[]) AND EXISTS (SELECT FROM search_word WHERE search_word.word LIKE asked || '%')
        )
        ORDER BY asked, found.alike DESC, found.uses DESC, found.word
        """,
        list(lost),
        sorted(begun),
        _MOST_ALIKE,
        _ALIKE,
    )
    best: dict[str, float] = {}
    meant: dict[str, list[str]] = {}
    for row in rows:
        if row["alike"] >= best.setdefault(row["asked"], row["alike"]) - _ALMOST_AS_ALIKE:
            meant.setdefault(row["asked"], []).append(row["word"])
    return meant


def _alternatives(word: str, known: Mapping[str, int]) -> list[str]:
    """Say what else a word may stand for: of the known words the nearest, and of these the most usual."""
    uses = known.get(word, 0)
    if uses >= _USUAL or (uses and len(word) < _SHORTEST_TO_CORRECT):
        return []
    slips = 1 if uses or len(word) < _LONG else 2
    least = _USUAL if uses else 1
    distances = {
        other: DamerauLevenshtein.distance(word, other, score_cutoff=slips)  # one more where it is more
        for other in known
        if other != word and known[other] >= least
    }
    nearest = min([slips, *distances.values()])
    near = [other for other, distance in distances.items() if distance == nearest]
    return sorted(near, key=lambda other: (-known[other], other))[:_ALTERNATIVES]


def _said(term: _Term, meant: Mapping[str, Sequence[str]]) -> str:
    ending = ":*" if term.unfinished else ""
    words = [term.text]
    if term.may_be_misspelt:
        words += meant.get(term.text.lower(), ())
    said = " | ".join(_quoted(word) + ending for word in words)
    return f"{'!' if term.unwanted else ''}({said})"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
