"""What the tensors of a file are, guessed from their names and shapes alone."""

import re
from collections.abc import Sequence
from enum import StrEnum

from gpu_cluster.safetensors_header import Tensor


class Weights(StrEnum):
    """The kinds of weights that a community shares, with the convention of naming for LoRAs."""

    LORA_KOHYA = "LORA_KOHYA"
    LORA_PEFT = "LORA_PEFT"
    LORA_DIFFUSERS = "LORA_DIFFUSERS"
    EMBEDDING = "EMBEDDING"
    CHECKPOINT = "CHECKPOINT"
    UNKNOWN = "UNKNOWN"


# Kohya's names carry the module path with underscores and a suffix for each part of the product, be it a plain LoRA,
# LoHa (hada), LoKr, OFT or DoRA. PEFT's have lora_A and lora_B; older diffusers releases wrote lora.down and lora.up.
_LORA_NAMES = (
    (
        Weights.LORA_KOHYA,
        re.compile(r"^(?:lora|lycoris)_\w+\.(?:lora_(?:down|up|mid)|alpha|hada_|lokr_|oft_|dora_scale)"),
    ),
    (Weights.LORA_PEFT, re.compile(r"\.lora_(?:A|B|embedding_A|embedding_B|magnitude_vector)\b")),
    (Weights.LORA_DIFFUSERS, re.compile(r"[._]lora\.(?:down|up)\.weight$")),
)
_CHECKPOINT_NAMES = re.compile(
    r"^(?:model\.diffusion_model\.|first_stage_model\.|cond_stage_model\.|conditioner\.embedders\."
    r"|down_blocks\.|up_blocks\.|mid_block\.|double_blocks\.|joint_blocks\.|transformer_blocks\."
    r"|(?:unet|vae|text_encoder(?:_\d)?|transformer)\.)"
)
_EMBEDDING_TENSORS = 8
_EMBEDDING_WIDTHS = frozenset({768, 1024, 1280, 2048, 4096})


def guess_weights(tensors: Sequence[Tensor]) -> Weights:
    """Guess what the tensors are. A guess helps to read a file; nothing is allowed or refused by it."""
    for kind, pattern in _LORA_NAMES:
        if any(pattern.search(tensor.name) for tensor in tensors):
            return kind
    if any(_CHECKPOINT_NAMES.match(tensor.name) for tensor in tensors):
        return Weights.CHECKPOINT
    if 0 < len(tensors) <= _EMBEDDING_TENSORS and all(map(_is_embedding, tensors)):
        return Weights.EMBEDDING
    return Weights.UNKNOWN


def _is_embedding(tensor: Tensor) -> bool:
    """Whether a tensor is one or some token vectors of a text encoder."""
    return 1 <= len(tensor.shape) <= 2 and tensor.shape[-1] in _EMBEDDING_WIDTHS
