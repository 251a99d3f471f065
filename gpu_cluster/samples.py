"""Pictures that members hand in, examined for faces and for names in what the file says of itself.

They are samples of a model, previews of an entry, references of a bounty, and the work itself where it was asked for.
"""

import hashlib
import io
import time
import warnings
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from domain.kernel.findings import Finding, Signal, Verdict, worst
from domain.kernel.wire import Inspection, InspectOrder, MetadataText
from domain.registry.faces import IN_SAMPLE, examine_faces, face_index, not_compared
from domain.registry.gates import examine_file, examine_texts
from domain.registry.matching import Matcher
from gpu_cluster.faces import face_reader
from gpu_cluster.formats import HEAD_BYTES, recognise

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_BYTES = 20 * 1024**2
MAX_PIXELS = 50_000_000

_FORMATS = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP"}
_MOST_TEXTS = 200
_LONGEST_TEXT = 100_000


class _Unreadable(Exception):
    """A file is no picture that is taken; the message is a sentence for its owner."""


def inspect_sample(order: InspectOrder, chunks: Iterable[bytes], matcher: Matcher) -> Inspection:
    """Read a picture and judge it by a registry; one that can't be read has the verdict FAILED.

    An order does not say whose the picture is: as for models, consent is read in the strictest way, and whoever knows
    the owner revises the findings. Raises only what reading `chunks` raises.
    """
    began = time.perf_counter()
    data = _read(chunks)
    sha256 = hashlib.sha256(data).hexdigest()
    known = recognise(data[:HEAD_BYTES], data[-HEAD_BYTES:])
    texts, faces, error = [MetadataText("file name", order.file_name)], None, None
    try:
        picture = _opened(data, order.size_bytes, known.name, known.phrase)
        texts += _texts(picture)
        faces = _faces(picture)
    except _Unreadable as fault:
        error = str(fault)
    findings = [
        *examine_file(matcher, [sha256]),
        *examine_texts(
            matcher, ((text.key, text.text) for text in texts), Signal.NAME_IN_METADATA, account=None, mature=True
        ),
        *_judged(faces or (), matcher),
    ]
    if faces is None and error is None:
        findings.append(not_compared(Signal.FACE_IN_SAMPLE, IN_SAMPLE, hold=order.hold_unexamined))
    verdicts = [finding.verdict for finding in findings]
    return Inspection(
        scan_id=order.scan_id,
        attempt=order.attempt,
        verdict=worst([*verdicts, Verdict.FAILED] if error else verdicts),
        findings=tuple(findings),
        format=known.name,
        size_bytes=len(data),
        hashes={"SHA256": sha256},
        claimed_hashes={},
        texts=tuple(texts),
        registry_version=matcher.snapshot.version,
        seconds=time.perf_counter() - began,
        error=error,
        faces=faces or (),
    )


def _read(chunks: Iterable[bytes]) -> bytes:
    """Read to the end, but keep no more than one byte over what a sample may have."""
    data = bytearray()
    for chunk in chunks:
        data += chunk
        if len(data) > MAX_BYTES:
            break
    return bytes(data[: MAX_BYTES + 1])


def _opened(data: bytes, announced: int, name: str, phrase: str) -> "Image":
    """Decode a picture, upright. Raises _Unreadable."""
    from PIL import Image, ImageOps

    if not data:
        raise _Unreadable("The file is empty.")
    if name not in _FORMATS:
        raise _Unreadable(f"This is not a picture in PNG, JPEG or WebP format: it is {phrase}.")
    if len(data) > MAX_BYTES:
        raise _Unreadable(f"A picture may have at most {MAX_BYTES // 1024**2} MB.")
    if len(data) != announced:
        raise _Unreadable(f"The file has {len(data)} bytes, but {announced} were announced.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the size is checked here
            picture = Image.open(io.BytesIO(data), formats=[_FORMATS[name]])
        if picture.width * picture.height > MAX_PIXELS:
            raise _Unreadable(f"A picture may have at most {MAX_PIXELS // 10**6} megapixels.")
        picture.load()
        upright: Image.Image = ImageOps.exif_transpose(picture)
    except Image.DecompressionBombError:
        raise _Unreadable(f"A picture may have at most {MAX_PIXELS // 10**6} megapixels.") from None
    except _Unreadable:
        raise
    except Exception:  # Pillow's decoders raise whatever they stumble over in a damaged file
        raise _Unreadable("The picture cannot be read: it is damaged or cut off.") from None
    upright.info = picture.info
    return upright


def _texts(picture: "Image") -> list[MetadataText]:
    """Give what the file says of itself: text chunks, where generators write their prompts, comments, EXIF."""
    from PIL import ExifTags

    said: list[tuple[object, Any]] = list(picture.info.items())
    exif = picture.getexif()
    for tags in (exif, exif.get_ifd(ExifTags.IFD.Exif)):
        said += [(ExifTags.TAGS.get(tag, "EXIF"), value) for tag, value in tags.items()]
    found = [MetadataText(str(key)[:100], text) for key, value in said for text in _text(key, value)]
    return list(dict.fromkeys(found))[:_MOST_TEXTS]


def _text(key: object, value: Any) -> Iterator[str]:
    """Read a value as text; EXIF comments begin with eight bytes that name their encoding, some are UTF-16."""
    if isinstance(value, bytes) and key not in ("exif", "icc_profile"):
        wide = value.startswith(b"UNICODE") or str(key).startswith("XP")
        plain = value[8:] if value.startswith((b"UNICODE", b"ASCII\0")) else value
        big = wide and plain[:1] == b"\0"
        value = plain.decode(("utf-16-be" if big else "utf-16-le") if wide else "utf-8", "replace")
    if isinstance(value, str) and value.strip("\0 "):
        yield value.strip("\0")[:_LONGEST_TEXT]


def _faces(picture: "Image") -> tuple[bytes, ...] | None:
    """Describe the faces, turning a picture in which none stands upright; None where faces can't be looked for."""
    reader = face_reader()
    if reader is None:
        return None
    for turned in (0, 90, 270, 180):
        faces = reader.read(picture.rotate(turned, expand=True) if turned else picture)
        if faces:
            return tuple(face.descriptor for face in faces)
    return ()


def _judged(faces: Iterable[bytes], matcher: Matcher) -> list[Finding]:
    index = face_index(matcher.snapshot)
    return examine_faces(index, ((IN_SAMPLE, face) for face in faces), Signal.FACE_IN_SAMPLE, account=None, mature=True)
