"""Names of layers: one canonical form for kohya's, diffusers' and PEFT's, and what of a file can be compared."""

import pytest

from domain.registry.layers import Part, TensorShape, plan_of, split_name

ATTENTION = "down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"


@pytest.mark.parametrize(
    ("name", "layer", "part"),
    [
        ("lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight", ATTENTION, Part.DOWN),
        ("lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k.alpha", ATTENTION, Part.ALPHA),
        ("lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k.lora_up.weight", ATTENTION, Part.UP),
        ("unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.lora_A.weight", ATTENTION, Part.DOWN),
        ("unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.lora.up.weight", ATTENTION, Part.UP),
        (
            "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.processor.to_k_lora.down.weight",
            ATTENTION,
            Part.DOWN,
        ),
        (
            "base_model.model.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.lora_B.default.weight",
            ATTENTION,
            Part.UP,
        ),
        (
            "base_model.model.unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.lora_B.weight",
            ATTENTION,
            Part.UP,
        ),
        (
            "lora_unet_up_blocks_1_attentions_0_x_to_out_0.lora_up.weight",
            "up_blocks_1_attentions_0_x_to_out_0",
            Part.UP,
        ),
        ("unet.up_blocks.1.attentions.0.x.to_out.0.lora_B.weight", "up_blocks_1_attentions_0_x_to_out_0", Part.UP),
        (
            "unet.up_blocks.1.attentions.0.x.processor.to_out_lora.up.weight",
            "up_blocks_1_attentions_0_x_to_out_0",
            Part.UP,
        ),
        (
            "lora_te_text_model_encoder_layers_3_self_attn_q_proj.lora_down.weight",
            "te_encoder_layers_3_self_attn_q_proj",
            Part.DOWN,
        ),
        (
            "lora_te1_text_model_encoder_layers_3_self_attn_q_proj.lora_down.weight",
            "te_encoder_layers_3_self_attn_q_proj",
            Part.DOWN,
        ),
        (
            "text_encoder.text_model.encoder.layers.3.self_attn.q_proj.lora_linear_layer.down.weight",
            "te_encoder_layers_3_self_attn_q_proj",
            Part.DOWN,
        ),
        (
            "base_model.model.text_model.encoder.layers.3.self_attn.q_proj.lora_A.weight",
            "te_encoder_layers_3_self_attn_q_proj",
            Part.DOWN,
        ),
        (
            "text_encoder.encoder.layers.3.self_attn.q_proj.lora_A.weight",
            "te_encoder_layers_3_self_attn_q_proj",
            Part.DOWN,
        ),
        ("lora_te2_text_model_encoder_layers_3_mlp_fc1.lora_up.weight", "te2_encoder_layers_3_mlp_fc1", Part.UP),
        ("text_encoder_2.text_model.encoder.layers.3.mlp.fc1.lora_B.weight", "te2_encoder_layers_3_mlp_fc1", Part.UP),
        ("lora_unet_middle_block_1_proj_in.lora_down.weight", "mid_block_attentions_0_proj_in", Part.DOWN),
        ("lora_unet_output_blocks_5_2_conv.lora_down.weight", "up_blocks_1_upsamplers_0_conv", Part.DOWN),
        ("lora_unet_input_blocks_3_0_op.lora_down.weight", "down_blocks_0_downsamplers_0_conv", Part.DOWN),
        ("lora_unet_input_blocks_2_0_in_layers_2.lora_mid.weight", "down_blocks_0_resnets_1_conv1", Part.OTHER),
        ("lora_unet_time_embed_0.lora_down.weight", "time_embedding_linear_1", Part.DOWN),
        ("lora_unet_conv_in.hada_w1_a", "conv_in", Part.OTHER),
    ],
)
def test_every_convention_names_the_same_layer(name: str, layer: str, part: Part) -> None:
    assert split_name(name) == (layer, part)


@pytest.mark.parametrize("name", ["model.diffusion_model.input_blocks.1.1.proj_in.weight", "emb_params", "alphabet"])
def test_what_is_no_part_of_an_adapter_is_left_aside(name: str) -> None:
    assert split_name(name) is None


def test_a_convolution_is_taken_as_a_matrix() -> None:
    tensors = [
        TensorShape("lora_unet_conv_in.lora_down.weight", "F16", (8, 4, 3, 3)),
        TensorShape("lora_unet_conv_in.lora_up.weight", "F16", (320, 8, 1, 1)),
    ]

    plan = plan_of(tensors)

    [layer] = plan.layers
    assert (layer.name, layer.rank, layer.inward, layer.outward) == ("conv_in", 8, 36, 320)
    assert plan.reasons == ()


@pytest.mark.parametrize(
    ("down", "up", "reason"),
    [
        (("F16", (8, 64)), ("F16", (64, 4)), "factors that do not fit together"),
        (("F16", (8, 64)), ("F16", (64,)), "factors that are no matrices"),
        (("U8", (8, 64)), ("F16", (64, 8)), "factors of dtype U8"),
        (("F16", (8, 40_000)), ("F16", (64, 8)), "factors larger than are compared"),
        (("F16", (0, 64)), ("F16", (64, 0)), "factors that are no matrices"),
    ],
)
def test_what_cannot_be_compared_says_why(
    down: tuple[str, tuple[int, ...]], up: tuple[str, tuple[int, ...]], reason: str
) -> None:
    tensors = [TensorShape("unet.x.lora_A.weight", *down), TensorShape("unet.x.lora_B.weight", *up)]

    plan = plan_of(tensors)

    assert (plan.layers, plan.reasons) == ((), (reason,))


def test_other_decompositions_and_lone_factors_are_named() -> None:
    tensors = [
        TensorShape("lora_unet_a.hada_w1_a", "F16", (8, 8)),
        TensorShape("lora_unet_b.lokr_w1", "F16", (8, 8)),
        TensorShape("lora_unet_c.lora_down.weight", "F16", (8, 8)),
    ]

    plan = plan_of(tensors)

    assert plan.layers == ()
    assert plan.reasons == ("a LoHa's factors", "a LoKr's factors", "a factor without its partner")
