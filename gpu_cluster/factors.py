"""A LoRA's factors projected as their tensors pass by, so that no more of them is held than what a sketch needs."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np

from domain.registry.layers import Layer, Plan
from domain.registry.weights import SIDE, Floats, Update, channels, projection
from gpu_cluster.dtypes import Bits, ToFloats

_PIECE = 65_536
"""Numbers that are turned to float32 at a time: they stay in a processor's cache until they are multiplied."""

_PRODUCT = 262_144
"""Multiplications in one call of the linear algebra library. OpenBLAS spreads a larger product over threads of its own,
which wait for one another in loops: for matrices as narrow as these that took more than twice the processor time."""

Sink = Callable[[Bits, ToFloats], None]
"""Takes a tensor's numbers, in the order of the file, as they lie there, with how to make floats of them."""


class Projected:
    """The projections of a LoRA's factors, filled as their tensors pass by."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._downs = [_Down(layer) for layer in plan.layers]
        self._ups = [_Up(layer) for layer in plan.layers]
        self._alphas = [_Alpha() for _ in plan.layers]

    def sinks(self) -> dict[int, Sink]:
        """Say by the place of a tensor in the file who takes its numbers."""
        wanted: dict[int, Sink] = {}
        for layer, down, up, alpha in zip(self.plan.layers, self._downs, self._ups, self._alphas, strict=True):
            wanted[layer.down], wanted[layer.up] = down, up
            if layer.alpha is not None:
                wanted[layer.alpha] = alpha
        return wanted

    def updates(self) -> list[Update]:
        """Give what each layer changes."""
        with np.errstate(over="ignore", invalid="ignore"):
            return [
                Update(layer.name, (layer.outward, layer.inward), (up.sums @ down.sums) * alpha.scale(layer.rank))
                for layer, down, up, alpha in zip(self.plan.layers, self._downs, self._ups, self._alphas, strict=True)
            ]


class _Alpha:
    """A layer's alpha, a single number."""

    def __init__(self) -> None:
        self._value: float | None = None

    def __call__(self, bits: Bits, floats: ToFloats) -> None:
        """Take the number."""
        self._value = float(floats(bits)[0])

    def scale(self, rank: int) -> np.float32:
        """Say by what the product of the layer's factors is multiplied."""
        return np.float32(1.0 if self._value is None else self._value / rank)


class _Rows(ABC):
    """A matrix that comes row by row; a row that is cut through waits for its rest."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._at = 0
        self._cut: Bits | None = None

    def __call__(self, bits: Bits, floats: ToFloats) -> None:
        """Take the next numbers."""
        if self._cut is not None:
            missing = self._width - len(self._cut)
            row, bits = np.concatenate([self._cut, bits[:missing]]), bits[missing:]
            if len(row) < self._width:
                self._cut = row
                return
            self._take(row, floats)
        whole = len(bits) - len(bits) % self._width
        self._cut = bits[whole:].copy() if whole < len(bits) else None
        self._take(bits[:whole], floats)

    def _take(self, bits: Bits, floats: ToFloats) -> None:
        rows = bits.reshape(-1, self._width)
        self.add(self._at, rows, floats)
        self._at += len(rows)

    @abstractmethod
    def add(self, at: int, rows: Bits, floats: ToFloats) -> None:
        """Project some whole rows, the first of which is row `at`."""


class _Down(_Rows):
    """A · R₂, for the factor A of rank × inward."""

    def __init__(self, layer: Layer) -> None:
        super().__init__(layer.inward)
        self.sums = np.zeros((layer.rank, SIDE), np.float32)

    def add(self, at: int, rows: Bits, floats: ToFloats) -> None:
        """Project rows of A, of each of which the channels that are read."""
        ranges, signs = channels(self._width), _signs_that_count(self._width)
        for first, some in _pieces(rows, len(signs)):
            read = np.concatenate([some[:, one:other] for one, other in ranges], axis=1) if len(ranges) > 1 else some
            _multiply(floats(read), signs, out=self.sums[at + first : at + first + len(some)])


class _Up(_Rows):
    """R₁ᵀ · B, for the factor B of outward × rank."""

    def __init__(self, layer: Layer) -> None:
        super().__init__(layer.rank)
        self.sums = np.zeros((SIDE, layer.rank), np.float32)
        self._height = layer.outward

    def add(self, at: int, rows: Bits, floats: ToFloats) -> None:
        """Project rows of B, those that are read."""
        signs = projection(self._height, "out")[at : at + len(rows)]
        for one, other in channels(self._height):
            begin, end = max(one - at, 0), max(other - at, 0)
            for first, some in _pieces(rows[begin:end], self._width):
                _add_product(signs[begin + first :][: len(some)], floats(some), to=self.sums)


def _pieces(rows: Bits, width: int) -> Iterator[tuple[int, Bits]]:
    """Cut rows, of each of which `width` numbers are read, into pieces, each with the place of its first row."""
    at_once = max(_PIECE // width, 1)
    for first in range(0, len(rows), at_once):
        yield first, rows[first : first + at_once]


@lru_cache(maxsize=32)
def _signs_that_count(width: int) -> Floats:
    """Give the signs of the channels that are read of a factor A of this width."""
    signs = projection(width, "in")
    return np.concatenate([signs[first:last] for first, last in channels(width)])


def _multiply(rows: Floats, signs: Floats, *, out: Floats) -> None:
    """Write rows · signs to `out`, by products of at most `_PRODUCT` multiplications."""
    width, at_once = len(signs), max(_PRODUCT // signs.size, 1)
    whole = len(rows) - len(rows) % at_once
    if whole:
        stacked = rows[:whole].reshape(-1, at_once, width)
        np.matmul(stacked, signs, out=out[:whole].reshape(-1, at_once, SIDE))
    if whole < len(rows):
        np.matmul(rows[whole:], signs, out=out[whole:])


def _add_product(signs: Floats, rows: Floats, *, to: Floats) -> None:
    """Add signsᵀ · rows to `to`, by products of at most `_PRODUCT` multiplications."""
    width = rows.shape[1]
    at_once = max(_PRODUCT // (SIDE * width), 1)
    whole = len(rows) - len(rows) % at_once
    if whole:
        turned = signs[:whole].reshape(-1, at_once, SIDE).transpose(0, 2, 1)
        to += np.matmul(turned, rows[:whole].reshape(-1, at_once, width)).sum(axis=0)
    if whole < len(rows):
        to += signs[whole:].T @ rows[whole:]
