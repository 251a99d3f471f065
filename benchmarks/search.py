"""Searching 100,000 bounties: how long a page takes, and how often a misspelt word still finds what was meant.

Beside it stands Postgres' plain full text, which knows words only as they are written, and what trigrams alone would
find (pg_trgm's similarity of at least 0.3).

The texts are made up: words by a model of the letters of this project's own documents, as many and as unevenly used as
words of natural texts (Zipf's law), three to five in a title and a dozen or more in a brief.
"""

import asyncio
import itertools
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from uuid import UUID

from rapidfuzz.distance import DamerauLevenshtein

from benchmarks.harness import Figure
from benchmarks.world import services
from countenance import database
from countenance.composition import compose
from countenance.settings import Settings
from domain import bounties
from domain.bounties import BountyFilter, BountyOrder
from domain.kernel.ids import new_id
from domain.kernel.paging import PageAsk
from domain.kernel.scope import Scope
from domain.kernel.work import pool

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ENDINGS = ("ness", "able", "ation", "istic", "ward")
_PLAIN = """
SELECT b.* FROM bounty b WHERE b.words @@ websearch_to_tsquery('simple', $1) AND NOT b.mature
ORDER BY b.id DESC LIMIT 51
"""
_COLUMNS = ["id", "kind", "title", "brief", "status", "mature", "depicts_real_person", "initiator_id", "pot"]
_COLUMNS += ["backer_count", "created_at", "closes_at", "judged_by"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A search for one bounty: two words of its title, the same with a slip in one, and which word that was."""

    bounty_id: UUID
    exact: str
    misspelt: str
    word: str
    slip: str


def vocabulary(size: int, dice: random.Random) -> list[str]:
    """Make up words whose letters follow each other as in this project's documents, the most usual first."""
    text = " ".join(path.read_text(encoding="utf-8") for path in sorted(Path("docs").rglob("*.md")))
    following: dict[str, list[str]] = defaultdict(list)
    for word in re.findall(r"[a-z]{3,14}", text.lower()):
        for n, letter in enumerate(f"{word} "):
            following[f"  {word}"[n : n + 2]].append(letter)
    found: dict[str, None] = {}
    while len(found) < size:
        word = "  "
        while not word.endswith(" ") or word == "  ":
            word += dice.choice(following[word[-2:]])
        if 3 <= len(word.strip()) <= 14:
            found[word.strip()] = None
    return list(found)


def slip(word: str, dice: random.Random) -> str:
    """Leave a letter out, add one, write a wrong one, or swap two; never the same word."""
    while True:
        n, letter = dice.randrange(len(word)), dice.choice(_LETTERS)
        made = dice.choice(
            [
                word[:n] + word[n + 1 :],
                word[:n] + letter + word[n:],
                word[:n] + letter + word[n + 1 :],
                word[:n] + word[n + 1 : n + 2] + word[n] + word[n + 2 :],
            ]
        )
        if made != word and len(made) >= 4:
            return made


async def _fill(count: int, words: Sequence[str], dice: random.Random) -> list[tuple[UUID, str]]:
    """Write bounties with made-up texts; give their ids and titles."""
    now, initiator = datetime.now(UTC), new_id()
    await pool().execute(
        "INSERT INTO account (id, handle, email, role, created_at)"
        " VALUES ($1, 'someone', 'someone@example.org', 'MEMBER', $2)",
        initiator,
        now,
    )
    weights = list(itertools.accumulate(1 / (rank + 10) for rank in range(len(words))))

    def text(least: int, most: int) -> str:
        return " ".join(dice.choices(words, cum_weights=weights, k=dice.randint(least, most)))

    made = [(new_id(), text(3, 5), text(12, 30)) for _ in range(count)]
    closes_at, judged_by = now + timedelta(days=3), now + timedelta(days=10)
    await pool().copy_records_to_table(
        "bounty",
        columns=_COLUMNS,
        records=[
            (bounty_id, "LORA", title, brief, "OPEN", False, False, initiator, 100, 1, now, closes_at, judged_by)
            for bounty_id, title, brief in made
        ],
    )
    await pool().execute("SELECT search_learn(words) FROM bounty", timeout=600)
    await pool().execute("VACUUM ANALYZE")
    return [(bounty_id, title) for bounty_id, title, _ in made]


async def _alike(each: Asked) -> bool:
    """Tell whether trigrams alone take the misspelt word for what was meant."""
    return bool(await pool().fetchval("SELECT similarity($1, $2) >= 0.3", each.word, each.slip))


Spoil = Callable[[str, random.Random], str | None]
"""Writes a word otherwise, or gives None for one that it is not for."""


def three_slips(word: str, dice: random.Random) -> str | None:
    """Write a word of eight letters or more with three slips."""
    wrong = slip(slip(slip(word, dice), dice), dice)
    return wrong if len(word) >= 8 and DamerauLevenshtein.distance(word, wrong) == 3 else None


def other_form(word: str, dice: random.Random) -> str | None:
    """Give a word of six letters or more another ending, as languages do: too far for slips."""
    return f"{word}{dice.choice(_ENDINGS)}" if len(word) >= 6 else None


def _asked(titles: Sequence[tuple[UUID, str]], count: int, dice: random.Random, spoil: Spoil) -> list[Asked]:
    found: list[Asked] = []
    while len(found) < count:
        bounty_id, title = dice.choice(titles)
        long = [word for word in title.split() if len(word) >= 4]
        if len(long) >= 2:
            word, other = dice.sample(long, 2)
            wrong = spoil(word, dice)
            if wrong:
                found.append(Asked(bounty_id, f"{word} {other}", f"{wrong} {other}", word, wrong))
    return found


async def _millis(call: Callable[[str], Awaitable[object]], searches: Sequence[str]) -> list[float]:
    times = []
    for search in searches:
        start = time.perf_counter()
        await call(search)
        times.append((time.perf_counter() - start) * 1000)
    return times


async def _finds(each: Asked, search: str) -> bool:
    return bool(await bounties.matching_bounties([each.bounty_id], BountyFilter(search=search)))


async def _found(asked: Sequence[Asked], far: Mapping[str, Sequence[Asked]]) -> Counter[str]:
    """Count how many searches find what was meant, by how they are written and by who looks."""
    found = Counter[str]()
    for kind, words in far.items():
        for each in words:
            found[kind] += await _finds(each, each.misspelt)
            found[f"{kind}, trigrams"] += await _alike(each)
    for each in asked:
        found["exact"] += await _finds(each, each.exact)
        found["misspelt"] += await _finds(each, each.misspelt)
        found["plain"] += await pool().fetchval(
            "SELECT words @@ websearch_to_tsquery('simple', $2) FROM bounty WHERE id = $1",
            each.bounty_id,
            each.misspelt,
        )
        found["trigrams"] += await _alike(each)
        if not await pool().fetchval("SELECT EXISTS (SELECT FROM search_word WHERE word = $1)", each.slip):
            found["no word"] += 1
            found["misspelt, no word"] += await _finds(each, each.misspelt)
    return found


async def _measure(settings: Settings, *, count: int, searches: int) -> list[Figure]:
    dice = random.Random(1)
    await database.migrate(settings.database_url.get_secret_value())
    composed = compose(settings)
    scope = Scope(ports=composed.ports)
    async with composed.opened():
        titles = await _fill(count, vocabulary(count * 3 // 5, dice), dice)
        asked = _asked(titles, searches, dice, slip)
        far = {
            what: _asked(titles, searches, dice, spoil)
            for what, spoil in (("three slips", three_slips), ("another ending", other_form))
        }

        async def ours(search: str) -> object:
            return await bounties.bounty_page(scope, BountyFilter(search=search), BountyOrder.NEWEST, PageAsk(50))

        async def plain(search: str) -> object:
            return await pool().fetch(_PLAIN, search)

        for search in (each.misspelt for each in asked[:20]):
            await ours(search), await plain(search)
        times = {
            "right": await _millis(ours, [each.exact for each in asked]),
            "wrong": await _millis(ours, [each.misspelt for each in asked]),
            "beside": await _millis(plain, [each.exact for each in asked]),
            "lost": await _millis(ours, [each.misspelt for each in far["three slips"]]),
        }
        found = await _found(asked, far)
    no_word = found["misspelt, no word"] / found["no word"]
    recall = {name: hits / len(asked) for name, hits in found.items()} | {"misspelt, no word": no_word}
    return _figures(f"{count:,} bounties", times, recall, list(far))


def _figures(
    what: str, times: Mapping[str, Sequence[float]], recall: Mapping[str, float], far: Sequence[str]
) -> list[Figure]:
    """Lay out how long pages took, in milliseconds, and how often what was meant was found."""
    right, wrong, beside, lost = (times[name] for name in ("right", "wrong", "beside", "lost"))
    no_word = recall["misspelt, no word"]
    return [
        Figure(f"a page, words written right, {what}: median", median(right), "ms", "plain full text", median(beside)),
        Figure(f"a page, words written right, {what}: p99", _p99(right), "ms", "plain full text", _p99(beside)),
        Figure(
            f"a page, one slip, {what}: median",
            median(wrong),
            "ms",
            "plain full text, no slip",
            median(beside),
        ),
        Figure(
            f"a page, one slip, {what}: p99",
            _p99(wrong),
            "ms",
            "plain full text, no slip",
            _p99(beside),
            target="≤ 50 ms",
            met=_p99(wrong) <= 50,
        ),
        Figure("found, words written right", recall["exact"], "of 1", target="1", met=recall["exact"] == 1),
        Figure("found, one slip that makes no other word", no_word, "of 1", target="≥ 0.98", met=no_word >= 0.98),
        Figure("found, one slip", recall["misspelt"], "of 1", note=f"plain full text: {recall['plain']}"),
        Figure("found, one slip", recall["misspelt"], "of 1", "trigrams alone, ≥ 0.3", recall["trigrams"]),
        *(
            Figure(f"found, {kind}", recall[kind], "of 1", "trigrams alone, ≥ 0.3", recall[f"{kind}, trigrams"])
            for kind in far
        ),
        Figure(f"a page, three slips, {what}: median", median(lost), "ms"),
        Figure(f"a page, three slips, {what}: p99", _p99(lost), "ms", target="≤ 50 ms", met=_p99(lost) <= 50),
    ]


def _p99(times: Sequence[float]) -> float:
    return quantiles(times, n=100)[98]


def run(*, short: bool = False) -> list[Figure]:
    """Measure on services of the bench's own."""
    with services() as settings:
        return asyncio.run(_measure(settings, count=3_000 if short else 100_000, searches=60 if short else 1_000))
