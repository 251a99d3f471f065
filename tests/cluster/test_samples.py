"""Sample pictures: faces and names are found in them, and whatever else is uploaded in their place is a verdict."""

import hashlib
import io
import logging
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID, uuid4

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from domain.kernel.findings import Finding, Signal, Verdict
from domain.kernel.wire import Inspection, InspectOrder, MetadataText
from domain.registry.faces import distance
from domain.registry.snapshot import EnrolledFace, Person, Snapshot
from gpu_cluster import samples
from gpu_cluster.faces import face_reader
from gpu_cluster.inspector import Inspector
from tests.cluster.model_files import safetensors_bytes, small_lora
from tests.cluster.storage import Storage
from tests.portraits import landscape, portrait

ALDEBARAN = Person(UUID(int=1), "Test Person Aldebaran")
RESEMBLES = "sample picture: it resembles an enrolled face, and a person must look"


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format=kind, **options)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def descriptor() -> bytes:
    reader = face_reader()
    assert reader is not None
    [face] = reader.read(portrait("astronaut"))
    return face.descriptor


@pytest.fixture(scope="module")
def inspector(descriptor: bytes) -> Inspector:
    return Inspector(Snapshot(version=7, persons=(ALDEBARAN,), faces=(EnrolledFace(ALDEBARAN.id, descriptor),)))


def inspect(inspector: Inspector, storage: Storage, data: bytes, **changes: object) -> Inspection:
    order = InspectOrder(uuid4(), 1, "picture.png", len(data), storage.put("sample", data).url, 7, sample=True)
    return inspector.inspect(replace(order, **changes))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_an_enrolled_face_in_a_sample_holds_it(
    inspector: Inspector, storage: Storage, descriptor: bytes, kind: str
) -> None:
    data = encoded(portrait("astronaut"), kind)

    inspection = inspect(inspector, storage, data)

    [finding] = inspection.findings
    assert inspection.verdict is Verdict.HELD
    assert (finding.signal, finding.verdict, finding.person_id) == (Signal.FACE_IN_SAMPLE, Verdict.HELD, ALDEBARAN.id)
    assert finding.detail == RESEMBLES
    assert (inspection.format, inspection.size_bytes, inspection.registry_version) == (kind.lower(), len(data), 7)
    assert inspection.hashes == {"SHA256": hashlib.sha256(data).hexdigest()}
    assert [distance(face, descriptor) < 0.3 for face in inspection.faces] == [True]
    assert "faces" not in repr(inspection)


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_turning_the_picture_does_not_help(inspector: Inspector, storage: Storage, turned: int) -> None:
    data = encoded(portrait("astronaut").rotate(turned, expand=True))

    inspection = inspect(inspector, storage, data)

    assert [finding.detail for finding in inspection.findings] == [RESEMBLES]


def in_the_alpha_channel() -> bytes:
    """A black picture that shows a face where it is seen through."""
    picture = Image.new("LA", portrait("astronaut").size, "black")
    picture.putalpha(portrait("astronaut").convert("L").point(lambda level: 255 - level))
    return encoded(picture)


def in_sixteen_bits() -> bytes:
    levels = np.asarray(portrait("astronaut").convert("L"), dtype=np.uint16)
    return encoded(Image.fromarray(levels * 20))


def turned_beside_a_stranger() -> bytes:
    pair = [portrait("hopper"), portrait("astronaut").rotate(90, expand=True)]
    picture = Image.new("RGB", (sum(one.width for one in pair), max(one.height for one in pair)))
    picture.paste(pair[0], (0, 0))
    picture.paste(pair[1], (pair[0].width, 0))
    return encoded(picture)


@pytest.mark.parametrize("make", [in_the_alpha_channel, in_sixteen_bits, turned_beside_a_stranger])
def test_a_face_is_found_however_it_is_shown(inspector: Inspector, storage: Storage, make: Callable[[], bytes]) -> None:
    inspection = inspect(inspector, storage, make())

    assert [finding.detail for finding in inspection.findings] == [RESEMBLES]


def test_somebody_elses_face_is_kept_for_a_later_registry_and_holds_nothing(
    inspector: Inspector, storage: Storage
) -> None:
    inspection = inspect(inspector, storage, encoded(portrait("hopper")))

    assert (inspection.verdict, inspection.findings, len(inspection.faces)) == (Verdict.CLEAN, (), 1)


