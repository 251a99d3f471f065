"""Faces: what a descriptor is, how near two are, and what follows; with made-up descriptors at known distances."""

import math
import pickle
from collections.abc import Sequence
from uuid import UUID, uuid4

import numpy as np
import pytest

from domain.kernel.findings import Finding, Signal, Verdict
from domain.registry.face_policy import POLICY
from domain.registry.faces import FaceIndex, FaceMatch, NoDescriptor, distance, examine_faces, not_compared, packed
from domain.registry.snapshot import Consent, EnrolledFace, Person, Snapshot

ALDEBARAN = Person(UUID(int=1), "Test Person Aldebaran")
BELLATRIX = Person(UUID(int=2), "Test Person Bellatrix")


def face(seed: int) -> np.ndarray:
    """A descriptor that is far from that of any other seed."""
    numbers = np.random.default_rng(seed).normal(size=128)
    return 1.4 * numbers / np.linalg.norm(numbers)


def at(numbers: np.ndarray, apart: float) -> bytes:
    """A descriptor at a distance from another."""
    off = np.zeros(128)
    off[0] = apart
    return packed(list(numbers + off))


def registry(*enrolled: tuple[Person, np.ndarray]) -> Snapshot:
    persons = tuple({person.id: person for person, _ in enrolled}.values())
    faces = tuple(EnrolledFace(person.id, packed(list(numbers))) for person, numbers in enrolled)
    return Snapshot(version=3, persons=persons, faces=faces)


def test_a_descriptor_is_kept_in_512_bytes_and_lies_at_no_distance_from_itself() -> None:
    one = packed(list(face(1)))

    assert len(one) == 512
    assert distance(one, one) == 0.0
    assert distance(one, at(face(1), 0.25)) == pytest.approx(0.25, abs=1e-6)


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ([0.1] * 129, "A face descriptor has 128 numbers; this one has 129."),
        ([], "A face descriptor has 128 numbers; this one has 0."),
        ([math.nan] + [0.1] * 127, "A face descriptor has finite numbers only."),
        ([0.1] * 127 + [math.inf], "A face descriptor has finite numbers only."),
        ([0.0] * 128, "These numbers are not a face descriptor of dlib's ResNet: their norm is not near 1.4."),
        ([1e300] * 128, "These numbers are not a face descriptor of dlib's ResNet: their norm is not near 1.4."),
    ],
)
def test_what_is_no_descriptor_is_refused_in_one_sentence(numbers: Sequence[float], sentence: str) -> None:
    with pytest.raises(NoDescriptor) as refusal:
        packed(numbers)

    assert str(refusal.value) == sentence


def test_a_near_face_is_found_once_for_each_person_by_its_nearest() -> None:
    twin = np.frombuffer(at(face(1), 0.3), "<f4")
    index = FaceIndex(registry((ALDEBARAN, face(1)), (ALDEBARAN, face(2)), (BELLATRIX, twin), (BELLATRIX, face(3))))

    found = index.nearest(at(face(1), 0.1))

    assert [(match.person_id, round(match.distance, 4)) for match in found] == [
        (ALDEBARAN.id, 0.1),
        (BELLATRIX.id, 0.2),
    ]
    assert [match.score for match in found] == [0.9, 0.8]


@pytest.mark.parametrize(("apart", "found"), [(0.499, 1), (0.501, 0)])
def test_the_threshold_is_the_policys(apart: float, found: int) -> None:
    index = FaceIndex(registry((ALDEBARAN, face(1))))

    near = index.nearest(at(face(1), apart))

    assert index.hold_within == 0.5
    assert len(near) == found


@pytest.mark.parametrize(
    ("enrolled", "within"),
    [(0, 0.50), (100, 0.50), (101, 0.45), (1_000, 0.45), (1_001, 0.41), (10_000, 0.41), (10_001, 0.38), (10**7, 0.38)],
)
def test_the_threshold_shrinks_as_the_registry_grows(enrolled: int, within: float) -> None:
    held = POLICY.hold_within(enrolled)

    assert held == within


