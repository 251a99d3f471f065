"""The strict reader: refuses with one sentence, quickly, and accepts nothing that the library would refuse."""

import json
import time
from typing import Any

import pytest
import safetensors
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gpu_cluster.safetensors_header import (
    DTYPE_BITS,
    MAX_HEADER_BYTES,
    Header,
    MalformedHeader,
    Tensor,
    header_length,
    parse_header,
)

EMPTY = {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]}
ONE = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}


def raw_of(document: Any) -> bytes:
    """Write a header as JSON; bytes are taken as they are."""
    return document if isinstance(document, bytes) else json.dumps(document).encode()


def refusal_of(document: Any, data_bytes: int = 4) -> str:
    """Give the sentence with which a header is refused."""
    with pytest.raises(MalformedHeader) as refused:
        parse_header(raw_of(document), data_bytes=data_bytes)
    return str(refused.value)


def test_a_header_in_order_is_read_whole() -> None:
    document = {
        "b": {"dtype": "F16", "shape": [2, 3], "data_offsets": [4, 16]},
        "__metadata__": {"ss_output_name": "stars", "é": ""},
        "a": ONE,
        "scalar": {"dtype": "U8", "shape": [], "data_offsets": [16, 17]},
        "empty": {"dtype": "I64", "shape": [0, 7], "data_offsets": [4, 4]},
    }
    raw = raw_of(document) + b"   "

    header = parse_header(raw, data_bytes=17)

    assert header == Header(
        length=len(raw),
        tensors=(
            Tensor("a", "F32", (1,), 0, 4),
            Tensor("empty", "I64", (0, 7), 4, 4),
            Tensor("b", "F16", (2, 3), 4, 16),
            Tensor("scalar", "U8", (), 16, 17),
        ),
        metadata={"ss_output_name": "stars", "é": ""},
    )
    assert header.data_start == 8 + len(raw)


@pytest.mark.parametrize("dtype", sorted(DTYPE_BITS))
def test_every_dtype_of_the_library_is_known_with_its_size(dtype: str) -> None:
    document = {"a": {"dtype": dtype, "shape": [8], "data_offsets": [0, DTYPE_BITS[dtype]]}}

    header = parse_header(raw_of(document), data_bytes=DTYPE_BITS[dtype])

    assert header.tensors[0].dtype == dtype
    assert _library_reads(raw_of(document), bytes(DTYPE_BITS[dtype])) is not None


