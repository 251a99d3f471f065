"""What a finding says to whoever reads it."""

import pytest

from domain.kernel.findings import Finding, Signal, Verdict
from schema.findings import findings_of


@pytest.mark.parametrize(
    ("signal", "score", "shown"),
    [
        (Signal.FACE_IN_SAMPLE, 0.7183, 0.7),
        (Signal.FACE_IN_PROBE, 0.951, 1.0),
        (Signal.NAME_IN_TEXT, 0.8125, 0.8125),
        (Signal.FILE_HASH, None, None),
    ],
)
def test_a_faces_score_is_too_coarse_to_feel_ones_way_by(
    signal: Signal, score: float | None, shown: float | None
) -> None:
    found = Finding(signal, Verdict.HELD, "a sample picture", score)

    [said] = findings_of([found])

    assert said.score == shown
