"""Checkpoints in one file: told apart, loaded without a hub, and the very weights that were saved."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from gpu_cluster import starter
from gpu_cluster.adapters import LocalEmbedding, wearing
from gpu_cluster.pipelines import Studio, draw, load_checkpoint
from gpu_cluster.single_file import CONFIGS, _tokenizer, family_of
from tests.cluster import original_layout
from tests.cluster.orders import NUMPY_AND_TORCH, in_place, render_order

pytestmark = pytest.mark.filterwarnings(NUMPY_AND_TORCH)

PUBLISHED = {
    "sd15/unet": 859_520_964,
    "sd15/vae": 83_653_863,
    "sd15/text_encoder": 123_060_480,
    "sdxl/unet": 2_567_463_684,
    "sdxl/vae": 83_653_863,
    "sdxl/text_encoder": 123_060_480,
    "sdxl/text_encoder_2": 694_659_840,
}
"""The numbers of parameters of the published models."""


def text_config(width: int) -> Any:
    from transformers import CLIPTextConfig

    return CLIPTextConfig(
        vocab_size=49408,
        hidden_size=width,
        intermediate_size=width,
        num_hidden_layers=2,
        num_attention_heads=4,
        projection_dim=width,
        bos_token_id=49406,
        eos_token_id=49407,
        pad_token_id=49407,
    )


def small_sd15() -> Any:
    from diffusers import EulerDiscreteScheduler, StableDiffusionPipeline
    from transformers import CLIPTextModel

    return StableDiffusionPipeline(
        vae=starter._vae(),
        text_encoder=CLIPTextModel(text_config(64)),
        tokenizer=_tokenizer("<|endoftext|>"),
        unet=starter._unet(),
        scheduler=EulerDiscreteScheduler(steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def small_sdxl() -> Any:
    from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline, UNet2DConditionModel
    from transformers import CLIPTextModel, CLIPTextModelWithProjection

    unet = UNet2DConditionModel(
        sample_size=16,
        layers_per_block=1,
        block_out_channels=(32, 64),
        norm_num_groups=16,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=(1, 2),
        cross_attention_dim=64 + 96,
        attention_head_dim=(2, 4),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=96 + 6 * 8,
    )
    return StableDiffusionXLPipeline(
        vae=starter._vae(),
        text_encoder=CLIPTextModel(text_config(64)),
        text_encoder_2=CLIPTextModelWithProjection(text_config(96)),
        tokenizer=_tokenizer("<|endoftext|>"),
        tokenizer_2=_tokenizer("!"),
        unet=unet,
        scheduler=EulerDiscreteScheduler(steps_offset=1),
        add_watermarker=False,
    )


@pytest.mark.parametrize(("family", "make"), [("sd15", small_sd15), ("sdxl", small_sdxl)])
def test_a_single_file_is_loaded_weight_for_weight_and_draws(tmp_path: Path, family: str, make: Any) -> None:
    torch.manual_seed(1)
    original = make()
    path = tmp_path / "checkpoint.safetensors"
    original_layout.write(original, path, tmp_path / "configs", family)

    studio = load_checkpoint(path, configs=tmp_path / "configs")

    assert family_of(path) == family
    assert type(studio.pipe) is type(original)
    for part in ("unet", "vae", "text_encoder", "text_encoder_2"):
        if getattr(original, part, None) is not None:
            _same_weights(getattr(original, part), getattr(studio.pipe, part))
    order = render_order(in_place(path), steps=2)
    assert _pixels(studio, order) == _pixels(Studio(original, original.scheduler.config, studio.preview_matrix), order)


def test_an_sdxl_embedding_reaches_both_encoders_and_leaves_no_trace(tmp_path: Path) -> None:
    torch.manual_seed(2)
    pipe = small_sdxl()
    studio = Studio(pipe, dict(pipe.scheduler.config), ((0.1, 0.1, 0.1),) * 4)
    studio.pipe.set_progress_bar_config(disable=True)
    path = tmp_path / "embedding.safetensors"
    starter.save_safetensors(path, {"clip_l": torch.randn(2, 64), "clip_g": torch.randn(2, 96)}, {})
    order = render_order(in_place(path), prompt="a lighthouse", steps=2)
    bare = _pixels(studio, order)

    with wearing(studio, [], [LocalEmbedding(order.job_id, path, 1.0, "lighthouse")]):
        sizes = [len(tokenizer) for tokenizer in (pipe.tokenizer, pipe.tokenizer_2)]
        worn = _pixels(studio, order)

    assert sizes == [49410, 49410]
    assert worn != bare
    assert _pixels(studio, order) == bare
    assert [len(tokenizer) for tokenizer in (pipe.tokenizer, pipe.tokenizer_2)] == [49408, 49408]


def test_the_configurations_have_the_published_sizes() -> None:
    import diffusers
    import transformers
    from accelerate import init_empty_weights

    counted = {}
    for path in sorted(CONFIGS.glob("*/*/config.json")):
        config = json.loads(path.read_text())
        with init_empty_weights():
            if "_class_name" in config:
                model = getattr(diffusers, config["_class_name"]).from_config(config)
            else:
                model = getattr(transformers, config["architectures"][0])(transformers.CLIPTextConfig(**config))
        counted[path.parent.relative_to(CONFIGS).as_posix()] = sum(weight.numel() for weight in model.parameters())

    assert counted == PUBLISHED


def test_clips_own_tokenizer_is_rebuilt_from_its_merges() -> None:
    tokenizer, second = _tokenizer("<|endoftext|>"), _tokenizer("!")

    ids = tokenizer("a photo of a cat").input_ids

    assert len(tokenizer) == 49408
    assert ids == [49406, 320, 1125, 539, 320, 2368, 49407]
    assert tokenizer("a", padding="max_length", max_length=5).input_ids == [49406, 320, 49407, 49407, 49407]
    assert second("a", padding="max_length", max_length=5).input_ids == [49406, 320, 49407, 0, 0]


def _same_weights(one: torch.nn.Module, two: torch.nn.Module) -> None:
    ours, theirs = one.state_dict(), two.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def _pixels(studio: Studio, order: Any) -> bytes:
    return draw(studio, order, 3, lambda _step, _latents: None).tobytes()
