"""LoRAs and textual inversions: put on exactly what a job uses, take off everything else.

LoRAs are PEFT adapters. A few stay in memory between jobs, switched off; switching an adapter off gives the very bits
of the bare checkpoint, which the tests hold. Textual inversions change the tokenizer, so they are always taken out.
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.kernel.wire import RenderFailed
from gpu_cluster.pipelines import Studio

if TYPE_CHECKING:
    import torch

MAX_RESIDENT = 4
"""LoRAs kept in memory by one pipeline: with 50 residents a step takes half as long again as with 5."""

_A1111_KEY = "emb_params"
_SDXL_KEYS = ("clip_l", "clip_g")


@dataclass(frozen=True, slots=True)
class LocalLora:
    """A LoRA whose file is on this node."""

    resource_id: UUID
    sha256: str
    path: Path
    weight: float


@dataclass(frozen=True, slots=True)
class LocalEmbedding:
    """A textual inversion whose file is on this node, and the word that calls it (None: the file's own)."""

    resource_id: UUID
    path: Path
    weight: float
    trigger: str | None


@contextmanager
def wearing(studio: Studio, loras: Sequence[LocalLora], embeddings: Sequence[LocalEmbedding]) -> Iterator[None]:
    """Let a pipeline wear these and nothing else for the length of a job.

    Raises RenderFailed when a file does not fit; the pipeline should then be thrown away, because a library may have
    put half of it on.
    """
    try:
        wear_loras(studio, loras)
        for number, embedding in enumerate(embeddings, start=1):
            _load_embedding(studio, embedding, number)
        yield
    finally:
        wear_loras(studio, ())
        _unload_embeddings(studio)


def wear_loras(studio: Studio, loras: Sequence[LocalLora]) -> None:
    """Switch on exactly these LoRAs, loading those that are not resident and dropping the least recently used."""
    for lora in loras:
        if lora.sha256 in studio.residents:
            del studio.residents[lora.sha256]
        else:
            _load_lora(studio, lora)
        studio.residents[lora.sha256] = None
    weights: dict[str, float] = {}
    for lora in loras:  # two resources may be one file
        weights[lora.sha256] = weights.get(lora.sha256, 0.0) + lora.weight
    pipe = studio.pipe
    if weights:
        pipe.enable_lora()
        pipe.set_adapters([_adapter(sha256) for sha256 in weights], list(weights.values()))
    elif studio.residents:
        pipe.disable_lora()
    for sha256 in list(studio.residents):
        if len(studio.residents) <= max(MAX_RESIDENT, len(weights)):
            break
        if sha256 not in weights:
            pipe.delete_adapters(_adapter(sha256))
            del studio.residents[sha256]


def _load_lora(studio: Studio, lora: LocalLora) -> None:
    """Load one LoRA file; a file that reaches no layer is an error (diffusers loads it without a word, #9950)."""
    pipe = studio.pipe
    name = _adapter(lora.sha256)
    try:
        with warnings.catch_warnings():
            # Having several adapters is what we want here.
            warnings.filterwarnings("ignore", message="Already found a `peft_config` attribute")
            pipe.load_lora_weights(
                str(lora.path),
                weight_name=lora.path.name,
                adapter_name=name,
                use_safetensors=True,
                local_files_only=True,
            )
    except Exception as error:  # PEFT, diffusers and safetensors raise what they like for a file that does not fit
        raise RenderFailed(f"The LoRA {lora.resource_id} does not fit this checkpoint.") from error
    if not any(name in adapters for adapters in pipe.get_list_adapters().values()):
        raise RenderFailed(f"The LoRA {lora.resource_id} has no layer that this checkpoint has.")
    for part in ("unet", "text_encoder", "text_encoder_2"):
        model = getattr(pipe, part, None)
        if model is not None:
            model.to(dtype=pipe.dtype)  # a half-precision LoRA would compute in half precision on a CPU


def _load_embedding(studio: Studio, embedding: LocalEmbedding, number: int) -> None:
    """Load one textual inversion under a private token, so that any trigger word will do, even a known one."""
    vectors, own_name = _read_embedding(embedding)
    trigger = embedding.trigger or own_name
    if not trigger:
        raise RenderFailed(f"The embedding {embedding.resource_id} has no trigger word.")
    token = f"<embedding-{number}>"
    encoders = _encoders(studio.pipe)
    if len(vectors) != len(encoders):
        raise RenderFailed(f"The embedding {embedding.resource_id} is for another family of checkpoints.")
    for tensor, (tokenizer, encoder) in zip(vectors, encoders, strict=True):
        if tensor.ndim != 2 or tensor.shape[1] != encoder.get_input_embeddings().embedding_dim:
            raise RenderFailed(f"The embedding {embedding.resource_id} is for another family of checkpoints.")
        studio.pipe.load_textual_inversion(
            tensor * embedding.weight, token=token, tokenizer=tokenizer, text_encoder=encoder
        )
    studio.tokens[trigger] = token


def _read_embedding(embedding: LocalEmbedding) -> "tuple[list[torch.Tensor], str | None]":
    """Read the vectors, one tensor a text encoder, and the name that the file itself gives them."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        tensors = load_file(embedding.path, device="cpu")
    except (SafetensorError, OSError) as error:
        raise RenderFailed(f"The embedding {embedding.resource_id} is not a readable .safetensors file.") from error
    if set(tensors) == set(_SDXL_KEYS):
        return [tensors[key] for key in _SDXL_KEYS], None
    if len(tensors) != 1:
        raise RenderFailed(f"The embedding {embedding.resource_id} is not a textual inversion.")
    name, tensor = next(iter(tensors.items()))
    rows = tensor.unsqueeze(0) if tensor.ndim == 1 else tensor
    return [rows], None if name == _A1111_KEY else name


def _unload_embeddings(studio: Studio) -> None:
    """Take every textual inversion out of the tokenizers and the text encoders."""
    if studio.tokens:
        for tokenizer, encoder in _encoders(studio.pipe):
            studio.pipe.unload_textual_inversion(tokenizer=tokenizer, text_encoder=encoder)
        studio.tokens.clear()


def _encoders(pipe: Any) -> list[tuple[Any, Any]]:
    """List a pipeline's tokenizers with their text encoders: one for SD 1.5, two for SDXL."""
    pairs = [("tokenizer", "text_encoder"), ("tokenizer_2", "text_encoder_2")]
    return [(getattr(pipe, t), getattr(pipe, e)) for t, e in pairs if getattr(pipe, t, None) is not None]


def _adapter(sha256: str) -> str:
    """Name an adapter by its file: PEFT forbids dots, and two resources with one file are one adapter."""
    return f"lora_{sha256[:32]}"