def test_the_library_knows_no_dtype_that_is_missing_here() -> None:
    document = raw_of({"a": {"dtype": "?", "shape": [8], "data_offsets": [0, 8]}})

    with pytest.raises(safetensors.SafetensorError) as refused:
        safetensors.deserialize(len(document).to_bytes(8, "little") + document + bytes(8))

    known = str(refused.value).partition("expected one of ")[2].partition(" at line")[0]
    assert {name.strip("`") for name in known.split(", ")} == set(DTYPE_BITS)


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (b"", "The header does not begin with “{”."),
        (b" " + raw_of({"a": ONE}), "The header does not begin with “{”."),
        (b"\xef\xbb\xbf{}", "The header does not begin with “{”."),
        ("{}".encode("utf-16-le"), "The header is not valid JSON at its character 1."),
        (b'{"a\xff":1}', "The header is not UTF-8 at its byte 3."),
        (b"{}", "The file holds no tensors."),
        ({"__metadata__": {"a": "b"}}, "The file holds no tensors."),
        (raw_of({"a": ONE}) + b"x", "The header is not valid JSON at its character 61."),
        (raw_of({"a": ONE})[:-1], "The header is not valid JSON at its character 60."),
        (b'{"a":' + b"[" * 100_000, "The header is nested too deeply."),
        (b'{"a":' * 100_000, "The header is nested too deeply."),
        (b'{"a":NaN}', "The header holds the number NaN, where only whole numbers may stand."),
        (b'{"a":-Infinity}', "The header holds the number -Infinity, where only whole numbers may stand."),
        (b'{"a":1e0}', "The header holds the number 1e0, where only whole numbers may stand."),
        (b'{"a":-0}', "The header holds a negative number."),
        (b'{"a":' + b"9" * 5000 + b"}", "The header holds a number of more than 18 digits."),
        (b'{"a\n":1}', "The header is not valid JSON at its character 3."),
        ({"a": {**ONE, "shape": [-1]}}, "The header holds a negative number."),
    ],
)
def test_a_header_that_is_not_plain_json_is_refused(document: Any, sentence: str) -> None:
    refusal = refusal_of(document)

    assert refusal == sentence


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (b'{"a":' + raw_of(ONE) + b',"a":' + raw_of(ONE) + b"}", "The header has the key “a” twice in one object."),
        (
            b'{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
            "The header has the key “dtype” twice in one object.",
        ),
        (
            b'{"__metadata__":{"ss_output_name":"x","ss_output_name":"y"},"a":' + raw_of(ONE) + b"}",
            "The header has the key “ss_output_name” twice in one object.",
        ),
        (
            b'{"__metadata__":{"ss_tag":"x","ss\\u005ftag":"y"},"a":' + raw_of(ONE) + b"}",
            "The header has the key “ss_tag” twice in one object.",
        ),
        (
            b'{"__metadata__":{},"a":' + raw_of(ONE) + b',"__metadata__":{}}',
            "The header has the key “__metadata__” twice in one object.",
        ),
        ({"__metadata__": None, "a": ONE}, "__metadata__ is not a JSON object."),
        ({"__metadata__": ["a"], "a": ONE}, "__metadata__ is not a JSON object."),
        ({"__metadata__": {"k": 1}, "a": ONE}, "__metadata__ has a value under “k” that is not a string."),
        ({"__metadata__": {"k": {"l": "m"}}, "a": ONE}, "__metadata__ has a value under “k” that is not a string."),
        ({"__metadata__": {"k": "\0"}, "a": ONE}, "__metadata__ has a NUL or half a surrogate pair under “k”."),
        ({"__metadata__": {"k\0": ""}, "a": ONE}, "__metadata__ has a NUL or half a surrogate pair under “kU+0000”."),
        (
            b'{"__metadata__":{"k":"\\ud800"},"a":' + raw_of(ONE) + b"}",
            "__metadata__ has a NUL or half a surrogate pair under “k”.",
        ),
        ({"__metadata__": {"k" * 513: ""}, "a": ONE}, "__metadata__ has a key of more than 512 characters."),
        (
            {"__metadata__": {str(at): "" for at in range(10_001)}, "a": ONE},
            "__metadata__ has 10001 entries, and 10000 is the most.",
        ),
        (
            {"__metadata__": {"k": "x" * 8_388_608}, "a": ONE},
            "__metadata__ has 8388609 characters, and 8388608 is the most.",
        ),
    ],
)
def test_duplicate_keys_and_odd_metadata_are_refused(document: Any, sentence: str) -> None:
    refusal = refusal_of(document)

    assert refusal == sentence


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "A tensor has a name that is not 1 to 512 characters long."),
        ("a" * 513, "A tensor has a name that is not 1 to 512 characters long."),
        ("a\0b", "Tensor “aU+0000b” has a control character in its name."),
        ("a\x1b[31m", "Tensor “aU+001B[31m” has a control character in its name."),
        ("a\x7f", "Tensor “aU+007F” has a control character in its name."),
        ("a\u2028", "Tensor “aU+2028” has a control character in its name."),
        ("../../etc/passwd", "Tensor “../../etc/passwd” has a name that is a path."),
        ("a/../b", "Tensor “a/../b” has a name that is a path."),
        ("/etc/passwd", "Tensor “/etc/passwd” has a name that is a path."),
        ("\\\\host\\share", "Tensor “\\\\host\\share” has a name that is a path."),
        ("C:\\weights", "Tensor “C:\\weights” has a name that is a path."),
    ],
)
def test_a_tensor_name_that_could_do_harm_is_refused(name: str, sentence: str) -> None:
    refusal = refusal_of({name: ONE})

    assert refusal == sentence


