"""Where the bytes of a file come from: a signed URL or a path on this machine, read once from start to end."""

import http.client
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Protocol, overload
from urllib.parse import urlsplit, urlunsplit

from domain.kernel.wire import SourceUnreachable
from gpu_cluster.buffers import CHUNK_BYTES, Buffers, Chunk

TIMEOUT_SECONDS = 30.0
"""For connecting, and for each read."""


class _Readable(Protocol):
    """An open file, or a response."""

    def read(self, size: int, /) -> bytes:
        """Read up to so many bytes, none at the end."""
        ...

    def readinto(self, buffer: memoryview, /) -> int:
        """Read into a buffer and say how much."""
        ...


@overload
def read_path(path: Path) -> Generator[bytes, None, None]: ...
@overload
def read_path(path: Path, *, into: Buffers) -> Generator[Chunk, None, None]: ...
def read_path(path: Path, *, into: Buffers | None = None) -> Generator[Chunk, None, None]:
    """Read a local file in chunks, into buffers that the caller gives back, or each into memory of its own.

    Raises SourceUnreachable with the system's reason.
    """
    try:
        with path.open("rb", buffering=0) as file:
            yield from _chunks(file, into)
    except OSError as error:
        raise SourceUnreachable(f"The file cannot be read: {error.strerror or error}.") from error


@overload
def read_url(url: str, *, timeout: float = TIMEOUT_SECONDS) -> Generator[bytes, None, None]: ...
@overload
def read_url(url: str, *, into: Buffers, timeout: float = TIMEOUT_SECONDS) -> Generator[Chunk, None, None]: ...
def read_url(
    url: str, *, into: Buffers | None = None, timeout: float = TIMEOUT_SECONDS
) -> Generator[Chunk, None, None]:
    """Read what an HTTP(S) URL answers in chunks of `CHUNK_BYTES`, the last one shorter, as `read_path` does.

    Redirects are not followed: a signed URL has none, and one could lead anywhere. The standard library's client
    reads large pieces with few copies, which leaves the processors to the hashing.

    Raises SourceUnreachable when the server can't be reached, answers anything but 200, or stops before the end. The
    message never repeats the URL, which is a key to the file.
    """
    connection, target = _connect(url, timeout)
    try:
        with closing(connection):
            connection.request("GET", target, headers={"Accept-Encoding": "identity", "User-Agent": "countenance"})
            with closing(connection.getresponse()) as response:
                if response.status != http.client.OK:
                    raise SourceUnreachable(f"The storage answered with status {response.status}.")
                yield from _body(response, into)
    except (OSError, http.client.HTTPException) as error:
        raise SourceUnreachable(f"The storage cannot be read: {type(error).__name__}.") from error


_CONNECTIONS: dict[str, type[http.client.HTTPConnection]] = {
    "http": http.client.HTTPConnection,
    "https": http.client.HTTPSConnection,
}


def _connect(url: str, timeout: float) -> tuple[http.client.HTTPConnection, str]:
    """Prepare a connection for a URL, not opened yet, and give it with the target to ask for."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in _CONNECTIONS or not parts.hostname:
            raise SourceUnreachable("The source is not an HTTP or HTTPS address.")
        connection = _CONNECTIONS[parts.scheme](parts.hostname, parts.port, timeout=timeout)
    except (ValueError, http.client.InvalidURL) as error:
        raise SourceUnreachable("The source is not a well-formed address.") from error
    return connection, urlunsplit(("", "", parts.path or "/", parts.query, ""))


def _body(response: http.client.HTTPResponse, into: Buffers | None) -> Iterator[Chunk]:
    announced = response.length
    received = 0
    for chunk in _chunks(response, into):
        received += len(chunk)
        yield chunk
    if announced is not None and received < announced:
        raise SourceUnreachable(f"The storage stopped after {received} of {announced} bytes.")


def _chunks(source: _Readable, into: Buffers | None) -> Iterator[Chunk]:
    if into is None:
        yield from iter(lambda: source.read(CHUNK_BYTES), b"")
        return
    while size := source.readinto(buffer := into.take()):
        yield buffer[:size]
    into.give_back(buffer)
