"""Exact identity by tensors: one digest for a file's weights, whatever its header says and however they are ordered.

Each tensor has a digest over its dtype, shape and bytes, not its name; the digests, sorted, make the file's. So neither
edited metadata nor renamed keys nor another order hide a copy. One changed weight makes another file: for that there
is the weight sketch.
"""

from collections.abc import Iterable
from typing import NamedTuple

from blake3 import blake3

_DOMAIN = b"countenance tensors 1"


class TensorDigest(NamedTuple):
    """The digest of one tensor. A `trivial` one holds the same byte throughout, or nothing, and identifies nothing."""

    value: bytes
    trivial: bool


def digest_of_tensors(digests: Iterable[TensorDigest]) -> str | None:
    """Fold the digests of a file's tensors into one, in lower-case hex; None when every tensor is trivial.

    Trivial tensors count too, so that two files have one digest only if they hold the same tensors; but alone they
    make none, or all untrained files would be one.
    """
    known = list(digests)
    if all(digest.trivial for digest in known):
        return None
    return blake3(_DOMAIN + b"".join(sorted(digest.value for digest in known))).hexdigest()
