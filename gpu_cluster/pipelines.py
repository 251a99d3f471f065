"""torch and diffusers: load a checkpoint, choose a sampler, draw one picture, show it while it grows.

Nothing here reaches a hub, and nothing is unpickled. A seed gives the same bytes again on the same machine with the
same number of threads: noise comes from a generator on the CPU, and each picture is drawn alone, because a batch and a
single run differ in their last bits even on a CPU.
"""

import base64
import io
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.kernel.wire import RenderFailed, RenderOrder
from gpu_cluster import single_file

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


@dataclass(slots=True)
class Studio:
    """A loaded checkpoint, ready to draw: the pipeline, how noise was scheduled in training, what it wears.

    `residents` are the LoRAs in memory by SHA256, least recently used first; `tokens` maps the trigger words of the
    textual inversions of the present job to the private tokens that stand for them.
    """

    pipe: Any
    training_schedule: Mapping[str, Any]
    preview_matrix: tuple[tuple[float, float, float], ...]
    residents: dict[str, None] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)


class Stopped(Exception):
    """Raised inside a step to leave a pipeline at once; setting its `_interrupt` would still decode a picture."""


SAMPLERS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
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

# Latents to colours, least squares over many pictures, as published with ComfyUI (comfy/latent_formats.py).
_SD15_COLOURS = (
    (0.3512, 0.2297, 0.3227),
    (0.3250, 0.4974, 0.2350),
    (-0.2829, 0.1762, 0.2721),
    (-0.2120, -0.2616, -0.7177),
)
_SDXL_COLOURS = (
    (0.3651, 0.4232, 0.4341),
    (-0.2533, -0.0042, 0.1068),
    (0.1076, 0.1111, -0.0362),
    (-0.3165, -0.2492, -0.2188),
)


def import_libraries() -> None:
    """Import what drawing needs (seconds) and silence its progress bars, which would fill the nodes' logs."""
    import diffusers
    import peft  # noqa: F401  (diffusers imports it at the first LoRA)
    import transformers

    diffusers.StableDiffusionPipeline  # noqa: B018  (diffusers imports its parts when they are named)
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.disable_progress_bar()


def load_checkpoint(path: Path, *, configs: Path = single_file.CONFIGS) -> Studio:
    """Load a diffusers folder or a single `.safetensors` file (SD 1.5 or SDXL) onto the best device here.

    `configs` has one folder for each family of single files. Raises RenderFailed with one sentence when it is
    neither, or is damaged.
    """
    import torch

    import_libraries()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = torch.float16 if device == "cuda" else torch.float32
    try:
        pipe = _from_folder(path, dtype) if path.is_dir() else single_file.load(path, dtype, configs)
    except RenderFailed:
        raise
    except Exception as error:  # diffusers raises whatever its many loaders raise
        raise RenderFailed(f"The checkpoint can't be loaded: {_first_line(error)}") from error
    pipe.set_progress_bar_config(disable=True)
    pipe.to(device)
    colours = _SDXL_COLOURS if type(pipe).__name__ == "StableDiffusionXLPipeline" else _SD15_COLOURS
    return Studio(pipe=pipe, training_schedule=dict(pipe.scheduler.config), preview_matrix=colours)


def use_sampler(studio: Studio, sampler: str, steps: int) -> None:
    """Put a sampler in place, made from the checkpoint's own schedule and not from the sampler before it.

    Options of one sampler (Karras' sigmas, say) would otherwise stay in the next one's configuration.
    """
    import diffusers

    if sampler not in SAMPLERS:
        raise RenderFailed(f"There is no sampler {sampler!r}; choose one of {', '.join(SAMPLERS)}.")
    name, options = SAMPLERS[sampler]
    if name == "LCMScheduler":
        # LCM picks its steps among those it was distilled for, 50 unless more are asked for.
        options = {**options, "original_inference_steps": max(50, steps)}
    studio.pipe.scheduler = getattr(diffusers, name).from_config(studio.training_schedule, **options)


