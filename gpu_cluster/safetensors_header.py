"""A strict reader of the safetensors header, stricter than the library that loads the tensors afterwards.

The format (https://github.com/huggingface/safetensors#format): eight bytes with the length of the header as a
little-endian integer, the header as JSON in UTF-8, padded with spaces, then the tensors' bytes without gaps. What
this reader accepts, the library accepts too. Beyond the library it refuses duplicate keys (of which the library
keeps only the last, and so hides what stood under the others), NUL and control characters, paths in names, and
whatever would cost a reader much time or memory.
"""

import json
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.registry.quoting import quoted

PREFIX_BYTES = 8
MAX_HEADER_BYTES = 32 * 1024**2
"""The format allows 100 MB; the largest headers of real models have a few."""

MAX_METADATA_CHARS = 8 * 1024**2
MAX_METADATA_ENTRIES = 10_000
MAX_TENSORS = 100_000
MAX_NAMES_CHARS = 8 * 1024**2
"""The names of all tensors together."""
MAX_NESTED = 3 * MAX_TENSORS + 100
"""A tensor needs an object and two lists; what stands in the metadata's strings is counted with them."""
MAX_VALUES = 4_000_000
"""Values that stand behind a comma, counted in the same way."""
MAX_NAME_LENGTH = 512
MAX_DIMENSIONS = 64

_MAX_BITS = 2**63 - 1
_METADATA = "__metadata__"
_ENTRY_KEYS = frozenset({"dtype", "shape", "data_offsets"})
_ABSOLUTE = re.compile(r"[/\\]|[A-Za-z]:[/\\]")

