"""Lanes: every taker gets the whole file in order, on any number of threads, from buffers that are used again."""

import hashlib
import random
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from gpu_cluster.buffers import CHUNK_BYTES, Buffers, Chunk
from gpu_cluster.inspector import Inspector
from gpu_cluster.lanes import Lanes, Taker
from gpu_cluster.sources import read_path
from tests.cluster.model_files import safetensors_bytes, written


class Slow:
    """A taker that hashes, and rests now and then."""

    def __init__(self, seed: int) -> None:
        self.digest = hashlib.sha256()
        self._chance = random.Random(seed)

    def update(self, data: Chunk) -> None:
        """Take a chunk."""
        time.sleep(self._chance.choice([0, 0, 0.002]))
        self.digest.update(data)


class Broken:
    """A taker that takes one chunk."""

    def __init__(self) -> None:
        self.taken = 0

    def update(self, data: Chunk) -> None:
        """Take a chunk, but no second one."""
        self.taken += len(data)
        if self.taken > len(data):
            raise ArithmeticError("enough")


def give(takers: Sequence[Taker], chunks: Iterable[bytes]) -> None:
    """Give chunks to takers on two threads."""
    with Lanes(takers, threads=2) as lanes:
        for chunk in chunks:
            lanes.put(chunk)


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_every_taker_gets_the_whole_file_in_order_from_few_buffers(tmp_path: Path, threads: int) -> None:
    content = np.random.default_rng(threads).bytes(20 * CHUNK_BYTES + 5)
    path, buffers = written(tmp_path, content), Buffers()
    takers = [Slow(seed) for seed in range(4)]

    with Lanes(takers, threads=threads, buffers=buffers) as lanes:
        seen = [id(chunk.obj) for chunk in read_path(path, into=buffers) if not lanes.put(chunk)]

    assert {taker.digest.hexdigest() for taker in takers} == {hashlib.sha256(content).hexdigest()}
    assert len(seen) == 21
    assert len(set(seen)) <= 8


def test_an_error_is_told_at_the_end_and_the_other_takers_get_everything() -> None:
    broken, whole = Broken(), Slow(0)
    threads = threading.active_count()

    with pytest.raises(ArithmeticError, match="enough"):
        give([broken, whole], [bytes([at]) * CHUNK_BYTES for at in range(40)])

    assert broken.taken == 2 * CHUNK_BYTES
    assert (
        whole.digest.hexdigest() == hashlib.sha256(b"".join(bytes([at]) * CHUNK_BYTES for at in range(40))).hexdigest()
    )
    assert threading.active_count() == threads


def test_an_error_of_the_reading_is_not_covered_by_one_of_a_taker() -> None:
    def chunks() -> Iterator[bytes]:
        yield from (b"one", b"two")
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        give([Broken()], chunks())


def test_a_buffer_is_taken_again_only_when_it_was_given_back() -> None:
    buffers = Buffers()
    one, two = buffers.take(), buffers.take()
    one[:3], two[:3] = b"one", b"two"

    buffers.give_back(two[:3])
    buffers.give_back(b"no buffer")
    again, fresh = buffers.take(), buffers.take()

    assert (bytes(again[:3]), again.obj is two.obj) == (b"two", True)
    assert (bytes(fresh[:3]), len(fresh), bytes(one[:3])) == (bytes(3), CHUNK_BYTES, b"one")


def test_files_inspected_at_the_same_time_do_not_share_buffers(tmp_path: Path) -> None:
    inspector = Inspector()
    contents = [
        safetensors_bytes({}, {"a": ("U8", [size], np.random.default_rng(size).bytes(size))})
        for size in (9 * CHUNK_BYTES, 10 * CHUNK_BYTES, 11 * CHUNK_BYTES)
    ]
    paths = [written(tmp_path, content, f"{at}.safetensors") for at, content in enumerate(contents)]
    found: dict[int, list[str]] = {at: [] for at in range(3)}

    def inspect(at: int) -> None:
        for _ in range(3):
            found[at].append(inspector.inspect_path(paths[at]).hashes["SHA256"])

    threads = [threading.Thread(target=inspect, args=(at,)) for at in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == {at: [hashlib.sha256(content).hexdigest()] * 3 for at, content in enumerate(contents)}
