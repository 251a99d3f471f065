"""How the numbers of each dtype lie in a file: where they stop being numbers, and how they become float32."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.registry.weights import Floats

Bits = NDArray[np.unsignedinteger]
"""Numbers as they lie in a file, as unsigned integers of their size."""

ToFloats = Callable[[Bits], Floats]


@dataclass(frozen=True, slots=True)
class Kind:
    """How the numbers of a dtype lie in memory. `infinity` is the pattern from which on there are none but NaN."""

    bits: np.dtype[np.unsignedinteger]
    signed: np.dtype[np.signedinteger]
    infinity: int | None
    floats: ToFloats

    def has_no_number(self, bits: Bits) -> bool:
        """Whether there is a NaN or an infinity: as integers, patterns grow with the size of the number.

        Two maxima, of the positive as signed and of the negative as unsigned integers, take a tenth of the time of a
        test of each number.
        """
        if self.infinity is None:
            return False
        negative = self.infinity | 1 << (8 * self.bits.itemsize - 1)
        return int(bits.view(self.signed).max()) >= self.infinity or int(bits.max()) >= negative


def _looked_up(table: Floats) -> ToFloats:
    """Make floats by a table of every pattern: for half precision faster than numpy's cast, tenfold for subnormals.

    A table has a place for every pattern, so none is out of bounds; of the modes, "wrap" looks the least into that.
    """
    return lambda bits: table.take(bits.astype(np.intp), mode="wrap")


def _half_table() -> Floats:
    return np.arange(1 << 16, dtype=np.uint16).view(np.float16).astype(np.float32)


def _eighth_table(exponent_bits: int) -> Floats:
    """Write out the values of a float of eight bits with so many bits of exponent; what is no number is zero."""
    patterns = np.arange(256)
    mantissa_bits = 7 - exponent_bits
    bias = (1 << (exponent_bits - 1)) - 1
    exponent = (patterns & 0x7F) >> mantissa_bits
    fraction = (patterns & ((1 << mantissa_bits) - 1)) / (1 << mantissa_bits)
    size = np.where(exponent, (1 + fraction) * 2.0 ** (exponent - bias), fraction * 2.0 ** (1 - bias))
    return np.where(patterns & 0x80, -size, size).astype(np.float32)


def _kind(bits: int, infinity: int | None, floats: ToFloats) -> Kind:
    return Kind(np.dtype(f"<u{bits // 8}"), np.dtype(f"<i{bits // 8}"), infinity, floats)


def _narrowed(bits: Bits) -> Floats:
    """Turn float64 to float32; what is too large for it becomes infinite, and its layer is not compared."""
    with np.errstate(over="ignore"):
        return bits.view(np.float64).astype(np.float32)


KINDS = {
    "F64": _kind(64, 0x7FF0_0000_0000_0000, _narrowed),
    "F32": _kind(32, 0x7F80_0000, lambda bits: bits.view(np.float32)),
    "F16": _kind(16, 0x7C00, _looked_up(_half_table())),
    "BF16": _kind(16, 0x7F80, lambda bits: (bits.astype(np.uint32) << 16).view(np.float32)),
    "F8_E4M3": _kind(8, 0x7F, _looked_up(_eighth_table(4))),
    "F8_E5M2": _kind(8, 0x7C, _looked_up(_eighth_table(5))),
    "I8": _kind(8, None, lambda bits: bits.view(np.int8).astype(np.float32)),
}
"""How to read each dtype; the numbers of any other are not looked at."""
