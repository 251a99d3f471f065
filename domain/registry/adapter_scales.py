"""By what diffusers multiplies a LoRA's updates, as the file's metadata says.

diffusers keeps the settings of PEFT under `lora_adapter_metadata`, as JSON with a component before each key:
`unet.lora_alpha`, `unet.r`, `unet.alpha_pattern`, `unet.rank_pattern`, `unet.use_rslora`.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

METADATA_KEY = "lora_adapter_metadata"

_PLAIN = re.compile(r"\^?[\w.]+\$?")
_COMPONENTS = ("unet", "transformer", "text_encoder", "text_encoder_2", "text_encoder_3")


@dataclass(frozen=True, slots=True)
class _Settings:
    """What one component's layers are scaled by."""

    alpha: float
    rank: float
    alphas: Mapping[str, float]
    ranks: Mapping[str, float]
    stabilised: bool

    def scale(self, path: str) -> float:
        """Give α/r of a module, or α/√r where ranks are stabilised; 1 where alpha or rank say nothing."""
        alpha, rank = _matching(self.alphas, path, self.alpha), _matching(self.ranks, path, self.rank)
        if alpha == 0 or rank <= 0:
            return 1.0
        return alpha / (math.sqrt(rank) if self.stabilised else rank)


@dataclass(frozen=True, slots=True)
class AdapterScales:
    """The scales of a file's layers. `unreadable` where a pattern is one that is not looked up here."""

    components: Mapping[str, _Settings] = field(default_factory=dict)
    unreadable: bool = False
    negative: bool = False
    """Whether an alpha is negative."""

    @classmethod
    def read(cls, metadata: Mapping[str, str]) -> Self:
        """Read what the metadata say; nothing where they are not such settings."""
        try:
            settings = json.loads(metadata.get(METADATA_KEY, ""))
        except (ValueError, RecursionError):
            return cls()
        if not isinstance(settings, dict):
            return cls()
        patterns = [settings.get(f"{name}.{kind}_pattern") or {} for name in _COMPONENTS for kind in ("alpha", "rank")]
        known = {name: _read(settings, name) for name in _COMPONENTS if f"{name}.lora_alpha" in settings}
        alphas = (alpha for component in known.values() for alpha in (component.alpha, *component.alphas.values()))
        return cls(
            known,
            unreadable=any(not _is_plain(pattern) for pattern in patterns),
            negative=any(alpha < 0 for alpha in alphas),
        )

    def of(self, stem: str) -> float | None:
        """Give the scale of the layer with this name as it stands in the file; None where nothing is said."""
        name, _, path = stem.partition(".")
        component = self.components.get(name)
        return None if component is None else component.scale(path)


def _read(settings: Mapping[str, Any], name: str) -> _Settings:
    return _Settings(
        alpha=_number(settings.get(f"{name}.lora_alpha")),
        rank=_number(settings.get(f"{name}.r")),
        alphas=_numbers(settings.get(f"{name}.alpha_pattern")),
        ranks=_numbers(settings.get(f"{name}.rank_pattern")),
        stabilised=settings.get(f"{name}.use_rslora") is True,
    )


def _number(value: Any) -> float:
    """Read a number; 0, which says nothing, for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > _MOST:
        return 0.0
    return float(value) if math.isfinite(value) else 0.0


_MOST = 10**30
"""No alpha or rank is larger; an integer without end is no float."""


def _numbers(values: Any) -> dict[str, float]:
    if not isinstance(values, dict):
        return {}
    return {pattern.removeprefix("^").removesuffix("$"): _number(value) for pattern, value in values.items()}


def _is_plain(patterns: Any) -> bool:
    """Whether these are names of modules only: PEFT takes them for regular expressions, which nobody needs."""
    return isinstance(patterns, dict) and all(_PLAIN.fullmatch(pattern) for pattern in patterns)


def _matching(numbers: Mapping[str, float], path: str, otherwise: float) -> float:
    """Look up a module, or the end of its path that stands there."""
    return next((numbers[end] for end in _ends(path) if end in numbers), otherwise)


def _ends(path: str) -> Iterator[str]:
    yield path
    while "." in path:
        path = path.partition(".")[2]
        yield path
