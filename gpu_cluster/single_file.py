"""Checkpoints in one `.safetensors` file: told apart by their tensors' names, loaded with our own configurations.

diffusers would ask a hub for the configuration and the tokenizer of such a file (#7902, #8752); nothing here does.
"""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.kernel.wire import RenderFailed

if TYPE_CHECKING:
    import torch

CONFIGS = Path(__file__).parent / "configs"

_SIGNS = {
    "sdxl": "conditioner.embedders.1.model.text_projection",
    "sd15": "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight",
}
_MARKS = ("<|startoftext|>", "<|endoftext|>")


def load(path: Path, dtype: "torch.dtype", configs: Path) -> Any:
    """Load a single file as the pipeline of its family. Raises RenderFailed, and whatever diffusers raises."""
    import diffusers

    family = family_of(path)
    parts: dict[str, Any] = json.loads((configs / family / "model_index.json").read_text(encoding="utf-8"))
    pipeline = getattr(diffusers, parts["_class_name"])
    tokenizers: dict[str, Any] = {"tokenizer": _tokenizer("<|endoftext|>")}
    if "tokenizer_2" in parts:
        tokenizers["tokenizer_2"] = _tokenizer("!")  # SDXL's second encoder was trained with this padding
    options = tokenizers | options_of(parts["_class_name"])
    return pipeline.from_single_file(
        str(path), config=str(configs / family), dtype=dtype, local_files_only=True, **options
    )


def options_of(class_name: str) -> dict[str, Any]:
    """Give what a pipeline is made with besides its weights.

    The filter that SD 1.5 was published with is left out: it blackens pictures without a word. What may be seen is
    decided by `gpu_cluster.gate`, with a reason. SDXL's optional watermark would need a package that is not installed.
    """
    if class_name == "StableDiffusionXLPipeline":
        return {"add_watermarker": False}
    return {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}


def family_of(path: Path) -> str:
    """Tell `sd15` from `sdxl` by the names of a file's tensors. Raises RenderFailed for anything else."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np") as file:
            names = set(file.keys())
    except (SafetensorError, OSError) as error:
        raise RenderFailed("The checkpoint is not a readable .safetensors file.") from error
    for family, sign in _SIGNS.items():
        if sign in names:
            return family
    raise RenderFailed("The checkpoint's tensors are neither those of SD 1.5 nor those of SDXL.")


def _tokenizer(padding: str) -> Any:
    """Make CLIP's tokenizer: its vocabulary follows from its merges."""
    from transformers import CLIPTokenizer

    merges = _merges()
    alphabet = _byte_letters()
    pieces = [*alphabet, *(f"{letter}</w>" for letter in alphabet), *map("".join, merges), *_MARKS]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    return CLIPTokenizer(vocab=vocabulary, merges=merges, pad_token=padding, model_max_length=77)


@cache
def _merges() -> list[tuple[str, str]]:
    text = gzip.decompress((CONFIGS / "clip_merges.txt.gz").read_bytes()).decode("utf-8")
    return [(left, right) for left, _, right in (line.partition(" ") for line in text.splitlines())]


def _byte_letters() -> list[str]:
    """List the letters that stand for bytes in a byte-level BPE, in CLIP's order: first the printable."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = (byte for byte in range(256) if byte not in set(printable))
    return [*map(chr, printable), *(chr(256 + number) for number, _ in enumerate(others))]
