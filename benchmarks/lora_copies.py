"""Copies of a LoRA as people make them, or as somebody would who does not want it recognised.

A LoRA is taken as a list of layers, each a path with its factors and its scale, and written in the conventions of
kohya's scripts, diffusers or PEFT.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

_DOWN, _UP = ".lora_A.weight", ".lora_B.weight"


@dataclass(frozen=True, slots=True)
class Factors:
    """One layer: `part` (unet or text_encoder), the module's path, down (rank × in), up (out × rank), and α/r."""

    part: str
    path: str
    down: torch.Tensor
    up: torch.Tensor
    scale: float = 1.0

    @property
    def rank(self) -> int:
        """The inner size of the product."""
        return self.down.shape[0]

    @property
    def update(self) -> torch.Tensor:
        """The change of the layer's weights, out × in."""
        return self.scale * self.up @ self.down

    def with_factors(self, down: torch.Tensor, up: torch.Tensor, scale: float | None = None) -> "Factors":
        """Give the same layer with other factors."""
        return Factors(self.part, self.path, down, up, self.scale if scale is None else scale)


Lora = Sequence[Factors]


def read_diffusers(path: Path) -> list[Factors]:
    """Read a file as diffusers writes it."""
    tensors = load_file(path)
    layers = []
    for name in sorted(tensors):
        if name.endswith(_DOWN):
            part, _, module = name.removesuffix(_DOWN).partition(".")
            layers.append(Factors(part, module, tensors[name], tensors[name.removesuffix(_DOWN) + _UP]))
    return layers


def as_diffusers(lora: Lora) -> dict[str, torch.Tensor]:
    """Name the tensors as diffusers does; it has no place for a scale but the factors."""
    named = {}
    for layer in lora:
        named[f"{layer.part}.{layer.path}{_DOWN}"] = layer.down
        named[f"{layer.part}.{layer.path}{_UP}"] = layer.up * layer.scale
    return named


def as_old_diffusers(lora: Lora) -> dict[str, torch.Tensor]:
    """Name the tensors as diffusers did before PEFT: `attn1.processor.to_q_lora.down.weight`."""
    named = {}
    for layer in lora:
        module, _, projection = layer.path.removesuffix(".0").rpartition(".")
        stem = f"{layer.part}.{module}.processor.{projection}_lora"
        if layer.part != "unet":
            stem = f"{layer.part}.{layer.path}.lora_linear_layer"
        named[f"{stem}.down.weight"], named[f"{stem}.up.weight"] = layer.down, layer.up * layer.scale
    return named


def as_peft(lora: Lora) -> dict[str, torch.Tensor]:
    """Name the tensors as PEFT's own `save_pretrained` does."""
    named = {}
    for layer in lora:
        named[f"base_model.model.{layer.path}{_DOWN}"] = layer.down
        named[f"base_model.model.{layer.path}{_UP}"] = layer.up * layer.scale
    return named


def as_kohya(lora: Lora, *, alpha: float | None = None) -> dict[str, torch.Tensor]:
    """Name the tensors as kohya's scripts do, by default with the alpha that keeps the factors as they are."""
    named = {}
    for layer in lora:
        prefix = "lora_unet" if layer.part == "unet" else "lora_te"
        stem = f"{prefix}_{layer.path.replace('.', '_')}"
        kept = layer.scale * layer.rank
        change = 1.0 if alpha is None else kept / alpha
        named[f"{stem}.lora_down.weight"] = layer.down * abs(change) ** 0.5
        named[f"{stem}.lora_up.weight"] = layer.up * abs(change) ** 0.5
        named[f"{stem}.alpha"] = torch.tensor(kept if alpha is None else alpha)
    return named


def nameless(lora: Lora) -> dict[str, torch.Tensor]:
    """Give the layers names that say nothing, as no loader would have them."""
    named = {}
    for at, layer in enumerate(sorted(lora, key=lambda layer: layer.path[::-1])):
        named[f"part{at:04d}.lora_down.weight"] = layer.down
        named[f"part{at:04d}.lora_up.weight"] = layer.up * layer.scale
    return named


def refactored(lora: Lora, chance: torch.Generator) -> list[Factors]:
    """Give the same updates by other factors: B·M and M⁻¹·A for a random M."""
    made = []
    for layer in lora:
        mixer = torch.randn(layer.rank, layer.rank, generator=chance) + 2 * torch.eye(layer.rank)
        made.append(layer.with_factors(torch.linalg.solve(mixer, layer.down), layer.up @ mixer))
    return made


