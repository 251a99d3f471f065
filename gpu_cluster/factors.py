"""A LoRA's factors projected as their tensors pass by, so that no more of them is held than what a sketch needs."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache

import numpy as np

from domain.registry.layers import Layer, Plan
from domain.registry.weights import SIDE, Floats, Update, channels, projection
from gpu_cluster.dtypes import Bits, Kind

_PIECE = 65_536
"""Numbers that are turned to float32 at a time: they stay in a processor's cache until they are multiplied."""

_PRODUCT = 500_000
"""Multiplications in one call of the linear algebra library. OpenBLAS spreads those of twice 262,144 and more over
threads of its own, which wait for one another in loops: for matrices this narrow that took twice the processor time."""

Sink = Callable[[Bits, Kind], None]
"""Takes a tensor's numbers, in the order of the file, as they lie there, with how they are to be read."""


class Projected:
    """The projections of a LoRA's factors, filled as their tensors pass by."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        room = _Room()
        self._downs = [_Down(layer, room) for layer in plan.layers]
        self._ups = [_Up(layer, room) for layer in plan.layers]
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

    def __call__(self, bits: Bits, kind: Kind) -> None:
        """Take the number."""
        self._value = float(kind.floats(bits)[0])

    def scale(self, rank: int) -> np.float32:
        """Say by what the product of the layer's factors is multiplied."""
        return np.float32(1.0 if self._value is None else self._value / rank)


class _Room:
    """Memory for the numbers that are being worked on: the same for all, so that it stays in a processor's cache."""

    def __init__(self) -> None:
        self._memory = np.empty(0, np.float32)

    def of(self, bits: Bits) -> Floats:
        """Give room for as many floats."""
        if len(self._memory) < bits.size:
            self._memory = np.empty(bits.size, np.float32)
        return self._memory[: bits.size].reshape(bits.shape)


class _Rows(ABC):
    """A matrix that comes row by row; a row that is cut through waits for its rest."""

    def __init__(self, width: int, room: _Room) -> None:
        self._width, self._room = width, room
        self._at = 0
        self._cut: Bits | None = None

    def __call__(self, bits: Bits, kind: Kind) -> None:
        """Take the next numbers."""
        if self._cut is not None:
            missing = self._width - len(self._cut)
            row, bits = np.concatenate([self._cut, bits[:missing]]), bits[missing:]
            if len(row) < self._width:
                self._cut = row
                return
            self._take(row, kind)
        whole = len(bits) - len(bits) % self._width
        self._cut = bits[whole:].copy() if whole < len(bits) else None
        if whole:
            self._take(bits[:whole], kind)

    def _take(self, bits: Bits, kind: Kind) -> None:
        rows = bits.reshape(-1, self._width)
        self.add(self._at, rows, kind)
        self._at += len(rows)

    @abstractmethod
    def add(self, at: int, rows: Bits, kind: Kind) -> None:
        """Project some whole rows, the first of which is row `at`."""


class _Down(_Rows):
    """A · R₂, for the factor A of rank × inward."""

    def __init__(self, layer: Layer, room: _Room) -> None:
        super().__init__(layer.inward, room)
        self._rank = layer.rank

    @cached_property
    def sums(self) -> Floats:
        """What was projected so far; made when it is needed, as a file may announce more than it holds."""
        return np.zeros((self._rank, SIDE), np.float32)

    def add(self, at: int, rows: Bits, kind: Kind) -> None:
        """Project rows of A, of each of which the channels that are read."""
        quick = kind.quick(rows)
        ranges, signs = channels(self._width), _signs_that_count(self._width, "in", quick.scale)
        together = max(_PRODUCT // signs.size, 1)
        for first, some in _pieces(rows, len(signs), together):
            read = np.concatenate([some[:, one:other] for one, other in ranges], axis=1) if len(ranges) > 1 else some
            numbers = quick.floats(read, self._room.of(read))
            _multiply(numbers, signs, together, out=self.sums[at + first : at + first + len(some)])


class _Up(_Rows):
    """R₁ᵀ · B, for the factor B of outward × rank."""

    def __init__(self, layer: Layer, room: _Room) -> None:
        super().__init__(layer.rank, room)
        self._height = layer.outward
        self._read = 0

    @cached_property
    def sums(self) -> Floats:
        """What was projected so far."""
        return np.zeros((SIDE, self._width), np.float32)

    def add(self, at: int, rows: Bits, kind: Kind) -> None:
        """Project rows of B, those that are read."""
        ranges = channels(self._height)
        if len(ranges) > 1:
            rows = np.concatenate([rows[max(one - at, 0) : max(other - at, 0)] for one, other in ranges])
        quick = kind.quick(rows)
        signs = _signs_that_count(self._height, "out", quick.scale)[self._read :]
        together = max(_PRODUCT // (SIDE * self._width), 1)
        for first, some in _pieces(rows, self._width, together):
            numbers = quick.floats(some, self._room.of(some))
            _add_product(signs[first : first + len(some)], numbers, together, to=self.sums)
        self._read += len(rows)


def _pieces(rows: Bits, width: int, together: int = 1) -> Iterator[tuple[int, Bits]]:
    """Cut rows, of each of which `width` numbers are read, into pieces of a multiple of `together` rows.

    Gives each with the place of its first row.
    """
    at_once = max(_PIECE // width // together, 1) * together
    for first in range(0, len(rows), at_once):
        yield first, rows[first : first + at_once]


@lru_cache(maxsize=64)
def _signs_that_count(width: int, side: str, scale: float) -> Floats:
    """Give the signs of the channels that are read of a side of this width, with what the numbers are multiplied by."""
    signs = projection(width, side) * np.float32(scale)
    return np.concatenate([signs[first:last] for first, last in channels(width)])


def _multiply(rows: Floats, signs: Floats, together: int, *, out: Floats) -> None:
    """Write rows · signs to `out`, `together` rows at a time."""
    whole = len(rows) - len(rows) % together
    if whole:
        stacked = rows[:whole].reshape(-1, together, len(signs))
        np.matmul(stacked, signs, out=out[:whole].reshape(-1, together, SIDE))
    if whole < len(rows):
        np.matmul(rows[whole:], signs, out=out[whole:])


def _add_product(signs: Floats, rows: Floats, together: int, *, to: Floats) -> None:
    """Add signsᵀ · rows to `to`, `together` rows at a time."""
    whole = len(rows) - len(rows) % together
    if whole:
        turned = signs[:whole].reshape(-1, together, SIDE).transpose(0, 2, 1)
        to += np.add.reduce(turned @ rows[:whole].reshape(-1, together, rows.shape[1]))
    if whole < len(rows):
        to += signs[whole:].T @ rows[whole:]
