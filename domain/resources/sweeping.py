"""Finding what a change of the registry touches among everything stored: by fingerprints and texts, no file is read.

Only the persons who changed are looked for. Where something stands against a file or a resource already, all of it is
judged anew by the whole registry: a person who is gone, or allows more now, may be the one who was found.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import asyncpg

from domain.kernel.ports import Sealer
from domain.kernel.sql import fetch
from domain.registry.matching import Matcher, NameMatch
from domain.registry.snapshot import Person, Snapshot
from domain.resources.reads import findings_in, resource_of
from domain.resources.rules import Examined, examine, examine_own_texts, standing
from domain.resources.scans import FACTS_SQL, facts_of
from domain.resources.settling import findings_json
from domain.resources.values import Holder, Resource

_AT_ONCE = 500
"""Rows held in memory at a time."""

_REMEMBERED_LENGTH = 100
_MOST_REMEMBERED = 200_000


@dataclass(frozen=True, slots=True)
class Lens:
    """What is looked through: the whole registry, and the changed persons alone. `sealer` opens stored faces."""

    whole: Matcher
    changed: Matcher
    sealer: Sealer | None

    def touches_file(self, row: Any) -> bool:
        """Whether a scanned file is judged otherwise now."""
        facts = facts_of(row, self.sealer)
        if standing(facts.findings):
            return rejudged(row, self.whole, self.sealer) is not None
        # Most files hold nobody's name; what follows from one is only looked into where there is one.
        registry = self.changed.snapshot
        by_file = bool(registry.blocked_sha256 or registry.blocked_files or (facts.faces and registry.faces))
        texts = (facts.name, *(text.text for text in facts.texts))
        if not by_file and not any(map(self.changed.match, texts)):
            return False
        return bool(standing(examine(replace(facts, findings=()), self.changed).findings))

    def touches_texts(self, resource: Resource) -> bool:
        """Whether a resource's own texts are judged otherwise now."""
        if resource.findings:
            return examine_own_texts(resource, self.whole) != resource.findings
        return bool(examine_own_texts(resource, self.changed))


class Remembering:
    """A matcher that remembers short texts in which it found nobody: tags are the same in thousands of files."""

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher
        self._clean: set[str] = set()

    @property
    def snapshot(self) -> Snapshot:
        """The registry that it was made from."""
        return self._matcher.snapshot

    def person(self, person_id: UUID) -> Person | None:
        """Give a registered person of this snapshot."""
        return self._matcher.person(person_id)

    def blocked_file(self, hashes: Iterable[str]) -> tuple[str, UUID | None] | None:
        """Find a blocked file among full SHA256 values."""
        return self._matcher.blocked_file(hashes)

    def match(self, text: str) -> list[NameMatch]:
        """Find every registered name in `text`."""
        if text in self._clean:
            return []
        found = self._matcher.match(text)
        if not found and len(text) <= _REMEMBERED_LENGTH and len(self._clean) < _MOST_REMEMBERED:
            self._clean.add(text)
        return found


async def touched(lens: Lens) -> AsyncIterator[Holder]:
    """Give the holders of whom this registry says something else than what is stored; some may come twice."""
    async for rows in _pages(
        f"""
        SELECT {FACTS_SQL} FROM scan JOIN stored_file f ON f.id = scan.file_id
        WHERE scan.status = 'DONE' AND ($1::uuid IS NULL OR scan.id > $1) ORDER BY scan.id LIMIT $2
        """  # noqa: S608 - a constant of ours
    ):
        for row in await _those(rows, lens.touches_file):
            yield Holder(row["holder_kind"], row["holder_id"])
    async for rows in _pages(
        "SELECT * FROM resource WHERE status IN ('HELD', 'PUBLISHED', 'BLOCKED')"
        " AND ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2"
    ):
        for row in await _those(rows, lambda row: lens.touches_texts(resource_of(row))):
            yield Holder("resource", row["id"])


def rejudged(row: Any, matcher: Matcher, sealer: Sealer | None) -> Examined | None:
    """Judge a stored file anew by the whole registry; None when nothing changes."""
    examined = examine(facts_of(row, sealer), matcher)
    return None if findings_json(examined.findings) == findings_json(findings_in(row["findings"])) else examined


async def _those(rows: list[asyncpg.Record], touches: Callable[[Any], bool]) -> list[asyncpg.Record]:
    """Pick rows beside the loop, which goes on meanwhile."""
    return await asyncio.to_thread(lambda: [row for row in rows if touches(row)])


async def _pages(sql: str) -> AsyncIterator[list[asyncpg.Record]]:
    """Read a table in bounded pieces, by key; the next is fetched while one is looked at."""
    coming = asyncio.ensure_future(fetch(sql, None, _AT_ONCE))
    try:
        while rows := await coming:
            coming = asyncio.ensure_future(fetch(sql, rows[-1]["id"], _AT_ONCE))
            yield rows
    finally:
        coming.cancel()
        await asyncio.wait({coming})
