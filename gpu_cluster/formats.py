"""What a file is, judged by its content. Nothing here opens, unpacks or unpickles anything."""

import pickletools
import re
from collections.abc import Iterator
from dataclasses import dataclass

HEAD_BYTES = 64 * 1024
TAIL_BYTES = 64 * 1024
"""So much of the beginning and of the end is looked at; a zip archive has its list of members at the end."""

SAFETENSORS = "safetensors"
PICKLE = "pickle"


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its short name as stored, and what to call it in a sentence ("a PNG picture")."""

    name: str
    phrase: str


_EMPTY = Format("empty", "an empty file")
_UNKNOWN = Format("unknown", "a file of an unknown format")
_SAFETENSORS = Format(SAFETENSORS, "a safetensors file")
_ZIP = Format("zip", "a zip archive")
_TAR = Format("tar", "a tar archive")
_TORCH_ZIP = Format(PICKLE, "a PyTorch archive with a pickle inside")
_TORCH_TAR = Format(PICKLE, "an old PyTorch tar archive with pickles inside")
_PICKLE = Format(PICKLE, "a pickle")

# A file of this kind begins with these bytes, at this offset.
_MAGIC: tuple[tuple[int, bytes, Format], ...] = (
    (0, b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", Format(PICKLE, "an old PyTorch pickle")),
    (0, b"GGUF", Format("gguf", "a GGUF file")),
    *((0, magic, Format("ggml", "a GGML file")) for magic in (b"lmgg", b"fmgg", b"tjgg")),
    (0, b"\x93NUMPY", Format("numpy", "a NumPy array")),
    (0, b"\x89HDF\r\n\x1a\n", Format("hdf5", "an HDF5 file, as Keras writes")),
    (4, b"TFL3", Format("tflite", "a TensorFlow Lite model")),
    (0, b"\x89PNG\r\n\x1a\n", Format("png", "a PNG picture")),
    (0, b"\xff\xd8\xff", Format("jpeg", "a JPEG picture")),
    *((0, magic, Format("gif", "a GIF picture")) for magic in (b"GIF87a", b"GIF89a")),
    (8, b"WEBP", Format("webp", "a WebP picture")),
    (4, b"ftyp", Format("mp4", "a video")),
    (0, b"%PDF-", Format("pdf", "a PDF document")),
    (0, b"\x7fELF", Format("elf", "a program")),
    (0, b"MZ", Format("exe", "a program")),
    (0, b"\x1f\x8b", Format("gzip", "a gzip archive")),
    (0, b"BZh", Format("bzip2", "a bzip2 archive")),
    (0, b"\xfd7zXZ\x00", Format("xz", "an xz archive")),
    (0, b"(\xb5/\xfd", Format("zstd", "a Zstandard archive")),
    (0, b"7z\xbc\xaf\x27\x1c", Format("7z", "a 7z archive")),
    (0, b"Rar!\x1a\x07", Format("rar", "a RAR archive")),
    (0, b"version https://git-lfs", Format("git-lfs", "a Git LFS pointer, in place of the file it points to")),
)

_MEMBER = re.compile(rb"PK(?:\x03\x04|\x01\x02)")
"""What stands before a member of a zip archive, and before its entry in the directory."""
_MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<head", b"<body")


def looks_like_safetensors(head: bytes) -> bool:
    """Whether a file begins as safetensors does: a length of eight bytes, then a JSON object.

    Only the strict reader decides whether it is well formed. A length over 4 GiB is taken for one unless it could as
    well be text or a pickle, so that an absurd one is called by its name.
    """
    prefix, brace = head[:8], head[8:9]
    if brace != b"{":
        return False
    return prefix[4:] == bytes(4) or not (prefix[0] == 0x80 or all(0x20 <= byte < 0x7F for byte in prefix))


def recognise(head: bytes, tail: bytes) -> Format:
    """Tell the format from the first `HEAD_BYTES` and the last `TAIL_BYTES` of a file, or all of a shorter one."""
    if not head:
        return _EMPTY
    if looks_like_safetensors(head):
        return _SAFETENSORS
    known = next((known for offset, magic, known in _MAGIC if head.startswith(magic, offset)), None)
    return known or _recognise_archive(head, tail) or (_PICKLE if _is_pickle(head) else _recognise_text(head))


def _recognise_archive(head: bytes, tail: bytes) -> Format | None:
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"):
        return _TORCH_ZIP if any(name.endswith(b".pkl") for name in _members(head + tail)) else _ZIP
    if head[257:262] == b"ustar":
        return _TORCH_TAR if _names_torch_parts(head) else _TAR
    return None


def _members(data: bytes) -> Iterator[bytes]:
    """Give the names of a zip archive's members, by what stands before each and in the directory at its end."""
    for found in _MEMBER.finditer(data):
        length_at, name_at = (28, 46) if found[0] == b"PK\x01\x02" else (26, 30)
        at = found.start()
        length = int.from_bytes(data[at + length_at : at + length_at + 2], "little")
        yield data[at + name_at : at + name_at + length]


def _names_torch_parts(head: bytes) -> bool:
    """Whether the first member of a tar archive is one of those that PyTorch before 0.1.10 wrote."""
    first = head[:100].split(b"\0", 1)[0].removeprefix(b"./")
    return first in (b"sys_info", b"pickle", b"tensors", b"storages")


def _is_pickle(head: bytes) -> bool:
    """Whether the bytes are pickle opcodes: by the protocol mark, or, for protocols without one, by reading on.

    `pickletools` takes opcodes apart and runs none.
    """
    if head[0] == 0x80 and len(head) > 1 and head[1] <= 5:
        return True
    opcodes = 0
    try:
        for opcode, _, _ in pickletools.genops(head):
            opcodes += 1
            if opcode.name == "STOP" or opcodes >= 64:
                return opcodes > 1
    except (ValueError, IndexError, OverflowError):
        return False
    return False


def _recognise_text(head: bytes) -> Format:
    start = head[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(_MARKUP):
        return Format("html", "a web page")
    if start.startswith((b"{", b"[")):
        return Format("json", "a JSON text")
    if head[0] == 0x08 and (b"pytorch" in start or b"onnx" in start):
        return Format("onnx", "an ONNX model")
    try:
        text = head[:1024].decode("utf-8", errors="strict" if len(head) < 1024 else "ignore")
    except UnicodeDecodeError:
        return _UNKNOWN
    if text and all(char.isprintable() or char.isspace() for char in text) and len(text) > len(head[:1024]) // 4:
        return Format("text", "a text")
    return _UNKNOWN
