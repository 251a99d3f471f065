"""Files behind URLs: read once from a real server, and told apart from a server that can't be read."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID

import pytest

from domain.kernel.findings import Verdict
from domain.kernel.wire import InspectOrder, SourceUnreachable
from gpu_cluster.inspector import Inspector
from gpu_cluster.sources import read_url
from tests.cluster.model_files import safetensors_bytes, small_lora

CONTENT = safetensors_bytes({"ss_output_name": "stars"}, small_lora(2 * 1024**2))


class Storage(BaseHTTPRequestHandler):
    """A storage with one file and every way to fail."""

    def do_GET(self) -> None:
        """Answer as the path says."""
        path = self.path.partition("?")[0]
        if path == "/whole":
            self._send(200, CONTENT, len(CONTENT))
        elif path == "/cut":
            self._send(200, CONTENT[: len(CONTENT) // 2], len(CONTENT))
        elif path == "/chunked":
            self._send_chunked()
        elif path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/whole")
            self.end_headers()
        else:
            self._send(int(path[1:]), b"no", 2)

    def _send(self, status: int, body: bytes, announced: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(announced))
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            self.wfile.write(body)

    def _send_chunked(self) -> None:
        self.protocol_version = "HTTP/1.1"
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for at in range(0, len(CONTENT), 100_000):
            piece = CONTENT[at : at + 100_000]
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture(scope="module")
def storage() -> Iterator[str]:
    """A real HTTP server on a free port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Storage) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def order_for(url: str, size: int = len(CONTENT)) -> InspectOrder:
    """Make an order to read this URL."""
    return InspectOrder(UUID(int=5), 2, "stars.safetensors", size, url, 0)


@pytest.mark.parametrize("path", ["/whole?signature=a%2Fb", "/chunked"])
def test_a_file_behind_a_url_is_read_whole(storage: str, path: str) -> None:
    inspection = Inspector().inspect(order_for(storage + path))

    assert (inspection.scan_id, inspection.attempt) == (UUID(int=5), 2)
    assert (inspection.verdict, inspection.error) == (Verdict.CLEAN, None)
    assert inspection.size_bytes == len(CONTENT)
    assert inspection.texts[-1].text == "stars"


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/403", "The storage answered with status 403."),
        ("/404", "The storage answered with status 404."),
        ("/500", "The storage answered with status 500."),
        ("/503", "The storage answered with status 503."),
        ("/moved", "The storage answered with status 302."),
        ("/cut", f"The storage stopped after {len(CONTENT) // 2} of {len(CONTENT)} bytes."),
    ],
)
def test_a_storage_that_fails_is_unreachable_and_the_url_is_not_told(storage: str, path: str, sentence: str) -> None:
    threads = threading.active_count()

    with pytest.raises(SourceUnreachable) as unreachable:
        Inspector().inspect(order_for(storage + path + "?signature=secret"))

    assert str(unreachable.value) == sentence
    assert [thread.name for thread in threading.enumerate() if thread.name == "hashing"] == []
    assert threading.active_count() <= threads + 1


@pytest.mark.parametrize(
    ("announced", "error"),
    [
        (len(CONTENT) + 1, f"The file has {len(CONTENT)} bytes, but {len(CONTENT) + 1} were announced."),
        (len(CONTENT) - 1, f"The file is longer than the {len(CONTENT) - 1} bytes that were announced."),
        (0, "The file is longer than the 0 bytes that were announced."),
    ],
)
def test_a_file_that_is_not_as_long_as_announced_fails(storage: str, announced: int, error: str) -> None:
    inspection = Inspector().inspect(order_for(f"{storage}/whole", announced))

    assert (inspection.verdict, inspection.error) == (Verdict.FAILED, error)
    assert "AUTOV3" not in inspection.hashes


def test_a_refused_connection_is_unreachable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

    with pytest.raises(SourceUnreachable) as unreachable:
        Inspector().inspect(order_for(f"http://127.0.0.1:{port}/whole?signature=secret"))

    assert str(unreachable.value) == "The storage cannot be read: ConnectionRefusedError."


def test_a_storage_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/whole"

        with pytest.raises(SourceUnreachable) as unreachable:
            list(read_url(url, timeout=0.2))

    assert str(unreachable.value) == "The storage cannot be read: TimeoutError."


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("file:///etc/passwd", "The source is not an HTTP or HTTPS address."),
        ("ftp://127.0.0.1/x", "The source is not an HTTP or HTTPS address."),
        ("", "The source is not an HTTP or HTTPS address."),
        ("http://127.0.0.1:port/x", "The source is not a well-formed address."),
        ("http://[::1/x", "The source is not a well-formed address."),
        ("http://127.0.0.1/x\r\nHost: other", "The storage cannot be read: InvalidURL."),
    ],
)
def test_an_address_that_is_none_is_unreachable(url: str, sentence: str) -> None:
    with pytest.raises(SourceUnreachable) as unreachable:
        list(read_url(url))

    assert str(unreachable.value) == sentence
