"""A LoRA of 150 MB and a checkpoint of 2 GB inspected, beside hashlib's SHA256 alone over the same file.

An inspection is two SHA256 (the file, and its tensors for AutoV3), BLAKE3 twice (the file, and each tensor), CRC32, a
look for what is no number, header, names, and for the LoRA its sketch and the comparison with blocked ones. Each file
is inspected in a fresh process, whose memory is measured from before the inspection to its peak.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.harness import Figure
from benchmarks.weights import sd15_projections

LORA_BYTES, CHECKPOINT_BYTES = 150 * 10**6, 2 * 10**9
MOST_MEMORY = 300
ROUNDS = 7
PROCESSORS = 2

_PROGRAM = """
import hashlib, json, sys, time
from pathlib import Path
from gpu_cluster.inspector import Inspector

def peak():
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024

def timed(call):
    began, cpu = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - began, time.process_time() - cpu

def sha256():
    with path.open("rb") as file:
        hashlib.file_digest(file, "sha256")

path, inspector, before = Path(sys.argv[1]), Inspector(), peak()
inspection = inspector.inspect_path(path)
memory = peak() - before
assert inspection.error is None and (inspection.sketch is not None) == (sys.argv[3] == "lora"), inspection
alone, whole = [], []
for _ in range(int(sys.argv[2])):
    alone.append(timed(sha256))
    whole.append(timed(lambda: inspector.inspect_path(path)))
print(json.dumps({"memory": memory, "alone": alone, "whole": whole}))
"""


def run(*, short: bool = False) -> list[Figure]:
    """Measure both files; `short` makes them a tenth as large."""
    share = 10 if short else 1
    figures = []
    with tempfile.TemporaryDirectory(prefix="countenance-inspect-") as folder:
        for kind, size, tensors in (
            ("lora", LORA_BYTES // share, lora_tensors(LORA_BYTES // share)),
            ("checkpoint", CHECKPOINT_BYTES // share, checkpoint_tensors(CHECKPOINT_BYTES // share)),
        ):
            path = write_tensors(Path(folder) / f"{kind}.safetensors", tensors)
            figures += _measure(path, kind, size, rounds=1 if short else ROUNDS)
            path.unlink()
    return figures


def _measure(path: Path, kind: str, size: int, *, rounds: int) -> list[Figure]:
    program = [sys.executable, "-c", _PROGRAM, str(path), str(rounds), kind]
    printed = subprocess.run(program, check=True, capture_output=True, text=True).stdout
    found = json.loads(printed.splitlines()[-1])
    alone = [seconds for seconds, _ in found["alone"]]
    whole = [seconds for seconds, _ in found["whole"]]
    # Rounds alternate, so the ratio of each is of one moment of the machine.
    ratio = statistics.median(one / other for one, other in zip(alone, whole, strict=True))
    rate = path.stat().st_size / 1e9 / statistics.median(whole)
    cpu_alone, cpu = (statistics.median(seconds for _, seconds in found[which]) for which in ("alone", "whole"))
    load = os.getloadavg()[0]
    what = f"a {kind} of {size // 10**6} MB"
    return [
        Figure(
            f"{what} inspected",
            rate,
            "GB/s",
            beside="hashlib.sha256 alone",
            yardstick=rate / ratio,
            target="ratio ≥ 0.5",
            met=ratio >= 0.5,
            note=f"median of {len(whole)} rounds, load {load:.1f}; beside others there is no second processor for it",
        ),
        Figure(
            f"{what}: processor time, shared by two",
            cpu / PROCESSORS,
            "s",
            beside="hashlib.sha256 alone",
            yardstick=cpu_alone,
            target="ratio ≤ 2",
            met=cpu / PROCESSORS <= 2 * cpu_alone,
            note=f"the same bound where {PROCESSORS} processors are free",
        ),
        Figure(
            f"{what}: memory beyond the start",
            found["memory"],
            "MB",
            target=f"≤ {MOST_MEMORY} MB",
            met=found["memory"] <= MOST_MEMORY,
        ),
    ]


Named = Iterator[tuple[str, tuple[int, ...]]]


def lora_tensors(size: int) -> Named:
    """Name the tensors of a LoRA of SD 1.5's attention, of the rank that makes about `size` bytes in half precision."""
    layers = list(sd15_projections())
    rank = max(round(size / 2 / sum(outward + inward for _, outward, inward in layers)), 1)
    for path, outward, inward in layers:
        stem = f"lora_unet_{path.replace('.', '_')}"
        yield f"{stem}.lora_down.weight", (rank, inward)
        yield f"{stem}.lora_up.weight", (outward, rank)
        yield f"{stem}.alpha", ()


def checkpoint_tensors(size: int) -> Named:
    """Name tensors of a checkpoint of about `size` bytes."""
    for at in range(max(size // (2 * 1280 * 2560), 1)):
        yield f"model.diffusion_model.layers.{at}.weight", (1280, 2560)


def write_tensors(path: Path, tensors: Named) -> Path:
    """Write a file of half-precision numbers, drawn at random but the same for each tensor of one shape."""
    document, offset, shapes = {}, 0, []
    for name, shape in tensors:
        length = 2 * int(np.prod(shape, dtype=np.int64))
        document[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [offset, offset + length]}
        offset += length
        shapes.append(shape)
    header = json.dumps(document).encode()
    made: dict[tuple[int, ...], bytes] = {}
    with path.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        for shape in shapes:
            if shape not in made:
                made[shape] = (np.random.default_rng(len(made)).standard_normal(shape) * 0.01).astype("<f2").tobytes()
            file.write(made[shape])
    return path
