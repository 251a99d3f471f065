"""What is not a well-formed safetensors file: unsafe formats are blocked, all else fails with one sentence."""

import io
import json
import pickle
import tarfile
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch

from domain.kernel.findings import Signal, Verdict
from gpu_cluster.inspector import Inspector
from gpu_cluster.safetensors_header import Tensor
from gpu_cluster.weights import Weights, guess_weights
from tests.cluster.model_files import KOHYA, framed, safetensors_bytes, written


class Bomb:
    """A pickle of this writes a file when it is opened."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return Path.touch, (self.target,)


def zipped(**members: bytes) -> bytes:
    """Make a zip archive in memory."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return buffer.getvalue()


def tarred(*names: str) -> bytes:
    """Make a tar archive of empty members in memory."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(name))
    return buffer.getvalue()


def saved_by_torch(value: Any, *, as_zip: bool) -> bytes:
    """Save as PyTorch does, now or before 1.6."""
    buffer = io.BytesIO()
    torch.save(value, buffer, _use_new_zipfile_serialization=as_zip)
    return buffer.getvalue()


STATE = OrderedDict(weight=torch.ones(2))

PICKLES: dict[str, tuple[bytes, str]] = {
    "zip of torch": (saved_by_torch(STATE, as_zip=True), "a PyTorch archive with a pickle inside"),
    "legacy torch": (saved_by_torch(STATE, as_zip=False), "an old PyTorch pickle"),
    "tar of torch": (
        tarred("sys_info", "pickle", "tensors", "storages"),
        "an old PyTorch tar archive with pickles inside",
    ),
    **{f"protocol {at}": (pickle.dumps({"a": [1, 2]}, protocol=at), "a pickle") for at in range(6)},
    "data.pkl at the end": (
        zipped(padding=bytes(200_000), archive__data_pkl=pickle.dumps({})),
        "a PyTorch archive with a pickle inside",
    ),
}


def test_an_archive_that_only_speaks_of_pickles_is_an_archive(tmp_path: Path) -> None:
    path = written(tmp_path, zipped(readme=b"never open model.pkl, PK\x03\x04"), "notes.safetensors")

    inspection = Inspector().inspect_path(path)

    assert (inspection.format, inspection.verdict) == ("zip", Verdict.FAILED)


@pytest.mark.parametrize("kind", PICKLES)
def test_a_pickle_is_unsafe_and_the_sentence_says_how_to_convert(tmp_path: Path, kind: str) -> None:
    content, phrase = PICKLES[kind]
    path = written(tmp_path, content, "innocent.safetensors")

    inspection = Inspector().inspect_path(path)

    assert (inspection.verdict, inspection.format, inspection.error) == (Verdict.BLOCKED, "pickle", None)
    [finding] = inspection.findings
    assert (finding.signal, finding.verdict) == (Signal.UNSAFE_FORMAT, Verdict.BLOCKED)
    assert finding.detail == (
        f"file: it is {phrase}, and a pickle can run a program when it is opened, so it is never opened here; load it "
        "where you trust it and save its tensors with safetensors.torch.save_file, then upload that file"
    )
    assert "AUTOV3" not in inspection.hashes
    assert len(inspection.hashes["SHA256"]) == 64


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_is_never_opened(tmp_path: Path, protocol: int) -> None:
    target = tmp_path / "opened"
    raw = pickle.dumps(Bomb(target), protocol=protocol)

    inspections = [
        Inspector().inspect_path(written(tmp_path, content, "bomb.ckpt"))
        for content in (raw, zipped(archive__data_pkl=raw), saved_by_torch(Bomb(target), as_zip=True))
    ]

    assert [inspection.verdict for inspection in inspections] == [Verdict.BLOCKED] * 3
    assert not target.exists()


@pytest.mark.parametrize(
    ("content", "name", "phrase"),
    [
        (b"GGUF\3\0\0\0" + bytes(64), "gguf", "a GGUF file"),
        (b"\x08\x07\x12\x07pytorch\x1a\x03" + b"2.1" + bytes(64), "onnx", "an ONNX model"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "html", "a web page"),
        (b"\n  <html>", "html", "a web page"),
        (b'{"error": "not found"}', "json", "a JSON text"),
        (b"\x89PNG\r\n\x1a\n" + bytes(32), "png", "a PNG picture"),
        (b"\xff\xd8\xff\xe0" + bytes(32), "jpeg", "a JPEG picture"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "webp", "a WebP picture"),
        (b"\0\0\0\x18ftypmp42" + bytes(32), "mp4", "a video"),
        (b"%PDF-1.7\n", "pdf", "a PDF document"),
        (b"\x7fELF\2\1\1" + bytes(32), "elf", "a program"),
        (b"\x93NUMPY\1\0" + bytes(32), "numpy", "a NumPy array"),
        (b"\x89HDF\r\n\x1a\n" + bytes(32), "hdf5", "an HDF5 file, as Keras writes"),
        (b"\x1f\x8b\x08" + bytes(32), "gzip", "a gzip archive"),
        (zipped(readme_txt=b"hello"), "zip", "a zip archive"),
        (tarred("unet/config.json"), "tar", "a tar archive"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
            "git-lfs",
            "a Git LFS pointer, in place of the file it points to",
        ),
        (b"Hello, this is a model, honestly.", "text", "a text"),
        (bytes(4096), "unknown", "a file of an unknown format"),
        (b"\xf3\x91\x07" * 50, "unknown", "a file of an unknown format"),
        (b"x", "text", "a text"),
    ],
)
def test_what_is_no_model_file_fails_and_is_called_by_its_name(
    tmp_path: Path, content: bytes, name: str, phrase: str
) -> None:
    path = written(tmp_path, content)

    inspection = Inspector().inspect_path(path)

    assert (inspection.verdict, inspection.format) == (Verdict.FAILED, name)
    assert inspection.error == f"This is not a model file in safetensors format: it is {phrase}."
    assert inspection.findings == ()
    assert "AUTOV3" not in inspection.hashes


ONE = b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", "The file is empty."),
        (safetensors_bytes()[:-1], "The file is cut off: 1 bytes of its tensors are missing."),
        (safetensors_bytes() + b"PK\3\4", "The file has 4 bytes after its last tensor."),
        (framed(ONE), "The file is cut off: 4 bytes of its tensors are missing."),
        (
            framed(ONE)[:-10],
            "The header is announced with 54 bytes, but the file has only 52 bytes in all.",
        ),
        (
            (2**63 - 1).to_bytes(8, "little") + ONE,
            "The header is announced with 9223372036854775807 bytes, and 32 MiB is the most.",
        ),
        (
            (2**30).to_bytes(8, "little") + ONE,
            "The header is announced with 1073741824 bytes, and 32 MiB is the most.",
        ),
        (
            framed(b'{"__metadata__":{"ss_tag":"a","ss_tag":"b"},' + ONE[1:]) + bytes(4),
            "The header has the key “ss_tag” twice in one object.",
        ),
        (
            framed(ONE.replace(b'"a"', b'"../a"')) + bytes(4),
            "Tensor “../a” has a name that is a path.",
        ),
        (framed(b'{"a":' + b"[" * 200_000), "The header is nested too deeply."),
        (framed(b"{}"), "The file holds no tensors."),
    ],
)
def test_a_malformed_file_fails_with_one_sentence(tmp_path: Path, content: bytes, error: str) -> None:
    path = written(tmp_path, content)

    inspection = Inspector().inspect_path(path)

    assert (inspection.verdict, inspection.error) == (Verdict.FAILED, error)
    assert inspection.size_bytes == len(content)
    assert inspection.findings == ()
    assert "AUTOV3" not in inspection.hashes


def test_a_header_larger_than_one_chunk_is_read(tmp_path: Path) -> None:
    content = safetensors_bytes({"ss_training_comment": "lorem " * 500_000, "ss_output_name": "stars"})
    path = written(tmp_path, content)

    inspection = Inspector().inspect_path(path)

    assert (inspection.verdict, inspection.error) == (Verdict.CLEAN, None)
    assert inspection.texts[-1].text == "stars"


def tensors(*names: str, shape: tuple[int, ...] = (4, 4)) -> list[Tensor]:
    """Make tensors of these names."""
    return [Tensor(name, "F16", shape, 0, 0) for name in names]


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (tensors(f"{KOHYA}.lora_down.weight", f"{KOHYA}.alpha"), Weights.LORA_KOHYA),
        (tensors("lycoris_unet_mid_block.lokr_w1"), Weights.LORA_KOHYA),
        (tensors("base_model.model.unet.to_q.lora_A.weight"), Weights.LORA_PEFT),
        (tensors("unet.mid_block.attentions.0.processor.to_q_lora.down.weight"), Weights.LORA_DIFFUSERS),
        (tensors("model.diffusion_model.input_blocks.0.0.weight"), Weights.CHECKPOINT),
        (tensors("down_blocks.0.resnets.0.conv1.weight"), Weights.CHECKPOINT),
        (tensors("emb_params", shape=(4, 768)), Weights.EMBEDDING),
        (tensors("clip_l", "clip_g", shape=(2, 1280)), Weights.EMBEDDING),
        (tensors("something"), Weights.UNKNOWN),
        ([], Weights.UNKNOWN),
    ],
)
def test_the_kind_of_weights_is_guessed_from_names_and_shapes(given: list[Tensor], kind: Weights) -> None:
    guess = guess_weights(given)

    assert guess is kind


def test_json_is_not_mistaken_for_a_header(tmp_path: Path) -> None:
    path = written(tmp_path, b"12345678" + json.dumps({"a": 1}).encode())

    inspection = Inspector().inspect_path(path)

    assert (inspection.verdict, inspection.format) == (Verdict.FAILED, "text")
