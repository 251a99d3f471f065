"""A LoRA's factors projected as their tensors pass by, so that no more of them is held than what a sketch needs."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable

import numpy as np

from domain.registry.layers import Layer, Plan
from domain.registry.weights import SIDE, Update, channels, projection
from gpu_cluster.dtypes import Bits, ToFloats

_PIECE = 32_768
"""Numbers that are turned to float32 and multiplied at a time: they stay in a processor's cache, and products as
small as these are not spread over threads by the linear algebra library."""

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

    def updates(self) -> Iterable[Update]:
        """Give what each layer changes."""
        for layer, down, up, alpha in zip(self.plan.layers, self._downs, self._ups, self._alphas, strict=True):
            scale = 1.0 if alpha.value is None else alpha.value / layer.rank
            with np.errstate(over="ignore", invalid="ignore"):
                core = (up.sums @ down.sums) * np.float32(scale)
            yield Update(layer.name, (layer.outward, layer.inward), core)


class _Alpha:
    """A layer's alpha, a single number."""

    def __init__(self) -> None:
        self.value: float | None = None

    def __call__(self, bits: Bits, floats: ToFloats) -> None:
        """Take the number."""
        self.value = float(floats(bits)[0])


class _Rows(ABC):
    """A matrix that comes row by row; a row that is cut through waits for its rest."""

    def __init__(self, width: int, at_once: int) -> None:
        self._width, self._at_once = width, max(at_once, 1)
        self._at = 0
        self._cut: Bits | None = None

    def __call__(self, bits: Bits, floats: ToFloats) -> None:
        """Take the next numbers."""
        if self._cut is not None:
            bits = np.concatenate([self._cut, bits])
        whole = len(bits) - len(bits) % self._width
        self._cut = bits[whole:].copy() if whole < len(bits) else None
        rows = bits[:whole].reshape(-1, self._width)
        for start in range(0, len(rows), self._at_once):
            some = rows[start : start + self._at_once]
            self.add(self._at, some, floats)
            self._at += len(some)

    @abstractmethod
    def add(self, at: int, rows: Bits, floats: ToFloats) -> None:
        """Project some whole rows, the first of which is row `at`."""


class _Down(_Rows):
    """A · R₂, for the factor A of rank × inward."""

    def __init__(self, layer: Layer) -> None:
        first, last = channels(layer.inward)[0]
        super().__init__(layer.inward, _PIECE // (last - first))
        self.sums = np.zeros((layer.rank, SIDE), np.float32)

    def add(self, at: int, rows: Bits, floats: ToFloats) -> None:
        """Project rows of A, of each of which the channels that are read."""
        for first, last in channels(self._width):
            signs = projection(self._width, "in")[first:last]
            self.sums[at : at + len(rows)] += floats(rows[:, first:last]) @ signs


class _Up(_Rows):
    """R₁ᵀ · B, for the factor B of outward × rank."""

    def __init__(self, layer: Layer) -> None:
        super().__init__(layer.rank, _PIECE // layer.rank)
        self.sums = np.zeros((SIDE, layer.rank), np.float32)
        self._height = layer.outward

    def add(self, at: int, rows: Bits, floats: ToFloats) -> None:
        """Project rows of B, those that are read."""
        for first, last in channels(self._height):
            first, last = max(first, at), min(last, at + len(rows))  # noqa: PLW2901 - narrowed to these rows
            if first < last:
                signs = projection(self._height, "out")[first:last]
                self.sums += signs.T @ floats(rows[first - at : last - at])
