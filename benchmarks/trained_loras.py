"""Really trained LoRAs for the weight bench: small ones for the starter pipeline, each of one drawn subject.

A subject is a figure with a colour, a ground and a texture, drawn anew in each picture; every LoRA is trained by PEFT
with the usual denoising loss, from its own seed, at its own rank, learning rate and length. Files are kept in a
folder, so that only the first run trains.
"""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict

from gpu_cluster.starter import build_starter_checkpoint

CACHE = Path(__file__).parent / "results" / "trained.local"
"""Where trained LoRAs are kept between runs; not committed."""

RECIPE = 1
"""Changed with the recipe below, so that files of another recipe are trained anew."""

_PIXELS = 64
_BATCH = 4
_FIGURES = ("disc", "square", "triangle", "ring", "cross", "stripes", "blobs", "checks")
_PROJECTIONS = ["to_q", "to_k", "to_v", "to_out.0"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one LoRA is trained. Those with one `subject` learn the same figure, colours and texture."""

    subject: int
    seed: int
    rank: int
    alpha: int
    steps: int
    rate: float
    text_encoder: bool

    @property
    def name(self) -> str:
        """A file name without its ending."""
        return f"subject{self.subject:03d}-seed{self.seed}-rank{self.rank}-steps{self.steps}"


def recipes(subjects: Sequence[int], again: int = 0, *, steps: int | None = None) -> list[Recipe]:
    """Plan one LoRA of each subject, and two more of the first `again` subjects with other seeds and ranks.

    `steps` are those of each, in place of thirty to sixty.
    """
    planned = [(subject, 0) for subject in subjects]
    planned += [(subject, seed) for subject in subjects[:again] for seed in (1, 2)]
    made = [_recipe(subject, seed) for subject, seed in planned]
    return made if steps is None else [replace(recipe, steps=steps) for recipe in made]


def _recipe(subject: int, seed: int) -> Recipe:
    chance = random.Random(f"{RECIPE}/{subject}/{seed}")
    rank = chance.choice((4, 8, 16))
    return Recipe(
        subject=subject,
        seed=seed,
        rank=rank,
        alpha=chance.choice((rank, rank // 2)),
        steps=chance.choice((30, 45, 60)),
        rate=chance.choice((1e-3, 2e-3, 4e-3)),
        text_encoder=chance.random() < 0.25,
    )


def trained(planned: Sequence[Recipe], folder: Path = CACHE, *, threads: int = 1) -> Iterator[tuple[Recipe, Path]]:
    """Give the file of each recipe, training those that are not in `folder` yet: some seconds each."""
    folder.mkdir(parents=True, exist_ok=True)
    starter = folder / "starter"
    pipe = None
    for recipe in planned:
        path, note = folder / f"{recipe.name}.safetensors", folder / f"{recipe.name}.json"
        wanted = json.dumps({"recipe": RECIPE} | asdict(recipe))
        if not (path.exists() and note.exists() and note.read_text() == wanted):
            if not (starter / "model_index.json").exists():
                build_starter_checkpoint(starter)
            pipe = pipe or _load(starter)
            _train(pipe, recipe, path, threads=threads)
            note.write_text(wanted)
        yield recipe, path


def draw(subject: int, number: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Draw picture `number` of a subject: float32, 3 × 64 × 64, from -1 to 1."""
    fixed = np.random.default_rng([RECIPE, subject])
    figure = _FIGURES[int(fixed.integers(len(_FIGURES)))]
    ground, paint = fixed.uniform(-1, 1, (2, 3, 1, 1))
    waves, slope = fixed.uniform(2, 9, 2), fixed.uniform(0, np.pi)
    loose = np.random.default_rng([RECIPE, subject, number])
    at_x, at_y = loose.uniform(0.35, 0.65, 2)
    size = loose.uniform(0.18, 0.3)
    y, x = np.mgrid[0:_PIXELS, 0:_PIXELS] / _PIXELS
    inside = _inside(figure, x - at_x, y - at_y, size)
    grain = 0.25 * np.sin(2 * np.pi * waves[0] * (x * np.cos(slope) + y * np.sin(slope)) + loose.uniform(0, 6))
    shade = 0.25 * np.cos(2 * np.pi * waves[1] * y)
    picture = np.where(inside, paint + shade, ground + grain) + loose.normal(0, 0.03, (3, _PIXELS, _PIXELS))
    return np.clip(picture, -1, 1).astype(np.float32)


def _inside(figure: str, x: Any, y: Any, size: float) -> Any:
    far = np.hypot(x, y)
    return {
        "disc": far < size,
        "square": np.maximum(abs(x), abs(y)) < size,
        "triangle": (y < size) & (abs(x) * 2 < y + size),
        "ring": (far < size) & (far > size / 2),
        "cross": (np.minimum(abs(x), abs(y)) < size / 3) & (np.maximum(abs(x), abs(y)) < size),
        "stripes": (far < size) & (np.sin(x * 90) > 0),
        "blobs": (np.hypot(abs(x) - size / 2, y) < size / 2),
        "checks": (np.maximum(abs(x), abs(y)) < size) & (np.sin(x * 60) * np.sin(y * 60) > 0),
    }[figure]


def _load(starter: Path) -> Any:
    pipe = StableDiffusionPipeline.from_pretrained(starter, safety_checker=None, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    for part in (pipe.unet, pipe.vae, pipe.text_encoder):
        part.requires_grad_(False)
    return pipe


def _train(pipe: Any, recipe: Recipe, path: Path, *, threads: int) -> None:
    """Train one LoRA and write it as diffusers does, its alpha in the metadata; the pipeline is left as it was."""
    torch.set_num_threads(threads)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(np.random.default_rng([RECIPE, recipe.subject, recipe.seed]).integers(2**31)))
        settings = {"r": recipe.rank, "lora_alpha": recipe.alpha, "init_lora_weights": "gaussian"}
        unet = LoraConfig(target_modules=_PROJECTIONS, **settings)
        pipe.unet.add_adapter(unet, "new")
        text = LoraConfig(target_modules=["q_proj", "k_proj", "v_proj", "out_proj"], **settings)
        if recipe.text_encoder:
            pipe.text_encoder.add_adapter(text, "new")
        try:
            _fit(pipe, recipe)
            written = {"unet_lora_layers": get_peft_model_state_dict(pipe.unet, adapter_name="new")}
            described = {"unet_lora_adapter_metadata": unet.to_dict()}
            if recipe.text_encoder:
                layers = get_peft_model_state_dict(pipe.text_encoder, adapter_name="new")
                written["text_encoder_lora_layers"] = layers
                described["text_encoder_lora_adapter_metadata"] = text.to_dict()
            pipe.save_lora_weights(path.parent, weight_name=path.name, safe_serialization=True, **written, **described)
        finally:
            pipe.unet.delete_adapters("new")
            if recipe.text_encoder:
                pipe.text_encoder.delete_adapter("new")


def _fit(pipe: Any, recipe: Recipe) -> None:
    latents, prompt = _examples(pipe, recipe)
    noise_steps = pipe.scheduler.config.num_train_timesteps
    kept = pipe.scheduler.alphas_cumprod
    parts = [pipe.unet, *([pipe.text_encoder] if recipe.text_encoder else [])]
    weights = [weight for part in parts for weight in part.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=recipe.rate, weight_decay=1e-2)
    for _ in range(recipe.steps):
        clean = latents[torch.randint(len(latents), (_BATCH,))]
        noise, when = torch.randn_like(clean), torch.randint(noise_steps, (_BATCH,))
        share = kept[when].view(-1, 1, 1, 1)
        noisy = share.sqrt() * clean + (1 - share).sqrt() * noise
        context = pipe.text_encoder(prompt)[0].expand(_BATCH, -1, -1)
        loss = torch.nn.functional.mse_loss(pipe.unet(noisy, when, context).sample, noise)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()


def _examples(pipe: Any, recipe: Recipe) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw the training set, sixteen pictures as latents, and its caption as tokens."""
    pictures = np.stack([draw(recipe.subject, recipe.seed * 100 + at) for at in range(16)])
    with torch.no_grad():
        latents = pipe.vae.encode(torch.from_numpy(pictures)).latent_dist.mean
    caption = f"photo of sbj{recipe.subject}"
    tokens = pipe.tokenizer(caption, padding="max_length", max_length=77, truncation=True, return_tensors="pt")
    return (latents / latents.std()), tokens.input_ids
