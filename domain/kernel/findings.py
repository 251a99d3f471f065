"""What a validator says about a file, a text or a picture, and why."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self
from uuid import UUID


class Signal(StrEnum):
    """The kind of evidence behind a finding."""

    UNSAFE_FORMAT = "UNSAFE_FORMAT"
    FILE_HASH = "FILE_HASH"
    TENSOR_HASH = "TENSOR_HASH"
    WEIGHT_SIMILARITY = "WEIGHT_SIMILARITY"
    NAME_IN_TEXT = "NAME_IN_TEXT"
    NAME_IN_METADATA = "NAME_IN_METADATA"
    DECLARED = "DECLARED"
    FACE_IN_SAMPLE = "FACE_IN_SAMPLE"
    FACE_IN_PROBE = "FACE_IN_PROBE"
    MATURE_CONTENT = "MATURE_CONTENT"
    REQUEST_RISK = "REQUEST_RISK"


class Verdict(StrEnum):
    """What follows from the evidence. FAILED: it could not be examined; HELD: a person must look."""

    PENDING = "PENDING"
    CLEAN = "CLEAN"
    HELD = "HELD"
    BLOCKED = "BLOCKED"
    FAILED = "FAILED"


_SEVERITY = {Verdict.CLEAN: 0, Verdict.PENDING: 1, Verdict.HELD: 2, Verdict.FAILED: 3, Verdict.BLOCKED: 4}


@dataclass(frozen=True, slots=True)
class Finding:
    """One piece of evidence: what was found, where, how sure it is, and what follows.

    `detail` never names a protected person; `person_id` does, and is resolved for moderators only.
    `score` is 0 to 1, or None where the signal is exact.
    """

    signal: Signal
    verdict: Verdict
    detail: str
    score: float | None = None
    person_id: UUID | None = None

    def to_json(self) -> dict[str, Any]:
        """Give the finding as plain JSON values, as it is stored."""
        row = asdict(self)
        row["person_id"] = str(self.person_id) if self.person_id else None
        return row

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """Read a finding that `to_json` wrote."""
        person = row.get("person_id")
        return cls(
            signal=Signal(row["signal"]),
            verdict=Verdict(row["verdict"]),
            detail=row["detail"],
            score=row.get("score"),
            person_id=UUID(person) if person else None,
        )


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Fold verdicts into one: the most severe wins, and no evidence at all is CLEAN."""
    return max(verdicts, key=_SEVERITY.__getitem__, default=Verdict.CLEAN)
