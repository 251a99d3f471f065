"""Text that a file carries of itself, taken apart where it is JSON, in pieces that can be looked through."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from domain.kernel.wire import MetadataText

MAX_TEXTS = 20_000
"""A file with more texts has the rest joined, so that nothing goes unread."""
_TOGETHER = 100_000
"""Up to so many characters; one longer text takes much memory to look through."""

_JSON_DEPTH = 3
"""JSON within a string within JSON is opened so many times; trainers write two levels."""

_ESCAPED = re.compile(r"\\+u([0-9a-fA-F]{4})")
"""A character as JSON may write it, in text that is none, or none any more: cut, doubly escaped, or too deep."""
_BEFORE_JSON = "\ufeff \t\r\n"


def strings_in(value: str, depth: int = 0) -> Iterator[str]:
    """Give the keys and strings of a value that is JSON, or the value itself."""
    document = _as_json(value) if depth < _JSON_DEPTH else None
    if document is None:
        if value.strip():
            yield _storable(_ESCAPED.sub(lambda code: chr(int(code[1], 16)), value))
        return
    pending: list[Any] = [document]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            yield from strings_in(item, depth + 1)
        elif isinstance(item, list | tuple):
            pending.extend(reversed(item))


def pieces(texts: Iterable[MetadataText], most: int = MAX_TEXTS) -> list[MetadataText]:
    """Give texts each once; those beyond `most` are joined into long ones."""
    kept: dict[MetadataText, None] = {}
    rest: dict[str, None] = {}
    for text in texts:
        if len(kept) < most:
            kept[text] = None
        elif text not in kept:
            rest[text.text] = None
    return [*kept, *(MetadataText("other metadata", text) for text in _joined(rest))]


def _joined(texts: Iterable[str]) -> Iterator[str]:
    together: list[str] = []
    length = 0
    for text in texts:
        if together and length + len(text) > _TOGETHER:
            yield "\n".join(together)
            together, length = [], 0
        together.append(text)
        length += len(text) + 1
    if together:
        yield "\n".join(together)


def _storable(text: str) -> str:
    """Drop what no database stores, and JSON within a string can write: NUL, and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "ignore")


def _as_json(value: str) -> list[Any] | None:
    """Read a JSON array or object, an object as the list of its pairs; None when it is neither or not well formed."""
    value = value.lstrip(_BEFORE_JSON)
    if not value.startswith(("{", "[")):
        return None
    try:
        document = json.loads(value, object_pairs_hook=list, parse_int=float)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, list) else None
