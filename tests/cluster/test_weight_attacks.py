"""Copies of a blocked LoRA that draw the same pictures, changed so that a comparison of weights misses them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from domain.kernel.findings import Finding, Signal, Verdict
from domain.registry.adapter_scales import METADATA_KEY
from domain.registry.blocked import Fingerprint
from domain.registry.gates import revise
from domain.registry.names import NameMatcher
from domain.registry.snapshot import EMPTY
from tests.cluster.test_tensor_reader import ALIKE, diffusers, factors_of, file_of, inspected, kohya, verdicts

Factors = list[tuple[Any, Any]]
Named = dict[str, Any]
FACTORS = factors_of(1)
ONES = ("F32", (1, 1), np.full((1, 1), 1e4, "<f4").tobytes())


def float32(numbers: Any) -> tuple[str, tuple[int, ...], bytes]:
    """Write numbers as a tensor."""
    return "F32", numbers.shape, numbers.astype("<f4").tobytes()


def signed(every: int) -> Factors:
    """Turn every so many layers round."""
    return [(down, up * (-1 if at % every == 0 else 1)) for at, (down, up) in enumerate(FACTORS)]


def with_alphas(dtype: str, kind: str) -> Named:
    """Turn all layers round, and give each a negative alpha of some dtype."""
    alpha = np.array(-8).astype(kind).tobytes()
    named = kohya(signed(1))
    return named | {f"{name.partition('.')[0]}.alpha": (dtype, (), alpha) for name in named}


def decoys(stem: str, count: int) -> Named:
    """Add loud layers of nothing."""
    return {f"{stem}{at}.lora_{way}.weight": ONES for at in range(count) for way in ("down", "up")}


def loud(stem: str, count: int, width: int) -> Named:
    """Add loud layers of some width, of rank 1."""
    chance = np.random.default_rng(7)
    return {
        f"{stem}{at}.lora_{way}.weight": float32(1e3 * chance.standard_normal(shape))
        for at in range(count)
        for way, shape in (("down", (1, width)), ("up", (width, 1)))
    }


def cancelling() -> Named:
    """Add three ranks that cancel one another, a million times as large as what they stand beside."""
    chance = np.random.default_rng(9)
    made = []
    for down, up in FACTORS:
        row = np.round(chance.standard_normal((1, down.shape[1])) * 64) * 2.0**10
        column = np.round(chance.standard_normal((len(up), 1)) * 64) / 64
        made.append((np.vstack([row, -row, down]), np.hstack([column, column, up])))
    return kohya(made)


def beside(part: str) -> Named:
    """Put a tensor of one number beside the factors of each layer."""
    named = diffusers(FACTORS)
    return named | {f"{name.split('.lora_')[0]}.{part}": float32(np.zeros(1)) for name in named}


@pytest.mark.parametrize(
    "attack",
    [
        lambda: kohya(signed(1)),
        lambda: with_alphas("I64", "<i8"),
        lambda: with_alphas("I16", "<i2"),
        lambda: with_alphas("F16", "<f2"),
        lambda: kohya(FACTORS, alpha=0.0) | {"zz": float32(np.arange(64.0))},
        lambda: kohya(FACTORS) | decoys("zz", 40),
        lambda: kohya(FACTORS) | loud("zz", 200, 64),
        lambda: kohya(FACTORS) | loud("lora_te2_text_model_encoder_layers_0_mlp_fc", 2, 5000),
        lambda: kohya(FACTORS) | loud("lora_unet_down_blocks_0_attentions_0_zz", 200, 1280),
        lambda: beside("diff_b"),
        lambda: beside("lora_embedding_A"),
        lambda: beside("hada_w1_a"),
        lambda: beside("lora_mid.weight"),
        cancelling,
    ],
    ids=[
        "turned round",
        "alpha of I64",
        "alpha of I16",
        "alpha of F16",
        "alpha 0",
        "decoys of one number",
        "decoys under no module's name",
        "decoys of another base",
        "decoys within a block",
        "diff_b",
        "embedding",
        "LoHa",
        "Tucker",
        "cancelling ranks",
    ],
)
def test_a_copy_is_held_whatever_stands_beside_its_layers(tmp_path: Path, attack: Callable[[], Named]) -> None:
    original = inspected(tmp_path, file_of(kohya(FACTORS)))

    copy = inspected(tmp_path, file_of(attack()), original)

    assert copy.verdict is not Verdict.CLEAN
    assert [found for found in verdicts(copy) if found[1] is not Verdict.CLEAN] in (
        ALIKE,
        [(Signal.TENSOR_HASH, Verdict.BLOCKED)],
    )


def test_alpha_in_the_metadata_of_diffusers_is_heeded(tmp_path: Path) -> None:
    original = inspected(tmp_path, file_of(kohya(FACTORS)))
    paths = [name.removeprefix("unet.").split(".lora_")[0] for name in diffusers(FACTORS)][:12]
    settings = {"unet.r": 8, "unet.lora_alpha": 8, "unet.alpha_pattern": dict.fromkeys(paths[::2], -8)}

    copy = inspected(tmp_path, file_of(diffusers(signed(2)), {METADATA_KEY: json.dumps(settings)}), original)

    doubt = "weights: a comparison may say nothing about them: alphas of both signs"
    assert [finding.detail for finding in copy.findings] == [
        "weights: they resemble those of a file which was blocked by a moderator's decision (cosine 1.00)",
        doubt,
    ]
    assert copy.verdict is Verdict.HELD


def second(named: Named, rename: Callable[[str], str]) -> Named:
    """Add another update of each layer, of random numbers."""
    chance = np.random.default_rng(3)
    return named | {
        rename(name): float32(0.01 * chance.standard_normal(shape)) for name, (_, shape, _) in named.items()
    }


def huge() -> Named:
    """Give each layer a rank that changes nothing, of the largest numbers."""
    return kohya(
        [
            (np.vstack([down, np.full((1, down.shape[1]), 3e38)]), np.hstack([up, np.zeros((len(up), 1))]))
            for down, up in FACTORS
        ]
    )


@pytest.mark.parametrize(
    ("attack", "doubt"),
    [
        (lambda: second(diffusers(FACTORS), lambda name: name.replace("unet.", "unet_")), "two updates of one layer"),
        (
            lambda: second(diffusers(FACTORS), lambda name: name.replace(".weight", ".zz.weight")),
            "two updates of one layer",
        ),
        (huge, "numbers too large to compare"),
        (lambda: kohya(signed(2)) | some_alphas(), "alphas of both signs"),
    ],
    ids=["the same layers again", "another adapter", "the largest numbers", "half of the alphas negative"],
)
def test_what_makes_a_comparison_doubtful_holds_and_stays(
    tmp_path: Path, attack: Callable[[], Named], doubt: str
) -> None:
    inspection = inspected(tmp_path, file_of(attack()))

    detail = f"weights: a comparison may say nothing about them: {doubt}"
    assert inspection.findings == (Finding(Signal.WEIGHT_SIMILARITY, Verdict.HELD, detail),)
    assert inspection.verdict is Verdict.HELD
    assert kept(inspection.findings) == list(inspection.findings)


def some_alphas() -> Named:
    """Give every other layer a negative alpha."""
    stems = list(dict.fromkeys(name.partition(".")[0] for name in kohya(FACTORS)))
    return {f"{stem}.alpha": ("I32", (1,), np.array(-8, "<i4").tobytes()) for stem in stems[::2]}


def kept(findings: tuple[Finding, ...]) -> list[Finding]:
    """Judge findings anew by a registry in which nothing is blocked."""
    return revise(
        findings, NameMatcher(EMPTY), texts=[], sha256=None, account=None, mature=False, fingerprint=Fingerprint()
    )
