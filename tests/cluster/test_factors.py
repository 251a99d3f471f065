"""A LoRA's factors on their way: numbers made floats exactly, and projected as the definition says."""

import numpy as np
import pytest

from domain.registry.layers import Layer, Plan
from domain.registry.weights import channels, projection
from gpu_cluster.dtypes import KINDS
from gpu_cluster.factors import Projected

HALF = KINDS["F16"]


@pytest.mark.parametrize("shape", [(-1,), (8, -1), (-1, 8)])
@pytest.mark.parametrize("first", [0, 1024, 31_744])
def test_half_precision_becomes_exactly_the_same_numbers(shape: tuple[int, ...], first: int) -> None:
    patterns = np.roll(np.arange(1 << 16, dtype=np.uint16), -first)
    finite = patterns[(patterns & 0x7C00) != 0x7C00].reshape(shape)

    floats = HALF.floats(finite)

    # Compared as patterns, so that a zero keeps its sign, too.
    assert floats.dtype == np.float32
    assert np.array_equal(floats.view(np.uint32), finite.view(np.float16).astype(np.float32).view(np.uint32))


@pytest.mark.parametrize("width", [1, 320, 639, 640, 1280, 2048, 3000])
@pytest.mark.parametrize("rank", [1, 3, 64, 376])
@pytest.mark.parametrize("at_once", [9_999, 10**9])
def test_factors_are_projected_as_the_definition_says(width: int, rank: int, at_once: int) -> None:
    chance = np.random.default_rng(width + rank)
    # Small whole numbers: their sums are exact in whatever order they are added.
    down = chance.integers(-8, 9, (rank, width)).astype("<f2")
    up = chance.integers(-8, 9, (width, rank)).astype("<f2")
    projected = Projected(Plan((Layer("layer", 0, 1, None, width, width, rank),)))

    for place, factor in enumerate((down, up)):
        sink, bits = projected.sinks()[place], factor.view(np.uint16).reshape(-1)
        for start in range(0, len(bits), at_once):
            sink(bits[start : start + at_once], HALF)

    read = np.concatenate([np.arange(first, last) for first, last in channels(width)])
    inner = down.astype(np.float64)[:, read] @ projection(width, "in")[read]
    outer = projection(width, "out")[read].T @ up.astype(np.float64)[read]
    [update] = projected.updates()
    assert update.shape == (width, width)
    assert np.allclose(update.core, outer @ inner, rtol=1e-5, atol=1e-3 * np.abs(outer @ inner).max())
