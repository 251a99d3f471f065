"""The upload endpoint behind a real server: the protocol by hand, and two real clients."""

import asyncio
import base64
import contextlib
import hashlib
import json
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import asyncpg
import httpx
import pytest
from starlette.applications import Starlette
from tusclient.client import TusClient

from countenance.settings import Settings
from domain import resources
from domain.kernel.clock import HandClock
from domain.kernel.findings import Verdict
from domain.kernel.ids import ResourceId
from domain.kernel.scope import Actor, Scope
from domain.resources import Holder, Upload
from tests import npm, serving
from tests.factories import signed_in
from tests.resourcing import drafted, file_of

BYTES = "application/offset+octet-stream"
CLIENT = Path(__file__).parents[1] / "clients" / "tus"


@dataclass
class Tus:
    """A member at the endpoint of a real server, with a draft to upload to."""

    url: str
    token: str
    scope: Scope
    draft: ResourceId
    http: httpx.AsyncClient

    async def begin(self, data: bytes, *, sha256: str | None = None) -> Upload:
        """Begin an upload as `uploadBegin` does."""
        return await resources.begin_upload(
            self.scope,
            Holder("resource", self.draft),
            file_name="a.safetensors",
            size_bytes=len(data),
            sha256=sha256,
        )

    async def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> httpx.Response:
        """Send a request as the owner; a header given empty is left out."""
        sent = {"tus-resumable": "1.0.0", "authorization": f"Bearer {self.token}", "content-type": BYTES}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.request(
            method, path, content=body, headers={name: value for name, value in sent.items() if value}
        )

    async def patch(self, upload: Upload, offset: int, body: bytes, **headers: str) -> httpx.Response:
        """Send bytes."""
        return await self.send("PATCH", f"/uploads/{upload.id.hex}", body, upload_offset=str(offset), **headers)

    async def offset(self, upload: Upload) -> int:
        """Ask how far it came."""
        answer = await self.send("HEAD", f"/uploads/{upload.id.hex}")
        assert answer.status_code == 200
        return int(answer.headers["upload-offset"])

    async def stored(self) -> bytes:
        """The bytes of the draft's one file, as they are stored."""
        return await self.scope.ports.blobs.get((await file_of(self.draft)).blob_key)


@pytest.fixture
async def url(app: Starlette, settings: Settings) -> AsyncIterator[str]:
    """The address of a real server."""
    async with serving.served(app, settings) as address:
        yield address


@pytest.fixture
async def tus(url: str, acting: Callable[[Actor], Scope]) -> AsyncIterator[Tus]:
    """A member with a draft."""
    signed = await signed_in()
    account = signed.account
    scope = acting(Actor(account.id, account.handle, account.role, signed.session_id))
    async with httpx.AsyncClient(base_url=url) as http:
        yield Tus(url, signed.token, scope, await drafted(scope), http)