def test_half_a_surrogate_pair_in_a_tensor_name_is_refused() -> None:
    refusal = refusal_of(b'{"a\\udc00":' + raw_of(ONE) + b"}")

    assert refusal == "Tensor “aU+DC00” has a control character in its name."


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ("x", "Tensor “a” is not described by dtype, shape and data_offsets alone."),
        (["F32", [1], [0, 4]], "Tensor “a” is not described by dtype, shape and data_offsets alone."),
        ({**ONE, "extra": 1}, "Tensor “a” is not described by dtype, shape and data_offsets alone."),
        ({"dtype": "F32", "shape": [1]}, "Tensor “a” is not described by dtype, shape and data_offsets alone."),
        ({**ONE, "dtype": "F128"}, "Tensor “a” has an unknown dtype."),
        ({**ONE, "dtype": ["F32"]}, "Tensor “a” has an unknown dtype."),
        ({**ONE, "shape": 1}, "Tensor “a” has a shape that is not up to 64 whole numbers."),
        ({**ONE, "shape": [True]}, "Tensor “a” has a shape that is not up to 64 whole numbers."),
        ({**ONE, "shape": ["1"]}, "Tensor “a” has a shape that is not up to 64 whole numbers."),
        ({**ONE, "shape": [1] * 65}, "Tensor “a” has a shape that is not up to 64 whole numbers."),
        ({**ONE, "data_offsets": [0]}, "Tensor “a” has data_offsets that are not a start and an end after it."),
        ({**ONE, "data_offsets": [4, 0]}, "Tensor “a” has data_offsets that are not a start and an end after it."),
        ({**ONE, "data_offsets": None}, "Tensor “a” has data_offsets that are not a start and an end after it."),
        ({**ONE, "shape": [2]}, "Tensor “a” has 4 bytes, which does not fit its shape and dtype."),
        ({**ONE, "shape": [2**40, 2**40]}, "Tensor “a” has a shape too large for any memory."),
        ({**ONE, "shape": [0, 2**40, 2**40]}, "Tensor “a” has a shape too large for any memory."),
        (
            {"dtype": "F4", "shape": [7], "data_offsets": [0, 4]},
            "Tensor “a” has 4 bytes, which does not fit its shape and dtype.",
        ),
    ],
)
def test_a_tensor_that_is_not_what_it_says_is_refused(entry: Any, sentence: str) -> None:
    refusal = refusal_of({"a": entry})

    assert refusal == sentence


@pytest.mark.parametrize(
    ("offsets", "data_bytes", "sentence"),
    [
        ([[0, 4], [0, 4]], 4, "Tensor “t1” overlaps the one before it."),
        ([[0, 4], [2, 6]], 6, "Tensor “t1” overlaps the one before it."),
        ([[0, 4], [5, 9]], 9, "Tensor “t1” leaves a gap before it."),
        ([[1, 5]], 5, "Tensor “t0” leaves a gap before it."),
        ([[0, 4], [4, 8]], 7, "The file is cut off: 1 bytes of its tensors are missing."),
        ([[0, 4], [4, 8]], 9, "The file has 1 bytes after its last tensor."),
    ],
)
def test_tensors_must_cover_the_data_exactly(offsets: list[list[int]], data_bytes: int, sentence: str) -> None:
    document = {f"t{at}": {**ONE, "data_offsets": pair} for at, pair in enumerate(offsets)}

    refusal = refusal_of(document, data_bytes)

    assert refusal == sentence


@pytest.mark.parametrize(
    ("prefix", "file_bytes", "sentence"),
    [
        (b"", 0, "The file ends within its first 8 bytes."),
        (b"1234567", 7, "The file ends within its first 8 bytes."),
        (bytes(8), 100, "The header is empty."),
        (
            (MAX_HEADER_BYTES + 1).to_bytes(8, "little"),
            2**40,
            "The header is announced with 33554433 bytes, and 32 MiB is the most.",
        ),
        (
            b"\xff" * 8,
            100,
            "The header is announced with 18446744073709551615 bytes, and 32 MiB is the most.",
        ),
        (
            (93).to_bytes(8, "little"),
            100,
            "The header is announced with 93 bytes, but the file has only 100 bytes in all.",
        ),
    ],
)
def test_a_length_that_cannot_be_is_refused_before_anything_is_read(
    prefix: bytes, file_bytes: int, sentence: str
) -> None:
    with pytest.raises(MalformedHeader) as refused:
        header_length(prefix, file_bytes)

    assert str(refused.value) == sentence
    assert header_length((92).to_bytes(8, "little"), 100) == 92


def test_six_hundred_thousand_empty_tensors_are_refused_in_a_moment() -> None:
    raw = raw_of({f"t{at}": EMPTY for at in range(600_000)})
    began = time.perf_counter()

    refusal = refusal_of(raw, 0)

    assert refusal == "The header lists 600000 tensors, and 100000 is the most."
    assert time.perf_counter() - began < 0.5


def test_tensors_whose_keys_are_escaped_are_counted_too() -> None:
    raw = raw_of({f"t{at}": EMPTY for at in range(100_001)}).replace(b"data_offsets", b"data\\u005foffsets")

    refusal = refusal_of(raw, 0)

    assert refusal == "The header lists 100001 tensors, and 100000 is the most."


