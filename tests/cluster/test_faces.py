"""Faces in pictures, with the real models: the same face is recognised through distortions, and another is not it."""

import logging
from dataclasses import replace
from importlib.machinery import ModuleSpec
from uuid import UUID

import pytest

from domain.kernel.findings import Finding, Signal, Verdict
from domain.kernel.wire import ModelRef
from domain.registry.faces import distance
from domain.registry.snapshot import EnrolledFace, Person, Snapshot
from gpu_cluster import faces
from gpu_cluster.faces import Face, FaceCheck, FaceReader, face_reader
from gpu_cluster.gate import Gate, Refused
from tests.cluster.orders import render_order
from tests.portraits import DISTORTIONS, landscape, portrait

ALDEBARAN = Person(UUID(int=1), "Test Person Aldebaran")
CHECKPOINT = ModelRef(UUID(int=10), "", "a" * 64, 10, "safetensors")
ORDER = render_order(CHECKPOINT, registry_version=4)


@pytest.fixture(scope="module")
def reader() -> FaceReader:
    found = face_reader()
    assert found is not None, "the extra `faces` belongs to the development set-up"
    return found


@pytest.fixture(scope="module")
def astronaut(reader: FaceReader) -> Face:
    [found] = reader.read(portrait("astronaut"))
    return found


@pytest.fixture(scope="module")
def registry(astronaut: Face) -> Snapshot:
    return Snapshot(version=4, persons=(ALDEBARAN,), faces=(EnrolledFace(ALDEBARAN.id, astronaut.descriptor),))


@pytest.fixture
def without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(name: str) -> ModuleSpec | None:
        return None

    monkeypatch.setattr(faces, "find_spec", nothing)
    monkeypatch.setattr(faces, "face_reader", faces.face_reader.__wrapped__)


def test_a_face_is_found_where_it_is(astronaut: Face) -> None:
    left, top, right, bottom = astronaut.box

    assert left < 130 < right
    assert top < 120 < bottom
    assert 70 < right - left < 110
    assert len(astronaut.descriptor) == 512
    assert "descriptor" not in repr(astronaut)


@pytest.mark.parametrize("distorted", DISTORTIONS)
def test_the_same_face_is_recognised_when_the_picture_is(reader: FaceReader, astronaut: Face, distorted: str) -> None:
    [found] = reader.read(DISTORTIONS[distorted](portrait("astronaut")))

    assert distance(found.descriptor, astronaut.descriptor) < 0.38


def test_another_persons_face_is_far_from_it(reader: FaceReader, astronaut: Face) -> None:
    [other] = reader.read(portrait("hopper"))

    assert distance(other.descriptor, astronaut.descriptor) > 0.65


@pytest.mark.parametrize("size", [(300, 300), (1, 1), (2000, 10), (16, 16)])
def test_where_nobody_is_seen_nothing_is_found(reader: FaceReader, size: tuple[int, int]) -> None:
    found = reader.read(landscape().resize(size))

    assert found == []


def test_a_finished_picture_of_an_enrolled_person_is_stopped(registry: Snapshot) -> None:
    gate = Gate(registry, FaceCheck())

    with pytest.raises(Refused) as refusal:
        gate.release(DISTORTIONS["mirrored"](portrait("astronaut")), ORDER)

    [finding] = refusal.value.findings
    assert (finding.signal, finding.verdict, finding.person_id) == (Signal.FACE_IN_PROBE, Verdict.HELD, ALDEBARAN.id)
    assert finding.detail == "the finished picture: it resembles an enrolled face, and a person must look"
    assert refusal.value.registry_version == 4


@pytest.mark.parametrize("name", ["hopper", "landscape"])
def test_other_pictures_leave(registry: Snapshot, name: str) -> None:
    gate = Gate(registry, FaceCheck())
    picture = landscape() if name == "landscape" else portrait(name)

    released = gate.release(picture, ORDER)

    assert released == 4
    assert gate.may_show(picture.resize((64, 64)), ORDER)


def test_a_preview_in_which_an_enrolled_face_is_seen_is_left_out(registry: Snapshot) -> None:
    gate = Gate(registry, FaceCheck())

    shown = gate.may_show(portrait("astronaut").resize((150, 150)), ORDER)

    assert not shown


def test_a_newer_registry_counts_for_the_next_picture(registry: Snapshot) -> None:
    gate = Gate(replace(registry, faces=()), FaceCheck())
    before = gate.release(portrait("astronaut"), ORDER)

    gate.adopt(replace(registry, version=5))

    assert before == 4
    with pytest.raises(Refused):
        gate.release(portrait("astronaut"), ORDER)


@pytest.mark.usefixtures("without_the_extra")
def test_without_the_extra_nothing_unexamined_leaves(registry: Snapshot, caplog: pytest.LogCaptureFixture) -> None:
    gate = Gate(registry, FaceCheck())

    with caplog.at_level(logging.WARNING), pytest.raises(Refused) as refusal:
        gate.release(landscape(), ORDER)

    detail = "the finished picture: faces were not compared, because the face models are not installed here"
    assert refusal.value.findings == (Finding(Signal.FACE_IN_PROBE, Verdict.HELD, detail),)
    assert not gate.may_show(landscape(), ORDER)
    assert "faces in pictures are not compared: the extra `faces` is not installed" in caplog.messages


@pytest.mark.usefixtures("without_the_extra")
def test_without_the_extra_pictures_leave_where_policy_says_so_or_nobody_is_enrolled(registry: Snapshot) -> None:
    lenient = Gate(registry, FaceCheck()).release(portrait("astronaut"), replace(ORDER, hold_unexamined=False))
    empty = Gate(replace(registry, faces=()), FaceCheck()).release(portrait("astronaut"), ORDER)

    assert (lenient, empty) == (4, 4)
