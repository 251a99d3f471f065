"""Names in text. The interface is final; recognition grows behind it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from domain.kernel.findings import Verdict
from domain.registry.snapshot import Person, Snapshot


@dataclass(frozen=True, slots=True)
class NameMatch:
    """A registered name in a text: whose, where (`start` to `end` in the text as given), how sure, what follows."""

    person_id: UUID
    name: str
    start: int
    end: int
    score: float
    verdict: Verdict


class Matcher(Protocol):
    """Recognises registered persons; made once per snapshot, then only read, from any thread."""

    @property
    def snapshot(self) -> Snapshot:
        """The registry that it was made from."""
        ...

    def person(self, person_id: UUID) -> Person | None:
        """Give a registered person of this snapshot, or None."""
        ...

    def match(self, text: str) -> list[NameMatch]:
        """Find every registered name in `text`, best first; linear in the length of the text."""
        ...

    def blocked_file(self, hashes: Iterable[str]) -> tuple[str, UUID | None] | None:
        """Find a blocked file among full SHA256 values: the hash and the person it reproduces."""
        ...
