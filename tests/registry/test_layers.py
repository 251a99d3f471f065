"""Names of layers: one canonical form for kohya's, diffusers' and PEFT's, and what of a file can be compared."""

import pytest

from domain.registry.layer_names import Part, split_name
from domain.registry.layers import MAX_RANK, MAX_TOTAL_RANK, Plan, TensorShape, plan_of

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
        (
            "text_encoder.text_model.encoder.layers.3.self_attn.q_proj.lora_linear_layer.alpha",
            "te_encoder_layers_3_self_attn_q_proj",
            Part.ALPHA,
        ),
        (
            "text_encoders.clip_l.transformer.text_model.encoder.layers.3.self_attn.q_proj.lora_A.weight",
            "te_encoder_layers_3_self_attn_q_proj",
            Part.DOWN,
        ),
        (
            "clip_l.transformer.text_model.encoder.layers.3.self_attn.q_proj.lora_up.weight",
            "te_encoder_layers_3_self_attn_q_proj",
            Part.UP,
        ),
        (
            "text_encoders.clip_g.transformer.text_model.encoder.layers.3.mlp.fc1.lora_A.weight",
            "te2_encoder_layers_3_mlp_fc1",
            Part.DOWN,
        ),
        (
            "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.processor.to_k_lora.alpha",
            ATTENTION,
            Part.ALPHA,
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
    named = split_name(name)

    assert named is not None
    assert (named.layer, named.part) == (layer, part)


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
    ("down", "up", "reasons", "doubts"),
    [
        (("F16", (8, 64)), ("F16", (64, 4)), ("factors that do not fit together",), ()),
        (("F16", (8, 64)), ("F16", (64,)), ("factors that are no matrices",), ()),
        (("F16", (0, 64)), ("F16", (64, 0)), ("factors that are no matrices",), ()),
        (("F16", (1, 3)), ("F16", (64, 1)), ("layers too narrow to say something",), ()),
        (("F16", (1, 64)), ("F16", (15, 1)), ("a single layer, too narrow to say something",), ()),
        (("C64", (8, 64)), ("F16", (64, 8)), (), ("factors of dtype C64",)),
        (("F16", (8, 40_000)), ("F16", (64, 8)), (), ("factors larger than are compared",)),
    ],
)
def test_what_cannot_be_compared_says_why(
    down: tuple[str, tuple[int, ...]],
    up: tuple[str, tuple[int, ...]],
    reasons: tuple[str, ...],
    doubts: tuple[str, ...],
) -> None:
    tensors = [TensorShape("unet.x.lora_A.weight", *down), TensorShape("unet.x.lora_B.weight", *up)]

    plan = plan_of(tensors)

    assert plan == Plan((), reasons, doubts)


def test_other_decompositions_and_lone_factors_are_named() -> None:
    tensors = [
        TensorShape("lora_unet_a.hada_w1_a", "F16", (8, 8)),
        TensorShape("lora_unet_b.lokr_w1", "F16", (8, 8)),
        TensorShape("lora_unet_c.lora_down.weight", "F16", (8, 8)),
    ]

    plan = plan_of(tensors)

    assert plan.layers == ()
    assert plan.reasons == (
        "a LoHa's factors",
        "a LoKr's factors",
        "a factor without its partner, which changes nothing",
    )


def pair(stem: str, width: int = 64, rank: int = 4) -> list[TensorShape]:
    """Give the two factors of a layer, in diffusers' form."""
    return [
        TensorShape(f"{stem}.lora_A.weight", "F16", (rank, width)),
        TensorShape(f"{stem}.lora_B.weight", "F16", (width, rank)),
    ]


