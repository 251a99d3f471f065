"""The compiled loops: what they say of any pattern, and that they need no folder to keep what was compiled."""

from pathlib import Path
from types import FunctionType

import numpy as np
import pytest

from gpu_cluster.inspector import Inspector
from gpu_cluster.kernels import compiled, largest, project_down, project_up
from tests.cluster.model_files import written
from tests.cluster.test_tensor_reader import factors_of, file_of, kohya


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.uint64])
@pytest.mark.parametrize("size", [1, 31, 1000])
def test_the_largest_pattern_is_found_whatever_its_sign(dtype: type[np.unsignedinteger], size: int) -> None:
    patterns = np.random.default_rng(size).integers(0, np.iinfo(dtype).max, size, dtype=dtype, endpoint=True)

    found = largest(patterns)

    assert found == 2 * max(int(pattern) & int(np.iinfo(dtype).max) >> 1 for pattern in patterns)


def test_no_file_of_half_precision_waits_for_the_compiler(tmp_path: Path) -> None:
    inspector = Inspector()
    before = [len(loop.signatures) for loop in (largest, project_down, project_up)]  # type: ignore[attr-defined]
    factors = [(down, 1000 * up) for down, up in factors_of(1)]  # none of them too small for whole precision

    inspection = inspector.inspect_path(written(tmp_path, file_of(kohya(factors, dtype="F16"))))

    after = [len(loop.signatures) for loop in (largest, project_down, project_up)]  # type: ignore[attr-defined]
    assert inspection.sketch is not None
    assert after == before


def test_what_cannot_be_kept_in_a_folder_is_compiled_all_the_same() -> None:
    def double(number: int) -> int:
        return 2 * number

    nowhere = FunctionType(double.__code__.replace(co_filename="<nowhere>"), {})

    assert compiled(nowhere)(21) == 42
