"""The endpoint behind signed blob URLs: ranges, no caching, no sniffing, streamed."""

import mimetypes
from collections.abc import Awaitable, Callable
from urllib.parse import quote
from uuid import UUID

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse

from countenance.blobs import BlobStore, Pass
from countenance.ranges import no_such_part, part_asked

AccountOf = Callable[[Request], Awaitable[UUID | None]]
"""Finds the account whose session sent a request, or None."""

_SHOWN_INLINE = {"image/png", "image/webp", "image/jpeg"}


class _BigChunks(FileResponse):
    """A file sent in chunks that make the thread switch for each one cheap."""

    chunk_size = 2 * 1024 * 1024


def blob_endpoint(blobs: BlobStore, account_of: AccountOf) -> Callable[[Request], Awaitable[Response]]:
    """Make the endpoint for the route `/blobs/{key:path}`, methods GET and HEAD."""

    async def serve_blob(request: Request) -> Response:
        """Check the pass, then send the blob or the part of it that was asked for."""
        query = request.query_params
        expires = query.get("expires", "")
        ticket = Pass(
            key=request.path_params["key"],
            expires=int(expires) if expires.isascii() and expires.isdigit() else 0,
            audience=query.get("audience", ""),
            name=query.get("name", ""),
        )
        if not blobs.verify(ticket, query.get("sig", "")):
            return _refusal(403, "This link is not valid or no longer valid; ask for a new one.")
        if ticket.audience:
            account = await account_of(request)
            if account is None or str(account) != ticket.audience:
                return _refusal(403, "This link works only for the account it was made for; sign in as that account.")
        size = await blobs.size(ticket.key)
        if size is None:
            return _refusal(404, "This file is no longer there.")
        if blobs.folder is not None:
            return _BigChunks(blobs.folder / ticket.key, headers=_headers(ticket), media_type=_media_type(ticket))
        return _proxied(request, blobs, ticket, size)

    return serve_blob


def _proxied(request: Request, blobs: BlobStore, ticket: Pass, size: int) -> Response:
    """Send a blob of an object store through this server, one range at most."""
    part = part_asked(request.headers, size)
    if part is None:
        return PlainTextResponse("", 416, no_such_part(size))
    headers = {**_headers(ticket), **part.headers}
    if request.method == "HEAD":
        return Response(None, part.status, headers, _media_type(ticket))
    return StreamingResponse(blobs.stream(ticket.key, part.start, part.end), part.status, headers, _media_type(ticket))


def _refusal(status: int, sentence: str) -> Response:
    """Say no, in one sentence that no cache keeps."""
    return PlainTextResponse(sentence, status, {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})


def _media_type(ticket: Pass) -> str:
    """Pictures are named as such; all else is bytes, whatever a member called it."""
    guessed = mimetypes.guess_type(ticket.name or ticket.key, strict=False)[0] or ""  # WebP is not in every list
    return guessed if guessed in _SHOWN_INLINE else "application/octet-stream"


def _headers(ticket: Pass) -> dict[str, str]:
    """Headers that keep a private file private and a foreign file harmless."""
    name = ticket.name or ticket.key.rpartition("/")[2]
    kind = "inline" if _media_type(ticket) in _SHOWN_INLINE else "attachment"
    return {
        "Cache-Control": "private, no-store",
        "Content-Disposition": f"{kind}; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
