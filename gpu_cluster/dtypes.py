"""How the numbers of each dtype lie in a file: where they stop being numbers, and how they become float32."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.registry.weights import Floats
from gpu_cluster.kernels import Patterns, largest

Bits = NDArray[np.unsignedinteger]
"""Numbers as they lie in a file, as unsigned integers of their size."""

ToFloats = Callable[[Bits], Floats]


@dataclass(frozen=True, slots=True)
class Kind:
    """How the numbers of a dtype lie in memory. `infinity` is the pattern from which on there are none but NaN."""

    bits: np.dtype[np.unsignedinteger]
    infinity: int | None
    floats: ToFloats
    patterns: Callable[[Bits], Patterns]
    """Says for some rows of numbers how their patterns become those of float32 the quickest way."""

    def has_no_number(self, bits: Bits) -> bool:
        """Whether there is a NaN or an infinity: as integers, patterns grow with the size of the number."""
        return self.infinity is not None and largest(bits) >= 2 * self.infinity


def _looked_up(table: Floats) -> ToFloats:
    """Make floats by a table of every pattern.

    A table has a place for every pattern, so none is out of bounds; of the modes, "wrap" looks the least into that.
    """
    return lambda bits: table.take(bits.astype(np.intp), mode="wrap")


_half = _looked_up(np.arange(1 << 16, dtype=np.uint16).view(np.float16).astype(np.float32))
_HALF_EXPONENT, _HALF_FRACTION_BITS = 0x7C00, 10
_SINGLE_FRACTION_BITS, _BIASES_APART = 23, 2.0 ** (127 - 15)
_SIGN_EXPONENT_FRACTION = -0x7000_2000


def _half_patterns(bits: Bits) -> Patterns:
    """Move the patterns of half precision to where float32 has its exponent and fraction.

    The sign is spread over the bits between, and cut out there. Multiplied by what the exponents' biases differ by,
    that is exactly the number, for subnormal ones too; what is no number becomes one. But subnormal numbers are
    subnormal float32 on that way, which some processors take a hundred times as long for, so where the first row has
    many, as in a factor that was hardly trained, all are looked up.
    """
    few = bits[:1]
    if 2 * np.count_nonzero(few & _HALF_EXPONENT) < few.size:
        return _single_patterns(_half(bits))
    shift = _SINGLE_FRACTION_BITS - _HALF_FRACTION_BITS
    return Patterns(bits.view(np.int16), shift, _SIGN_EXPONENT_FRACTION, _BIASES_APART)


def _brain_patterns(bits: Bits) -> Patterns:
    """A bfloat16 is the first half of a float32."""
    return Patterns(bits.view(np.int16), 16, -1, 1.0)


def _single_patterns(floats: Floats) -> Patterns:
    return Patterns(floats.view(np.int32), 0, -1, 1.0)


def _eighth_table(exponent_bits: int) -> Floats:
    """Write out the values of a float of eight bits with so many bits of exponent; what is no number is zero."""
    patterns = np.arange(256)
    mantissa_bits = 7 - exponent_bits
    bias = (1 << (exponent_bits - 1)) - 1
    exponent = (patterns & 0x7F) >> mantissa_bits
    fraction = (patterns & ((1 << mantissa_bits) - 1)) / (1 << mantissa_bits)
    size = np.where(exponent, (1 + fraction) * 2.0 ** (exponent - bias), fraction * 2.0 ** (1 - bias))
    return np.where(patterns & 0x80, -size, size).astype(np.float32)


def _kind(
    bits: int, infinity: int | None, floats: ToFloats, patterns: Callable[[Bits], Patterns] | None = None
) -> Kind:
    unsigned = np.dtype(f"<u{bits // 8}")
    return Kind(unsigned, infinity, floats, patterns or (lambda some: _single_patterns(floats(some))))


def _narrowed(bits: Bits) -> Floats:
    """Turn float64 to float32; what is too large for it becomes infinite, and its layer is not compared."""
    with np.errstate(over="ignore"):
        return bits.view(np.float64).astype(np.float32)


def _integers(bits: int, *, signed: bool) -> Kind:
    """Read whole numbers."""
    kept = np.dtype(f"<{'i' if signed else 'u'}{bits // 8}")
    return _kind(bits, None, lambda some: some.view(kept).astype(np.float32))


KINDS = {
    "F64": _kind(64, 0x7FF0_0000_0000_0000, _narrowed),
    "F32": _kind(32, 0x7F80_0000, lambda bits: bits.view(np.float32)),
    "F16": _kind(16, 0x7C00, _half, _half_patterns),
    "BF16": _kind(16, 0x7F80, lambda bits: (bits.astype(np.uint32) << 16).view(np.float32), _brain_patterns),
    "F8_E4M3": _kind(8, 0x7F, _looked_up(_eighth_table(4))),
    "F8_E5M2": _kind(8, 0x7C, _looked_up(_eighth_table(5))),
    **{f"I{bits}": _integers(bits, signed=True) for bits in (8, 16, 32, 64)},
    **{f"U{bits}": _integers(bits, signed=False) for bits in (8, 16, 32, 64)},
    "BOOL": _integers(8, signed=False),
}
"""How to read each dtype; the numbers of any other are not looked at."""
