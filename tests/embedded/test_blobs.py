"""Blobs: stored whole, read in parts, and reached from outside only with a pass."""

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from countenance.blob_endpoint import blob_endpoint
from countenance.blobs import BlobStore, Pass
from countenance.failures import CannotStart

_KEY = "k" * 32
_OWNER = UUID("00000000-0000-7000-8000-000000000001")
_OTHER = UUID("00000000-0000-7000-8000-000000000002")
_BYTES = bytes(range(256)) * 40


class _RemoteBlobs(BlobStore):
    """An object store that needs no network: everything but its signed URLs is as with S3."""

    def __init__(self) -> None:
        super().__init__("memory:///", signing_key=_KEY, public_origin="http://test")


@pytest.fixture(params=["local", "remote"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    """The same store in a folder and in an object store."""
    if request.param == "remote":
        return _RemoteBlobs()
    return BlobStore((tmp_path / "blobs").as_uri(), signing_key=_KEY, public_origin="http://test")


@pytest.fixture
async def client(blobs: BlobStore) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the endpoint; the header X-Account says who is signed in."""

    async def account_of(request: Request) -> UUID | None:
        said = request.headers.get("x-account")
        return UUID(said) if said else None

    app = Starlette(routes=[Route("/blobs/{key:path}", blob_endpoint(blobs, account_of), methods=["GET", "HEAD"])])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as session:
        yield session


async def _read(blobs: BlobStore, key: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([chunk async for chunk in blobs.stream(key, start, end)])


async def test_what_is_put_can_be_read_whole_and_in_parts(blobs: BlobStore, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(_BYTES)

    await blobs.put("small/one", b"one")
    await blobs.put("small/one", b"two")
    await blobs.put_file("big/file", str(tmp_path / "file"))

    assert await blobs.get("small/one") == b"two"
    assert await blobs.size("big/file") == len(_BYTES)
    assert await _read(blobs, "big/file") == _BYTES
    assert await _read(blobs, "big/file", 100, 300) == _BYTES[100:300]
    assert await _read(blobs, "big/file", 10_000, 99_999) == _BYTES[10_000:]
    assert await _read(blobs, "big/file", 99_999) == b""


async def test_what_is_not_there_is_said(blobs: BlobStore) -> None:
    assert await blobs.size("no/such") is None
    with pytest.raises(FileNotFoundError):
        await blobs.get("no/such")
    with pytest.raises(FileNotFoundError):
        await _read(blobs, "no/such")


async def test_deleting_twice_is_no_error(blobs: BlobStore) -> None:
    await blobs.put("a", b"a")
    await blobs.put("b", b"b")

    await blobs.delete(["a", "no/such"])
    await blobs.delete(["a"])

    assert await blobs.size("a") is None
    assert await blobs.get("b") == b"b"


@pytest.mark.parametrize("key", ["../secrets.json", "a/../../secrets.json", "a//b"])
async def test_a_key_never_leaves_its_folder(blobs: BlobStore, key: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="path"):
        await blobs.put(key, b"x")

    assert not (tmp_path / "secrets.json").exists()


def test_a_store_that_cannot_be_opened_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(CannotStart) as wrong_place:
        BlobStore((tmp_path / "file" / "blobs").as_uri(), signing_key=_KEY, public_origin="http://test")
    with pytest.raises(CannotStart) as wrong_kind:
        BlobStore("ftp://example.org/blobs", signing_key=_KEY, public_origin="http://test")

    for refused in (wrong_place, wrong_kind):
        assert str(refused.value).startswith("BLOB_URL ")
        assert str(refused.value).endswith("Check the URL and its credentials.")


async def test_a_pass_reads_its_blob(blobs: BlobStore, client: httpx.AsyncClient) -> None:
    await blobs.put("pictures/one.png", _BYTES)
    url = await blobs.signed_url("pictures/one.png", seconds=60, file_name="één.png", audience=str(_OWNER))

    answer = await client.get(url, headers={"x-account": str(_OWNER)})

    assert (answer.status_code, answer.content) == (200, _BYTES)
    assert answer.headers["content-length"] == str(len(_BYTES))
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''%C3%A9%C3%A9n.png"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"


async def test_a_foreign_file_is_an_attachment_of_bytes(blobs: BlobStore, client: httpx.AsyncClient) -> None:
    await blobs.put("files/x", b"<script>")
    url = await blobs.signed_url("files/x", seconds=60, file_name="page.html", audience=str(_OWNER))

    answer = await client.get(url, headers={"x-account": str(_OWNER)})

    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''page.html"


@pytest.mark.parametrize(
    ("asked", "status", "part", "said"),
    [
        ("bytes=0-9", 206, slice(0, 10), "bytes 0-9/10240"),
        ("bytes=10000-", 206, slice(10000, 10240), "bytes 10000-10239/10240"),
        ("bytes=-5", 206, slice(10235, 10240), "bytes 10235-10239/10240"),
        ("bytes=10230-99999", 206, slice(10230, 10240), "bytes 10230-10239/10240"),
        ("bytes=10240-", 416, slice(0, 0), "bytes */10240"),
    ],
)
async def test_a_range_is_a_part(
    blobs: BlobStore, client: httpx.AsyncClient, *, asked: str, status: int, part: slice, said: str
) -> None:
    await blobs.put("file", _BYTES)
    url = await blobs.signed_url("file", seconds=60, audience=str(_OWNER))

    answer = await client.get(url, headers={"x-account": str(_OWNER), "range": asked})

    assert (answer.status_code, answer.content) == (status, _BYTES[part])
    assert answer.headers["content-range"] == said


async def test_head_has_the_headers_and_no_body(blobs: BlobStore, client: httpx.AsyncClient) -> None:
    await blobs.put("file", _BYTES)
    url = await blobs.signed_url("file", seconds=60, audience=str(_OWNER))

    answer = await client.head(url, headers={"x-account": str(_OWNER)})

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(_BYTES))
    assert answer.headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize("account", [None, _OTHER])
async def test_a_pass_with_an_audience_is_for_nobody_else(
    blobs: BlobStore, client: httpx.AsyncClient, account: UUID | None
) -> None:
    await blobs.put("file", _BYTES)
    url = await blobs.signed_url("file", seconds=60, audience=str(_OWNER))

    answer = await client.get(url, headers={"x-account": str(account)} if account else {})

    assert answer.status_code == 403
    assert answer.text == "This link works only for the account it was made for; sign in as that account."


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("expires", "99999999999"),
        ("expires", "²"),
        ("audience", str(_OTHER)),
        ("audience", ""),
        ("name", "other.png"),
        ("sig", "0" * 64),
        ("sig", "é"),
        ("sig", ""),
    ],
)
async def test_a_changed_pass_is_refused(blobs: BlobStore, client: httpx.AsyncClient, field: str, value: str) -> None:
    await blobs.put("file", _BYTES)
    url = await blobs.signed_url("file", seconds=60, file_name="a.png", audience=str(_OWNER))
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()} | {field: value}

    answer = await client.get("/blobs/file", params=query, headers={"x-account": str(_OTHER)})

    assert answer.status_code == 403
    assert answer.text == "This link is not valid or no longer valid; ask for a new one."


async def test_a_pass_for_one_key_does_not_open_another(blobs: BlobStore, client: httpx.AsyncClient) -> None:
    await blobs.put("one", b"one")
    await blobs.put("two", b"two")
    url = await blobs.signed_url("one", seconds=60, audience=str(_OWNER))

    answer = await client.get(url.replace("/blobs/one", "/blobs/two"), headers={"x-account": str(_OWNER)})

    assert answer.status_code == 403


async def test_a_pass_expires(blobs: BlobStore, client: httpx.AsyncClient) -> None:
    await blobs.put("file", _BYTES)
    url = await blobs.signed_url("file", seconds=0, audience=str(_OWNER))

    answer = await client.get(url, headers={"x-account": str(_OWNER)})

    assert answer.status_code == 403
    assert answer.headers["cache-control"] == "no-store"


async def test_a_file_that_is_gone_is_said(blobs: BlobStore, client: httpx.AsyncClient) -> None:
    url = await blobs.signed_url("gone", seconds=60, audience=str(_OWNER))

    answer = await client.get(url, headers={"x-account": str(_OWNER)})

    assert (answer.status_code, answer.text) == (404, "This file is no longer there.")


async def test_a_folders_pass_for_the_cluster_leads_to_the_inner_origin(tmp_path: Path) -> None:
    blobs = BlobStore(
        tmp_path.as_uri(), signing_key=_KEY, public_origin="https://example.org", cluster_origin="http://10.0.0.7:8000"
    )

    for_cluster = await blobs.signed_url("a b/c", seconds=60)
    for_owner = await blobs.signed_url("a b/c", seconds=60, audience=str(_OWNER))

    assert for_cluster.startswith("http://10.0.0.7:8000/blobs/a%20b/c?expires=")
    assert for_owner.startswith("https://example.org/blobs/a%20b/c?expires=")


async def test_an_object_store_signs_for_the_cluster_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    blobs = BlobStore("s3://bucket/prefix", signing_key=_KEY, public_origin="http://test")

    for_cluster = await blobs.signed_url("file", seconds=60)
    for_owner = await blobs.signed_url("file", seconds=60, audience=str(_OWNER))

    assert for_cluster.startswith("https://s3.eu-west-1.amazonaws.com/bucket/prefix/file?X-Amz-")
    assert "X-Amz-Expires=60&" in for_cluster
    assert for_owner.startswith("http://test/blobs/file?expires=")


def test_fields_of_a_pass_cannot_run_into_each_other() -> None:
    one = Pass("ab", 1, "c", "d").signature(b"key")
    two = Pass("a", 1, "bc", "d").signature(b"key")

    assert one != two
    assert Pass("ab", int(time.time()), "c", "d").signature(b"key") != one


async def test_what_a_writer_that_died_left_is_swept_after_a_day(tmp_path: Path) -> None:
    blobs = BlobStore((tmp_path / "blobs").as_uri(), signing_key=_KEY, public_origin="http://test")
    await blobs.put("files/whole", b"whole")
    for name, age in (("whole#1", 90_000), ("other#12", 80_000), ("a#b", 90_000)):
        left = tmp_path / "blobs" / "files" / name
        left.write_bytes(b"half")
        os.utime(left, (time.time() - age, time.time() - age))

    swept = [await blobs.sweep_unfinished() for _ in range(2)]

    assert swept == [1, 0]
    assert sorted(path.name for path in (tmp_path / "blobs" / "files").iterdir()) == ["a#b", "other#12", "whole"]
    assert await _RemoteBlobs().sweep_unfinished() == 0
