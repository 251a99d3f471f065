"""Weight likeness: a short sketch of what a LoRA changes in a model, and how like two sketches are.

The update of a layer, ΔW = α/r · B·A, is projected on both sides by seeded random signs, C = R₁ᵀ·B·A·R₂ (16 × 16),
computed as (R₁ᵀB)(AR₂) so that ΔW is never formed. Projections keep angles between updates (Johnson and
Lindenstrauss), so that the cosine of two sketches tells whether one update is the other rescaled, factored anew, cast,
resized, pruned or merged with others. Of each projection the singular values are replaced by their square roots, so
that a strong update merged with a weak one does not hide it. Two vectors are kept: one in which each layer is signed
by its canonical name, and one by its shape alone, for a copy whose layers were renamed beyond recognition. In the first
only modules count that the model can have. A cosine of -1 is a copy, too: one that is used with a negative weight.

What LoRAs of one base have in common is no likeness: the directions that known unrelated ones share are removed before
two sketches are compared. They are data of a version, computed from really trained LoRAs by `benchmarks.population`.
"""

import hashlib
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from domain.registry.modules import are_modules, attends

Floats = NDArray[np.float32]

SIDE = 16
"""A layer's update is projected to so many rows and columns."""

SKETCH_VERSION = 3
"""Changed with anything that changes a sketch; sketches of different versions are not comparable."""

_CELLS = SIDE * SIDE
_BUCKETS = 4
HALF = _CELLS * _BUCKETS
WIDTH = 2 * HALF
"""The numbers of a sketch: `HALF` by layers' names, then `HALF` by layers' shapes."""

_HEAD = struct.Struct("<BH")
"""A sketch begins with its version and the mark of its base."""

SKETCH_BYTES = _HEAD.size + 2 * WIDTH

POPULATION = "weights-population-2026-11.npy"
"""The common directions in force: float16, directions × `WIDTH`, orthonormal in each half."""


@dataclass(frozen=True, slots=True)
class Update:
    """One layer's update, projected: its canonical name, its shape (outward, inward) and `SIDE` × `SIDE` numbers."""

    name: str
    shape: tuple[int, int]
    core: NDArray[np.floating]

    @property
    def is_finite(self) -> bool:
        """Whether its numbers were small enough to be projected."""
        return bool(np.isfinite(self.core).all())


@lru_cache(maxsize=32)
def projection(width: int, side: str) -> Floats:
    """Give the random signs by which one side of an update is projected: `width` × `SIDE`, each ±1.

    They come from SHAKE-128, so that they are the same on every machine and with every release of numpy.
    """
    bits = hashlib.shake_128(f"countenance weight sketch 1 {side} {width}".encode()).digest(width * 2)
    signs = np.unpackbits(np.frombuffer(bits, np.uint8)).astype(np.float32) * 2 - 1
    return signs.reshape(width, SIDE)


