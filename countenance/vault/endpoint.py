"""The only door to what the vault keeps: it opens for one scan, or for one account, and writes down what it gives.

    /vault/scans/<scan>/<attempt>   an inspector reads the file of the scan that it is at work on
    /vault/reads/<read>             an account reads a file that it was given this link for; its session is demanded,
                                    and of a moderator the claim of the case that the link was made for
    /vault/previews/<preview>/<account>   likewise for the small, marked picture of an entry, which is not written down

A link is signed and expires, and who may read is asked again each time: a link opens nothing that its holder has lost.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID

import structlog
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Send
from starlette.types import Scope as Connection

from countenance.callers import ForeignOrigin
from countenance.private_files import PRIVATE, named, refusal, refused, uuid_in
from countenance.ranges import Part, no_such_part, part_asked
from domain import bounties, moderation, resources
from domain.kernel.ids import FileId
from domain.kernel.ports import Ports
from domain.kernel.refusals import Refusal
from domain.kernel.scope import Scope
from domain.kernel.vault import Damaged, KeyMissing, SealedFile

log = structlog.get_logger(__name__)

_NOT_VALID = "This link is not valid or no longer valid; ask for a new one."
_LAST_SECOND = 253_402_300_799


class VaultEndpoint:
    """The vault's endpoint of one process."""

    def __init__(self, ports: Ports, scope_of: Callable[[Request], Awaitable[Scope]]) -> None:
        """Open files of `ports.vault`; `scope_of` gives the authority of a request."""
        self._ports, self._scope_of = ports, scope_of

    def routes(self) -> list[Route]:
        """Give the routes to mount at the root."""
        return [
            Route("/vault/scans/{scan_id}/{attempt:int}", self.for_scan, methods=["GET"]),
            Route("/vault/reads/{read_id}", self.for_reader, methods=["GET"]),
            Route("/vault/previews/{preview_id}/{account_id}", self.preview, methods=["GET"]),
        ]

    async def for_scan(self, request: Request) -> Response:
        """Open the file of a scan for the inspector that is at work on it."""
        scan_id, attempt = uuid_in(request.path_params["scan_id"]), request.path_params["attempt"]
        if not self._signed(request) or scan_id is None:
            return refusal(403, _NOT_VALID)
        file = await resources.file_for_scan(scan_id, attempt)
        if file is None:
            return refusal(403, "This scan is over, or another validator's by now.")

        async def damaged() -> None:
            await resources.scan_damaged(Scope.of_system(self._ports), scan_id, attempt)

        return await self._answer(request, file, name="", etag="", damaged=damaged)

    async def for_reader(self, request: Request) -> Response:
        """Open a file for the account that this link was made for, and write down what it reads."""
        read_id = uuid_in(request.path_params["read_id"])
        if not self._signed(request) or read_id is None:
            return refusal(403, _NOT_VALID)
        try:
            scope = await self._scope_of(request)
            opened = await moderation.open_read(scope, read_id)
        except (Refusal, ForeignOrigin) as why:
            return refused(why)
        return await self._answer(
            request, opened.file, name=opened.name, etag=f'"{opened.sha256}"', record=_Recorded(scope, read_id)
        )

    async def preview(self, request: Request) -> Response:
        """Show a preview to the account that this link was made for."""
        preview_id, account_id = (uuid_in(request.path_params[name]) for name in ("preview_id", "account_id"))
        if not self._signed(request) or preview_id is None or account_id is None:
            return refusal(403, _NOT_VALID)
        try:
            file = await bounties.open_preview(await self._scope_of(request), preview_id, account_id)
            data = b"".join([piece async for piece in resources.the_vault(self._ports).open(file)])
        except (Refusal, ForeignOrigin) as why:
            return refused(why)
        except (FileNotFoundError, KeyMissing, Damaged) as fault:
            log.warning("a preview can't be opened", reason=str(fault), preview=str(preview_id))
            return refusal(404, "This preview is no longer there.")
        return Response(data, 200, PRIVATE, "image/webp")

    def _signed(self, request: Request) -> bool:
        """Say whether we signed this address and its time is not over."""
        vault, expires = self._ports.vault, request.query_params.get("expires", "")
        if vault is None or not expires.isascii() or not expires.isdigit() or int(expires) > _LAST_SECOND:
            return False
        until = datetime.fromtimestamp(int(expires), UTC)
        genuine = vault.verify(request.url.path, until=until, signature=request.query_params.get("sig", ""))
        return genuine and until > self._ports.clock.now()

    async def _answer(
        self,
        request: Request,
        file: SealedFile,
        *,
        name: str,
        etag: str,
        damaged: Callable[[], Awaitable[None]] | None = None,
        record: "_Recorded | None" = None,
    ) -> Response:
        """Send a file, or the part of it that was asked for, once its first piece has been opened."""
        vault = resources.the_vault(self._ports)
        part = part_asked(request.headers, file.size_bytes, etag=etag)
        if part is None:
            return refusal(416, "This file has no such part.", **no_such_part(file.size_bytes))
        headers = {**PRIVATE, **part.headers, **named(name), **({"ETag": etag} if etag else {})}
        if request.method == "HEAD":
            return Response(None, part.status, headers, "application/octet-stream")
        pieces = vault.open(file, part.start, part.end)
        try:
            first = await anext(pieces)
        except FileNotFoundError:
            return refusal(404, "This file is no longer there.")
        except KeyMissing as missing:
            log.warning("a file in the vault can't be opened", reason=str(missing), file=str(file.id))
            return refusal(503, "This file can't be opened now: its key is to be restored by the server's operator.")
        except Damaged as fault:
            await _tell(file, fault, damaged)
            return refusal(500, "This file is damaged where it is kept, so none of it is given out.")
        return _Opened(_all_of(first, pieces, file, damaged), part, headers, record)


