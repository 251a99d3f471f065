"""LoRAs and textual inversions change a picture, and are gone without a trace when the job is over."""

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
import torch

from domain.kernel.wire import ModelRef, RenderFailed
from gpu_cluster.adapters import MAX_RESIDENT
from gpu_cluster.artist import Artist
from gpu_cluster.starter import build_demo_lora, save_safetensors
from tests.cluster.orders import NUMPY_AND_TORCH, embedding, in_place, lora, picture, render_order

pytestmark = pytest.mark.filterwarnings(NUMPY_AND_TORCH)


def test_a_lora_changes_the_picture_and_leaves_no_trace(warm_artist: Artist, starter: ModelRef, clay: ModelRef) -> None:
    bare = picture(warm_artist, render_order(starter))

    worn = picture(warm_artist, render_order(starter, resources=(lora(clay),)))

    assert _difference(bare, worn) > 5
    assert picture(warm_artist, render_order(starter)) == bare
    assert picture(warm_artist, render_order(starter, resources=(lora(clay),))) == worn


def test_its_weight_counts_and_zero_is_nothing(warm_artist: Artist, starter: ModelRef, clay: ModelRef) -> None:
    bare = picture(warm_artist, render_order(starter))

    drawn = [picture(warm_artist, render_order(starter, resources=(lora(clay, weight),))) for weight in (0, 0.5, -1, 2)]

    assert drawn[0] == bare
    assert len(set(drawn)) == 4


def test_one_jobs_lora_is_not_in_the_next_jobs(
    warm_artist: Artist, fresh_artist: Artist, starter: ModelRef, clay: ModelRef, paper: ModelRef
) -> None:
    only_paper = picture(fresh_artist, render_order(starter, resources=(lora(paper),)))

    picture(warm_artist, render_order(starter, resources=(lora(clay),)))
    after_clay = picture(warm_artist, render_order(starter, resources=(lora(paper),)))

    assert after_clay == only_paper


def test_loras_for_different_parts_do_not_hold_on_to_each_other(
    warm_artist: Artist, starter: ModelRef, clay: ModelRef, tmp_path: Path
) -> None:
    text_lora = in_place(_text_encoder_lora(tmp_path / "text.safetensors"))
    bare = picture(warm_artist, render_order(starter))
    only_clay = picture(warm_artist, render_order(starter, resources=(lora(clay),)))

    text = picture(warm_artist, render_order(starter, resources=(lora(text_lora),)))

    assert text != bare
    assert picture(warm_artist, render_order(starter, resources=(lora(clay),))) == only_clay
    assert picture(warm_artist, render_order(starter)) == bare


def test_so_many_stay_in_memory_and_the_oldest_go(warm_artist: Artist, starter: ModelRef, tmp_path: Path) -> None:
    bare = picture(warm_artist, render_order(starter))
    files = [tmp_path / f"{number}.safetensors" for number in range(MAX_RESIDENT + 2)]
    for number, file in enumerate(files):
        build_demo_lora(file, seed=100 + number, metadata={})
    models = [in_place(file) for file in files]

    for model in models:
        picture(warm_artist, render_order(starter, resources=(lora(model),)))

    [studio] = warm_artist._studios.values()
    kept = [model.sha256 for model in models[-MAX_RESIDENT:]]
    assert list(studio.residents) == kept
    assert studio.pipe.get_list_adapters() == {"unet": [f"lora_{sha256[:32]}" for sha256 in kept]}
    assert picture(warm_artist, render_order(starter)) == bare


def test_several_are_worn_together(warm_artist: Artist, starter: ModelRef, clay: ModelRef, paper: ModelRef) -> None:
    alone = {picture(warm_artist, render_order(starter, resources=(lora(model),))) for model in (clay, paper)}

    both = picture(warm_artist, render_order(starter, resources=(lora(clay), lora(paper))))

    assert both not in alone