def test_a_picture_with_nobody_in_it_is_clean(inspector: Inspector, storage: Storage) -> None:
    inspection = inspect(inspector, storage, encoded(landscape()))

    assert (inspection.verdict, inspection.error, inspection.findings) == (Verdict.CLEAN, None, ())
    assert (inspection.faces, inspection.texts) == ((), (MetadataText("file name", "picture.png"),))


def png_with_prompt() -> bytes:
    chunks = PngInfo()
    chunks.add_text("parameters", "a portrait of Test Person Aldebaran, Steps: 20")
    return encoded(landscape(), pnginfo=chunks)


def png_with_workflow() -> bytes:
    chunks = PngInfo()
    chunks.add_text("prompt", r'{"6": {"inputs": {"text": "\u0022T\u0065st Person Aldebar\u0061n\u0022"}}}')
    return encoded(landscape(), pnginfo=chunks)


def png_with_many_chunks() -> bytes:
    chunks = PngInfo()
    for at in range(250):
        chunks.add_text("comment", f"nothing {at}")
    chunks.add_text("test_person_aldebaran", "x" * 200_000)
    return encoded(landscape(), pnginfo=chunks)


def jpeg_with_comment() -> bytes:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + "Test Person Aldebaran".encode("utf-16-be")
    return encoded(landscape(), "JPEG", exif=exif)


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (png_with_workflow(), "prompt: a registered name at characters 2–22"),
        (png_with_many_chunks(), "text chunk: a registered name at characters 1–21"),
        (png_with_prompt(), "parameters: a registered name at characters 15–35"),
        (jpeg_with_comment(), "UserComment: a registered name at characters 1–21"),
    ],
)
def test_a_name_in_what_the_picture_says_of_itself_is_found(
    inspector: Inspector, storage: Storage, data: bytes, where: str
) -> None:
    inspection = inspect(inspector, storage, data)

    assert inspection.findings == (Finding(Signal.NAME_IN_METADATA, Verdict.BLOCKED, where, None, ALDEBARAN.id),)


def bomb() -> bytes:
    """A PNG whose header claims 100,000 × 100,000 pixels."""
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", len(header)) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    return b"\x89PNG\r\n\x1a\n" + chunk + b"\0\0\0\0IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: b"", "The file is empty."),
        (lambda: encoded(landscape())[:400], "The picture cannot be read: it is damaged or cut off."),
        (lambda: encoded(landscape(), "JPEG")[:700], "The picture cannot be read: it is damaged or cut off."),
        (bomb, "A picture may have at most 50 megapixels."),
        (
            lambda: safetensors_bytes({}, small_lora(1024)),
            "This is not a picture in PNG, JPEG or WebP format: it is a safetensors file.",
        ),
        (
            lambda: b"<svg/>" * 40,
            "This is not a picture in PNG, JPEG or WebP format: it is a text.",
        ),
        (lambda: b"\x89PNG\r\n\x1a\n" + bytes(samples.MAX_BYTES), "A picture may have at most 20 MB."),
    ],
)
def test_what_is_no_picture_is_one_sentence(
    inspector: Inspector, storage: Storage, make: Callable[[], bytes], error: str
) -> None:
    inspection = inspect(inspector, storage, make())

    assert (inspection.verdict, inspection.error, inspection.faces) == (Verdict.FAILED, error, ())


def test_a_picture_of_another_size_than_announced_fails(inspector: Inspector, storage: Storage) -> None:
    data = encoded(landscape())

    inspection = inspect(inspector, storage, data, size_bytes=len(data) + 1)

    assert inspection.error == f"The file has {len(data)} bytes, but {len(data) + 1} were announced."


@pytest.mark.parametrize(("hold", "verdict"), [(True, Verdict.HELD), (False, Verdict.CLEAN)])
def test_without_the_extra_the_signal_says_that_it_did_not_run(
    inspector: Inspector, storage: Storage, monkeypatch: pytest.MonkeyPatch, *, hold: bool, verdict: Verdict
) -> None:
    monkeypatch.setattr(samples, "face_reader", lambda: None)

    inspection = inspect(inspector, storage, encoded(portrait("astronaut")), hold_unexamined=hold)

    detail = "sample picture: faces were not compared, because the face models are not installed here"
    assert inspection.findings == (Finding(Signal.FACE_IN_SAMPLE, verdict, detail),)
    assert (inspection.verdict, inspection.faces) == (verdict, ())


def test_no_log_tells_a_descriptor(inspector: Inspector, storage: Storage, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        inspection = inspect(inspector, storage, encoded(portrait("astronaut")))

    assert inspection.faces[0].hex() not in caplog.text
    assert repr(inspection.faces[0]) not in caplog.text + repr(inspection)
