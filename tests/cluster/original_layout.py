"""Writes small pipelines as single files in the layout that Stable Diffusion was published in."""

import json
import re
from pathlib import Path
from typing import Any

import torch

from gpu_cluster.starter import save_safetensors

Tensors = dict[str, torch.Tensor]

_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
_UNET_ENDS = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
_VAE_ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}
_OPEN_CLIP = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "self_attn.out_proj": "attn.out_proj",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
}


def write(pipe: Any, path: Path, configs: Path, family: str) -> None:
    """Write a pipeline as one file, and its configuration as the family's."""
    tensors = {f"model.diffusion_model.{key}": value for key, value in _unet(pipe.unet.state_dict()).items()}
    tensors |= {f"first_stage_model.{key}": value for key, value in _vae(pipe.vae.state_dict()).items()}
    if family == "sd15":
        tensors |= _clip(pipe.text_encoder, "cond_stage_model.transformer.text_model.")
    else:
        tensors |= _clip(pipe.text_encoder, "conditioner.embedders.0.transformer.text_model.")
        tensors |= _open_clip(pipe.text_encoder_2, "conditioner.embedders.1.model.")
    save_safetensors(path, tensors, {})
    pipe.save_pretrained(configs / family)
    for weights in (configs / family).rglob("*.safetensors"):
        weights.unlink()
    index = configs / family / "model_index.json"
    index.write_text(json.dumps(json.loads(index.read_text())))


def _unet(weights: Tensors, layers: int = 1) -> Tensors:
    """Rename a UNet's tensors; `layers` is its layers per block."""
    return {_unet_name(name, layers): value for name, value in weights.items()}


def _unet_name(name: str, layers: int) -> str:
    for ours, theirs in _UNET_ENDS.items():
        if name.startswith(f"{ours}."):
            return name.replace(ours, theirs, 1)
    if found := re.fullmatch(r"mid_block\.(resnets|attentions)\.(\d)\.(.+)", name):
        kind, number, rest = found.groups()
        return f"middle_block.{1 if kind == 'attentions' else 2 * int(number)}.{_inner(kind, rest)}"
    found = re.fullmatch(r"(down|up)_blocks\.(\d)\.(resnets|attentions|downsamplers|upsamplers)\.(\d)\.(.+)", name)
    assert found, name
    way, block, kind, number, rest = found[1], int(found[2]), found[3], int(found[4]), found[5]
    if kind == "downsamplers":
        return f"input_blocks.{(block + 1) * (layers + 1)}.0.{rest.replace('conv', 'op')}"
    if kind == "upsamplers":
        return f"output_blocks.{block * (layers + 1) + layers}.1.{rest}"
    place = 1 + block * (layers + 1) + number if way == "down" else block * (layers + 1) + number
    return f"{'input' if way == 'down' else 'output'}_blocks.{place}.{int(kind == 'attentions')}.{_inner(kind, rest)}"


def _inner(kind: str, rest: str) -> str:
    if kind == "attentions":
        return rest
    part, _, end = rest.rpartition(".")
    return f"{_RESNET[part]}.{end}"


def _vae(weights: Tensors, levels: int = 4) -> Tensors:
    renamed = {}
    for name, value in weights.items():
        new = re.sub(r"encoder\.down_blocks\.(\d)\.resnets\.", r"encoder.down.\1.block.", name)
        new = re.sub(r"encoder\.down_blocks\.(\d)\.downsamplers\.0\.", r"encoder.down.\1.downsample.", new)
        new = re.sub(
            r"decoder\.up_blocks\.(\d)\.resnets\.", lambda at: f"decoder.up.{levels - 1 - int(at[1])}.block.", new
        )
        new = re.sub(
            r"decoder\.up_blocks\.(\d)\.upsamplers\.0\.",
            lambda at: f"decoder.up.{levels - 1 - int(at[1])}.upsample.",
            new,
        )
        new = re.sub(r"mid_block\.resnets\.(\d)\.", lambda at: f"mid.block_{int(at[1]) + 1}.", new)
        new = new.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
        if "mid_block.attentions.0." in new:
            before, _, rest = new.partition("mid_block.attentions.0.")
            part, _, end = rest.rpartition(".")
            new = f"{before}mid.attn_1.{_VAE_ATTENTION[part]}.{end}"
            renamed[new] = value if value.ndim == 1 else value[:, :, None, None]  # it was a convolution of one pixel
        else:
            renamed[new] = value
    return renamed


def _clip(encoder: Any, prefix: str) -> Tensors:
    return {prefix + name.removeprefix("text_model."): value for name, value in encoder.state_dict().items()}


def _open_clip(encoder: Any, prefix: str) -> Tensors:
    weights = {name.removeprefix("text_model."): value for name, value in encoder.state_dict().items()}
    tensors = {
        "token_embedding.weight": weights.pop("embeddings.token_embedding.weight"),
        "positional_embedding": weights.pop("embeddings.position_embedding.weight"),
        "text_projection": weights.pop("text_projection.weight").T.contiguous(),
        "ln_final.weight": weights.pop("final_layer_norm.weight"),
        "ln_final.bias": weights.pop("final_layer_norm.bias"),
    }
    for layer in range(encoder.config.num_hidden_layers):
        ours, theirs = f"encoder.layers.{layer}", f"transformer.resblocks.{layer}"
        for end in ("weight", "bias"):
            joined = [weights.pop(f"{ours}.self_attn.{part}_proj.{end}") for part in "qkv"]
            tensors[f"{theirs}.attn.in_proj_{end}"] = torch.cat(joined)
            for part, name in _OPEN_CLIP.items():
                tensors[f"{theirs}.{name}.{end}"] = weights.pop(f"{ours}.{part}.{end}")
    assert not weights, weights.keys()
    return {prefix + name: value for name, value in tensors.items()}
