"""Which tensors of a file are the factors of a LoRA, and which layer of the model each belongs to.

Trainers and libraries name the same layer differently: kohya's scripts join the module path with underscores behind
`lora_unet_` or `lora_te_`, for SDXL after the original code's modules; diffusers and PEFT keep dots behind `unet.`,
`text_encoder.` or `base_model.model.`. All are brought to one canonical name, so that a renamed copy stays comparable.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache


class Part(StrEnum):
    """What a tensor is within its layer's update ΔW = α/r · up · down."""

    DOWN = "DOWN"
    UP = "UP"
    ALPHA = "ALPHA"
    OTHER = "OTHER"
    """A part of another decomposition (LoHa, LoKr, OFT, Tucker's middle factor, a full difference)."""


@dataclass(frozen=True, slots=True)
class TensorShape:
    """A tensor as a header announces it."""

    name: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(slots=True)
class Layer:
    """The tensors of one layer's update, by their place in the file's list, and their sizes as matrices."""

    name: str
    down: int
    up: int
    alpha: int | None
    inward: int
    outward: int
    rank: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The layers of a file that can be compared, and why others cannot, each reason once."""

    layers: tuple[Layer, ...] = ()
    reasons: tuple[str, ...] = ()


MAX_LAYERS = 8192
MAX_RANK = 2048
MAX_TOTAL_RANK = 400_000
MAX_WIDTH = 32_768
"""What is projected is bounded, so that no file takes much memory; real LoRAs stay far below each bound."""

_FLOATS = frozenset({"F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "I8"})

_SUFFIXES: tuple[tuple[re.Pattern[str], Part], ...] = (
    (re.compile(r"(?:\.lora_down|\.lora_A|[._]lora\.down|\.lora_linear_layer\.down)(?:\.\w+)?\.weight$"), Part.DOWN),
    (re.compile(r"(?:\.lora_up|\.lora_B|[._]lora\.up|\.lora_linear_layer\.up)(?:\.\w+)?\.weight$"), Part.UP),
    (re.compile(r"\.lora_A$"), Part.DOWN),
    (re.compile(r"\.lora_B$"), Part.UP),
    (re.compile(r"[._]?\.alpha$"), Part.ALPHA),
    (re.compile(r"\.(?:hada_|lokr_|oft_|boft_|glora_|lora_embedding_)\w+(?:\.weight)?$"), Part.OTHER),
    (re.compile(r"\.(?:lora_mid|diff|diff_b)(?:\.weight)?$"), Part.OTHER),
)

_COMPONENTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^(?:lora|lycoris)_te2_|^text_encoder_2[._]"), "te2_"),
    (re.compile(r"^(?:lora|lycoris)_te3_|^text_encoder_3[._]"), "te3_"),
    (re.compile(r"^(?:lora|lycoris)_te1?_|^text_encoder(?:_1)?[._]"), "te_"),
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
def split_name(name: str) -> tuple[str, Part] | None:
    """Take a tensor's name apart: the canonical name of its layer and what it is there; None when of no adapter.

    LoRAs of a base share their names.
    """
    for pattern, part in _SUFFIXES:
        if found := pattern.search(name):
            return canonical(name[: found.start()]), part
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


@dataclass(slots=True)
class _Parts:
    """The tensors found so far for one layer."""

    down: int | None = None
    up: int | None = None
    alpha: int | None = None
    odd: set[str] = field(default_factory=set)


def plan_of(tensors: Iterable[TensorShape]) -> Plan:
    """Find the layers whose update is a product of two factors, within the bounds, and say why others are left out."""
    known = list(tensors)
    found: dict[str, _Parts] = {}
    for at, tensor in enumerate(known):
        split = split_name(tensor.name)
        if split is None:
            continue
        name, part = split
        parts = found.setdefault(name, _Parts())
        match part:
            case Part.DOWN:
                parts.down = at
            case Part.UP:
                parts.up = at
            case Part.ALPHA:
                parts.alpha = at
            case Part.OTHER:
                parts.odd.add(_decomposition(tensor.name))
    return _bounded(known, found)


def _bounded(tensors: list[TensorShape], found: dict[str, _Parts]) -> Plan:
    layers: list[Layer] = []
    reasons: dict[str, None] = {}
    ranks = 0
    for name, parts in found.items():
        if parts.odd:
            reasons.update(dict.fromkeys(sorted(parts.odd)))
            continue
        if parts.down is None or parts.up is None:
            if parts.down is not None or parts.up is not None:
                reasons["a factor without its partner"] = None
            continue
        layer = _layer(name, parts.down, parts.up, parts.alpha, tensors)
        if isinstance(layer, str):
            reasons[layer] = None
        elif len(layers) == MAX_LAYERS or ranks + layer.rank > MAX_TOTAL_RANK:
            reasons["more layers than are compared"] = None
            break
        else:
            ranks += layer.rank
            layers.append(layer)
    return Plan(tuple(layers), tuple(reasons))


def _layer(name: str, down: int, up: int, alpha: int | None, tensors: list[TensorShape]) -> Layer | str:
    """Make a layer of its two factors, or say why it can't be compared."""
    one, two = tensors[down], tensors[up]
    if one.dtype not in _FLOATS or two.dtype not in _FLOATS:
        return f"factors of dtype {one.dtype if one.dtype not in _FLOATS else two.dtype}"
    if len(one.shape) < 2 or len(two.shape) < 2 or 0 in one.shape or 0 in two.shape:
        return "factors that are no matrices"
    rank, inward = one.shape[0], _product(one.shape[1:])
    outward, again = two.shape[0], _product(two.shape[1:])
    if rank != again:
        return "factors that do not fit together"
    if rank > MAX_RANK or inward > MAX_WIDTH or outward > MAX_WIDTH:
        return "factors larger than are compared"
    return Layer(name, down, up, alpha, inward, outward, rank)


def _product(sizes: tuple[int, ...]) -> int:
    product = 1
    for size in sizes:
        product *= size
    return product


def _decomposition(name: str) -> str:
    """Name the decomposition that a tensor belongs to."""
    for mark, called in (
        ("hada_", "a LoHa's factors"),
        ("lokr_", "a LoKr's factors"),
        ("oft_", "an OFT's rotations"),
        ("lora_mid", "a Tucker decomposition's factors"),
        ("lora_embedding_", "the factors of an embedding"),
    ):
        if mark in name:
            return called
    return "differences that are no product"