@pytest.fixture(scope="session")
async def tus_js(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The npm client, installed from its lock file into a folder of the session's own."""
    return await npm.install(CLIENT, tmp_path_factory.mktemp("tus-js-client"))


def some_bytes(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def metadata(**pairs: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())


def checksum(algorithm: str, data: bytes) -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"


async def test_the_endpoint_says_what_it_can_do(tus: Tus) -> None:
    answer = await tus.send("OPTIONS", "/uploads", tus_resumable="", authorization="", content_type="")

    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-extension"].split(",") == [
        "creation",
        "creation-with-upload",
        "expiration",
        "checksum",
        "termination",
    ]
    assert answer.headers["tus-checksum-algorithm"] == "sha1,sha256"
    assert answer.headers["tus-max-size"] == str(tus.scope.ports.policy.max_file_bytes)


async def test_bytes_arrive_piece_by_piece_and_become_a_file(tus: Tus, settings: Settings) -> None:
    data = some_bytes(300_000)
    upload = await tus.begin(data, sha256=hashlib.sha256(data).hexdigest())

    first = await tus.patch(upload, 0, data[:100_000])
    between = await tus.offset(upload)
    second = await tus.patch(upload, 100_000, data[100_000:])

    assert (first.status_code, first.headers["upload-offset"], first.content) == (204, "100000", b"")
    assert between == 100_000
    assert (second.status_code, second.headers["upload-offset"]) == (204, "300000")
    assert "upload-expires" in second.headers
    assert await tus.stored() == data
    assert await tus.offset(upload) == 300_000
    assert list(settings.upload_folder.iterdir()) == []


async def test_a_head_says_length_and_may_not_be_cached(tus: Tus) -> None:
    upload = await tus.begin(b"abc")

    answer = await tus.send("HEAD", f"/uploads/{upload.id.hex}")

    assert answer.headers["upload-length"] == "3"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["tus-resumable"] == "1.0.0"


@pytest.mark.parametrize(
    ("changed", "offset", "body", "status"),
    [
        ({"tus_resumable": "0.2.2"}, 0, b"abc", 412),
        ({"tus_resumable": ""}, 0, b"abc", 412),
        ({"content_type": "application/octet-stream"}, 0, b"abc", 415),
        ({}, 1, b"bc", 409),
        ({"upload_offset": "-1"}, 0, b"abc", 400),
        ({"upload_offset": "x"}, 0, b"abc", 400),
        ({}, 0, b"abcd", 413),
        ({"upload_checksum": "md5 AAAA"}, 0, b"abc", 400),
        ({"upload_checksum": "sha1 not-base64"}, 0, b"abc", 400),
        ({"upload_checksum": checksum("sha1", b"other")}, 0, b"abc", 460),
        ({"upload_checksum": checksum("sha256", b"other")}, 0, b"abc", 460),
        ({"authorization": ""}, 0, b"abc", 401),
        ({"authorization": "Bearer wrong"}, 0, b"abc", 401),
    ],
)
async def test_a_wrong_request_is_refused_and_nothing_arrives(
    tus: Tus, changed: dict[str, str], offset: int, body: bytes, status: int
) -> None:
    upload = await tus.begin(b"abc")

    answer = await tus.send("PATCH", f"/uploads/{upload.id.hex}", body, **{"upload_offset": str(offset), **changed})

    assert answer.status_code == status
    assert answer.text.endswith(".\n")
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert await tus.offset(upload) == 0


async def test_a_body_without_an_announced_length_can_not_go_beyond_the_upload(tus: Tus) -> None:
    upload = await tus.begin(b"abc")

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield b"x" * 600_000

    answer = await tus.http.patch(
        f"/uploads/{upload.id.hex}",
        content=endless(),
        headers={
            "tus-resumable": "1.0.0",
            "authorization": f"Bearer {tus.token}",
            "content-type": BYTES,
            "upload-offset": "0",
        },
    )

    assert answer.status_code == 413
    assert await tus.offset(upload) == 0


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
async def test_a_right_checksum_is_accepted(tus: Tus, algorithm: str) -> None:
    upload = await tus.begin(b"abcdef")

    first = await tus.patch(upload, 0, b"abc", upload_checksum=checksum(algorithm, b"abc"))
    wrong = await tus.patch(upload, 3, b"xyz", upload_checksum=checksum(algorithm, b"def"))
    again = await tus.patch(upload, 3, b"def", upload_checksum=checksum(algorithm, b"def"))

    assert [first.status_code, wrong.status_code, again.status_code] == [204, 460, 204]
    assert await tus.stored() == b"abcdef"


async def test_an_upload_is_its_owners_alone(tus: Tus) -> None:
    upload = await tus.begin(b"abc")
    other = (await signed_in()).token
    theirs = {"authorization": f"Bearer {other}"}

    answers = [
        await tus.patch(upload, 0, b"abc", **theirs),
        await tus.send("HEAD", f"/uploads/{upload.id.hex}", **theirs),
        await tus.send("DELETE", f"/uploads/{upload.id.hex}", **theirs),
        await tus.send("HEAD", "/uploads/no-such-id"),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404, 404]
    assert await tus.offset(upload) == 0


async def test_other_contents_than_announced_are_refused_at_the_end(db: asyncpg.Pool, tus: Tus) -> None:
    upload = await tus.begin(b"abc", sha256="ab" * 32)

    answer = await tus.patch(upload, 0, b"abc")

    assert answer.status_code == 460
    assert (await tus.patch(upload, 0, b"abc")).status_code == 410
    assert await db.fetchval("SELECT count(*) FROM stored_file") == 0


async def test_an_upload_can_be_given_up(tus: Tus, settings: Settings) -> None:
    upload = await tus.begin(b"abc")
    await tus.patch(upload, 0, b"ab")

    answer = await tus.send("DELETE", f"/uploads/{upload.id.hex}")

    assert answer.status_code == 204
    assert (await tus.send("HEAD", f"/uploads/{upload.id.hex}")).status_code == 410
    assert list(settings.upload_folder.iterdir()) == []


async def test_an_upload_whose_time_ran_out_is_over_and_swept(
    tus: Tus, clock: HandClock, settings: Settings, app: Starlette
) -> None:
    upload = await tus.begin(b"abc")
    await tus.patch(upload, 0, b"ab")

    clock.turn(timedelta(seconds=tus.scope.ports.policy.upload_seconds))

    assert (await tus.send("HEAD", f"/uploads/{upload.id.hex}")).status_code == 410
    assert (await tus.patch(upload, 2, b"c")).status_code == 410
    assert len(list(settings.upload_folder.iterdir())) == 1
    assert await resources.expire_uploads(Scope.of_system(tus.scope.ports)) == 1
    assert await app.state.uploads.sweep() == 1
    assert list(settings.upload_folder.iterdir()) == []


async def test_an_upload_is_created_by_the_protocol_itself_with_its_first_bytes(tus: Tus) -> None:
    described = metadata(filename="b.safetensors", resourceId=f"resource_{tus.draft.hex}")

    created = await tus.send("POST", "/uploads", b"abc", upload_length="6", upload_metadata=described)
    path = httpx.URL(created.headers["location"]).path
    rest = await tus.send("PATCH", path, b"def", upload_offset="3")

    assert (created.status_code, created.headers["upload-offset"]) == (201, "3")
    assert rest.status_code == 204
    assert await tus.stored() == b"abcdef"
    assert (await file_of(tus.draft)).name == "b.safetensors"


async def test_a_sample_is_created_by_the_protocol_itself_and_is_no_model(tus: Tus) -> None:
    described = metadata(filename="a.png", resourceId=f"resource_{tus.draft.hex}", purpose="SAMPLE")
    own, samples = Holder("resource", tus.draft), Holder("sample", tus.draft)

    created = await tus.send("POST", "/uploads", b"abc", upload_length="3", upload_metadata=described)

    files = await resources.files_of([own, samples])
    assert (created.status_code, created.headers["upload-offset"]) == (201, "3")
    assert (files[own], [file.name for file in files[samples]]) == ([], ["a.png"])


@pytest.mark.parametrize(
    ("length", "described", "status"),
    [
        ("6", "", 400),
        ("6", "filename not-base64!", 400),
        ("x", metadata(filename="a", resourceId="?"), 400),
        (str(10**17), metadata(filename="a"), 413),
        ("6", metadata(filename="a", resourceId="resource_00"), 404),
        ("6", metadata(filename="a", entryId="entry_00"), 404),
        ("6", metadata(filename="a", bountyId=f"bounty_{'0' * 32}"), 404),
        ("6", metadata(filename="a", bountyId=f"bounty_{'0' * 32}", entryId=f"entry_{'0' * 32}"), 400),
        ("6", metadata(filename="a", entryId=f"entry_{'0' * 32}", purpose="SAMPLE"), 400),
        ("6", metadata(filename="a", entryId=f"entry_{'0' * 32}", purpose="OTHER"), 400),
    ],
)
async def test_a_creation_that_names_nothing_is_refused(
    db: asyncpg.Pool, tus: Tus, length: str, described: str, status: int
) -> None:
    answer = await tus.send("POST", "/uploads", upload_length=length, upload_metadata=described)

    assert answer.status_code == status
    assert await db.fetchval("SELECT count(*) FROM upload") == 0


async def test_a_client_without_patch_names_it_in_a_header(tus: Tus) -> None:
    upload = await tus.begin(b"abc")

    answer = await tus.send(
        "POST", f"/uploads/{upload.id.hex}", b"abc", upload_offset="0", x_http_method_override="PATCH"
    )

    assert answer.status_code == 204
    assert await tus.stored() == b"abc"


@contextlib.asynccontextmanager
async def half_sent(tus: Tus, upload: Upload, sent: bytes, announced: int, **headers: str) -> AsyncIterator[None]:
    """A request that has sent some of its body and goes no further; cut at the end."""
    _, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(tus.url).port)
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    writer.write(
        f"PATCH /uploads/{upload.id.hex} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {tus.token}\r\n"
        f"Tus-Resumable: 1.0.0\r\nContent-Type: {BYTES}\r\nUpload-Offset: 0\r\n"
        f"Content-Length: {announced}\r\n{more}\r\n".encode()
        + sent
    )
    await writer.drain()
    await asyncio.sleep(0.1)
    try:
        yield
    finally:
        writer.transport.abort()


