"""What a picture says of its origin, and that it says it in the same bytes each time."""

import io
from uuid import UUID

import pytest
from PIL import Image

from domain.kernel.wire import LoraUse, ModelRef
from gpu_cluster import provenance
from tests.cluster.orders import render_order

CHECKPOINT = ModelRef(UUID(int=1), "https://storage.example/secret-key", "a" * 64, 10, "safetensors")
LORA = ModelRef(UUID(int=2), "https://storage.example/other-key", "b" * 64, 10, "safetensors")


def test_what_is_written_is_read_back() -> None:
    order = render_order(
        CHECKPOINT, resources=(LoraUse(LORA, 0.5),), negative_prompt="blurry", sampler="DPMPP_2M_KARRAS"
    )

    origin = provenance.read(provenance.sign(Image.new("RGB", (8, 8)), order, seed=42))

    assert origin.parameters == (
        "a lighthouse at sunset\n"
        "Negative prompt: blurry\n"
        "Steps: 4, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 42, Size: 64x64, Model hash: aaaaaaaaaa, "
        'Resources: "bbbbbbbbbbbb: 0.5"'
    )
    assert origin.ai_made
    assert origin.record == {
        "digital_source_type": "trainedAlgorithmicMedia",
        "generator": "Countenance",
        "prompt": "a lighthouse at sunset",
        "negative_prompt": "blurry",
        "seed": 42,
        "steps": 4,
        "guidance": 7.0,
        "sampler": "DPMPP_2M_KARRAS",
        "width": 64,
        "height": 64,
        "checkpoint": {"resource": str(UUID(int=1)), "sha256": "a" * 64},
        "resources": [{"resource": str(UUID(int=2)), "sha256": "b" * 64, "kind": "LORA", "weight": 0.5}],
    }


def test_prompts_in_any_script_survive() -> None:
    order = render_order(CHECKPOINT, prompt="灯塔 à l'aube 🌅")

    origin = provenance.read(provenance.sign(Image.new("RGB", (8, 8)), order, seed=1))

    assert origin.parameters.startswith("灯塔 à l'aube 🌅\n")
    assert origin.record["prompt"] == "灯塔 à l'aube 🌅"


def test_neither_a_time_nor_a_job_nor_an_address_is_written() -> None:
    picture = Image.new("RGB", (8, 8))
    one, two = render_order(CHECKPOINT), render_order(CHECKPOINT, attempt=3, account_id=UUID(int=9))

    first, second = provenance.sign(picture, one, seed=1), provenance.sign(picture, two, seed=1)

    assert first == second
    assert b"storage.example" not in first


def test_a_picture_from_elsewhere_says_nothing() -> None:
    plain = io.BytesIO()
    Image.new("RGB", (8, 8)).save(plain, format="PNG")

    origin = provenance.read(plain.getvalue())

    assert origin == provenance.Origin(parameters="", record={}, ai_made=False)


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_png_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a readable PNG"):
        provenance.read(data)