@pytest.mark.parametrize(
    ("beside", "reason"),
    [
        ("diff_b", "differences that are no product"),
        ("lora_embedding_A", "the factors of an embedding"),
        ("hada_w1_a", "a LoHa's factors"),
        ("lora_mid.weight", "a Tucker decomposition's middle factors"),
    ],
)
def test_what_stands_beside_two_factors_does_not_take_them_out(beside: str, reason: str) -> None:
    tensors = [*pair("unet.x"), TensorShape(f"unet.x.{beside}", "F16", (1,))]

    plan = plan_of(tensors)

    assert [(layer.name, layer.down, layer.up) for layer in plan.layers] == [("x", 0, 1)]
    assert (plan.reasons, plan.doubts) == ((reason,), ())


@pytest.mark.parametrize("again", ["unet_x", "base_model.model.x", "lora_unet_x"])
def test_a_second_update_of_a_layer_replaces_nothing_and_is_doubtful(again: str) -> None:
    tensors = [*pair("unet.x"), *pair(again)]

    plan = plan_of(tensors)

    assert [(layer.name, layer.down, layer.up) for layer in plan.layers] == [("x", 0, 1), ("x", 2, 3)]
    assert plan.doubts == ("two updates of one layer",)


def test_another_adapter_of_the_same_layer_is_a_second_update() -> None:
    other = [TensorShape(f"unet.x.lora_{factor}.zz.weight", "F16", (64, 64)) for factor in "AB"]

    plan = plan_of([*pair("unet.x"), *other])

    assert [(layer.down, layer.up) for layer in plan.layers] == [(0, 1), (2, 3)]
    assert plan.doubts == ("two updates of one layer",)


def test_layers_beyond_the_bound_take_no_room_from_larger_ones() -> None:
    many = MAX_TOTAL_RANK // MAX_RANK + 5
    decoys = [tensor for at in range(many) for tensor in pair(f"zz{at}", width=8, rank=MAX_RANK)]

    plan = plan_of([*decoys, *pair("unet.x")])

    assert plan.layers[0].name == "x"
    assert len(plan.layers) == 1 + (MAX_TOTAL_RANK - 4) // MAX_RANK
    assert plan.doubts == ("more layers than are compared",)


@pytest.mark.parametrize(
    ("names", "doubt"),
    [
        (["unet.conv_in", "transformer.transformer_blocks.0.attn.to_q"], "layers of two kinds of model"),
        (
            [
                "unet.mid_block.attentions.0.transformer_blocks.0.attn2.to_k",
                "unet.mid_block.attentions.0.transformer_blocks.0.attn2.to_v",
            ],
            "cross-attention of several widths",
        ),
    ],
)
def test_layers_that_no_model_has_together_are_doubtful(names: list[str], doubt: str) -> None:
    tensors = [tensor for at, name in enumerate(names) for tensor in pair(name, width=64 * (at + 1))]

    plan = plan_of(tensors)

    assert plan.doubts == (doubt,)


@pytest.mark.parametrize(("dtype", "shape"), [("F8_E4M3FNUZ", ()), ("F32", (2,)), ("F32", (0,))])
def test_an_alpha_that_cannot_be_read_is_doubtful(dtype: str, shape: tuple[int, ...]) -> None:
    tensors = [*pair("unet.x"), TensorShape("unet.x.alpha", dtype, shape)]

    plan = plan_of(tensors)

    assert plan.layers[0].alpha is None
    assert plan.doubts == ("an alpha that cannot be read",)


@pytest.mark.parametrize("dtype", ["I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL", "F8_E5M2", "F64"])
def test_an_alpha_is_read_in_every_dtype(dtype: str) -> None:
    tensors = [*pair("unet.x"), TensorShape("unet.x.alpha", dtype, (1,))]

    plan = plan_of(tensors)

    assert (plan.layers[0].alpha, plan.doubts) == (2, ())


def test_two_alphas_of_one_layer_are_doubtful() -> None:
    alphas = [TensorShape(f"unet.x.{name}", "F32", ()) for name in ("alpha", "lora_linear_layer.alpha")]

    plan = plan_of([*pair("unet.x"), *alphas])

    assert len(plan.layers) == 1
    assert plan.doubts == ("two alphas of one layer",)