def test_one_file_under_two_resources_is_worn_with_both_weights(
    warm_artist: Artist, starter: ModelRef, clay: ModelRef
) -> None:
    twin = replace(clay, resource_id=uuid4())

    twice = picture(warm_artist, render_order(starter, resources=(lora(clay, 0.5), lora(twin, 0.25))))

    assert twice == picture(warm_artist, render_order(starter, resources=(lora(clay, 0.75),)))


def test_a_lora_without_a_matching_key_is_an_error(warm_artist: Artist, starter: ModelRef, tmp_path: Path) -> None:
    bare = picture(warm_artist, render_order(starter))
    stray = tmp_path / "stray.safetensors"
    tensors = {"transformer.a.lora_A.weight": torch.ones(4, 64), "transformer.a.lora_B.weight": torch.ones(64, 4)}
    save_safetensors(stray, tensors, {})

    with pytest.raises(RenderFailed, match=r"^The LoRA \S+ has no layer that this checkpoint has\.$"):
        picture(warm_artist, render_order(starter, resources=(lora(in_place(stray)),)))

    assert picture(warm_artist, render_order(starter)) == bare


@pytest.mark.parametrize("width", [32, 320])
def test_a_lora_of_another_size_is_an_error(warm_artist: Artist, starter: ModelRef, tmp_path: Path, width: int) -> None:
    bare = picture(warm_artist, render_order(starter))
    name = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"
    tensors = {f"{name}.lora_down.weight": torch.ones(4, width), f"{name}.lora_up.weight": torch.ones(width, 4)}
    save_safetensors(tmp_path / "wide.safetensors", tensors, {})

    with pytest.raises(RenderFailed, match=r"^The LoRA \S+ does not fit this checkpoint\.$"):
        picture(warm_artist, render_order(starter, resources=(lora(in_place(tmp_path / "wide.safetensors")),)))

    assert picture(warm_artist, render_order(starter)) == bare


def test_an_embedding_acts_through_its_trigger_word_only(
    warm_artist: Artist, starter: ModelRef, glow: ModelRef
) -> None:
    bare = picture(warm_artist, render_order(starter))

    silent = picture(warm_artist, render_order(starter, resources=(embedding(glow, "zorkglow"),)))
    called = picture(warm_artist, render_order(starter, resources=(embedding(glow, "Lighthouse"),)))

    assert silent == bare
    assert called != bare
    assert picture(warm_artist, render_order(starter)) == bare


def test_an_embedding_may_stand_in_the_negative_prompt(warm_artist: Artist, starter: ModelRef, glow: ModelRef) -> None:
    without = picture(warm_artist, render_order(starter, negative_prompt="zorkglow"))

    with_it = picture(
        warm_artist, render_order(starter, negative_prompt="zorkglow", resources=(embedding(glow, "zorkglow"),))
    )

    assert with_it != without


def test_an_embedding_for_another_family_is_an_error(warm_artist: Artist, starter: ModelRef, tmp_path: Path) -> None:
    bare = picture(warm_artist, render_order(starter))
    save_safetensors(tmp_path / "wide.safetensors", {"emb_params": torch.ones(1, 768)}, {})

    with pytest.raises(RenderFailed, match="is for another family of checkpoints"):
        picture(
            warm_artist, render_order(starter, resources=(embedding(in_place(tmp_path / "wide.safetensors"), "w"),))
        )

    assert picture(warm_artist, render_order(starter)) == bare


def _text_encoder_lora(path: Path) -> Path:
    generator = torch.Generator().manual_seed(9)
    tensors = {}
    for layer, projection in ((layer, projection) for layer in (0, 1) for projection in ("q", "k", "v", "out")):
        name = f"lora_te_text_model_encoder_layers_{layer}_self_attn_{projection}_proj"
        tensors[f"{name}.lora_down.weight"] = torch.randn(4, 64, generator=generator)
        tensors[f"{name}.lora_up.weight"] = torch.randn(64, 4, generator=generator)
        tensors[f"{name}.alpha"] = torch.tensor(4.0)
    save_safetensors(path, tensors, {})
    return path


def _difference(one: bytes, two: bytes) -> float:
    """The mean difference of two pictures, 0 to 255."""
    return sum(abs(a - b) for a, b in zip(one, two, strict=True)) / len(one)
