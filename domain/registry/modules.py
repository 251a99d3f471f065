"""Which canonical names are those of modules that a model really has.

A layer under any other name reaches no model, so it must not count when LoRAs are compared by their layers' names:
anybody could add as many of those as it takes to drown the others.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache

DEEP_CONTEXT = 1280
"""A UNet whose cross-attention attends to so wide a context has deep blocks and a second text encoder, as SDXL has."""


class Kind(StrEnum):
    """The kind of model that a module is of."""

    UNET = "UNET"
    DEEP_UNET = "DEEP_UNET"
    """A UNet's module that only those of SDXL's size have."""
    TRANSFORMER = "TRANSFORMER"
    TEXT = "TEXT"
    SECOND_TEXT = "SECOND_TEXT"
    """A module of a second text encoder, which SDXL and transformers have."""
    THIRD_TEXT = "THIRD_TEXT"
    """A module of a third text encoder, which transformers have."""


_SITE = r"(?:down_blocks_[0-3]_attentions_[01]|up_blocks_[0-3]_attentions_[0-2]|mid_block_attentions_0)"
_INSIDE = r"(?:attn[12]_to_(?:q|k|v|out_0)|ff_net_(?:0_proj|2))"
_CLIP = r"encoder_layers_{layers}_(?:self_attn_(?:q|k|v|out)_proj|mlp_fc[12])"
_T5 = r"encoder_block_(?:1?\d|2[0-3])_layer_[01]_(?:SelfAttention_[qkvo]|DenseReluDense_(?:wi|wi_[01]|wo))"
_BLOCK = r"_[1-5]?\d_"

_KINDS: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (
        re.compile(
            rf"{_SITE}_(?:proj_in|proj_out|transformer_blocks_0_{_INSIDE})"
            r"|(?:down_blocks_[0-3]_resnets_[01]|up_blocks_[0-3]_resnets_[0-2]|mid_block_resnets_[01])"
            r"_(?:conv1|conv2|time_emb_proj|conv_shortcut)"
            r"|down_blocks_[0-2]_downsamplers_0_conv|up_blocks_[0-2]_upsamplers_0_conv"
            r"|conv_in|conv_out|time_embedding_linear_[12]"
        ),
        Kind.UNET,
    ),
    (re.compile(rf"{_SITE}_transformer_blocks_[1-9]_{_INSIDE}|add_embedding_linear_[12]"), Kind.DEEP_UNET),
    (
        re.compile(
            rf"double_blocks{_BLOCK}(?:img|txt)_(?:attn_(?:qkv|proj)|mlp_[02]|mod_lin)"
            rf"|single_blocks{_BLOCK}(?:linear[12]|modulation_lin)"
            rf"|joint_blocks{_BLOCK}(?:x|context)_block_(?:attn2?_(?:qkv|proj)|mlp_fc[12]|adaLN_modulation_1)"
            rf"|(?:single_)?transformer_blocks{_BLOCK}"
            r"(?:attn[12]?_(?:to_(?:q|k|v|out_0|add_out)|add_[qkv]_proj)|ff(?:_context)?_net_(?:0_proj|2)"
            r"|norm(?:1(?:_context)?)?_linear|proj_(?:mlp|out))"
        ),
        Kind.TRANSFORMER,
    ),
    (re.compile("te_" + _CLIP.format(layers=r"(?:1?\d|2[0-3])")), Kind.TEXT),
    (re.compile("te2_" + _CLIP.format(layers=r"(?:[12]?\d|3[01])")), Kind.SECOND_TEXT),
    (re.compile(rf"te2_{_T5}"), Kind.SECOND_TEXT),
    (re.compile(rf"te3_{_T5}"), Kind.THIRD_TEXT),
)


@lru_cache(maxsize=1 << 13)
def kind_of(name: str) -> Kind | None:
    """Say of which kind of model a layer with this canonical name is a module; None if of none that is known."""
    return next((kind for pattern, kind in _KINDS if pattern.fullmatch(name)), None)


def attends(name: str) -> bool:
    """Whether the width of this module of a UNet tells its base: what its cross-attention attends to."""
    return name.endswith(("attn2_to_k", "attn2_to_v")) and kind_of(name) in (Kind.UNET, Kind.DEEP_UNET)


def are_modules(names: Sequence[str], context_width: int) -> list[bool]:
    """Say of each layer whether the model that most of them are of can have it.

    `context_width` is what the cross-attention attends to, 0 where that is not known. Where no name is that of a
    module that is known here, the model is a stranger, and every name is taken as it is.
    """
    kinds = [kind_of(name) for name in names]
    if not any(kinds):
        return [True] * len(names)
    left_out: set[Kind | None] = {None}
    if Kind.UNET in kinds:
        left_out |= {Kind.THIRD_TEXT}
        if 0 < context_width < DEEP_CONTEXT:
            left_out |= {Kind.DEEP_UNET, Kind.SECOND_TEXT}
    return [kind not in left_out for kind in kinds]
