"""Which layer of a model a tensor of an adapter belongs to, by its name.

Trainers and libraries name the same layer differently: kohya's scripts join the module path with underscores behind
`lora_unet_` or `lora_te_`, for SDXL after the original code's modules; diffusers and PEFT keep dots behind `unet.`,
`text_encoder.` or `base_model.model.`, ComfyUI behind `diffusion_model.` or `clip_l.`. All are brought to one
canonical name, so that a renamed copy stays comparable.
"""

import re
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple


class Part(StrEnum):
    """What a tensor is within its layer's update ΔW = α/r · up · down."""

    DOWN = "DOWN"
    UP = "UP"
    ALPHA = "ALPHA"
    OTHER = "OTHER"
    """A part of another decomposition (LoHa, LoKr, OFT, Tucker's middle factor, a full difference)."""


class Named(NamedTuple):
    """What a tensor's name says: the canonical name of its layer, and what it is there.

    `stem` is the layer's name as it is written, and `form` how the factor is: two factors belong together if both
    agree, and an alpha to the factors of its stem.
    """

    layer: str
    part: Part
    stem: str
    form: str


_SUFFIXES: tuple[tuple[re.Pattern[str], Part], ...] = (
    (re.compile(r"(?:\.lora_down|\.lora_A|[._]lora\.down|\.lora_linear_layer\.down)(?:\.\w+)?\.weight$"), Part.DOWN),
    (re.compile(r"(?:\.lora_up|\.lora_B|[._]lora\.up|\.lora_linear_layer\.up)(?:\.\w+)?\.weight$"), Part.UP),
    (re.compile(r"\.lora_A$"), Part.DOWN),
    (re.compile(r"\.lora_B$"), Part.UP),
    (re.compile(r"(?:\.lora_linear_layer|[._]lora)?\.alpha$"), Part.ALPHA),
    (re.compile(r"\.(?:hada_|lokr_|oft_|boft_|glora_|lora_embedding_)\w+(?:\.weight)?$"), Part.OTHER),
    (re.compile(r"\.(?:lora_mid|diff|diff_b)(?:\.weight)?$"), Part.OTHER),
)
_FORM_OF_UP = {"lora_up": "lora_down", "lora_B": "lora_A", "up": "down"}
_UP = re.compile(r"(?<=\.)(?:lora_up|lora_B|up)(?=\.|$)")

_COMPONENTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^(?:lora|lycoris)_te2_|^text_encoder_2[._]|^(?:text_encoders\.)?clip_g\.(?:transformer\.)?"), "te2_"),
    (re.compile(r"^(?:lora|lycoris)_te3_|^text_encoder_3[._]|^(?:text_encoders\.)?t5xxl\.(?:transformer\.)?"), "te3_"),
    (
        re.compile(
            r"^(?:lora|lycoris)_te1?_|^text_encoder(?:_1)?[._]|^(?:text_encoders\.)?clip_[lh]\.(?:transformer\.)?"
        ),
        "te_",
    ),
    (re.compile(r"^(?:lora|lycoris)_(?:unet_|transformer_)?|^unet[._]|^transformer\.|^diffusion_model\."), ""),
)
_WRAPPERS = re.compile(r"^(?:base_model\.model\.|model\.)+|(?<=\.)base_model\.model\.")
_TEXT_MODEL = re.compile(r"^(te\d?_)?text_model_")
_TEXT_PATH = re.compile(r"^(?:encoder_layers_|embeddings_)")

# The modules of the original Stable Diffusion code, as kohya's scripts name them for SDXL, under diffusers' names.
_INSIDE_BLOCK = (
    ("in_layers_2", "conv1"),
    ("out_layers_3", "conv2"),
    ("emb_layers_1", "time_emb_proj"),
    ("skip_connection", "conv_shortcut"),
)
_OUTSIDE_BLOCKS = {
    "input_blocks_0_0": "conv_in",
    "out_2": "conv_out",
    "time_embed_0": "time_embedding_linear_1",
    "time_embed_2": "time_embedding_linear_2",
    "label_emb_0_0": "add_embedding_linear_1",
    "label_emb_0_2": "add_embedding_linear_2",
}
_ORIGINAL_BLOCK = re.compile(r"^(input|output)_blocks_(\d+)_(\d+)(?:_(.+))?$")
_ORIGINAL_MIDDLE = re.compile(r"^middle_block_(\d+)_(.+)$")


@lru_cache(maxsize=1 << 13)
def split_name(name: str) -> Named | None:
    """Take a tensor's name apart; None when it is of no adapter. LoRAs of a base share their names."""
    for pattern, part in _SUFFIXES:
        if found := pattern.search(name):
            stem = name[: found.start()]
            form = _UP.sub(lambda up: _FORM_OF_UP[up[0]], found[0])
            return Named(canonical(stem), part, stem, form)
    return None


def canonical(path: str) -> str:
    """Bring the name of a layer to one form, that of diffusers' modules joined by underscores."""
    path = _WRAPPERS.sub("", path)
    component = ""
    for pattern, short in _COMPONENTS:
        if found := pattern.match(path):
            component, path = short, path[found.end() :]
            break
    path = _WRAPPERS.sub("", path).replace(".processor.", ".").replace(".", "_").removesuffix("_lora")
    path = component + path
    path = _TEXT_MODEL.sub(lambda found: found[1] or "te_", path)
    if _TEXT_PATH.match(path):
        path = f"te_{path}"
    return f"{_of_diffusers(path)}_0" if path.endswith("_to_out") else _of_diffusers(path)


def _of_diffusers(path: str) -> str:
    """Name a module of the original code as diffusers does; other names are left as they are."""
    if path in _OUTSIDE_BLOCKS:
        return _OUTSIDE_BLOCKS[path]
    if found := _ORIGINAL_MIDDLE.match(path):
        at, rest = int(found[1]), _renamed(found[2])
        return f"mid_block_attentions_0_{rest}" if at == 1 else f"mid_block_resnets_{at // 2}_{rest}"
    if found := _ORIGINAL_BLOCK.match(path):
        at, rest = int(found[2]), _renamed(found[4] or "")
        kind = "attentions" if int(found[3]) else "resnets"
        return _of_input(at, kind, rest) if found[1] == "input" else _of_output(at, kind, rest)
    return path


def _of_input(at: int, kind: str, rest: str) -> str:
    """Name a module of the way down: after the first convolution, three places a block, the last one downsamples."""
    block, layer = divmod(at - 1, 3)
    return f"down_blocks_{block}_downsamplers_0_conv" if layer == 2 else f"down_blocks_{block}_{kind}_{layer}_{rest}"


def _of_output(at: int, kind: str, rest: str) -> str:
    """Name a module of the way up: three places a block, the last one upsamples, too."""
    block, layer = divmod(at, 3)
    return f"up_blocks_{block}_upsamplers_0_conv" if rest == "conv" else f"up_blocks_{block}_{kind}_{layer}_{rest}"


def _renamed(rest: str) -> str:
    for original, ours in _INSIDE_BLOCK:
        rest = rest.replace(original, ours)
    return rest
