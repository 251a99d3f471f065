"""Tensors read as they pass by: digests, what is no number, and the sketch of a LoRA in every dtype and convention."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from domain.kernel.findings import Signal, Verdict
from domain.kernel.wire import Inspection
from domain.registry.blocked import BlockedFile, BlockedFiles, Fingerprint
from domain.registry.snapshot import Snapshot
from gpu_cluster.inspector import Inspector
from gpu_cluster.tensor_reader import TensorReader
from tests.cluster.model_files import framed, written

Tensors = Mapping[str, tuple[str, tuple[int, ...], bytes]]

_ENCODERS: dict[str, Any] = {
    "F64": lambda numbers: numbers.astype("<f8").tobytes(),
    "F32": lambda numbers: numbers.astype("<f4").tobytes(),
    "F16": lambda numbers: numbers.astype("<f2").tobytes(),
    "BF16": lambda numbers: (numbers.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes(),
}


def file_of(tensors: Tensors, metadata: Mapping[str, str] | None = None) -> bytes:
    """Write a safetensors file, its tensors in the order given."""
    document: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    data = b""
    for name, (dtype, shape, content) in tensors.items():
        document[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    return framed(json.dumps(document).encode()) + data


def kohya(factors: list[tuple[Any, Any]], *, dtype: str = "F32", alpha: float | None = None) -> dict[str, Any]:
    """Name factors as kohya's scripts do."""
    encode = _ENCODERS[dtype]
    tensors: dict[str, Any] = {}
    for at, (down, up) in enumerate(factors):
        stem = f"lora_unet_up_blocks_{at % 4}_attentions_{at // 4}_transformer_blocks_0_attn2_to_k"
        tensors[f"{stem}.lora_down.weight"] = (dtype, down.shape, encode(down))
        tensors[f"{stem}.lora_up.weight"] = (dtype, up.shape, encode(up))
        if alpha is not None:
            tensors[f"{stem}.alpha"] = ("F32", (), np.float32(alpha).tobytes())
    return tensors


def diffusers(factors: list[tuple[Any, Any]]) -> dict[str, Any]:
    """Name factors as diffusers does, the ups first."""
    tensors: dict[str, Any] = {}
    for part, factor in (("lora_B", 1), ("lora_A", 0)):
        for at, both in enumerate(factors):
            name = f"unet.up_blocks.{at % 4}.attentions.{at // 4}.transformer_blocks.0.attn2.to_k.{part}.weight"
            tensors[name] = ("F32", both[factor].shape, _ENCODERS["F32"](both[factor]))
    return tensors


