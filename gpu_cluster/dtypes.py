"""How the numbers of each dtype lie in a file: where they stop being numbers, and how they become float32."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.registry.weights import Floats

Bits = NDArray[np.unsignedinteger]
"""Numbers as they lie in a file, as unsigned integers of their size."""

ToFloats = Callable[[Bits], Floats]


class Quick(NamedTuple):
    """A quick way to make floats, of another size: each is to be multiplied by `scale`."""

    floats: Callable[[Bits, Floats], Floats]
    """Takes numbers, and memory for as many floats that it may use."""
    scale: float


@dataclass(frozen=True, slots=True)
class Kind:
    """How the numbers of a dtype lie in memory. `infinity` is the pattern from which on there are none but NaN."""

    bits: np.dtype[np.unsignedinteger]
    signed: np.dtype[np.signedinteger]
    infinity: int | None
    floats: ToFloats
    quick: Callable[[Bits], Quick]
    """Chooses the quickest way for some rows of numbers."""

    def has_no_number(self, bits: Bits) -> bool:
        """Whether there is a NaN or an infinity: as integers, patterns grow with the size of the number.

        Two maxima, of the positive as signed and of the negative as unsigned integers, take a tenth of the time of a
        test of each number.
        """
        if self.infinity is None:
            return False
        sign = 1 << (8 * self.bits.itemsize - 1)
        if len(bits) == 1:  # an alpha, of which a LoRA has one for each layer
            return int(bits[0]) & ~sign >= self.infinity
        negative = self.infinity | sign
        largest = np.maximum.reduce
        return int(largest(bits.view(self.signed))) >= self.infinity or int(largest(bits)) >= negative


def _looked_up(table: Floats) -> ToFloats:
    """Make floats by a table of every pattern.

    A table has a place for every pattern, so none is out of bounds; of the modes, "wrap" looks the least into that.
    """
    return lambda bits: table.take(bits.astype(np.intp), mode="wrap")


_half_looked_up = _looked_up(np.arange(1 << 16, dtype=np.uint16).view(np.float16).astype(np.float32))
_HALF_EXPONENT, _HALF_FRACTION_BITS = 0x7C00, 10
_SINGLE_FRACTION_BITS, _BIASES_APART = 23, 2.0 ** (127 - 15)
_FEW = 4096
"""Fewer numbers are looked up sooner than all the steps are begun."""
_SIGN_EXPONENT_FRACTION = np.int32(-0x7000_2000)


def _spread(bits: Bits, room: Floats) -> Floats:
    """Move the patterns of half precision to where float32 has its exponent and fraction.

    The sign is spread over the bits between, and cut out there. Multiplied by what the exponents' biases differ by,
    that is exactly the number, for subnormal ones too; what is no number becomes one.
    """
    wide = room.view(np.int32)
    wide[...] = bits.view(np.int16)
    np.left_shift(wide, _SINGLE_FRACTION_BITS - _HALF_FRACTION_BITS, out=wide)
    np.bitwise_and(wide, _SIGN_EXPONENT_FRACTION, out=wide)
    return room


_SPREAD = Quick(_spread, _BIASES_APART)


def _quick_half(bits: Bits) -> Quick:
    """Choose how to turn half precision to float32: many times faster than numpy's cast, by moving patterns.

    Subnormal numbers are subnormal float32 on that way, which some processors take a hundred times as long for, so
    where the first row has many, as in a factor that was hardly trained, all are looked up.
    """
    few = bits[:1]
    if bits.size < _FEW or 2 * np.count_nonzero(few & _HALF_EXPONENT) < few.size:
        return Quick(lambda bits, _: _half_looked_up(bits), 1.0)
    return _SPREAD


def _half(bits: Bits) -> Floats:
    """Turn half precision to float32."""
    quick = _quick_half(bits)
    return quick.floats(bits, np.empty(bits.shape, np.float32)) * np.float32(quick.scale)


def _eighth_table(exponent_bits: int) -> Floats:
    """Write out the values of a float of eight bits with so many bits of exponent; what is no number is zero."""
    patterns = np.arange(256)
    mantissa_bits = 7 - exponent_bits
    bias = (1 << (exponent_bits - 1)) - 1
    exponent = (patterns & 0x7F) >> mantissa_bits
    fraction = (patterns & ((1 << mantissa_bits) - 1)) / (1 << mantissa_bits)
    size = np.where(exponent, (1 + fraction) * 2.0 ** (exponent - bias), fraction * 2.0 ** (1 - bias))
    return np.where(patterns & 0x80, -size, size).astype(np.float32)


def _kind(bits: int, infinity: int | None, floats: ToFloats, quick: Callable[[Bits], Quick] | None = None) -> Kind:
    plainly = Quick(lambda bits, _: floats(bits), 1.0)
    unsigned, signed = np.dtype(f"<u{bits // 8}"), np.dtype(f"<i{bits // 8}")
    return Kind(unsigned, signed, infinity, floats, quick or (lambda _: plainly))


def _narrowed(bits: Bits) -> Floats:
    """Turn float64 to float32; what is too large for it becomes infinite, and its layer is not compared."""
    with np.errstate(over="ignore"):
        return bits.view(np.float64).astype(np.float32)


KINDS = {
    "F64": _kind(64, 0x7FF0_0000_0000_0000, _narrowed),
    "F32": _kind(32, 0x7F80_0000, lambda bits: bits.view(np.float32)),
    "F16": _kind(16, 0x7C00, _half, _quick_half),
    "BF16": _kind(16, 0x7F80, lambda bits: (bits.astype(np.uint32) << 16).view(np.float32)),
    "F8_E4M3": _kind(8, 0x7F, _looked_up(_eighth_table(4))),
    "F8_E5M2": _kind(8, 0x7C, _looked_up(_eighth_table(5))),
    "I8": _kind(8, None, lambda bits: bits.view(np.int8).astype(np.float32)),
}
"""How to read each dtype; the numbers of any other are not looked at."""