@pytest.mark.parametrize("cut_at", [1, 65_537, 1_048_577, 1_999_999])
async def test_what_arrived_before_a_cut_is_kept_to_the_byte(tus: Tus, cut_at: int) -> None:
    data = some_bytes(2_000_000)
    upload = await tus.begin(data, sha256=hashlib.sha256(data).hexdigest())

    async with half_sent(tus, upload, data[:cut_at], len(data)):
        pass
    async with asyncio.timeout(3):
        while await tus.offset(upload) != cut_at:  # noqa: ASYNC110 - by polling
            await asyncio.sleep(0.01)
    answer = await tus.patch(upload, cut_at, data[cut_at:])

    assert answer.status_code == 204
    assert await tus.stored() == data


async def test_a_body_that_was_to_be_verified_and_was_cut_does_not_count(tus: Tus) -> None:
    data = some_bytes(500_000)
    upload = await tus.begin(data)

    async with half_sent(tus, upload, data[:400_000], len(data), upload_checksum=checksum("sha1", data)):
        assert await tus.offset(upload) == 0

    async with asyncio.timeout(3):
        while (answer := await tus.patch(upload, 0, data)).status_code == 423:  # noqa: ASYNC110 - by polling
            await asyncio.sleep(0.01)
    assert answer.status_code == 204
    assert await tus.stored() == data


