"""Pictures that members hand in, examined for faces and for names in what the file says of itself.

They are samples of a model, previews of an entry, references of a bounty, and the work itself where it was asked for.
"""

import hashlib
import io
import time
import warnings
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from domain.kernel.findings import Finding, Signal, Verdict, worst
from domain.kernel.wire import Inspection, InspectOrder, MetadataText
from domain.registry.faces import IN_SAMPLE, examine_faces, face_index, not_compared
from domain.registry.gates import examine_file, examine_texts
from domain.registry.matching import Matcher
from gpu_cluster.faces import face_reader
from gpu_cluster.formats import HEAD_BYTES, recognise
from gpu_cluster.free_text import pieces, strings_in

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_BYTES = 20 * 1024**2
MAX_PIXELS = 50_000_000

_MOST_FACES = 60
_FORMATS = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP"}
_MOST_TEXTS = 200
_MOST_CHARACTERS = 2_000_000
_USUAL_KEYS = frozenset(
    """
    adobe adobe_transform background blend chroma chromaticity comment compression date description dpi duration exif
    flags gamma icc_profile interlace jfif jfif_density jfif_unit jfif_version keywords loop mp mpoffset parameters
    photoshop progression progressive prompt quality signature software srgb subsampling timestamp title transparency
    workflow xml
    """.split()  # noqa: SIM905 - a list of words is read as a paragraph
)
"""Under what a picture says something of itself; other words may be anybody's name."""


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
        if getattr(picture, "n_frames", 1) > 1:
            raise _Unreadable("A picture may not be animated: it has several frames.")
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
    """Give what the file says of itself: text chunks, where generators write their prompts, comments, EXIF.

    Raises _Unreadable where that is more than is looked through.
    """
    from PIL import ExifTags

    said: list[tuple[object, Any]] = list(picture.info.items())
    exif = picture.getexif()
    for tags in (exif, exif.get_ifd(ExifTags.IFD.Exif)):
        said += [(ExifTags.TAGS.get(tag, "EXIF"), value) for tag, value in tags.items()]
    said = [(key, text) for key, value in said for text in _text(key, value)]
    keys = [str(key) for key in picture.info if str(key).lower() not in _USUAL_KEYS]
    if sum(map(len, keys)) + sum(len(text) for _, text in said) > _MOST_CHARACTERS:
        raise _Unreadable(f"A picture may carry at most {_MOST_CHARACTERS} characters of text.")
    found = [MetadataText("text chunk", key) for key in keys]
    found += [MetadataText(str(key)[:100], text) for key, value in said for text in strings_in(value)]
    return pieces(found, _MOST_TEXTS)


def _text(key: object, value: Any) -> Iterator[str]:
    """Read a value as text; EXIF comments begin with eight bytes that name their encoding, some are UTF-16."""
    if isinstance(value, bytes) and key not in ("exif", "icc_profile"):
        wide = value.startswith(b"UNICODE") or str(key).startswith("XP")
        plain = value[8:] if value.startswith((b"UNICODE", b"ASCII\0")) else value
        big = wide and plain[:1] == b"\0"
        value = plain.decode(("utf-16-be" if big else "utf-16-le") if wide else "utf-8", "replace")
    if isinstance(value, str) and value.strip("\0 "):
        yield value.strip("\0")


def _faces(picture: "Image") -> tuple[bytes, ...] | None:
    """Describe the faces of a picture however it is turned, and on whatever it is shown where it is transparent.

    None where faces can't be looked for. A face is found upright only, so the same one is rarely described twice.
    """
    reader = face_reader()
    if reader is None:
        return None
    faces = (
        face
        for shown in _shown(picture)
        for turned in (0, 90, 270, 180)
        for face in reader.read(shown.rotate(turned, expand=True) if turned else shown)
    )
    return tuple(dict.fromkeys(face.descriptor for face in islice(faces, _MOST_FACES)))


def _shown(picture: "Image") -> Iterator["Image"]:
    """Give a picture in eight bits a colour as people see it: on white and on black where it is transparent."""
    import numpy as np
    from PIL import Image

    if picture.mode.startswith(("I", "F")):
        levels = np.asarray(picture, dtype=np.float64)
        scaled = (levels - levels.min()) * (255 / max(np.ptp(levels), 1.0))
        yield Image.fromarray(scaled.astype(np.uint8)).convert("RGB")
        return
    if not picture.has_transparency_data:
        yield picture.convert("RGB")
        return
    layered = picture.convert("RGBA")
    for ground in ("white", "black"):
        yield Image.alpha_composite(Image.new("RGBA", layered.size, ground), layered).convert("RGB")


def _judged(faces: Iterable[bytes], matcher: Matcher) -> list[Finding]:
    index = face_index(matcher.snapshot)
    return examine_faces(index, ((IN_SAMPLE, face) for face in faces), Signal.FACE_IN_SAMPLE, account=None, mature=True)