def resized(lora: Lora, share: int) -> list[Factors]:
    """Cut each layer's rank to 1/`share` by its singular values, as the usual scripts do."""
    made = []
    for layer in lora:
        left, sizes, right = torch.linalg.svd(layer.update, full_matrices=False)
        rank = max(layer.rank // share, 1)
        made.append(
            layer.with_factors(sizes[:rank, None].sqrt() * right[:rank], left[:, :rank] * sizes[:rank].sqrt(), 1)
        )
    return made


def noised(lora: Lora, share: float, chance: torch.Generator) -> list[Factors]:
    """Add noise to each factor, of `share` of its own size."""

    def noisy(factor: torch.Tensor) -> torch.Tensor:
        return factor + share * factor.std() * torch.randn(factor.shape, generator=chance)

    return [layer.with_factors(noisy(layer.down), noisy(layer.up)) for layer in lora]


def pruned(lora: Lora, chance: torch.Generator) -> list[Factors]:
    """Leave out every other layer, at random."""
    kept = torch.randperm(len(lora), generator=chance)[: (len(lora) + 1) // 2]
    return [lora[at] for at in sorted(kept.tolist())]


def merged(loras: Sequence[Lora], shares: Sequence[float]) -> list[Factors]:
    """Add updates with these shares, by factors beside each other, so that nothing is lost."""
    by_layer: dict[tuple[str, str], list[Factors]] = {}
    for lora, share in zip(loras, shares, strict=True):
        for layer in lora:
            scaled = layer.with_factors(layer.down, layer.up * (layer.scale * share), 1)
            by_layer.setdefault((layer.part, layer.path), []).append(scaled)
    return [
        Factors(part, path, torch.cat([one.down for one in several]), torch.cat([one.up for one in several], dim=1))
        for (part, path), several in by_layer.items()
    ]


def sized(lora: Lora) -> float:
    """Give the size of the whole update."""
    return float(sum(layer.update.square().sum() for layer in lora)) ** 0.5


def cast(named: Mapping[str, torch.Tensor], dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """Cast every tensor."""
    return {name: tensor.to(dtype) for name, tensor in named.items()}


Copy = Callable[[Lora, torch.Generator], Mapping[str, torch.Tensor]]

SAME: dict[str, Copy] = {
    "fp16": lambda lora, _: cast(as_diffusers(lora), torch.float16),
    "bf16": lambda lora, _: cast(as_diffusers(lora), torch.bfloat16),
    "fp8 e4m3": lambda lora, _: cast(as_diffusers(lora), torch.float8_e4m3fn),
    "fp8 e5m2": lambda lora, _: cast(as_diffusers(lora), torch.float8_e5m2),
    "alpha × 0.5": lambda lora, _: as_diffusers([layer.with_factors(layer.down, layer.up / 2) for layer in lora]),
    "alpha 1 in kohya's names": lambda lora, _: as_kohya(lora, alpha=1.0),
    "refactored": lambda lora, chance: as_diffusers(refactored(lora, chance)),
    "kohya's names": lambda lora, _: as_kohya(lora),
    "PEFT's names": lambda lora, _: as_peft(lora),
    "old diffusers' names": lambda lora, _: as_old_diffusers(lora),
    "nameless": lambda lora, _: nameless(lora),
    "all of these": lambda lora, chance: cast(as_kohya(refactored(lora, chance), alpha=1.0), torch.float16),
}
"""Copies that draw the same pictures."""

NEAR: dict[str, Copy] = {
    "half the rank": lambda lora, _: as_kohya(resized(lora, 2)),
    "a quarter of the rank": lambda lora, _: as_kohya(resized(lora, 4)),
    "10 % noise": lambda lora, chance: as_diffusers(noised(lora, 0.1, chance)),
    "30 % noise": lambda lora, chance: as_diffusers(noised(lora, 0.3, chance)),
    "half of the layers": lambda lora, chance: as_kohya(pruned(lora, chance)),
}
"""Copies that draw nearly the same."""


def write(named: Mapping[str, torch.Tensor], path: Path, metadata: Mapping[str, str] | None = None) -> Path:
    """Write tensors as a safetensors file."""
    save_file(
        {name: tensor.contiguous() for name, tensor in named.items()},
        path,
        metadata=dict(metadata) if metadata else None,
    )
    return path
