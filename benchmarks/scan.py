"""How fast a file is inspected, against hashlib's SHA256 alone over the same file on the same machine.

An inspection takes two SHA256 (the file, and its tensors for AutoV3), BLAKE3 and CRC32, reads the header and matches
its texts. Run with `python -m benchmarks scan`; only the ratios mean anything on another machine.
"""

import contextlib
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

from benchmarks.harness import Figure
from domain.kernel.findings import Verdict
from domain.kernel.wire import Inspection, InspectOrder
from domain.registry.snapshot import Person, Snapshot
from gpu_cluster.inspector import Inspector

FILE_BYTES = 500 * 1024**2
SHORT_BYTES = 50 * 1024**2
ROUNDS = 3
REGISTERED = 10_000


def run(*, short: bool = False) -> list[Figure]:
    """Measure an inspection from disk on one thread and on all, and over HTTP, beside SHA256 alone."""
    persons = tuple(Person(UUID(int=at), f"Test Person Number{at}") for at in range(REGISTERED))
    registry = Snapshot(version=1, persons=persons)
    one, every = Inspector(registry, hashing_threads=1), Inspector(registry)
    with tempfile.TemporaryDirectory(prefix="countenance-scan-") as folder:
        path = _write_model(Path(folder) / "model.safetensors", SHORT_BYTES if short else FILE_BYTES)
        size = path.stat().st_size
        with _serving(path.parent) as base:
            order = InspectOrder(UUID(int=1), 1, path.name, size, f"{base}/{path.name}", 1)
            seconds = _medians(
                {
                    "sha256": lambda: _sha256(path),
                    "one": lambda: _check(one.inspect_path(path)),
                    "every": lambda: _check(every.inspect_path(path)),
                    "http": lambda: _check(every.inspect(order)),
                },
                rounds=1 if short else ROUNDS,
            )
    rates = {name: size / 1e9 / took for name, took in seconds.items()}
    return [
        _figure("scan of a file, one hashing thread", rates["one"], rates["sha256"]),
        _figure("scan of a file", rates["every"], rates["sha256"], least=0.5),
        _figure("scan of a file over loopback HTTP", rates["http"], rates["sha256"]),
    ]


def _figure(name: str, rate: float, sha256: float, *, least: float | None = None) -> Figure:
    return Figure(
        name,
        rate,
        "GB/s",
        beside="hashlib.sha256 alone",
        yardstick=sha256,
        target=f"ratio ≥ {least}" if least else None,
        met=rate / sha256 >= least if least else None,
        note="two SHA256 of every byte: over 0.5 takes a second processor that is free" if least else "",
    )


def _medians(subjects: dict[str, Callable[[], None]], *, rounds: int) -> dict[str, float]:
    """Give the median seconds of each; rounds alternate, so that a busy moment hits all alike."""
    seconds: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(rounds):
        for name, subject in subjects.items():
            began = time.perf_counter()
            subject()
            seconds[name].append(time.perf_counter() - began)
    return {name: statistics.median(times) for name, times in seconds.items()}


def _sha256(path: Path) -> None:
    with path.open("rb") as file:
        hashlib.file_digest(file, "sha256")


def _check(inspection: Inspection) -> None:
    assert inspection.verdict is Verdict.CLEAN, inspection.error


def _write_model(path: Path, size: int) -> Path:
    """Write a LoRA-like file of about `size` bytes: 200 tensors of random bytes and a few hundred tags."""
    each = size // 200
    tags = {"img": {"10_style": {f"tag number {at}": at for at in range(500)}}}
    document: dict[str, object] = {"__metadata__": {"ss_tag_frequency": json.dumps(tags)}}
    for at in range(200):
        name = f"lora_unet_layer_{at}.lora_up.weight"
        document[name] = {"dtype": "U8", "shape": [each], "data_offsets": [at * each, (at + 1) * each]}
    header = json.dumps(document).encode()
    block = os.urandom(each)
    with path.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        for _ in range(200):
            file.write(block)
    return path


@contextlib.contextmanager
def _serving(folder: Path) -> Iterator[str]:
    """Serve a folder on a free port of loopback from a process of its own."""
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        port = server.stdout.readline().split(" port ")[1].split()[0]
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
