"""Exact identity by tensors: one digest for a file's weights, whatever its header says and however they are ordered.

Each tensor has a digest over its dtype, shape and bytes, not its name; the digests, sorted, make the file's. So neither
edited metadata nor renamed keys nor another order nor a tensor without content hide a copy. One changed weight makes
another file: for that there is the weight sketch.
"""

from collections.abc import Iterable
from typing import NamedTuple

from blake3 import blake3

_DOMAIN = b"countenance tensors 2"
"""Changed with anything that changes a digest, so that no digest of another version is ever equal to one."""


class TensorDigest(NamedTuple):
    """The digest of one tensor. A `trivial` one holds the same byte throughout, or nothing, and identifies nothing."""

    value: bytes
    trivial: bool


def digest_of_tensors(digests: Iterable[TensorDigest]) -> str | None:
    """Fold the digests of a file's tensors into one, in lower-case hex; None when every tensor is trivial.

    Trivial tensors are left out: whoever adds or drops an empty one has the same weights all the same.
    """
    values = sorted(digest.value for digest in digests if not digest.trivial)
    return blake3(_DOMAIN + b"".join(values)).hexdigest() if values else None
