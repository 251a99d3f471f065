"""The body of an upload's request: read as it comes, written off the loop, given up when it falls silent."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import BinaryIO

from starlette.requests import ClientDisconnect, Request

from countenance.tus_messages import CHECKSUMS, Checksum, TusError

_WRITE_BYTES = 1 << 20
_SILENT_SECONDS = 30.0
_YIELDS_AFTER_SECONDS = 2.0
_GIVES_UP_SECONDS = 2.0


class Receiving:
    """A request that holds an upload's file: since when it has waited for bytes, and how to end it."""

    def __init__(self) -> None:
        """Begin to hold it."""
        self.ended = asyncio.Event()
        self._waiting: tuple[float, asyncio.Timeout] | None = None

    @contextlib.asynccontextmanager
    async def waiting(self) -> AsyncIterator[None]:
        """Wait for bytes inside; raises TimeoutError after a long silence, or when another request takes over."""
        try:
            async with asyncio.timeout(_SILENT_SECONDS) as timeout:
                self._waiting = asyncio.get_running_loop().time(), timeout
                yield
        finally:
            self._waiting = None

    async def give_up(self) -> bool:
        """End this request if it has been silent for a while; False when it hasn't."""
        now = asyncio.get_running_loop().time()
        if self._waiting is None or now - self._waiting[0] < _YIELDS_AFTER_SECONDS:
            return False
        self._waiting[1].reschedule(now)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GIVES_UP_SECONDS):
                await self.ended.wait()
        return True


async def write(pieces: AsyncIterator[bytes], file: BinaryIO, room: int, checksum: Checksum | None) -> None:
    """Write a body as it arrives, off the loop, at most `room` bytes. Raises TusError; what was written stays."""
    digest = CHECKSUMS[checksum.algorithm]() if checksum else None
    async for piece in pieces:
        if len(piece) > room:
            raise TusError(413, "The body goes beyond the size of this upload.")
        room -= len(piece)
        if digest is not None:
            digest.update(piece)
        await asyncio.to_thread(_append, file, piece)
    if checksum is not None and digest is not None and digest.digest() != checksum.expected:
        raise TusError(460, "The body does not have the checksum that was sent with it: send it again.")


async def pieces_of(request: Request, receiving: Receiving) -> AsyncIterator[bytes]:
    """Give a body in pieces of about a MiB; when it is cut or falls silent, what had come of it, then TusError."""
    gathered = bytearray()
    body = request.stream()
    cut = ""
    try:
        while True:
            async with receiving.waiting():
                chunk = await anext(body, None)
            if chunk is None:
                break
            gathered += chunk
            if len(gathered) >= _WRITE_BYTES:
                yield bytes(gathered)
                gathered.clear()
    except TimeoutError:
        cut = "Nothing more came"
    except ClientDisconnect:
        cut = "The connection was cut"
    if gathered:
        yield bytes(gathered)
    if cut:
        raise TusError(408, f"{cut}: go on with the upload where it stands.", Connection="close")


def _append(file: BinaryIO, piece: bytes) -> None:
    file.write(piece)
    file.flush()
