"""The compiled loops: what they say of any pattern, and that they need no folder to keep what was compiled."""

from types import FunctionType

import numpy as np
import pytest

from gpu_cluster.kernels import compiled, largest


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.uint64])
@pytest.mark.parametrize("size", [1, 31, 1000])
def test_the_largest_pattern_is_found_whatever_its_sign(dtype: type[np.unsignedinteger], size: int) -> None:
    patterns = np.random.default_rng(size).integers(0, np.iinfo(dtype).max, size, dtype=dtype, endpoint=True)

    found = largest(patterns)

    assert found == 2 * max(int(pattern) & int(np.iinfo(dtype).max) >> 1 for pattern in patterns)


def test_what_cannot_be_kept_in_a_folder_is_compiled_all_the_same() -> None:
    def double(number: int) -> int:
        return 2 * number

    nowhere = FunctionType(double.__code__.replace(co_filename="<nowhere>"), {})

    assert compiled(nowhere)(21) == 42
