"""Copies of a LoRA that draw the same pictures, made by somebody who knows how weights are compared.

Each adds something that loaders pass over, or says the same update in a way that a reader may take for another.
"""

import json
from collections.abc import Mapping

import torch

from benchmarks.lora_copies import Copy, Factors, Lora, as_diffusers, as_kohya

_IN_METADATA = "alpha in the metadata"


def _turned(lora: Lora, every: int) -> list[Factors]:
    """Turn every so many layers round."""
    return [layer.with_factors(layer.down, -layer.up if at % every == 0 else layer.up) for at, layer in enumerate(lora)]


def _with_alphas(lora: Lora, factor: float, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """Name the tensors as kohya's scripts do, each alpha multiplied and cast."""
    named = as_kohya(lora)
    return {name: (tensor * factor).to(dtype) if name.endswith(".alpha") else tensor for name, tensor in named.items()}


def _beside(lora: Lora, part: str) -> dict[str, torch.Tensor]:
    """Put a tensor of one number beside each layer."""
    named = as_diffusers(lora)
    return named | {f"{name.split('.lora_')[0]}.{part}": torch.zeros(1) for name in named}


def _decoys(stems: list[str], width: int, rank: int, chance: torch.Generator) -> dict[str, torch.Tensor]:
    """Make loud layers that no model has."""
    made = {}
    for stem in stems:
        made[f"{stem}.lora_A.weight"] = 100 * torch.randn(rank, width, generator=chance)
        made[f"{stem}.lora_B.weight"] = 100 * torch.randn(width, rank, generator=chance)
    return made


def _again(lora: Lora, rename: tuple[str, str], chance: torch.Generator) -> dict[str, torch.Tensor]:
    """Add another update of each layer."""
    named = as_diffusers(lora)
    return named | {
        name.replace(*rename): tensor.std() * torch.randn(tensor.shape, generator=chance)
        for name, tensor in named.items()
    }


def _stretched(layer: Factors) -> Factors:
    """Add a rank of the largest numbers that changes nothing."""
    width, height = layer.down.shape[1], layer.up.shape[0]
    down, up = torch.full((1, width), 3e38), torch.zeros(height, 1)
    return layer.with_factors(torch.cat([layer.down, down]), torch.cat([layer.up * layer.scale, up], 1), 1)


def _cancelling(layer: Factors, size: float, chance: torch.Generator) -> Factors:
    """Add two ranks that cancel each other."""
    row = torch.randn(1, layer.down.shape[1], generator=chance).bfloat16().float() * size
    column = torch.randn(layer.up.shape[0], 1, generator=chance).bfloat16().float()
    down, up = torch.cat([row, -row, layer.down]), torch.cat([column, column, layer.up * layer.scale], 1)
    return layer.with_factors(down, up, 1)


def _largest_ranks() -> dict[str, torch.Tensor]:
    """Make more ranks than are compared, of so few numbers each that they take little room."""
    return {
        f"zz{at}.lora_{factor}.weight": torch.ones(shape, dtype=torch.float8_e4m3fn)
        for at in range(200)
        for factor, shape in (("A", (2048, 4)), ("B", (4, 2048)))
    }


ATTACKS: dict[str, Copy] = {
    "turned round, for a negative weight": lambda lora, _: as_diffusers(_turned(lora, 1)),
    "negative alpha of whole numbers": lambda lora, _: _with_alphas(_turned(lora, 1), -1, torch.int64),
    "alpha 0": lambda lora, _: _with_alphas(lora, 0, torch.float32),
    _IN_METADATA: lambda lora, _: as_diffusers(_turned(lora, 2)),
    "decoys of one number": lambda lora, chance: (
        as_diffusers(lora) | _decoys([f"zz{at}" for at in range(40)], 1, 1, chance)
    ),
    "decoys as wide as layers": lambda lora, chance: (
        as_diffusers(lora) | _decoys([f"unet.mid_block.attentions.0.zz{at}" for at in range(100)], 64, 1, chance)
    ),
    "decoys of a second text encoder": lambda lora, chance: (
        as_diffusers(lora)
        | _decoys([f"text_encoder_2.text_model.encoder.layers.{at}.mlp.fc1" for at in range(32)], 64, 1, chance)
    ),
    "decoys of the largest rank": lambda lora, _: as_diffusers(lora) | _largest_ranks(),
    "each layer a second time": lambda lora, chance: _again(lora, ("unet.", "unet_"), chance),
    "a second adapter": lambda lora, chance: _again(lora, (".weight", ".zz.weight"), chance),
    "a tensor beside each layer": lambda lora, _: _beside(lora, "lora_embedding_A"),
    "the largest numbers": lambda lora, _: as_kohya([_stretched(layer) for layer in lora]),
    "ranks that cancel": lambda lora, chance: as_kohya([_cancelling(layer, 2.0**20, chance) for layer in lora]),
}
"""Every one of them was once returned as clean."""


def metadata_of(what: str, lora: Lora) -> Mapping[str, str] | None:
    """Give the metadata that a copy needs: where every other layer is turned round, its alpha turns it back."""
    if what != _IN_METADATA:
        return None
    alphas = {layer.path: -layer.rank for layer in lora[::2]}
    settings = {
        f"{part}.{key}": value
        for part in sorted({layer.part for layer in lora})
        for key, value in (("r", lora[0].rank), ("lora_alpha", lora[0].rank), ("alpha_pattern", alphas))
    }
    return {"lora_adapter_metadata": json.dumps(settings)}
