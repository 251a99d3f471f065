"""`countenance registry match`: the gates' own matcher on files, one answer a line, and one sentence for bad input."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from countenance.cli import app

PERSONS = '{"name": "Test Person Aldebaran", "aliases": ["Aldy Baran"]}\n\n{"name": "Bellatrix Test"}\n'


def run(folder: Path, persons: str | bytes, texts: str | bytes) -> tuple[int, list[dict[str, object]], str]:
    """Run the command on files with these contents: its exit code, answers and standard error."""
    paths = [folder / "persons.jsonl", folder / "texts.jsonl"]
    for path, content in zip(paths, (persons, texts), strict=True):
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    result = CliRunner().invoke(app, ["registry", "match", "--persons", str(paths[0]), "--texts", str(paths[1])])
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()], result.stderr


def test_each_text_is_answered_in_order(tmp_path: Path) -> None:
    texts = [
        {"id": "a", "text": "photo of aldy_baran"},
        {"id": 2, "text": "a cat"},
        {"id": "c", "text": "belatrix test and Aldy Baran"},
        {"id": "d", "text": "Test Bellatrix"},
    ]

    code, answers, error = run(tmp_path, PERSONS, "".join(json.dumps(text) + "\n" for text in texts))

    assert (code, error) == (0, "")
    assert answers == [
        {"id": "a", "verdict": "BLOCKED", "person": "Test Person Aldebaran", "span": [9, 19], "score": 1.0},
        {"id": 2, "verdict": "CLEAN", "person": None, "span": None, "score": None},
        {"id": "c", "verdict": "BLOCKED", "person": "Test Person Aldebaran", "span": [18, 28], "score": 1.0},
        {"id": "d", "verdict": "HELD", "person": "Bellatrix Test", "span": [0, 14], "score": 0.9},
    ]


def test_a_bad_line_of_texts_gets_an_error_and_the_others_are_answered(tmp_path: Path) -> None:
    code, answers, error = run(tmp_path, PERSONS, 'nonsense\n{"id": "b"}\n[1]\n{"id": "d", "text": "aldy baran"}\n')

    assert code == 1
    assert error == f"countenance: 3 lines of {tmp_path / 'texts.jsonl'} could not be read.\n"
    assert [answer["id"] for answer in answers] == [None, "b", None, "d"]
    assert str(answers[0]["error"]).startswith("Line 1 is not JSON (")
    assert answers[1]["error"] == 'Line 2 is not an object with a "text".'
    assert answers[3]["verdict"] == "BLOCKED"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param(b"[" * 100_000, "Line 1 is nested too deeply.", id="depth"),
        pytest.param(b'{"id": "\xff", "text": "x"}', "Line 1 is not UTF-8 text at its byte 9.", id="not UTF-8"),
        pytest.param(b"[1, ", "Line 1 is not JSON (Expecting value at its character 6).", id="cut"),
        pytest.param(b'{"id": NaN, "text": "x"}', "Line 1 is not JSON (it has the number NaN).", id="NaN"),
        pytest.param(
            b'{"id": 1e999, "text": "x"}',
            "Line 1 is not taken (it has the number 1e999, which is too large).",
            id="infinity",
        ),
        pytest.param(
            b'{"id": 1, "id": 2, "text": "x"}',
            "Line 1 is not taken (it has a key twice in one object).",
            id="a key twice",
        ),
    ],
)
def test_no_line_keeps_another_from_being_answered(tmp_path: Path, line: bytes, said: str) -> None:
    code, answers, _ = run(tmp_path, PERSONS, line + b'\n{"id": "b", "text": "aldy baran"}\n')

    assert code == 1
    assert answers[0] == {"id": None, "error": said}
    assert answers[1]["verdict"] == "BLOCKED"


def test_an_answer_is_one_line_to_every_reader_whatever_its_id(tmp_path: Path) -> None:
    strange = ["\u2028", "\x85", "\ud800", "名"]
    texts = "".join(json.dumps({"id": one, "text": "a cat"}) + "\n" for one in strange)

    code, answers, _ = run(tmp_path, PERSONS, texts)

    assert code == 0
    assert [answer["id"] for answer in answers] == strange


@pytest.mark.parametrize(
    ("persons", "sentence"),
    [
        ('{"name": "Ann \\ud800 Leeward"}\n', "line 1: a name has half of a surrogate pair, which is no character."),
        ('{"name": "Ann Leeward"}\nnonsense\n', "line 2: this is not JSON ("),
        ('{"aliases": []}\n', 'line 1: a person is an object with a "name", such as {"name": "Ann Lee"}.'),
        ('{"name": "Ann Leeward", "aliases": "Ann"}\n', 'line 1: "aliases" must be a list of names.'),
        ('{"name": "' + "a" * 10_000 + '"}\n', "line 1: a name has 10000 characters, and 200 is the most."),
        (b"\xff\xfe", "line 1: this is not UTF-8 text at its byte 1."),
    ],
)
def test_a_bad_line_of_persons_stops_the_command_with_one_sentence(
    tmp_path: Path, persons: str | bytes, sentence: str
) -> None:
    code, answers, error = run(tmp_path, persons, '{"id": "a", "text": "a cat"}\n')

    assert code == 1
    assert answers == []
    assert sentence in error
    assert error.count("\n") == 1


def test_a_name_that_would_protect_nobody_is_told_and_does_no_harm(tmp_path: Path) -> None:
    persons = '{"name": "\u0301\u0302", "aliases": ["", "x", "aaaa"]}\n{"name": "Ann Leeward"}\n'

    code, answers, told = run(tmp_path, persons, '{"id": 1, "text": "x aaaa Ann Leeward"}\n')

    marks, empty = told.splitlines()
    assert code == 0
    assert "line 1: the name “" in marks
    assert marks.endswith(
        " protects nobody: nothing is left of it once marks, signs and invisible characters are set aside."
    )
    assert empty.endswith("line 1: the name “” protects nobody: it is empty.")
    assert answers[0]["person"] == "Ann Leeward"


def test_the_command_loads_no_server_and_no_model_library() -> None:
    code = (
        "import sys, countenance.offline; print(sorted({'torch', 'ray', 'piccolo', 'strawberry'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout == "[]\n"
