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
    """Values by key: the keys sorted, and for each where its values begin; a key may have several.

    Most keys that are asked for are not there, and one bit each tells so at once.
    """

    def __init__(self, rows: Rows) -> None:
        unsorted = np.frombuffer(rows.keys, dtype=np.int64) if rows.keys else np.empty(0, dtype=np.int64)
        order = np.argsort(unsorted, kind="stable")
        ordered = unsorted[order]
        begins = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1]))) if len(ordered) else order
        self._keys: NDArray[Any] = ordered[begins]
        values = np.array(rows.values, dtype=np.uint32)[order]
        # A slice of a memoryview is made in half the time of one of an array.
        self._begins: memoryview = np.append(begins, len(ordered)).astype(np.uint32).data
        self._values: memoryview = values.data
        self._bits, self._mask = _filter_of(self._keys)

    def __len__(self) -> int:
        return len(self._values)

    def may_have(self, key: int) -> bool:
        """Whether a key may be there, told by one bit; if not it surely is not."""
        return bool(self._bits[(key ^ key >> 27) >> 3 & self._mask] >> (key & 7) & 1)

    def find(self, keys: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
        """For each key that is there give its place among those asked for, and its values, a bounded number."""
        values = self._values
        for place, begin, end in self.slices(keys):
            yield place, values[begin : min(end, begin + _MOST_VALUES)].tolist()

    def rows(self, begin: int, end: int) -> NDArray[np.uint32]:
        """Give the values of a key that `slices` told the place of."""
        return np.asarray(self._values[begin:end])

    def slices(self, keys: Sequence[int]) -> Iterator[tuple[int, int, int]]:
        """For each key that is there give its place among those asked for, and where its values begin and end."""
        bits, mask = self._bits, self._mask
        places = [at for at, key in enumerate(keys) if bits[(key ^ key >> 27) >> 3 & mask] >> (key & 7) & 1]
        if not places or not len(self._keys):
            return
        asked = [keys[at] for at in places]
        begins = self._begins
        # A key that is behind all of them is compared with the last.
        found = np.searchsorted(self._keys[:-1], np.array(asked, dtype=np.int64))
        for place, key, at, there in zip(places, asked, found.tolist(), self._keys[found].tolist(), strict=True):
            if key == there:
                yield place, begins[at], begins[at + 1]


def _filter_of(keys: NDArray[Any]) -> tuple[bytes, int]:
    """Make a row of bits, one for each key by its last digits, and the mask that says how many digits."""
    size = 1 << max(3, (len(keys) * _BITS_A_KEY // 8).bit_length())
    bits = np.zeros(size, dtype=np.uint8)
    np.bitwise_or.at(bits, (keys ^ keys >> 27) >> 3 & size - 1, np.left_shift(1, keys & 7).astype(np.uint8))
    return bits.tobytes(), size - 1
