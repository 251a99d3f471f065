"""`countenance inspect`: files judged without a server, one JSON object a line, whatever the files are."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from countenance.offline_inspect import greedy
from tests.cluster.model_files import framed, safetensors_bytes, written
from tests.cluster.test_tensor_reader import factors_of, file_of, kohya


def inspect(folder: Path, *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    """Run the command in `folder`; gives its exit code, its answers and what it said on standard error."""
    command = [sys.executable, "-m", "countenance.cli", "inspect", *arguments]
    path = os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": path}
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_each_file_is_answered_in_order_and_a_bad_one_stops_nothing(tmp_path: Path) -> None:
    clean, copy = file_of(kohya(factors_of(1))), file_of(kohya(factors_of(1), dtype="F16", alpha=1.0), {"title": "x"})
    blocked = written(tmp_path, clean, "blocked.safetensors")
    written(tmp_path, copy, "copy.safetensors")
    written(tmp_path, clean, "same.safetensors")
    written(tmp_path, file_of(kohya(factors_of(2)), {"ss_output_name": "aldebaran"}), "named.safetensors")
    written(tmp_path, clean[:-10], "short.safetensors")
    written(tmp_path, (2**30).to_bytes(8, "little") + b"{" + b" " * 100, "header.safetensors")
    written(tmp_path, file_of({"a": ("F32", (1,), np.float32("nan").tobytes())}), "nan.safetensors")
    (tmp_path / "persons.jsonl").write_text('{"name": "Test Person", "aliases": ["Aldebaran"]}\n')
    names = ["copy", "same", "named", "short", "header", "nan", "missing"]
    files = [f"{name}.safetensors" for name in names]

    code, answers, said = inspect(tmp_path, *files, ".", "--persons", "persons.jsonl", "--blocked", blocked.name)

    assert (code, said) == (0, "")
    assert [answer["file"] for answer in answers] == [*files, "."]
    verdicts = [answer["verdict"] for answer in answers]
    assert verdicts == ["HELD", "BLOCKED", "BLOCKED", "FAILED", "FAILED", "FAILED", "FAILED", "FAILED"]
    assert [[(found["signal"], found["match"]) for found in answer["findings"]] for answer in answers[:3]] == [
        [("WEIGHT_SIMILARITY", "blocked.safetensors")],
        [("FILE_HASH", "blocked.safetensors")],
        [("NAME_IN_METADATA", "Test Person")],
    ]
    assert answers[0]["findings"][0]["score"] > 0.99
    assert [answer["error"] for answer in answers] == [
        None,
        None,
        None,
        "The file is cut off: 10 bytes of its tensors are missing.",
        f"The header is announced with {2**30} bytes, and 32 MiB is the most.",
        "The tensor “a” holds NaN or infinity, so the weights are broken.",
        "The file cannot be read: No such file or directory.",
        "The file cannot be read: it is a folder or a device.",
    ]
    assert set(answers[0]) == {"file", "verdict", "format", "hashes", "findings", "seconds", "error"}
    assert set(answers[0]["findings"][0]) == {"signal", "verdict", "detail", "score", "match"}
    assert answers[0]["format"] == "safetensors"
    assert set(answers[0]["hashes"]) == {"SHA256", "AUTOV2", "AUTOV3", "CRC32", "BLAKE3"}


def test_a_blocked_file_that_cannot_be_read_is_one_sentence_and_nothing_is_answered(tmp_path: Path) -> None:
    written(tmp_path, safetensors_bytes(), "a.safetensors")
    written(tmp_path, b"", "empty.safetensors")
    written(tmp_path, safetensors_bytes()[:-10], "short.safetensors")

    missing = inspect(tmp_path, "a.safetensors", "--blocked", "missing.safetensors")
    empty = inspect(tmp_path, "a.safetensors", "--blocked", "empty.safetensors")
    short = inspect(tmp_path, "a.safetensors", "--blocked", "short.safetensors")

    assert missing == (
        1,
        [],
        (
            "countenance: missing.safetensors, which was named as blocked: The file cannot be read: No such file or "
            "directory.\n"
        ),
    )
    assert empty[:2] == (1, [])
    assert short == (
        1,
        [],
        (
            "countenance: short.safetensors, which was named as blocked: The file is cut off: 10 bytes of its tensors "
            "are missing.\n"
        ),
    )


def test_a_blocked_file_without_a_sketch_is_told_of(tmp_path: Path) -> None:
    written(tmp_path, safetensors_bytes(), "a.safetensors")
    vectors = np.arange(4 * 768, dtype="<f4").tobytes()
    written(tmp_path, file_of({"emb_params": ("F32", (4, 768), vectors)}), "embedding.safetensors")

    code, answers, said = inspect(tmp_path, "a.safetensors", "--blocked", "embedding.safetensors")

    assert (code, [answer["verdict"] for answer in answers]) == (0, ["CLEAN"])
    assert said == (
        "embedding.safetensors, which was named as blocked, has no sketch of weights: only identical copies of it are "
        "found.\n"
    )


def test_a_file_is_called_as_it_was_given_and_its_name_need_not_be_text(tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/./\xff.safetensors"
    Path(os.fsdecode(odd)).write_bytes(b"")

    printed = subprocess.run(
        [sys.executable, "-m", "countenance.cli", "inspect", odd], capture_output=True, check=True
    ).stdout

    answer = json.loads(printed)
    assert os.fsencode(answer["file"]) == odd
    assert (answer["verdict"], answer["error"]) == ("FAILED", "The file is empty.")


def test_the_command_imports_no_machine_learning_library(tmp_path: Path) -> None:
    written(tmp_path, framed(b"{}"), "a.safetensors")
    program = (
        "import sys\nfrom countenance.offline_inspect import inspect_files\n"
        f"list(inspect_files([{str(tmp_path / 'a.safetensors')!r}], [], [], print))\n"
        "print(sorted({'torch', 'diffusers', 'transformers', 'ray', 'piccolo', 'redis'} & set(sys.modules)))"
    )

    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert printed == "[]\n"


@pytest.mark.parametrize(
    ("written_as", "meant"),
    [
        (["a", "--blocked", "b", "c"], ["a", "--blocked", "b", "--blocked", "c"]),
        (
            ["a", "--blocked", "b", "c", "--persons", "p"],
            ["a", "--blocked", "b", "--blocked", "c", "--persons", "p"],
        ),
        (["--persons", "p", "a", "--blocked", "b", "c"], ["--persons", "p", "a", "--blocked", "b", "--blocked", "c"]),
        (["--blocked", "b", "a"], ["--blocked", "b", "a"]),
        (["--persons", "p", "--blocked", "b", "a"], ["--persons", "p", "--blocked", "b", "a"]),
        (["a", "--blocked", "b", "--", "c"], ["a", "--blocked", "b", "--", "c"]),
        (["a", "--blocked", "b", "--blocked", "c"], ["a", "--blocked", "b", "--blocked", "c"]),
        (["a"], ["a"]),
    ],
)
def test_the_option_takes_what_follows_it(written_as: list[str], meant: list[str]) -> None:
    assert greedy(written_as, "--blocked") == meant