@lru_cache(maxsize=1024)
def channels(width: int) -> tuple[tuple[int, int], ...]:
    """Say which channels of a side are read, as ranges: all of up to 639, else `READ` or some more, evenly spread.

    Reading all of the widest layers would take longer than all digests together. A change of the others goes unseen.
    """
    step = max(width // READ, 1)
    if step == 1:
        return ((0, width),)
    block = READ // 5
    return tuple((first, min(first + block, width)) for first in range(0, width, block * step))


READ = 320
"""So many channels of a side are read at least, where there are twice as many or more."""


@lru_cache(maxsize=16_384)
def _place(label: str) -> tuple[int, Floats]:
    """Give the bucket of a label and its random signs."""
    digest = hashlib.shake_128(f"countenance weight label 1 {label}".encode()).digest(1 + _CELLS // 8)
    signs = np.unpackbits(np.frombuffer(digest[1:], np.uint8)).astype(np.float32) * 2 - 1
    return digest[0] % _BUCKETS, signs


def sketch_of(updates: Iterable[Update]) -> bytes | None:
    """Fold the updates of a file's layers into its sketch; None when nothing is changed by them.

    Every layer counts alike, and layers of one shape together for no more than so many that have nothing in common:
    neither loud layers nor many of one kind, such as those that are added for show, must drown the others. By names
    only modules count that a model really has.
    """
    known = [update for update in updates if update.is_finite and update.core.any()]
    if not known:
        return None
    context = _context_width(known)
    given = np.array([update.core for update in known], np.float64)
    cores = _softened(given / np.abs(given).max(axis=(1, 2), keepdims=True)).reshape(-1, _CELLS)
    cores /= np.linalg.norm(cores, axis=1, keepdims=True)
    halves = np.zeros((2, _BUCKETS, _CELLS))
    are_real = are_modules([update.name for update in known], context)
    for update, core, is_real in zip(known, cores, are_real, strict=True):
        bucket, signs = _place(update.name)
        halves[0, bucket] += core * signs * is_real
    for shape in sorted({update.shape for update in known}):
        bucket, signs = _place("shape {}x{}".format(*shape))
        halves[1, bucket] += _unrelated(cores[[update.shape == shape for update in known]]) * signs
    head = _HEAD.pack(SKETCH_VERSION, context)
    return head + _unit(halves.reshape(2, HALF).astype(np.float32)).astype("<f2").tobytes()


def _unrelated(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Add rows up, to no more than the length that a sum of unrelated ones has."""
    total, most = rows.sum(axis=0), np.linalg.norm(rows)
    summed: NDArray[np.float64] = total * most / max(np.linalg.norm(total), most)
    return summed


def _softened(cores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Replace the singular values of each matrix by their square roots: C · (CᵀC)^(-1/4)."""
    squares, vectors = np.linalg.eigh(cores.transpose(0, 2, 1) @ cores)
    power = np.maximum(squares, squares[:, -1:] * 1e-12) ** -0.25
    softened: NDArray[np.float64] = cores @ (vectors * power[:, None, :]) @ vectors.transpose(0, 2, 1)
    return softened


def _context_width(updates: Sequence[Update]) -> int:
    """Tell the base apart by the width of what its cross-attention attends to (SD 1.5 has 768); 0 if there is none."""
    widths = [update.shape[1] for update in updates if attends(update.name)]
    return max(set(widths), key=widths.count) if widths else 0


def context_width(sketch: bytes) -> int:
    """Give the base's mark of a sketch: the width of what its cross-attention attends to, or 0."""
    return int(_HEAD.unpack_from(sketch)[1]) if _is_sketch(sketch) else 0


def _is_sketch(sketch: bytes) -> bool:
    return len(sketch) == SKETCH_BYTES and sketch[0] == SKETCH_VERSION


def read_sketches(sketches: Sequence[bytes]) -> Floats:
    """Give sketches as rows of float32, their common directions removed; one of another version is a row of zeros."""
    return without(read_raw(sketches), _population())


def read_raw(sketches: Sequence[bytes]) -> Floats:
    """Give sketches as rows of `WIDTH` float32, as they are; one of another version is a row of zeros."""
    rows = np.zeros((len(sketches), WIDTH), np.float32)
    for row, sketch in zip(rows, sketches, strict=True):
        if _is_sketch(sketch):
            row[:] = np.frombuffer(sketch, "<f2", offset=_HEAD.size)
    return rows


def without(rows: Floats, common: Floats) -> Floats:
    """Remove the common directions from rows of `WIDTH` numbers, and make each half one unit long again.

    A row that has next to nothing beside what is common becomes zeros: it says nothing about likeness.
    """
    halves = rows.reshape(-1, 2, HALF).copy()
    for half in range(2):
        directions = common[:, half * HALF : (half + 1) * HALF]
        halves[:, half] -= (halves[:, half] @ directions.T) @ directions
    sizes = np.linalg.norm(halves, axis=2, keepdims=True)
    halves = np.where(sizes > _LEAST_OWN, halves / np.maximum(sizes, _LEAST_OWN), 0)
    return halves.reshape(-1, WIDTH)


_LEAST_OWN = 0.02
"""What is left of a sketch without the common directions must be more than rounding."""


def likeness(one: Floats, other: Floats) -> tuple[Floats, Floats]:
    """Compare rows with rows: the cosines by names and by shapes, each with one row for each of `one`'s."""
    return one[:, :HALF] @ other[:, :HALF].T, one[:, HALF:] @ other[:, HALF:].T


@lru_cache(maxsize=1)
def _population() -> Floats:
    with (files("domain.registry") / "data" / POPULATION).open("rb") as file:
        common: Floats = np.load(file).astype(np.float32)
    return common


def _unit(rows: Floats) -> Floats:
    sizes = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Floats = np.divide(rows, sizes, out=np.zeros_like(rows), where=sizes > 0)
    return unit
