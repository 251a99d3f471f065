"""The starter checkpoint: real classes, fixed bytes, and a plain word about what it draws."""

import json
from pathlib import Path

from safetensors import safe_open

from gpu_cluster.models import digest_of
from gpu_cluster.starter import STARTER_DESCRIPTION, build_demo_lora, build_starter_checkpoint


def test_the_same_bytes_come_out_every_time(models_folder: Path, tmp_path: Path) -> None:
    build_starter_checkpoint(tmp_path / "again")

    digest, size = digest_of(tmp_path / "again")

    assert digest == digest_of(models_folder / "starter")[0]
    assert size < 20_000_000


def test_it_is_a_pipeline_of_the_real_classes(models_folder: Path) -> None:
    index = json.loads((models_folder / "starter/model_index.json").read_text())

    classes = {part: origin[1] for part, origin in index.items() if not part.startswith("_") and origin}

    assert index["_class_name"] == "StableDiffusionPipeline"
    assert classes["text_encoder"] == "CLIPTextModel"
    assert classes["tokenizer"] == "CLIPTokenizer"
    assert classes["unet"] == "UNet2DConditionModel"
    assert classes["vae"] == "AutoencoderKL"


def test_it_says_that_it_draws_noise(models_folder: Path) -> None:
    card = (models_folder / "starter/README.md").read_text()

    assert STARTER_DESCRIPTION in card
    assert "never trained" in STARTER_DESCRIPTION
    assert "noise" in STARTER_DESCRIPTION


def test_common_words_of_prompts_are_one_token_each(models_folder: Path) -> None:
    from transformers import CLIPTokenizer

    tokenizer = CLIPTokenizer.from_pretrained(models_folder / "starter/tokenizer")

    tokens = tokenizer.tokenize("A lighthouse at sunset, zq")

    assert tokens == ["a</w>", "lighthouse</w>", "at</w>", "sunset</w>", ",</w>", "z", "q</w>"]


def test_a_demo_lora_carries_its_training_metadata_and_the_same_bytes(tmp_path: Path) -> None:
    metadata = {"ss_output_name": "clay", "ss_tag_frequency": '{"5_clay": {"clay figure": 5}}', "a": "ü"}

    for name in ("one", "two"):
        build_demo_lora(tmp_path / name, seed=5, metadata=metadata, rank=8)

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    with safe_open(tmp_path / "one", framework="np") as file:
        assert file.metadata() == metadata
        assert len(file.keys()) == 72
        down = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q.lora_down.weight"
        assert file.get_slice(down).get_shape() == [8, 64]