def test_every_threshold_has_its_measured_error_rates_beside_it() -> None:
    thresholds = [within for _, within in POLICY.steps] + [POLICY.beyond]

    for rates in (POLICY.distorted, POLICY.photographs, POLICY.strangers):
        assert [rate.within for rate in rates] == thresholds
        assert all(0 <= rate.wrong <= rate.pairs for rate in rates)


def test_a_resembling_face_holds_and_never_blocks_and_the_finding_tells_nobody_who() -> None:
    index = FaceIndex(registry((ALDEBARAN, face(1))))

    found = examine_faces(
        index, [("sample 1", packed(list(face(1))))], Signal.FACE_IN_SAMPLE, account=None, mature=False
    )

    detail = "sample 1: it resembles an enrolled face, and a person must look"
    assert found == [Finding(Signal.FACE_IN_SAMPLE, Verdict.HELD, detail, 1.0, ALDEBARAN.id)]


def test_a_stranger_and_an_empty_registry_give_nothing() -> None:
    stranger = packed(list(face(9)))

    for index in (FaceIndex(registry((ALDEBARAN, face(1)))), FaceIndex(Snapshot(version=1))):
        assert index.nearest(stranger) == []
        assert examine_faces(index, [("it", stranger)], Signal.FACE_IN_PROBE, account=None, mature=True) == []


def test_consent_is_read_for_the_account_and_the_maturity() -> None:
    creator = uuid4()
    named = Person(ALDEBARAN.id, ALDEBARAN.name, consent=Consent.NAMED_CREATORS, creators=(creator,))
    index = FaceIndex(registry((named, face(1))))
    seen = [("it", packed(list(face(1))))]

    allowed = examine_faces(index, seen, Signal.FACE_IN_PROBE, account=creator, mature=False)

    assert allowed == []
    assert not index.protects_anyone(account=creator, mature=False)
    for account, mature in ((creator, True), (uuid4(), False), (None, False)):
        assert index.protects_anyone(account=account, mature=mature)
        [held] = examine_faces(index, seen, Signal.FACE_IN_PROBE, account=account, mature=mature)
        assert held.verdict is Verdict.HELD


def test_a_face_whose_person_the_registry_does_not_know_allows_nothing() -> None:
    index = FaceIndex(Snapshot(version=1, faces=(EnrolledFace(ALDEBARAN.id, packed(list(face(1)))),)))

    found = index.nearest(packed(list(face(1))))

    assert found == [FaceMatch(ALDEBARAN.id, 0.0)]
    assert index.protects_anyone(account=uuid4(), mature=False)


@pytest.mark.parametrize(("hold", "verdict"), [(True, Verdict.HELD), (False, Verdict.CLEAN)])
def test_a_signal_that_did_not_run_says_so_and_policy_decides(*, hold: bool, verdict: Verdict) -> None:
    finding = not_compared(Signal.FACE_IN_PROBE, "the finished picture", hold=hold)

    detail = "the finished picture: faces were not compared, because the face models are not installed here"
    assert finding == Finding(Signal.FACE_IN_PROBE, verdict, detail)


def test_no_repr_shows_a_descriptor_but_a_snapshot_carries_it() -> None:
    snapshot = registry((ALDEBARAN, face(1)))
    descriptor = snapshot.faces[0].descriptor

    shown = f"{snapshot!r} {snapshot.faces[0]!r} {FaceIndex(snapshot)!r}"

    assert repr(descriptor) not in shown
    assert "descriptor" not in shown
    assert pickle.loads(pickle.dumps(snapshot)) == snapshot  # noqa: S301 - our own


def test_a_registry_of_some_persons_has_their_faces_alone() -> None:
    snapshot = registry((ALDEBARAN, face(1)), (BELLATRIX, face(2)))

    only = snapshot.only({BELLATRIX.id})

    assert [each.person_id for each in only.faces] == [BELLATRIX.id]
