"""The sealed format: what is changed, moved, swapped or cut off does not open."""

import os
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.vault.sealed_format import CHUNK, HEADER, SEALED_CHUNK, TAG, FileSeal, Layout
from domain.kernel.vault import Damaged

_DATA_KEY = bytes(range(32))
_SALT = bytes(32)
_ENTRY = UUID(int=1)
_FILE = UUID(int=2)


def _seal(
    size: int, *, key: bytes = _DATA_KEY, salt: bytes = _SALT, entry: UUID = _ENTRY, file: UUID = _FILE
) -> FileSeal:
    return FileSeal(key, salt, holder_id=entry, file_id=file, size=size)


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 3 * CHUNK + 1))
def test_what_is_sealed_opens_and_has_the_size_that_was_said(size: int) -> None:
    plain = os.urandom(size)
    layout = Layout(size)

    sealed = _seal(size).seal(0, plain)

    assert HEADER + len(sealed) == layout.sealed_size
    assert len(sealed) == size + TAG * layout.chunks
    assert _seal(size).open(0, sealed) == plain


@pytest.mark.parametrize("size", [CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_every_chunk_opens_alone(size: int) -> None:
    plain = os.urandom(size)
    sealed = _seal(size).seal(0, plain)

    for number in range(Layout(size).chunks):
        piece = sealed[number * SEALED_CHUNK : (number + 1) * SEALED_CHUNK]
        assert _seal(size).open(number, piece) == plain[number * CHUNK : (number + 1) * CHUNK]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, 1, (0, HEADER, HEADER + SEALED_CHUNK)),
        (CHUNK - 1, CHUNK + 1, (0, HEADER, HEADER + 2 * SEALED_CHUNK)),
        (CHUNK, CHUNK + 1, (1, HEADER + SEALED_CHUNK, HEADER + 2 * SEALED_CHUNK)),
        (2 * CHUNK, 2 * CHUNK + 5, (2, HEADER + 2 * SEALED_CHUNK, HEADER + 2 * SEALED_CHUNK + 5 + TAG)),
    ],
)
def test_only_the_chunks_that_hold_a_part_are_read(start: int, end: int, expected: tuple[int, int, int]) -> None:
    assert Layout(2 * CHUNK + 5).holding(start, end) == expected


def _three_chunks() -> tuple[int, list[bytes]]:
    size = 2 * CHUNK + 100
    sealed = _seal(size).seal(0, os.urandom(size))
    return size, [sealed[at : at + SEALED_CHUNK] for at in range(0, len(sealed), SEALED_CHUNK)]


def test_chunks_that_were_reordered_left_out_or_repeated_do_not_open() -> None:
    size, (first, second, last) = _three_chunks()

    for wrong in (second + first + last, first + last, first + first + last, first + second + second):
        with pytest.raises(Damaged):
            _seal(size).open(0, wrong)


def test_a_file_that_was_cut_off_does_not_pass_for_a_shorter_one() -> None:
    size, (first, second, _) = _three_chunks()

    with pytest.raises(Damaged):
        _seal(2 * CHUNK).open(0, first + second)
    assert len(_seal(size).open(0, first + second)) == 2 * CHUNK


def test_one_bit_anywhere_is_noticed() -> None:
    plain = b"a small file"
    sealed = _seal(len(plain)).seal(0, plain)

    for at in range(len(sealed)):
        changed = bytearray(sealed)
        changed[at] ^= 1
        with pytest.raises(Damaged):
            _seal(len(plain)).open(0, bytes(changed))


@pytest.mark.parametrize(
    "other",
    [{"key": bytes(32)}, {"salt": b"s" * 32}, {"entry": UUID(int=9)}, {"file": UUID(int=9)}],
    ids=["another key", "another sealing", "another entry", "another file"],
)
def test_a_chunk_opens_only_under_its_key_for_its_file(other: dict[str, object]) -> None:
    sealed = _seal(4).seal(0, b"abcd")

    with pytest.raises(Damaged):
        _seal(4, **other).open(0, sealed)  # type: ignore[arg-type]


def test_an_empty_file_has_nothing_to_seal() -> None:
    with pytest.raises(ValueError, match="empty file"):
        Layout(0)
