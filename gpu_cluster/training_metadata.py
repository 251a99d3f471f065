"""What a safetensors file says of itself: texts in which a subject may be named, and hashes that it claims."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from domain.kernel.wire import MetadataText
from gpu_cluster.safetensors_header import Header
from gpu_cluster.weights import Weights, guess_weights

MAX_TEXTS = 20_000
"""A file with more texts has the rest joined into one, so that nothing goes unread."""

_JSON_DEPTH = 3
"""JSON within a string within JSON is opened so many times; trainers write two levels."""

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_.\-]{1,100}")
_KNOWN_KEY = re.compile(r"(?:ss|sshs)_\w+|modelspec\.\w+|format")
_DATA_URL = re.compile(r"data:[\w.+/-]+;base64,[A-Za-z0-9+/=\s]*")

_CLAIM_KEYS = re.compile(r"sshs_(?:model|legacy)_hash|modelspec\.hash_\w+")
_TENSOR_CLAIMS = ("sshs_model_hash", "modelspec.hash_sha256")
_SHORTEST_CLAIM = 8


def texts_of(header: Header) -> list[MetadataText]:
    """Give every text of a file that could name a subject, each once, under the metadata key where it stood.

    A value that is JSON, as trainers write for `ss_tag_frequency` (folders such as `10_concept`, and tags),
    `ss_dataset_dirs` or `ss_datasets`, is taken apart into its keys and strings, duplicates of a key included.
    Tensor names are read where they are free text: a textual inversion has its token there.
    """
    texts = iter(dict.fromkeys((*_metadata_texts(header.metadata), *_tensor_names(header))))
    kept = list(islice(texts, MAX_TEXTS))
    rest = "\n".join(text.text for text in texts)
    return [*kept, MetadataText("other metadata", rest)] if rest else kept


def claimed_hashes(metadata: Mapping[str, str]) -> dict[str, str]:
    """Give the hashes that a file's metadata claims, by key, as they stand there but cut to 200 characters."""
    return {key: value[:200] for key, value in metadata.items() if _CLAIM_KEYS.fullmatch(key)}


def false_claims(claims: Mapping[str, str], tensors_sha256: str) -> list[str]:
    """Give the keys whose claim differs from the true SHA256 of the tensors' bytes.

    `sshs_model_hash` (kohya's trainers) and `modelspec.hash_sha256` (the Stability AI model metadata standard) are both
    SHA256 over everything after the header, whole or its first digits, with or without `0x`. `sshs_legacy_hash`
    can't be compared: it was taken over bytes 0x100000 to 0x110000 of a serialisation without the hashes
    themselves. Some trainers hashed the tensors in another order than they wrote them in, so a false claim is no
    proof of intent.
    """
    return [key for key in _TENSOR_CLAIMS if key in claims and not _agrees(claims[key], tensors_sha256)]


def _agrees(claim: str, truth: str) -> bool:
    digits = claim.strip().lower().removeprefix("0x")
    return len(digits) >= _SHORTEST_CLAIM and truth.startswith(digits)


def _metadata_texts(metadata: Mapping[str, str]) -> Iterator[MetadataText]:
    for key, value in metadata.items():
        label = key if _PLAIN_KEY.fullmatch(key) else "other metadata"
        if not _KNOWN_KEY.fullmatch(key):
            yield MetadataText("metadata key", key)
        if not _DATA_URL.fullmatch(value):
            for text in _strings_in(value):
                yield MetadataText(label, text)


def _tensor_names(header: Header) -> Iterable[MetadataText]:
    if guess_weights(header.tensors) not in (Weights.EMBEDDING, Weights.UNKNOWN):
        return ()
    return (MetadataText("tensor name", tensor.name) for tensor in header.tensors)


def _strings_in(value: str, depth: int = 0) -> Iterator[str]:
    """Give the keys and strings of a value that is JSON, or the value itself."""
    document = _as_json(value) if depth < _JSON_DEPTH else None
    if document is None:
        if value.strip():
            yield _storable(value)
        return
    pending: list[Any] = [document]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            yield from _strings_in(item, depth + 1)
        elif isinstance(item, list | tuple):
            pending.extend(reversed(item))


def _storable(text: str) -> str:
    """Drop what no database stores, and JSON within a string can write: NUL, and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


def _as_json(value: str) -> list[Any] | None:
    """Read a JSON array or object, an object as the list of its pairs; None when it is neither or not well formed."""
    if not value.lstrip().startswith(("{", "[")):
        return None
    try:
        document = json.loads(value, object_pairs_hook=list, parse_int=float)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, list) else None
