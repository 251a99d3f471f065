"""Compact tables of many small numbers by 64-bit key: twelve bytes a row, and a filter that answers most questions."""

from array import array
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MOST_VALUES = 64
"""So many values of one key are given; names that share more can't be told apart by it anyway."""
_BITS_A_KEY = 8


class Rows:
    """Keys and values as they are gathered, in twelve bytes each."""

    def __init__(self) -> None:
        self.keys, self.values = array("q"), array("I")

    def add(self, key: int, value: int) -> None:
        """Note one row."""
        self.keys.append(key)
        self.values.append(value)


class Table:
    """Values by key, as two sorted arrays; a key may stand several times.

    Most keys that are asked for are not there, and one bit each tells so at once.
    """

    def __init__(self, rows: Rows) -> None:
        unsorted = np.frombuffer(rows.keys, dtype=np.int64) if rows.keys else np.empty(0, dtype=np.int64)
        order = np.argsort(unsorted, kind="stable")
        self._keys: NDArray[Any] = unsorted[order]
        self._values: NDArray[np.uint32] = np.array(rows.values, dtype=np.uint32)[order]
        self._bits, self._mask = _filter_of(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, keys: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
        """For each key that is there give its place among those asked for, and its values, a bounded number."""
        for place, values in self.slices(keys, most=_MOST_VALUES):
            yield place, values.tolist()

    def slices(self, keys: Sequence[int], *, most: int) -> Iterator[tuple[int, NDArray[np.uint32]]]:
        """For each key that is there give its place among those asked for, and no more than `most` of its values."""
        bits, mask = self._bits, self._mask
        places = [at for at, key in enumerate(keys) if bits[(key ^ key >> 27) >> 3 & mask] >> (key & 7) & 1]
        if not places or not len(self._keys):
            return
        asked = np.array([keys[at] for at in places], dtype=np.int64)
        first = np.searchsorted(self._keys, asked, side="left")
        there = np.flatnonzero(self._keys[np.minimum(first, len(self._keys) - 1)] == asked)
        if not len(there):
            return
        begins = first[there]
        ends = np.minimum(np.searchsorted(self._keys, asked[there], side="right"), begins + most)
        for at, begin, end in zip(there.tolist(), begins.tolist(), ends.tolist(), strict=True):
            yield places[at], self._values[begin:end]


def _filter_of(keys: NDArray[Any]) -> tuple[bytes, int]:
    """Make a row of bits, one for each key by its last digits, and the mask that says how many digits."""
    size = 1 << max(3, (len(keys) * _BITS_A_KEY // 8).bit_length())
    bits = np.zeros(size, dtype=np.uint8)
    np.bitwise_or.at(bits, (keys ^ keys >> 27) >> 3 & size - 1, np.left_shift(1, keys & 7).astype(np.uint8))
    return bits.tobytes(), size - 1
