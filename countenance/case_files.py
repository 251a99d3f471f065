"""Files and samples of resources for a moderator who holds the claim of a case: asked anew at each request.

/cases/reads/<read>   the file that this moderator was given the link for
"""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from countenance.callers import ForeignOrigin
from countenance.private_files import PRIVATE, named, refusal, refused, uuid_in
from countenance.ranges import no_such_part, part_asked
from domain import moderation
from domain.kernel.ports import Ports
from domain.kernel.refusals import Refusal
from domain.kernel.scope import Scope


class CaseFileEndpoint:
    """The endpoint of one process for files that cases open."""

    def __init__(self, ports: Ports, scope_of: Callable[[Request], Awaitable[Scope]]) -> None:
        """Read from `ports.blobs`; `scope_of` gives the authority of a request."""
        self._ports, self._scope_of = ports, scope_of

    async def read(self, request: Request) -> Response:
        """Send a file, or the part of it that was asked for."""
        read_id = uuid_in(request.path_params["read_id"])
        if read_id is None:
            return refusal(404, "There is no such link.")
        try:
            file = await moderation.open_resource_read(await self._scope_of(request), read_id)
        except (Refusal, ForeignOrigin) as why:
            return refused(why)
        etag = f'"{file.sha256}"'
        part = part_asked(request.headers, file.size_bytes, etag=etag)
        if part is None:
            return refusal(416, "This file has no such part.", **no_such_part(file.size_bytes))
        if await self._ports.blobs.size(file.blob_key) is None:
            return refusal(404, "This file is no longer there.")
        headers = {**PRIVATE, **part.headers, **named(file.name), "ETag": etag}
        if request.method == "HEAD":
            return Response(None, part.status, headers, "application/octet-stream")
        pieces = self._ports.blobs.stream(file.blob_key, part.start, part.end)
        return StreamingResponse(pieces, part.status, headers, "application/octet-stream")
