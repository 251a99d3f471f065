"""Two SHA-256 in one step: they are hashlib's, whatever pieces come, and hashlib is there where they cannot be."""

import hashlib
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from llvmlite import binding

from gpu_cluster import sha256, sha256_rounds
from gpu_cluster.sha256 import whole_and_after
from gpu_cluster.sha256_rounds import compiled_rounds

_CONTENT = random.Random(1).randbytes(1000)

_here = pytest.mark.skipif(compiled_rounds() is None, reason="this processor has no instructions for SHA-256")


@pytest.fixture(params=["compiled", "hashlib"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "hashlib":
        monkeypatch.setattr(sha256, "compiled_rounds", lambda: None)
    elif compiled_rounds() is None:
        pytest.skip("this processor has no instructions for SHA-256")
    return str(request.param)


@given(
    size=st.integers(0, len(_CONTENT)),
    skip=st.integers(0, 300),
    cuts=st.lists(st.integers(0, len(_CONTENT)), max_size=8),
)
def test_two_digests_are_those_of_hashlib_however_the_bytes_are_cut(size: int, skip: int, cuts: list[int]) -> None:
    content = _CONTENT[:size]
    places = [0, *sorted(cut for cut in cuts if cut <= size), size]

    whole, after, takers = whole_and_after(skip)
    for begin, end in pairwise(places):
        for taker in takers:
            taker.update(memoryview(content)[begin:end])

    assert whole.hexdigest() == hashlib.sha256(content).hexdigest()
    assert after.hexdigest() == hashlib.sha256(content[skip:]).hexdigest()


@pytest.mark.parametrize("skip", [0, 8, 63, 64, 100, 2000])
def test_a_digest_can_be_asked_for_at_any_time(kind: str, skip: int) -> None:
    whole, after, takers = whole_and_after(skip)
    seen = b""

    for begin in range(0, len(_CONTENT), 250):
        seen += _CONTENT[begin : begin + 250]
        for taker in takers:
            taker.update(_CONTENT[begin : begin + 250])

        assert whole.hexdigest() == hashlib.sha256(seen).hexdigest()
        assert after.hexdigest() == hashlib.sha256(seen[skip:]).hexdigest()
    assert len(takers) == {"compiled": 1, "hashlib": 2}[kind]


def test_a_processor_without_the_instructions_gets_no_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binding, "get_host_cpu_features", lambda: {"sse4.1": True})

    assert compiled_rounds.__wrapped__() is None


def test_a_processor_that_nobody_knows_gets_no_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> dict[str, bool]:
        raise RuntimeError("failed to get host CPU features")

    monkeypatch.setattr(binding, "get_host_cpu_features", unknown)

    assert compiled_rounds.__wrapped__() is None


@_here
def test_rounds_that_do_not_agree_with_hashlib_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    constants = sha256_rounds._CONSTANTS
    monkeypatch.setattr(sha256_rounds, "_CONSTANTS", [*constants[:-1], constants[-1] ^ 1])

    assert compiled_rounds.__wrapped__() is None