class _Recorded:
    """Writes down that a link is used, and how far that came."""

    def __init__(self, scope: Scope, read_id: UUID) -> None:
        self._scope, self._read_id = scope, read_id
        self._download: UUID | None = None

    async def began(self, part: Part) -> None:
        """Write down which bytes are asked for, before any is sent."""
        self._download = await bounties.download_began(
            self._scope, self._read_id, first_byte=part.start, last_byte=part.end - 1
        )

    async def ended(self, sent: int) -> None:
        """Write down how many bytes went out, also when the reader has gone away meanwhile."""
        if self._download is not None:
            await bounties.download_ended(self._scope, self._download, sent_bytes=sent)


class _Opened(StreamingResponse):
    """A file as it is opened, piece by piece; each begins and ends with a record where there is a reader."""

    def __init__(
        self, pieces: AsyncIterator[bytes], part: Part, headers: dict[str, str], record: _Recorded | None
    ) -> None:
        super().__init__(self._counted(pieces), part.status, headers, "application/octet-stream")
        self._part, self._record, self._sent = part, record, 0

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Send it."""
        if self._record is None:
            await super().__call__(scope, receive, send)
            return
        await self._record.began(self._part)
        try:
            await super().__call__(scope, receive, send)
        finally:
            # The reader may be gone, and this task with them: the record is finished all the same.
            await asyncio.shield(asyncio.create_task(self._record.ended(self._sent)))

    async def _counted(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Count a piece when the next is asked for: then it has been handed to the network."""
        async for piece in pieces:
            yield piece
            self._sent += len(piece)


async def _all_of(
    first: bytes, rest: AsyncIterator[bytes], file: SealedFile, damaged: Callable[[], Awaitable[None]] | None
) -> AsyncIterator[bytes]:
    """Give the first piece and the others. What turns out damaged cuts the connection: the reader misses bytes."""
    yield first
    try:
        async for piece in rest:
            yield piece
    except Damaged as fault:
        await _tell(file, fault, damaged)
        raise


async def _tell(file: SealedFile, fault: Damaged, damaged: Callable[[], Awaitable[None]] | None) -> None:
    log.error("a file in the vault is damaged", reason=str(fault), file=str(FileId(file.id)))
    if damaged is not None:
        await damaged()
