"""Which layers are those of modules that a model really has."""

import pytest

from domain.registry.modules import Kind, are_modules, kind_of

SHALLOW = "down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"
DEEP = "down_blocks_1_attentions_0_transformer_blocks_1_attn2_to_k"
TEXT, SECOND, THIRD = (f"{part}_encoder_layers_3_mlp_fc1" for part in ("te", "te2", "te3"))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (SHALLOW, Kind.UNET),
        ("mid_block_attentions_0_proj_in", Kind.UNET),
        ("up_blocks_2_resnets_1_conv_shortcut", Kind.UNET),
        ("conv_in", Kind.UNET),
        (DEEP, Kind.DEEP_UNET),
        ("double_blocks_18_img_attn_qkv", Kind.TRANSFORMER),
        ("single_transformer_blocks_37_proj_mlp", Kind.TRANSFORMER),
        ("transformer_blocks_0_attn_to_out_0", Kind.TRANSFORMER),
        (TEXT, Kind.TEXT),
        (SECOND, Kind.SECOND_TEXT),
        ("te3_encoder_block_23_layer_0_SelfAttention_q", Kind.THIRD_TEXT),
        ("zz17", None),
        (f"{SHALLOW}_x", None),
        ("down_blocks_9_attentions_0_proj_in", None),
        ("te_encoder_layers_99_mlp_fc1", None),
    ],
)
def test_a_name_tells_the_kind_of_model(name: str, kind: Kind | None) -> None:
    assert kind_of(name) == kind


def test_a_small_unet_has_no_deep_blocks_and_one_text_encoder() -> None:
    names = [SHALLOW, DEEP, TEXT, SECOND, THIRD, "zz"]

    assert are_modules(names, 768) == [True, False, True, False, False, False]
    assert are_modules(names, 2048) == [True, True, True, True, False, False]


def test_every_layer_of_a_model_that_is_not_known_counts() -> None:
    assert are_modules(["blocks_0_q", "zz"], 0) == [True, True]