names = st.text(max_size=4) | st.sampled_from(["a", "b", "../x", "/x", "__metadata__"])
sizes = st.integers(0, 5) | st.sampled_from([-1, 1.0, True, 2**32, 2**63, 2**64, None])
entries = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from([*DTYPE_BITS, "F8", 1]),
        "shape": st.lists(sizes, max_size=3) | st.none(),
        "data_offsets": st.lists(sizes, min_size=2, max_size=2) | st.none(),
    }
)


@st.composite
def honest_headers(draw: st.DrawFn) -> dict[str, Any]:
    """Headers that are in order but for what follows by chance, so that mutations start near the border."""
    document: dict[str, Any] = {}
    reached = 0
    for name in draw(st.lists(st.text("abc_é", min_size=1, max_size=4) | names, unique=True, max_size=4)):
        dtype = draw(st.sampled_from(sorted(DTYPE_BITS)))
        shape = draw(st.lists(st.integers(0, 4), max_size=3))
        bits = DTYPE_BITS[dtype]
        for size in shape:
            bits *= size
        document[name] = {"dtype": dtype, "shape": shape, "data_offsets": [reached, reached + bits // 8]}
        reached += bits // 8
    if draw(st.booleans()):
        document["__metadata__"] = draw(st.dictionaries(names, st.text(max_size=5), max_size=3))
    return document


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Headers with a few bytes replaced, removed or doubled."""
    raw = bytearray(json.dumps(draw(honest_headers()), ensure_ascii=draw(st.booleans())).encode("utf-8", "replace"))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, max(len(raw) - 1, 0)))
        piece = draw(st.sampled_from([b"", b'"', b"0", b"-", b"{", b"}", b",", b" ", b"\\", b"1e1", b"\xff", b"\0"]))
        raw[at : at + draw(st.integers(0, 2))] = piece
    return bytes(raw)


def _library_reads(raw: bytes, data: bytes) -> list[tuple[str, dict[str, Any]]] | None:
    try:
        tensors: list[tuple[str, dict[str, Any]]] = safetensors.deserialize(len(raw).to_bytes(8, "little") + raw + data)
    except safetensors.SafetensorError:
        return None
    return tensors


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    raw=mutated() | st.dictionaries(names, entries, max_size=3).map(raw_of) | honest_headers().map(raw_of),
    data_bytes=st.none() | st.integers(0, 40),
)
def test_what_is_accepted_here_the_library_accepts_and_reads_alike(raw: bytes, data_bytes: int | None) -> None:
    length = _announced(raw) if data_bytes is None else data_bytes

    try:
        header = parse_header(raw, data_bytes=length)
    except MalformedHeader:
        return

    tensors = _library_reads(raw, bytes(length))
    assert tensors is not None
    assert {name: (view["dtype"], tuple(view["shape"])) for name, view in tensors} == {
        tensor.name: (tensor.dtype, tensor.shape) for tensor in header.tensors
    }


def _announced(raw: bytes) -> int:
    """Give the end of the last tensor of a header, so that the data fits it; 0 for one that can't be read."""
    try:
        document = json.loads(raw)
        ends = [entry["data_offsets"][1] for name, entry in document.items() if name != "__metadata__"]
        return int(max(ends, default=0)) % 1000
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError, OverflowError):
        return 0


@settings(max_examples=300, deadline=None)
@given(raw=st.binary(max_size=200))
def test_any_bytes_at_all_are_refused_with_a_sentence(raw: bytes) -> None:
    with pytest.raises(MalformedHeader) as refused:
        parse_header(raw, data_bytes=4)

    sentence = str(refused.value)
    assert sentence.startswith("The header ") or sentence == "The file holds no tensors."
    assert sentence.endswith(".")
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        pytest.param(
            b'{"a":[' + b"[]," * 300_200 + b"[]]}", "The header opens more than 300100 objects and lists.", id="lists"
        ),
        pytest.param(
            b"{" + b",".join(b'"%0500d":{}' % at for at in range(17_000)) + b"}",
            "The names of the tensors have more than 8388608 characters.",
            id="names",
        ),
    ],
)
def test_a_header_that_would_cost_much_memory_is_refused(raw: bytes, sentence: str) -> None:
    with pytest.raises(MalformedHeader) as refused:
        parse_header(raw, data_bytes=0)

    assert str(refused.value) == sentence
