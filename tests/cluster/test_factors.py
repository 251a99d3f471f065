"""A LoRA's factors on their way: numbers made floats exactly, and projected as the definition says."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from domain.registry.layers import NUMERIC, Layer, Plan
from domain.registry.weights import Update, channels, projection
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

    update = projected("F16", (down, up), at_once)

    expected = by_definition(down, up)
    assert update.shape == (width, width)
    assert np.allclose(update.core, expected, rtol=1e-5, atol=1e-3 * np.abs(expected).max())


@pytest.mark.parametrize("dtype", ["F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "I8", "I16", "I32", "I64"])
def test_every_dtype_is_projected_alike(dtype: str) -> None:
    chance = np.random.default_rng(4)
    # Numbers that all dtypes can tell.
    down, up = (chance.choice([-4, -2, -1, 0, 1, 2, 4], shape) for shape in ((5, 700), (700, 5)))
    made = [in_dtype(factor, dtype) for factor in (down, up)]

    update = projected(dtype, made, 1000)

    assert np.array_equal(update.core, by_definition(down, up))


def test_every_dtype_that_is_planned_can_be_read() -> None:
    assert set(KINDS) == NUMERIC


@pytest.mark.parametrize("dtype", ["F16", "F32"])
def test_numbers_too_small_for_whole_precision_count_as_well(dtype: str) -> None:
    chance = np.random.default_rng(5)
    down, up = (chance.choice([-3, 0, 1, 2], shape) * 2.0**-24 for shape in ((5, 700), (700, 5)))
    up[:, 2:] *= 2.0**20
    made = [in_dtype(factor, dtype) for factor in (down, up)]

    update = projected(dtype, made, 1000)

    assert np.allclose(update.core, by_definition(down, up), rtol=1e-5, atol=0)


def projected(dtype: str, factors: Sequence[NDArray[Any]], at_once: int) -> Update:
    """Project the factors of one layer, given so many numbers at a time."""
    kind = KINDS[dtype]
    rank, width = len(factors[0]), len(factors[1])
    layer = Layer("layer", 0, 1, None, width, width, rank)
    under_way = Projected(Plan((layer,)))
    for place, factor in enumerate(factors):
        sink, bits = under_way.sinks()[place], factor.view(kind.bits).reshape(-1)
        for start in range(0, len(bits), at_once):
            sink(bits[start : start + at_once], kind)
    [update] = under_way.updates()
    return update


def by_definition(down: NDArray[Any], up: NDArray[Any]) -> NDArray[np.float64]:
    """Project what a layer changes, of the channels that are read."""
    width = len(up)
    read = np.concatenate([np.arange(first, last) for first, last in channels(width)])
    inner = down.astype(np.float64)[:, read] @ projection(width, "in")[read]
    outer = projection(width, "out")[read].T @ up.astype(np.float64)[read]
    found: NDArray[np.float64] = outer @ inner
    return found


def in_dtype(numbers: NDArray[Any], dtype: str) -> NDArray[Any]:
    """Write numbers as they lie in a file."""
    tensor = torch.from_numpy(numbers.astype(np.float64))
    return tensor.to(_TYPES[dtype], copy=True).contiguous().view(torch.uint8).numpy()


_TYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "I8": torch.int8,
    "I16": torch.int16,
    "I32": torch.int32,
    "I64": torch.int64,
}
