"""Model files for the inspector's tests, made byte by byte."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

KOHYA = "lora_unet_down_blocks_0_attentions_0_proj_in"


def safetensors_bytes(
    metadata: Mapping[str, str] | None = None, tensors: Mapping[str, tuple[str, list[int], bytes]] | None = None
) -> bytes:
    """Write a file of `tensors` (dtype, shape, bytes by name), a small LoRA in kohya's convention by default."""
    document: dict[str, Any] = {} if metadata is None else {"__metadata__": dict(metadata)}
    data = b""
    for name, (dtype, shape, content) in (tensors or small_lora()).items():
        document[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    return framed(json.dumps(document).encode()) + data


def framed(header: bytes) -> bytes:
    """Put the length before a header."""
    return len(header).to_bytes(8, "little") + header


def small_lora(size: int = 64) -> dict[str, tuple[str, list[int], bytes]]:
    """Give the tensors of a LoRA with one layer, of rank `size` / 2048 where that is whole, else of rank 1."""
    rank = size // 2048 if size % 2048 == 0 else 1
    return {
        f"{KOHYA}.lora_down.weight": ("I8", [rank, size // rank], bytes(at % 251 for at in range(size))),
        f"{KOHYA}.lora_up.weight": ("I8", [16, rank], bytes(range(16)) * rank),
    }


def written(folder: Path, content: bytes, name: str = "stars.safetensors") -> Path:
    """Write `content` to a file."""
    path = folder / name
    path.write_bytes(content)
    return path
