"""The scales that diffusers keeps in a file's metadata."""

import json
from typing import Any

import pytest

from domain.registry.adapter_scales import METADATA_KEY, AdapterScales


def scales_of(**settings: Any) -> AdapterScales:
    """Read settings of the UNet."""
    named = {f"unet.{key}": value for key, value in settings.items()}
    return AdapterScales.read({METADATA_KEY: json.dumps(named)})


def test_the_scale_is_alpha_by_rank_with_exceptions_for_single_modules() -> None:
    scales = scales_of(r=8, lora_alpha=4, alpha_pattern={"mid.to_q": -16, "^up.to_v$": 2}, rank_pattern={"to_v": 4})

    assert scales.of("unet.mid.to_k") == 0.5
    assert scales.of("unet.mid.to_q") == -2.0
    assert scales.of("unet.up.to_v") == 0.5
    assert scales.of("text_encoder.mid.to_q") is None
    assert (scales.negative, scales.unreadable) == (True, False)


def test_stabilised_ranks_count_by_their_root() -> None:
    assert scales_of(r=16, lora_alpha=8, use_rslora=True).of("unet.x") == 2.0


@pytest.mark.parametrize("alpha", [0, None, "8", True, float("nan"), float("inf"), 10**400])
def test_an_alpha_that_says_nothing_is_the_rank(alpha: Any) -> None:
    assert scales_of(r=8, lora_alpha=alpha).of("unet.x") == 1.0


@pytest.mark.parametrize("text", ["", "{", "[]", "1", "[" * 100_000])
def test_metadata_that_are_no_settings_say_nothing(text: str) -> None:
    assert AdapterScales.read({METADATA_KEY: text}) == AdapterScales()


@pytest.mark.parametrize("pattern", [{".*to_q": -8}, {"(a|b)": 1}, ["to_q"], "to_q"])
def test_patterns_that_are_no_names_cannot_be_read(pattern: Any) -> None:
    scales = scales_of(r=8, lora_alpha=8, alpha_pattern=pattern)

    assert scales.unreadable
    assert scales.of("unet.to_q") == 1.0