def draw(studio: Studio, order: RenderOrder, seed: int, on_step: Callable[[int, "torch.Tensor"], None]) -> "Image":
    """Draw one picture. `on_step` gets the step, from 1, and the latents; it stops the drawing by raising.

    Raises RenderFailed when the pipeline itself fails; what `on_step` raises passes through.
    """
    import torch

    def after_step(_pipe: Any, index: int, _timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        try:
            on_step(index + 1, tensors["latents"])
        except Exception as error:
            raise _FromStep from error
        return tensors

    use_sampler(studio, order.sampler, order.steps)
    try:
        answer = studio.pipe(
            prompt=_with_tokens(order.prompt, studio.tokens),
            negative_prompt=_with_tokens(order.negative_prompt, studio.tokens),
            width=order.width,
            height=order.height,
            num_inference_steps=order.steps,
            guidance_scale=order.guidance,
            generator=torch.Generator("cpu").manual_seed(seed),
            callback_on_step_end=after_step,
            callback_on_step_end_tensor_inputs=["latents"],
        )
    except _FromStep as stop:
        raise (stop.__cause__ or stop) from None
    except Exception as error:  # whatever torch or diffusers raise, a person gets one sentence
        raise RenderFailed(f"The pipeline failed: {_first_line(error)}") from error
    picture: Image = answer.images[0]
    return picture


def preview(studio: Studio, latents: "torch.Tensor") -> "Image":
    """Show latents as a small picture: a linear projection to colours, without the VAE."""
    import torch
    from PIL import Image

    with torch.inference_mode():
        values = latents[0].float().cpu()
        values = values / values.std().clamp(min=1.0)  # a sampler's latents still carry its noise level
        colours = torch.tensor(studio.preview_matrix).T @ values.flatten(1)
        pixels = ((colours + 1) * 127.5).clamp(0, 255).to(torch.uint8)
        height, width = values.shape[1:]
        raw = bytes(pixels.T.contiguous().flatten().tolist())
    picture = Image.frombytes("RGB", (width, height), raw)
    picture.thumbnail((PREVIEW_PIXELS, PREVIEW_PIXELS))
    return picture


def data_url(picture: "Image") -> str:
    """Write a small picture as a JPEG data URL."""
    buffer = io.BytesIO()
    picture.save(buffer, format="JPEG", quality=70)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


class _FromStep(Exception):
    """Carries what a step raised through the pipeline, apart from the pipeline's own failures."""


def _from_folder(folder: Path, dtype: "torch.dtype") -> Any:
    """Load a diffusers folder whose index names only known classes; a folder may come from anywhere."""
    import diffusers

    index = folder / "model_index.json"
    if not index.is_file():
        raise RenderFailed("The checkpoint's folder has no model_index.json, so it is not a diffusers pipeline.")
    parts: dict[str, Any] = json.loads(index.read_text(encoding="utf-8"))
    if parts.get("_class_name") not in _PIPELINES:
        raise RenderFailed(f"The checkpoint is a {parts.get('_class_name')}; {' and '.join(_PIPELINES)} are known.")
    for part, origin in parts.items():
        if not part.startswith("_") and isinstance(origin, list) and origin[0] not in (None, *_LIBRARIES):
            raise RenderFailed(f"The checkpoint's part {part!r} comes from {origin[0]!r}, which is not loaded.")
    return getattr(diffusers, parts["_class_name"]).from_pretrained(
        folder, dtype=dtype, use_safetensors=True, local_files_only=True, **single_file.options_of(parts["_class_name"])
    )


def _with_tokens(prompt: str, tokens: Mapping[str, str]) -> str:
    """Put the private tokens of textual inversions in the place of their trigger words."""
    for trigger, token in tokens.items():
        prompt = re.sub(rf"(?<!\w){re.escape(trigger)}(?!\w)", token, prompt, flags=re.IGNORECASE)
    return prompt


def _first_line(error: Exception) -> str:
    """Give the first sentence of a library's error, which may go on for pages."""
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:200]