DTYPE_BITS: Mapping[str, int] = {
    "F4": 4,
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    **dict.fromkeys(("BOOL", "U8", "I8"), 8),
    **dict.fromkeys(("F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 16),
    **dict.fromkeys(("I32", "U32", "F32"), 32),
    **dict.fromkeys(("I64", "U64", "F64", "C64"), 64),
}
"""Bits for one element, for every dtype that safetensors 0.8 knows."""


class MalformedHeader(ValueError):
    """The header is not one that a model file may have; the message is one sentence that says why."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor as the header announces it; its bytes are `start` to `end` after the header."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Header:
    """A header that was found in order: the tensors in the order of their bytes, and the free-text metadata."""

    length: int
    tensors: tuple[Tensor, ...]
    metadata: Mapping[str, str]

    @property
    def data_start(self) -> int:
        """The offset in the file at which the tensors' bytes begin."""
        return PREFIX_BYTES + self.length


def header_length(prefix: bytes, file_bytes: int) -> int:
    """Read the first eight bytes of a file of `file_bytes` bytes: how long is the header after them?

    Raises MalformedHeader when it is empty, longer than is read here, or longer than the file.
    """
    if len(prefix) < PREFIX_BYTES:
        raise MalformedHeader(f"The file ends within its first {PREFIX_BYTES} bytes.")
    length = int.from_bytes(prefix[:PREFIX_BYTES], "little")
    if length < 2:
        raise MalformedHeader("The header is empty.")
    if length > MAX_HEADER_BYTES:
        raise MalformedHeader(
            f"The header is announced with {length} bytes, and {MAX_HEADER_BYTES // 1024**2} MiB is the most."
        )
    if PREFIX_BYTES + length > file_bytes:
        raise MalformedHeader(
            f"The header is announced with {length} bytes, but the file has only {file_bytes} bytes in all."
        )
    return length


def parse_header(raw: bytes, *, data_bytes: int) -> Header:
    """Read a header, `raw`, that is followed by `data_bytes` bytes of tensors.

    Raises MalformedHeader at the first thing that is not in order. Takes time linear in the length of the header.
    """
    _refuse_too_many(raw.count(b'"data_offsets"'))
    if raw.count(b"{") + raw.count(b"[") > MAX_NESTED:
        raise MalformedHeader(f"The header opens more than {MAX_NESTED} objects and lists.")
    if raw.count(b",") > MAX_VALUES:
        raise MalformedHeader(f"The header has more than {MAX_VALUES} values.")
    document = _parse_json(raw)
    metadata = _read_metadata(document.pop(_METADATA, {}))
    if not document:
        raise MalformedHeader("The file holds no tensors.")
    _refuse_too_many(len(document))
    if sum(map(len, document)) > MAX_NAMES_CHARS:
        raise MalformedHeader(f"The names of the tensors have more than {MAX_NAMES_CHARS} characters.")
    tensors = sorted(
        (_read_tensor(name, entry) for name, entry in document.items()), key=lambda tensor: (tensor.start, tensor.end)
    )
    _check_layout(tensors, data_bytes)
    return Header(len(raw), tuple(tensors), metadata)


def _refuse_too_many(tensors: int) -> None:
    if tensors > MAX_TENSORS:
        raise MalformedHeader(f"The header lists {tensors} tensors, and {MAX_TENSORS} is the most.")


def _parse_json(raw: bytes) -> dict[str, Any]:
    try:
        text = raw.decode("utf-8").rstrip(" ")
    except UnicodeDecodeError as error:
        raise MalformedHeader(f"The header is not UTF-8 at its byte {error.start}.") from None
    if not text.startswith("{"):
        raise MalformedHeader("The header does not begin with “{”.")
    try:
        document = json.loads(
            text,
            object_pairs_hook=_without_duplicates,
            parse_int=_whole,
            parse_float=_no_float,
            parse_constant=_no_float,
        )
    except MalformedHeader:
        raise
    except RecursionError:
        raise MalformedHeader("The header is nested too deeply.") from None
    except ValueError as error:
        at = f" at its character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise MalformedHeader(f"The header is not valid JSON{at}.") from None
    if not isinstance(document, dict):
        raise MalformedHeader("The header is not a JSON object.")
    return document


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its pairs; `json.loads` alone would keep the last of equal keys."""
    unique = dict(pairs)
    if len(unique) != len(pairs):
        [(twice, _)] = Counter(key for key, _ in pairs).most_common(1)
        raise MalformedHeader(f"The header has the key {quoted(twice)} twice in one object.")
    return unique


def _whole(digits: str) -> int:
    if digits.startswith("-"):
        raise MalformedHeader("The header holds a negative number.")
    if len(digits) > 18:
        raise MalformedHeader("The header holds a number of more than 18 digits.")
    return int(digits)


def _no_float(literal: str) -> Any:
    raise MalformedHeader(f"The header holds the number {literal[:20]}, where only whole numbers may stand.")


def _read_metadata(entries: Any) -> Mapping[str, str]:
    if not isinstance(entries, dict):
        raise MalformedHeader(f"{_METADATA} is not a JSON object.")
    if len(entries) > MAX_METADATA_ENTRIES:
        raise MalformedHeader(f"{_METADATA} has {len(entries)} entries, and {MAX_METADATA_ENTRIES} is the most.")
    chars = 0
    for key, value in entries.items():
        if not isinstance(value, str):
            raise MalformedHeader(f"{_METADATA} has a value under {quoted(key)} that is not a string.")
        if "\0" in key or "\0" in value or not (_is_encodable(key) and _is_encodable(value)):
            raise MalformedHeader(f"{_METADATA} has a NUL or half a surrogate pair under {quoted(key)}.")
        if len(key) > MAX_NAME_LENGTH:
            raise MalformedHeader(f"{_METADATA} has a key of more than {MAX_NAME_LENGTH} characters.")
        chars += len(key) + len(value)
    if chars > MAX_METADATA_CHARS:
        raise MalformedHeader(f"{_METADATA} has {chars} characters, and {MAX_METADATA_CHARS} is the most.")
    return entries


def _read_tensor(name: str, entry: Any) -> Tensor:
    _check_name(name)
    if not isinstance(entry, dict) or entry.keys() != _ENTRY_KEYS:
        raise MalformedHeader(f"Tensor {quoted(name)} is not described by dtype, shape and data_offsets alone.")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPE_BITS:
        raise MalformedHeader(f"Tensor {quoted(name)} has an unknown dtype.")
    if not _is_whole_numbers(shape) or len(shape) > MAX_DIMENSIONS:
        raise MalformedHeader(f"Tensor {quoted(name)} has a shape that is not up to {MAX_DIMENSIONS} whole numbers.")
    if not _is_whole_numbers(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise MalformedHeader(f"Tensor {quoted(name)} has data_offsets that are not a start and an end after it.")
    tensor = Tensor(name, dtype, tuple(shape), offsets[0], offsets[1])
    _check_size(tensor)
    return tensor


def _check_name(name: str) -> None:
    if not name or len(name) > MAX_NAME_LENGTH:
        raise MalformedHeader(f"A tensor has a name that is not 1 to {MAX_NAME_LENGTH} characters long.")
    if not name.isprintable() and any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in name):
        raise MalformedHeader(f"Tensor {quoted(name)} has a control character in its name.")
    if ".." in name or _ABSOLUTE.match(name):
        raise MalformedHeader(f"Tensor {quoted(name)} has a name that is a path.")


def _check_size(tensor: Tensor) -> None:
    bits = DTYPE_BITS[tensor.dtype]
    # Zeros are left out of the bound, so that the order of dimensions makes no difference to overflow.
    if math.prod(size for size in tensor.shape if size) * bits > _MAX_BITS:
        raise MalformedHeader(f"Tensor {quoted(tensor.name)} has a shape too large for any memory.")
    length, odd = divmod(math.prod(tensor.shape) * bits, 8)
    held = tensor.end - tensor.start
    if odd or length != held:
        raise MalformedHeader(f"Tensor {quoted(tensor.name)} has {held} bytes, which does not fit its shape and dtype.")


def _check_layout(tensors: list[Tensor], data_bytes: int) -> None:
    """Check that the tensors cover the data exactly, one after the other."""
    reached = 0
    for tensor in tensors:
        if tensor.start != reached:
            fault = "overlaps the one before it" if tensor.start < reached else "leaves a gap before it"
            raise MalformedHeader(f"Tensor {quoted(tensor.name)} {fault}.")
        reached = tensor.end
    if reached > data_bytes:
        raise MalformedHeader(f"The file is cut off: {reached - data_bytes} bytes of its tensors are missing.")
    if reached < data_bytes:
        raise MalformedHeader(f"The file has {data_bytes - reached} bytes after its last tensor.")


def _is_whole_numbers(value: Any) -> bool:
    return isinstance(value, list) and all(type(item) is int for item in value)


def _is_encodable(text: str) -> bool:
    """Whether a text has no half of a surrogate pair, which JSON can write and UTF-8 cannot."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
