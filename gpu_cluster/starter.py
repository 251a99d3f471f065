"""A tiny Stable Diffusion checkpoint and tiny LoRAs with fixed random weights, for a machine that has no trained ones.

The classes, files and formats are the real ones; only the training is missing. What it draws is coloured noise, and
`STARTER_DESCRIPTION` says so wherever the checkpoint is shown.
"""

import json
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

STARTER_TITLE = "Starter (untrained)"
STARTER_DESCRIPTION = (
    "A Stable Diffusion pipeline of 3.6 million fixed random weights, made on this machine. It was never trained: "
    "it draws coloured noise that depends on the prompt, the seed and the LoRAs. It exists so that everything around "
    "a picture can be tried before a trained checkpoint is added."
)

_SEED = 20_240_613
_WIDTH = 64
_MARKS = ("<|startoftext|>", "<|endoftext|>")
_WORDS = (
    "a an the and with of in on at by to from under over between portrait landscape photo photograph picture painting "
    "drawing sketch watercolour watercolor oil ink pastel render illustration poster lighthouse mountain river forest "
    "ocean city street house garden flower tree cloud sunset sunrise night morning winter summer autumn spring rain "
    "snow storm cat dog bird horse fish robot castle bridge tower boat train car red orange yellow green blue violet "
    "purple black white grey gold silver bright dark soft sharp detailed highly quality best worst low blurry noise "
    "light shadow colour color abstract pattern geometric minimal style studio cinematic macro wide angle old new "
    "small large tiny huge quiet calm"
)


def build_starter_checkpoint(folder: Path) -> None:
    """Write the starter as a diffusers pipeline folder of about 15 MB; the same bytes on every call with one torch.

    The folder must be absent or empty. Pictures are 64 to 512 pixels a side; the VAE scales by 8 as its trained kin do.
    """
    import torch
    from diffusers import EulerDiscreteScheduler, StableDiffusionPipeline

    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SEED)
        pipeline = StableDiffusionPipeline(
            vae=_vae(),
            text_encoder=_text_encoder(len(tokenizer)),
            tokenizer=tokenizer,
            unet=_unet(),
            scheduler=EulerDiscreteScheduler(
                beta_start=0.00085,
                beta_end=0.012,
                beta_schedule="scaled_linear",
                num_train_timesteps=1000,
                timestep_spacing="leading",
                steps_offset=1,
            ),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
    pipeline.save_pretrained(folder, safe_serialization=True)
    (folder / "README.md").write_text(f"# {STARTER_TITLE}\n\n{STARTER_DESCRIPTION}\n", encoding="utf-8")


def build_demo_lora(path: Path, *, seed: int, metadata: Mapping[str, str], rank: int = 4) -> None:
    """Write a LoRA for the starter, in kohya's key layout, with `metadata` as its training metadata.

    Its weights are random but not small, so that using it changes a picture for everyone to see.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    tensors: dict[str, torch.Tensor] = {}
    for module, inward, outward in _lora_modules():
        name = f"lora_unet_{module.replace('.', '_')}"
        tensors[f"{name}.lora_down.weight"] = torch.randn(rank, inward, generator=generator) / inward**0.5
        tensors[f"{name}.lora_up.weight"] = torch.randn(outward, rank, generator=generator) * 1.5 / rank**0.5
        tensors[f"{name}.alpha"] = torch.tensor(float(rank))
    save_safetensors(path, tensors, metadata)


def build_demo_embedding(path: Path, *, seed: int, vectors: int = 2) -> None:
    """Write a textual inversion for the starter, `vectors` rows wide, under the key `emb_params` as web tools do."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    save_safetensors(path, {"emb_params": torch.randn(vectors, _WIDTH, generator=generator)}, {})


def save_safetensors(path: Path, tensors: Mapping[str, "torch.Tensor"], metadata: Mapping[str, str]) -> None:
    """Write a safetensors file with its header sorted.

    The library orders `__metadata__` by a hash map that is seeded anew in each process, so its own files differ from
    run to run; these do not.
    """
    header: dict[str, Any] = {"__metadata__": dict(sorted(metadata.items()))} if metadata else {}
    offset = 0
    bodies: list[bytes] = []
    for name in sorted(tensors):
        body = tensors[name].detach().float().contiguous().numpy().astype("<f4").tobytes()
        shape = list(tensors[name].shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + len(body)]}
        offset += len(body)
        bodies.append(body)
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(bodies))


def _lora_modules() -> Iterator[tuple[str, int, int]]:
    """Name the starter's attention projections that a LoRA reaches, with their widths in and out."""
    for block in ("down_blocks.0.attentions.0", "up_blocks.1.attentions.0", "up_blocks.1.attentions.1"):
        for attention in ("attn1", "attn2"):
            for projection in ("to_q", "to_k", "to_v", "to_out.0"):
                yield f"{block}.transformer_blocks.0.{attention}.{projection}", _WIDTH, _WIDTH


def _tokenizer() -> Any:
    """Make a byte-level BPE: every byte alone and at the end of a word, and common words of prompts whole."""
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import CLIPTokenizer

    alphabet = sorted(ByteLevel.alphabet())
    merges: dict[tuple[str, str], int] = {}
    for word in _WORDS.split():
        left, *rest = _split(word, merges)
        for right in rest:
            merges.setdefault((left, right), len(merges))
            left += right
    pieces = dict.fromkeys([*alphabet, *(f"{byte}</w>" for byte in alphabet), *map("".join, merges)])
    vocabulary = {piece: number for number, piece in enumerate([*pieces, *_MARKS])}
    return CLIPTokenizer(vocab=vocabulary, merges=list(merges), model_max_length=77)


def _split(word: str, merges: Mapping[tuple[str, str], int]) -> list[str]:
    """Split a word as byte-pair encoding does: the earliest merge first, until none applies."""
    pieces = [*word[:-1], f"{word[-1]}</w>"]
    while known := [pair for pair in pairwise(pieces) if pair in merges]:
        at = list(pairwise(pieces)).index(min(known, key=merges.__getitem__))
        pieces[at : at + 2] = ["".join(pieces[at : at + 2])]
    return pieces


def _text_encoder(vocabulary: int) -> Any:
    """Make a two-layer CLIP text encoder; its two marks are the last words of the vocabulary."""
    from transformers import CLIPTextConfig, CLIPTextModel

    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=vocabulary,
            hidden_size=_WIDTH,
            intermediate_size=2 * _WIDTH,
            num_hidden_layers=2,
            num_attention_heads=4,
            projection_dim=_WIDTH,
            max_position_embeddings=77,
            initializer_factor=5.0,  # the trained one spreads prompts apart; the default would leave them alike
            bos_token_id=vocabulary - 2,
            eos_token_id=vocabulary - 1,
            pad_token_id=vocabulary - 1,
        )
    )


def _unet() -> Any:
    """Make a UNet of two levels with cross-attention on the finer one."""
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=32,
        in_channels=4,
        out_channels=4,
        layers_per_block=1,
        block_out_channels=(_WIDTH, 2 * _WIDTH),
        norm_num_groups=16,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=_WIDTH,
        attention_head_dim=8,
    )


def _vae() -> Any:
    """Make a VAE that scales by 8 through four narrow levels."""
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(16, 32, 32, 32),
        layers_per_block=1,
        norm_num_groups=8,
        latent_channels=4,
        sample_size=64,
    )
