"""The gates without a server: `countenance registry match` puts texts through the very matcher that guards prompts."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from countenance import json_lines
from countenance.failures import CannotStart
from domain.kernel.findings import Verdict
from domain.registry.names import MAX_NAME_LENGTH, NameMatcher, nothing_in
from domain.registry.quoting import quoted
from domain.registry.snapshot import Person, Snapshot

_SURROGATE = re.compile("[\ud800-\udfff]")


def read_persons(path: Path, tell: Callable[[str], object]) -> list[Person]:
    """Read persons, one JSON object a line: `{"name": …, "aliases": [...]}`; a person is known by its line number.

    A name in which nothing could be looked for is told, and the others are read.

    Raises CannotStart with the line that is at fault: matching against half a registry would say CLEAN too often.
    """
    persons = []
    for number, line in json_lines.lines_of(path):
        try:
            row = json_lines.read(line)
        except json_lines.NotJson as why:
            raise CannotStart(f"{path}, line {number}: this is {why}.") from None
        person = _person(row, number, f"{path}, line {number}")
        for name in person.names:
            if nothing := nothing_in(name):
                tell(f"{path}, line {number}: the name {quoted(name)} protects nobody: {nothing}.")
        persons.append(person)
    return persons


def _person(row: Any, number: int, where: str) -> Person:
    if not isinstance(row, dict) or not isinstance(row.get("name"), str):
        raise CannotStart(f'{where}: a person is an object with a "name", such as {{"name": "Ann Lee"}}.')
    aliases = row.get("aliases") or []
    if not isinstance(aliases, list) or not all(isinstance(alias, str) for alias in aliases):
        raise CannotStart(f'{where}: "aliases" must be a list of names.')
    for name in (row["name"], *aliases):
        if len(name) > MAX_NAME_LENGTH:
            raise CannotStart(f"{where}: a name has {len(name)} characters, and {MAX_NAME_LENGTH} is the most.")
        if _SURROGATE.search(name):
            raise CannotStart(f"{where}: a name has half of a surrogate pair, which is no character.")
    return Person(UUID(int=number), row["name"], tuple(aliases))


def match_texts(persons: list[Person], path: Path) -> Iterator[dict[str, Any]]:
    """Give an answer for each line of `path`, `{"id": …, "text": …}`, in their order.

    A line that can't be read gives `{"id", "error"}`, with what id it has, and the others are answered all the same.
    """
    matcher = NameMatcher(Snapshot(version=1, persons=tuple(persons)))
    for number, line in json_lines.lines_of(path):
        try:
            row = json_lines.read(line)
        except json_lines.NotJson as why:
            yield {"id": None, "error": f"Line {number} is {why}."}
            continue
        if not isinstance(row, dict) or not isinstance(row.get("text"), str):
            known = row.get("id") if isinstance(row, dict) else None
            yield {"id": known, "error": f'Line {number} is not an object with a "text".'}
            continue
        yield {"id": row.get("id"), **_answer(matcher, row["text"])}


def _answer(matcher: NameMatcher, text: str) -> dict[str, Any]:
    matches = matcher.match(text)
    if not matches:
        return {"verdict": Verdict.CLEAN, "person": None, "span": None, "score": None}
    best = matches[0]
    person = matcher.person(best.person_id)
    return {
        "verdict": best.verdict,
        "person": person.name if person else None,
        "span": [best.start, best.end],
        "score": round(best.score, 4),
    }
