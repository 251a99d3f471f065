"""The loops over a tensor's numbers, compiled when they are first needed: three calls a tensor instead of hundreds.

numba compiles them for the processor that they run on, lets other threads run meanwhile, and keeps what it made beside
this file, or in the user's cache folder.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple, ParamSpec, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from domain.registry.weights import SIDE, Floats

_P = ParamSpec("_P")
_R = TypeVar("_R")

_AT_ONCE = 4
"""So many rows of one factor, or of the signs, share what is loaded for them."""


class Patterns(NamedTuple):
    """Numbers as signed integers, each of which, shifted and masked, has the pattern of a float32 to be scaled."""

    numbers: NDArray[np.signedinteger]
    shift: int
    mask: int
    scale: float


def compiled(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Compile a function when it is first called, once for each kind of arguments."""
    # Sums may be taken in any order and fused with products, which what they are used for does not notice.
    options = {"nogil": True, "fastmath": {"reassoc", "contract", "nsz"}}
    made: Callable[_P, _R]
    try:
        made = njit(cache=True, **options)(function)
    except RuntimeError:  # there is no folder that it may write to
        made = njit(**options)(function)
    return made


@compiled
def largest(bits: NDArray[np.unsignedinteger]) -> int:
    """Give the largest of some patterns without their signs, doubled."""
    number = bits.dtype.type
    found = number(0)
    for at in range(bits.size):
        found = max(found, number(bits[at] << number(1)))
    return int(found)


@compiled
def project_down(rows: Patterns, ranges: NDArray[np.int64], signs: Floats, sums: Floats) -> None:
    """Add rows · signsᵀ to `sums`, rows × `SIDE`, where of each row only the channels in `ranges` are read.

    `signs` are `SIDE` × channels read, contiguous, and have the scale of the rows' patterns in them.
    """
    bits, shift, mask, _ = rows
    read = signs.shape[1]
    patterns = np.empty(read, np.int32)
    numbers = patterns.view(np.float32)
    for row in range(len(bits)):
        begin = 0
        for which in range(ranges.shape[0]):
            some = bits[row, ranges[which, 0] : ranges[which, 1]]
            spread = patterns[begin : begin + some.size]
            for at in range(some.size):
                spread[at] = np.int32(some[at]) << shift & mask
            begin += some.size
        for side in range(0, SIDE, _AT_ONCE):
            first, second, third, fourth = signs[side], signs[side + 1], signs[side + 2], signs[side + 3]
            one = two = three = four = np.float32(0)
            for at in range(read):
                one += numbers[at] * first[at]
                two += numbers[at] * second[at]
                three += numbers[at] * third[at]
                four += numbers[at] * fourth[at]
            sums[row, side] += one
            sums[row, side + 1] += two
            sums[row, side + 2] += three
            sums[row, side + 3] += four


@compiled
def project_up(rows: Patterns, signs: Floats, sums: Floats) -> None:
    """Add signsᵀ · rows to `sums`, `SIDE` × the width of a row; `signs` are rows × `SIDE`, and scaled likewise."""
    bits, shift, mask, _ = rows
    count, width = bits.shape
    patterns = np.zeros((_AT_ONCE, width), np.int32)
    numbers = patterns.view(np.float32)
    first, second, third, fourth = numbers[0], numbers[1], numbers[2], numbers[3]
    some = np.zeros((_AT_ONCE, SIDE), np.float32)
    for begin in range(0, count, _AT_ONCE):
        for row in range(_AT_ONCE):
            # Behind the last row stand numbers of one before, which are to count for nothing.
            there = begin + row < count
            for side in range(SIDE):
                some[row, side] = signs[begin + row, side] if there else 0
            if there:
                source, spread = bits[begin + row], patterns[row]
                for at in range(width):
                    spread[at] = np.int32(source[at]) << shift & mask
        for side in range(SIDE):
            one, two, three, four = some[0, side], some[1, side], some[2, side], some[3, side]
            total = sums[side]
            for at in range(width):
                total[at] += one * first[at] + two * second[at] + three * third[at] + four * fourth[at]


@cache
def compile_for_halves() -> None:
    """Compile the loops for numbers of 16 bits, as most models have, once a process, so that no file waits for it."""
    row, signs = np.zeros((1, 1), np.int16), np.zeros((SIDE, 1), np.float32)
    rows, sums = Patterns(row, 0, 0, 1.0), np.zeros((1, SIDE), np.float32)
    largest(row.view(np.uint16).reshape(-1))
    project_down(rows, np.array([[0, 1]], np.int64), signs, sums)
    project_up(rows, sums, signs)
