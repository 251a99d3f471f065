"""Findings: why a validator said what it said."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from domain.kernel import findings
from domain.kernel.findings import Signal, Verdict

if TYPE_CHECKING:
    from schema.likeness import RegisteredPerson

strawberry.enum(Signal, description="The kind of evidence behind a finding.")
strawberry.enum(Verdict, description="What follows from the evidence.")


@strawberry.type(
    description="Why a validator said what it said. "
    "Never names a protected person to anyone but moderators and that person."
)
class Finding:
    """One piece of evidence."""

    signal: Signal
    verdict: Verdict
    detail: str = strawberry.field(
        description="What was found and where: the file, the metadata key, the matched span, the layer count."
    )
    score: float | None = strawberry.field(description="0 to 1, or null where the signal is exact.")
    person: Annotated["RegisteredPerson", strawberry.lazy("schema.likeness")] | None = None


def findings_of(
    values: Iterable[findings.Finding], persons: "Mapping[UUID, RegisteredPerson] | None" = None
) -> list[Finding]:
    """Say findings; a person is named only where `persons` has them, which the caller fills for moderators alone."""
    known = persons or {}
    return [
        Finding(
            signal=value.signal,
            verdict=value.verdict,
            detail=value.detail,
            score=_shown_score(value),
            person=known.get(value.person_id) if value.person_id else None,
        )
        for value in values
    ]


def _shown_score(value: findings.Finding) -> float | None:
    """Show a face's score in tenths only: finer steps would let many uploads feel their way to an enrolled face."""
    if value.score is None or value.signal not in (Signal.FACE_IN_SAMPLE, Signal.FACE_IN_PROBE):
        return value.score
    return round(value.score, 1)
