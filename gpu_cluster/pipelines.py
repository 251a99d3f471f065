"""torch and diffusers: load a checkpoint, choose a sampler, draw one picture, show it while it grows.

Nothing here reaches a hub, and nothing is unpickled. A seed gives the same bytes again on the same machine with the
same number of threads: noise comes from a generator on the CPU, and each picture is drawn alone, because a batch and a
single run differ in their last bits even on a CPU.
"""

import base64
import io
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.kernel.wire import RenderFailed, RenderOrder

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

# Read once when these libraries are first imported, which happens below, inside the functions.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("DIFFUSERS_VERBOSITY", "error")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

PREVIEW_PIXELS = 64
_PIPELINES = ("StableDiffusionPipeline", "StableDiffusionXLPipeline")
_LIBRARIES = ("diffusers", "transformers")
_CONFIGS = Path(__file__).parent / "configs"

type_of_sampler: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "DDIM": ("DDIMScheduler", {"clip_sample": False, "set_alpha_to_one": False}),
    "EULER": ("EulerDiscreteScheduler", {}),
    "EULER_ANCESTRAL": ("EulerAncestralDiscreteScheduler", {}),
    "DPMPP_2M": ("DPMSolverMultistepScheduler", {"algorithm_type": "dpmsolver++", "solver_order": 2}),
    "DPMPP_2M_KARRAS": (
        "DPMSolverMultistepScheduler",
        {"algorithm_type": "dpmsolver++", "solver_order": 2, "use_karras_sigmas": True},
    ),
    "LCM": ("LCMScheduler", {"clip_sample": False}),
    "UNIPC": ("UniPCMultistepScheduler", {"solver_order": 2}),
}
