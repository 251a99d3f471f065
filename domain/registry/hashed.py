"""Compact tables of many small numbers by 64-bit key: sixteen bytes a key, and a filter that answers most questions."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MOST_VALUES = 64
"""So many values of one key are given; names that share more can't be told apart by it anyway."""
_BITS_A_KEY = 8
_KEYS_A_BUCKET = 8
_OTHER_BITS = 31


class Rows:
    """Keys and values as they are gathered, in twelve bytes each."""

    def __init__(self) -> None:
        self.keys, self.values = array("q"), array("I")

    def add(self, key: int, value: int) -> None:
        """Note one row."""
        self.keys.append(key)
        self.values.append(value)

    def extend(self, keys: Sequence[int], value: int) -> None:
        """Note one value under several keys."""
        self.keys.extend(keys)
        self.values.extend([value] * len(keys))


class Filter:
    """Tells of most keys that they are not among some, by two bits for each, of which one is in a row of its own."""

    def __init__(self, keys: "array[int]") -> None:
        known = np.frombuffer(keys, dtype=np.int64) if keys else np.empty(0, dtype=np.int64)
        self._bits, self._mask = _filter_of(known)
        self._others, _ = _filter_of(known >> _OTHER_BITS)

    def may_have_any(self, keys: Iterable[int]) -> bool:
        """Whether one of these keys may be there."""
        bits, others, mask = self._bits, self._others, self._mask
        for key in keys:
            if bits[(key ^ key >> 27) >> 3 & mask] >> (key & 7) & 1:
                other = key >> _OTHER_BITS
                if others[(other ^ other >> 27) >> 3 & mask] >> (other & 7) & 1:
                    return True
        return False


class Table:
    """Values by key, where keys are as if drawn by chance, as hashes are; a key may have several.

    Most keys that are asked for are not there, and one bit each tells so at once. The others are sorted, and their
    first bits say where a few of them begin.
    """

    def __init__(self, rows: Rows) -> None:
        unsorted = np.frombuffer(rows.keys, dtype=np.int64) if rows.keys else np.empty(0, dtype=np.int64)
        order = np.argsort(unsorted, kind="stable")
        ordered = unsorted[order]
        begins = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1]))) if len(ordered) else order
        keys: NDArray[Any] = ordered[begins]
        values = np.array(rows.values, dtype=np.uint32)[order]
        # A number or a slice of a memoryview is read in half the time of one of an array.
        self._keys: memoryview = keys.data
        self._begins: memoryview = np.append(begins, len(ordered)).astype(np.uint32).data
        self._values: memoryview = values.data
        self._bits, self._mask = _filter_of(keys)
        bits = max((len(keys) // _KEYS_A_BUCKET).bit_length(), 1)
        self._shift, self._half = 64 - bits, 1 << (bits - 1)
        buckets = np.arange(-self._half, self._half + 1)
        self._buckets: memoryview = np.searchsorted(keys >> self._shift, buckets).astype(np.uint32).data

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
        known, begins, buckets, shift, half = self._keys, self._begins, self._buckets, self._shift, self._half
        for at in [at for at, key in enumerate(keys) if bits[(key ^ key >> 27) >> 3 & mask] >> (key & 7) & 1]:
            key = keys[at]
            bucket = (key >> shift) + half
            for place in range(buckets[bucket], buckets[bucket + 1]):
                if known[place] == key:
                    yield at, begins[place], begins[place + 1]
                    break


def _filter_of(keys: NDArray[Any], bits_a_key: int = _BITS_A_KEY) -> tuple[bytes, int]:
    """Make a row of bits, one for each key by its last digits, and the mask that says how many digits."""
    size = 1 << max(3, (len(keys) * bits_a_key // 8).bit_length())
    bits = np.zeros(size, dtype=np.uint8)
    np.bitwise_or.at(bits, (keys ^ keys >> 27) >> 3 & size - 1, np.left_shift(1, keys & 7).astype(np.uint8))
    return bits.tobytes(), size - 1