async def test_a_second_request_waits_its_turn_and_takes_over_from_a_silent_one(
    tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = some_bytes(10_000)
    upload = await tus.begin(data)

    async with half_sent(tus, upload, data[:4_000], len(data)):
        busy = await tus.patch(upload, 0, data)
        monkeypatch.setattr("countenance.tus_bodies._YIELDS_AFTER_SECONDS", 0.0)
        behind = await tus.patch(upload, 0, data)
        goes_on = await tus.patch(upload, 4_000, data[4_000:])

    assert busy.status_code == 423
    assert (behind.status_code, behind.headers["upload-offset"]) == (409, "4000")
    assert goes_on.status_code == 204
    assert await tus.stored() == data


async def test_an_upload_that_was_cut_after_its_last_byte_is_finished_by_who_asks(
    tus: Tus, settings: Settings, app: Starlette
) -> None:
    upload = await tus.begin(b"abc")
    app.state.uploads.spool.path(upload.id).write_bytes(b"abc")

    assert await tus.offset(upload) == 3

    assert await tus.stored() == b"abc"


async def test_what_is_submitted_takes_no_bytes_any_more(tus: Tus) -> None:
    whole = await tus.begin(b"abc")
    await tus.patch(whole, 0, b"abc")
    open_still = await tus.begin(b"def")
    await resources.submit(tus.scope, tus.draft)

    answer = await tus.patch(open_still, 0, b"def")

    assert answer.status_code == 410
    assert (await file_of(tus.draft)).scan.verdict is Verdict.PENDING
    assert await tus.stored() == b"abc"


async def test_a_full_disk_is_said_before_anything_is_sent(tus: Tus, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = await tus.begin(b"abc")
    monkeypatch.setattr("countenance.spool.Spool.free_bytes", lambda _: 1000)

    answer = await tus.patch(upload, 0, b"abc")

    assert (answer.status_code, answer.headers["retry-after"]) == (507, "600")
    assert await tus.offset(upload) == 0


@pytest.mark.parametrize("verified", [False, True])
async def test_tuspy_uploads_and_goes_on_after_a_cut(tus: Tus, tmp_path: Path, verified: bool) -> None:
    data = some_bytes(700_001)
    path = tmp_path / "a.safetensors"
    path.write_bytes(data)
    upload = await tus.begin(data, sha256=hashlib.sha256(data).hexdigest())
    where = f"{tus.url}/uploads/{upload.id.hex}"

    def upload_until(stop_at: int) -> int:
        with path.open("rb") as file:  # tuspy leaves files open that it opened itself
            uploader = _tuspy(tus).uploader(file_stream=file, url=where, chunk_size=100_000, upload_checksum=verified)
            came = uploader.offset
            uploader.upload(stop_at=stop_at)
            return came

    await asyncio.to_thread(upload_until, 300_000)
    came = await asyncio.to_thread(upload_until, len(data))

    assert came == 300_000
    assert await tus.stored() == data


async def test_tuspy_creates_an_upload_by_itself(tus: Tus, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(b"some weights")

    def upload() -> None:
        described = {"filename": "a.safetensors", "resourceId": f"resource_{tus.draft.hex}"}
        with path.open("rb") as file:
            _tuspy(tus).uploader(file_stream=file, metadata=described).upload()

    await asyncio.to_thread(upload)

    assert await tus.stored() == b"some weights"


async def test_tus_js_client_uploads_and_goes_on_after_it_was_killed(tus: Tus, tus_js: Path, tmp_path: Path) -> None:
    data = some_bytes(3_000_000)
    path = tmp_path / "a.safetensors"
    path.write_bytes(data)
    upload = await tus.begin(data, sha256=hashlib.sha256(data).hexdigest())
    asked = {"path": str(path), "token": tus.token, "url": f"{tus.url}/uploads/{upload.id.hex}", "chunkSize": 500_000}

    killed, _ = await _node(tus_js, {**asked, "cutAfter": 1_200_000})
    came = await tus.offset(upload)
    code, said = await _node(tus_js, asked)

    assert killed == -9
    assert 500_000 <= came < 3_000_000
    assert (code, said) == (0, {"url": asked["url"]})
    assert await tus.stored() == data


async def test_tus_js_client_creates_an_upload_and_hears_why_it_is_refused(
    tus: Tus, tus_js: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(b"some weights")
    described = {"filename": "a.safetensors", "resourceId": f"resource_{tus.draft.hex}"}
    asked = {"path": str(path), "token": tus.token, "endpoint": f"{tus.url}/uploads"}

    code, _ = await _node(tus_js, {**asked, "metadata": described})
    refused, said = await _node(tus_js, {**asked, "metadata": {"filename": "a.safetensors"}})

    assert code == 0
    assert await tus.stored() == b"some weights"
    assert refused == 1
    assert said["status"] == 400
    assert "Name one of `resourceId`, `entryId` and `bountyId`: what the file is for." in said["error"]


def _tuspy(tus: Tus) -> TusClient:
    return TusClient(f"{tus.url}/uploads", headers={"Authorization": f"Bearer {tus.token}"})


async def _node(folder: Path, asked: dict[str, object]) -> tuple[int, dict[str, object]]:
    running = await asyncio.create_subprocess_exec(
        npm.NODE, "upload.mjs", json.dumps(asked), cwd=folder, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(30):
        out, _ = await running.communicate()
    return running.returncode or 0, json.loads(out) if out else {}
