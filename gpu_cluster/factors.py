"""A LoRA's factors projected as their tensors pass by, so that no more of them is held than what a sketch needs."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from domain.registry.layers import Layer, Plan
from domain.registry.weights import SIDE, Floats, Update, channels, projection
from gpu_cluster.dtypes import Bits, Kind
from gpu_cluster.kernels import project_down, project_up

Sink = Callable[[Bits, Kind], None]
"""Takes a tensor's numbers, in the order of the file, as they lie there, with how they are to be read."""


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
        """Give what each layer changes. Products are of double precision: parts of factors may cancel each other."""
        with np.errstate(over="ignore", invalid="ignore"):
            return [
                Update(
                    layer.name,
                    (layer.outward, layer.inward),
                    (up.sums.astype(np.float64) @ down.sums.astype(np.float64)) * alpha.scale(layer),
                )
                for layer, down, up, alpha in zip(self.plan.layers, self._downs, self._ups, self._alphas, strict=True)
            ]

    def has_two_signs(self) -> bool:
        """Whether some layers are added and others taken away: which ones is up to the alphas that a loader heeds."""
        scales = [alpha.scale(layer) for layer, alpha in zip(self.plan.layers, self._alphas, strict=True)]
        scales += [layer.scale for layer in self.plan.layers if layer.scale is not None]
        negative = [scale < 0 for scale in scales]
        return not all(negative) and (any(negative) or self.plan.negative)


class _Alpha:
    """A layer's alpha, a single number."""

    def __init__(self) -> None:
        self._value: float | None = None

    def __call__(self, bits: Bits, kind: Kind) -> None:
        """Take the number."""
        self._value = float(kind.floats(bits)[0])

    def scale(self, layer: Layer) -> float:
        """Say by what the product of the layer's factors is multiplied.

        An alpha of 0 would hide everything from a reader that believes it, so it is taken for the rank.
        """
        if self._value:
            return self._value / layer.rank
        return layer.scale or 1.0


class _Rows(ABC):
    """A matrix that comes row by row; a row that is cut through waits for its rest."""

    def __init__(self, width: int) -> None:
        self._width = width
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

    def __init__(self, layer: Layer) -> None:
        super().__init__(layer.inward)
        self._rank = layer.rank

    @cached_property
    def sums(self) -> Floats:
        """What was projected so far; made when it is needed, as a file may announce more than it holds."""
        return np.zeros((self._rank, SIDE), np.float32)

    def add(self, at: int, rows: Bits, kind: Kind) -> None:
        """Project rows of A, of each of which the channels that are read."""
        patterns = kind.patterns(rows)
        signs = _signs(self._width, "in", patterns.scale)
        project_down(patterns, _channels(self._width), signs, self.sums[at : at + len(rows)])


class _Up(_Rows):
    """R₁ᵀ · B, for the factor B of outward × rank."""

    def __init__(self, layer: Layer) -> None:
        super().__init__(layer.rank)
        self._height = layer.outward

    @cached_property
    def sums(self) -> Floats:
        """What was projected so far."""
        return np.zeros((SIDE, self._width), np.float32)

    def add(self, at: int, rows: Bits, kind: Kind) -> None:
        """Project rows of B, those that are read."""
        patterns = kind.patterns(rows)
        signs = _signs(self._height, "out", patterns.scale)
        before = 0
        for first, last in channels(self._height):
            begin, end = max(first, at), min(last, at + len(rows))
            if begin < end:
                some = patterns._replace(numbers=patterns.numbers[begin - at : end - at])
                project_up(some, signs[before + begin - first : before + end - first], self.sums)
            before += last - first


@lru_cache(maxsize=1024)
def _channels(width: int) -> NDArray[np.int64]:
    """Give the ranges of channels that are read of a side of this width."""
    return np.array(channels(width), np.int64)


@lru_cache(maxsize=64)
def _signs(width: int, side: str, scale: float) -> Floats:
    """Give the signs of the channels that are read of a side of this width, with what the numbers are multiplied by.

    They are channels × `SIDE`, of the inward side turned.
    """
    signs = projection(width, side) * np.float32(scale)
    read = np.concatenate([signs[first:last] for first, last in channels(width)])
    return np.ascontiguousarray(read.T) if side == "in" else read