def factors_of(seed: int, *, layers: int = 12, rank: int = 8) -> list[tuple[Any, Any]]:
    """Make the factors (down, up) of a few layers of SD 1.5's widths."""
    chance = np.random.default_rng(seed)
    return [
        (chance.standard_normal((rank, 768)) * 0.01, chance.standard_normal((width, rank)) * 1e-5)
        for width in [320, 640, 1280] * (layers // 3)
    ]


def inspected(folder: Path, content: bytes, *blocked: Inspection) -> Inspection:
    """Inspect a file by a registry in which others are blocked."""
    files = [
        BlockedFile(Fingerprint(found.hashes, found.tensor_digest, found.sketch), label="blocked") for found in blocked
    ]
    return Inspector(Snapshot(1, blocked_files=BlockedFiles(files))).inspect_path(written(folder, content))


def verdicts(inspection: Inspection) -> list[tuple[Signal, Verdict]]:
    return [(finding.signal, finding.verdict) for finding in inspection.findings]


ALIKE = [(Signal.WEIGHT_SIMILARITY, Verdict.HELD)]


@pytest.mark.parametrize("dtype", ["F64", "F16", "BF16"])
def test_a_cast_copy_is_held_though_its_numbers_are_tiny(tmp_path: Path, dtype: str) -> None:
    original = inspected(tmp_path, file_of(kohya(factors_of(1))))

    copy = inspected(tmp_path, file_of(kohya(factors_of(1), dtype=dtype)), original)
    stranger = inspected(tmp_path, file_of(kohya(factors_of(2), dtype=dtype)), original)

    assert (verdicts(copy), copy.verdict) == (ALIKE, Verdict.HELD)
    assert copy.findings[0].score == pytest.approx(1.0, abs=0.02)
    assert (verdicts(stranger), stranger.verdict) == ([], Verdict.CLEAN)


def test_a_rescaled_refactored_renamed_and_merged_copy_is_held(tmp_path: Path) -> None:
    chance = np.random.default_rng(5)
    factors = factors_of(1)
    original = inspected(tmp_path, file_of(kohya(factors)))
    mixed = [(np.linalg.solve(mixer, down), up @ mixer) for down, up in factors for mixer in [chance.random((8, 8))]]
    merged = [
        (np.vstack([down, other]), np.hstack([up, more]))
        for (down, up), (other, more) in zip(factors, factors_of(2), strict=True)
    ]

    rescaled = inspected(tmp_path, file_of(kohya(mixed, alpha=1.0)), original)
    renamed = inspected(tmp_path, file_of(diffusers(mixed)), original)
    nameless = {name.replace("lora_unet_up_blocks", "part"): tensor for name, tensor in kohya(mixed).items()}
    beyond = inspected(tmp_path, file_of(nameless), original)
    both = inspected(tmp_path, file_of(kohya(merged)), original)

    assert [verdicts(each) for each in (rescaled, renamed, beyond, both)] == [ALIKE] * 4


def test_the_same_tensors_block_whatever_the_header_says_and_the_order_is(tmp_path: Path) -> None:
    tensors = kohya(factors_of(1))
    original = inspected(tmp_path, file_of(tensors, {"ss_output_name": "one"}))
    turned = dict(reversed(list(tensors.items())))
    renamed = {f"model.{name}": tensor for name, tensor in tensors.items()}
    [first, *_] = tensors
    changed = tensors | {first: (*tensors[first][:2], bytes([tensors[first][2][0] ^ 1]) + tensors[first][2][1:])}

    copies = [inspected(tmp_path, file_of(each, {"title": "two"}), original) for each in (tensors, turned, renamed)]
    other = inspected(tmp_path, file_of(changed), original)

    assert [verdicts(copy) for copy in copies] == [[(Signal.TENSOR_HASH, Verdict.BLOCKED)]] * 3
    assert {copy.tensor_digest for copy in copies} == {original.tensor_digest}
    assert verdicts(other) == ALIKE


def test_tensors_without_content_and_ones_in_shapes_hide_no_copy(tmp_path: Path) -> None:
    tensors = kohya(factors_of(1))
    original = inspected(tmp_path, file_of(tensors))
    positions = np.arange(77, dtype="<i8").tobytes()
    beside = [
        {"zz": ("F32", (0,), b"")},
        {"zz.alpha": ("F32", (), bytes(4))},
        {"zz": ("F32", (64, 64), bytes(16384))},
        {"text_model.embeddings.position_ids": ("I64", (1, 77), positions)},
    ]
    longer = {name: (dtype, (*shape, 1), content) for name, (dtype, shape, content) in tensors.items()}

    copies = [inspected(tmp_path, file_of(each)) for each in (*(tensors | more for more in beside), longer)]

    assert {copy.tensor_digest for copy in copies} == {original.tensor_digest}
    assert all(inspected(tmp_path, file_of(each)).tensor_digest is None for each in beside)


@pytest.mark.parametrize("size", [1, 7, 64, 4096])
def test_nothing_depends_on_how_the_bytes_are_cut(size: int) -> None:
    content = file_of(kohya(factors_of(1, layers=3, rank=2), dtype="F16", alpha=2.0))
    start = 8 + int.from_bytes(content[:8], "little")
    whole, cut = TensorReader(start, len(content)), TensorReader(start, len(content))
    content = content if size > 1 else content[: start + 5000]

    whole.update(content)
    for at in range(0, len(content), size):
        cut.update(content[at : at + size])

    one, other = whole.result(), cut.result()
    if size == 1:
        assert (one, other) == (None, None)
        return
    assert one is not None
    assert other is not None
    assert (one.digest, one.compared) == (other.digest, other.compared) == (one.digest, 3)
    assert one.sketch is not None
    assert other.sketch is not None
    numbers = [np.frombuffer(sketch, "<f2", offset=3) for sketch in (one.sketch, other.sketch)]
    assert np.allclose(*numbers, atol=1e-3)


@pytest.mark.parametrize(
    ("dtype", "pattern"),
    [
        ("F64", "000000000000f87f"),
        ("F32", "0000c07f"),
        ("F32", "000080ff"),
        ("F16", "007e"),
        ("F16", "00fc"),
        ("BF16", "c07f"),
        ("BF16", "80ff"),
        ("F8_E4M3", "7f"),
        ("F8_E4M3", "ff"),
        ("F8_E5M2", "7c"),
        ("F8_E5M2", "fd"),
    ],
)
def test_weights_that_are_no_numbers_fail_with_a_sentence(tmp_path: Path, dtype: str, pattern: str) -> None:
    broken = bytes.fromhex(pattern)
    good = bytes(len(broken) * 15)
    content = file_of({"model.diffusion_model.a": (dtype, (16,), good + broken), "b": (dtype, (15,), good)})

    inspection = inspected(tmp_path, content)

    assert inspection.verdict is Verdict.FAILED
    assert inspection.error == (
        "The tensor “model.diffusion_model.a” holds NaN or infinity, so the weights are broken."
    )
    assert set(inspection.hashes) == {"SHA256", "AUTOV2", "AUTOV3", "CRC32", "BLAKE3"}


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"])
def test_the_largest_numbers_are_numbers(tmp_path: Path, dtype: str) -> None:
    largest = {"F32": "ffff7f7f", "F16": "ff7b", "BF16": "7f7f", "F8_E4M3": "7e", "F8_E5M2": "7b"}[dtype]
    content = file_of({"model.diffusion_model.a": (dtype, (2,), bytes.fromhex(largest) * 2)})

    assert inspected(tmp_path, content).error is None


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("lora_unet_a.hada_w1_a", "weights: not compared: a LoHa's factors"),
        (
            "model.diffusion_model.a",
            "weights: not compared, as this is a full checkpoint; only LoRAs are compared by weights",
        ),
        ("a", "weights: not compared, as this is no LoRA of a known kind"),
    ],
)
def test_what_is_not_compared_is_told(tmp_path: Path, name: str, told: str) -> None:
    inspection = inspected(tmp_path, file_of({name: ("F32", (4, 32), np.ones((4, 32), "<f4").tobytes())}))

    assert inspection.verdict is Verdict.CLEAN
    assert [(finding.verdict, finding.detail) for finding in inspection.findings] == [(Verdict.CLEAN, told)]
    assert inspection.sketch is None


def test_an_untrained_lora_is_like_nothing(tmp_path: Path) -> None:
    untrained = [(down, np.zeros_like(up)) for down, up in factors_of(1)]
    original = inspected(tmp_path, file_of(kohya(factors_of(1))))

    inspection = inspected(tmp_path, file_of(kohya(untrained)), original)

    assert inspection.verdict is Verdict.CLEAN
    assert [finding.detail for finding in inspection.findings] == [
        "weights: not compared: an update that changes nothing"
    ]


def test_a_lora_of_no_numbers_hears_that_alone(tmp_path: Path) -> None:
    broken = [(down, np.full_like(up, np.nan)) for down, up in factors_of(1)]

    inspection = inspected(tmp_path, file_of(kohya(broken)))

    assert inspection.verdict is Verdict.FAILED
    assert inspection.error is not None
    assert inspection.error.endswith("holds NaN or infinity, so the weights are broken.")
    assert inspection.findings == ()
