"""The vault over real blobs: sealed in a stream, opened in parts, never in the clear where files lie."""

import hashlib
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from countenance.blobs import BlobStore
from countenance.vault.master_keys import MasterKeys
from countenance.vault.sealed_format import CHUNK, HEADER, SEALED_CHUNK, Layout
from countenance.vault.store import SealedStore
from domain.kernel.vault import Damaged, KeyMissing, SealedFile
from tests.fakes import VAULT_KEYS

_ENTRY = UUID(int=1)
_MODEL = os.urandom(5 * CHUNK + 12_345)


@pytest.fixture(params=["local", "remote"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    """A folder, and an object store that needs no network."""
    url = "memory:///" if request.param == "remote" else (tmp_path / "blobs").as_uri()
    return BlobStore(url, signing_key="k" * 32, public_origin="http://test")


@pytest.fixture
def vault(blobs: BlobStore) -> SealedStore:
    """A vault over them."""
    return _vault(blobs)


def _vault(blobs: BlobStore, keys: str = VAULT_KEYS) -> SealedStore:
    return SealedStore(
        blobs,
        MasterKeys.read(keys),
        signing_key="k" * 32,
        public_origin="https://example.org",
        cluster_origin="http://10.0.0.7:8000",
    )


def _file(vault: SealedStore, size: int, *, file: int = 7) -> SealedFile:
    return SealedFile(UUID(int=file), f"files/{file}", size, vault.new_key(UUID(int=file + 100), _ENTRY))


async def _pieces(data: bytes, size: int = 100_000) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


async def _opened(vault: SealedStore, file: SealedFile, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([piece async for piece in vault.open(file, start, end)])


async def _read_into(given: bytearray, vault: SealedStore, file: SealedFile) -> None:
    async for piece in vault.open(file):
        given += piece


async def test_a_file_opens_whole_and_in_parts(vault: SealedStore, blobs: BlobStore) -> None:
    file = _file(vault, len(_MODEL))

    await vault.seal(file, _pieces(_MODEL))

    assert await blobs.size(file.blob_key) == Layout(len(_MODEL)).sealed_size
    assert hashlib.sha256(await _opened(vault, file)).digest() == hashlib.sha256(_MODEL).digest()
    for start, end in [(0, 1), (CHUNK - 1, CHUNK + 1), (4 * CHUNK + 3, 5 * CHUNK + 9), (len(_MODEL) - 1, None)]:
        assert await _opened(vault, file, start, end) == _MODEL[start:end]
    assert await _opened(vault, file, len(_MODEL), None) == b""


async def test_nothing_of_it_lies_in_the_clear(vault: SealedStore, blobs: BlobStore) -> None:
    plain = b"the quick brown fox jumps over the lazy dog. " * 3000
    file = _file(vault, len(plain))

    await vault.seal(file, _pieces(plain))

    stored = await blobs.get(file.blob_key)
    assert not any(plain[at : at + 8] in stored for at in range(45))


async def test_sealing_twice_never_gives_the_same_bytes(vault: SealedStore, blobs: BlobStore) -> None:
    file = _file(vault, 1000)

    await vault.seal(file, _pieces(bytes(1000)))
    first = await blobs.get(file.blob_key)
    await vault.seal(file, _pieces(bytes(1000)))

    second = await blobs.get(file.blob_key)
    assert first[HEADER:] != second[HEADER:]
    assert await _opened(vault, file) == bytes(1000)


@pytest.mark.parametrize("data", [bytes(999), bytes(1001), b""], ids=["too short", "too long", "nothing"])
async def test_another_size_than_was_said_stores_nothing(vault: SealedStore, blobs: BlobStore, data: bytes) -> None:
    file = _file(vault, 1000)

    with pytest.raises(ValueError, match="1000 bytes were to be sealed"):
        await vault.seal(file, _pieces(data))

    assert await blobs.size(file.blob_key) is None


async def test_a_source_that_breaks_stores_nothing(vault: SealedStore, blobs: BlobStore) -> None:
    file = _file(vault, len(_MODEL))

    async def breaking() -> AsyncIterator[bytes]:
        yield _MODEL[: 4 * CHUNK + 1]
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        await vault.seal(file, breaking())

    assert await blobs.size(file.blob_key) is None


async def test_what_was_changed_where_it_lies_is_never_given(vault: SealedStore, blobs: BlobStore) -> None:
    file, other = _file(vault, len(_MODEL)), _file(vault, len(_MODEL), file=8)
    await vault.seal(file, _pieces(_MODEL))
    await vault.seal(other, _pieces(_MODEL))
    sealed = await blobs.get(file.blob_key)
    late = HEADER + 5 * SEALED_CHUNK + 3
    wrong = {
        "a bit in the last chunk": sealed[:late] + bytes([sealed[late] ^ 1]) + sealed[late + 1 :],
        "cut at a chunk": sealed[: HEADER + 4 * SEALED_CHUNK],
        "cut in a chunk": sealed[:-1],
        "another salt": sealed[:8] + bytes(32) + sealed[HEADER:],
        "another file of the entry": await blobs.get(other.blob_key),
        "the plaintext itself": _MODEL,
        "nothing": b"",
    }

    for said, stored in wrong.items():
        await blobs.put(file.blob_key, stored)
        given = bytearray()
        with pytest.raises(Damaged):
            await _read_into(given, vault, file)
        assert _MODEL.startswith(bytes(given)), said
        assert len(given) % CHUNK == 0, said
        assert len(given) < len(_MODEL), said


async def test_a_file_that_is_gone_and_a_key_that_is_missing_are_told_apart(
    vault: SealedStore, blobs: BlobStore
) -> None:
    file = _file(vault, 4)
    with pytest.raises(FileNotFoundError):
        await _opened(vault, file)
    await vault.seal(file, _pieces(b"abcd"))

    with pytest.raises(KeyMissing):
        await _opened(_vault(blobs, f"2:{'22' * 32}"), file)

    moved = _vault(blobs, f"2:{'22' * 32},{VAULT_KEYS}").rewrap(file.key)
    renewed = SealedFile(file.id, file.blob_key, 4, moved)
    assert await _opened(_vault(blobs, f"2:{'22' * 32}"), renewed) == b"abcd"


def test_a_link_is_for_its_path_and_its_time(vault: SealedStore) -> None:
    until = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

    url = vault.signed_url("/vault/reads/aa", until=until)
    inside = vault.signed_url("/vault/scans/aa/1", until=until, inside=True)

    signature = url.rpartition("sig=")[2]
    assert url.startswith(f"https://example.org/vault/reads/aa?expires={int(until.timestamp())}&sig=")
    assert inside.startswith("http://10.0.0.7:8000/vault/scans/aa/1?expires=")
    assert vault.verify("/vault/reads/aa", until=until, signature=signature)
    assert not vault.verify("/vault/reads/ab", until=until, signature=signature)
    assert not vault.verify("/vault/reads/aa", until=until + timedelta(seconds=1), signature=signature)
    assert not vault.verify("/vault/reads/aa", until=until, signature="é")
