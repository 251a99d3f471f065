"""The upload endpoint: the tus resumable upload protocol 1.0.0 (https://tus.io/protocols/resumable-upload).

Core, creation, creation-with-upload, expiration, checksum and termination. An upload is its owner's alone. Whatever
arrived before a connection was cut is kept, except where the body was to be verified by a checksum and was not.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import BinaryIO
from uuid import UUID

import strawberry
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from countenance.callers import ForeignOrigin
from countenance.spool import Spool, SpoolBusy
from countenance.tus_bodies import Receiving, pieces_of, write
from countenance.tus_messages import (
    CHECKSUMS,
    TusError,
    checksum_of,
    expiry,
    metadata_of,
    no_room,
    refused,
    upload_id_of,
    whole,
)
from domain import bounties, resources
from domain.bounties import UploadAsk
from domain.kernel.refusals import InvalidInput, Refusal
from domain.kernel.scope import Scope
from domain.resources import Upload, UploadStatus
from schema.scalars import Sha256
from schema.uploads import UploadBeginInput, UploadPurpose

log = structlog.get_logger(__name__)

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,checksum,termination"
PATH = "/uploads"

_CONTENT_TYPE = "application/offset+octet-stream"
_SPARE_BYTES = 64 << 20


class TusEndpoint:
    """The upload endpoint of one process."""

    def __init__(self, spool: Spool, scope_of: Callable[[Request], Awaitable[Scope]]) -> None:
        """Stage bytes in `spool`; `scope_of` gives the authority of a request."""
        self.spool = spool
        self._scope_of = scope_of
        self._receiving: dict[UUID, Receiving] = {}

    def routes(self) -> list[Route]:
        """Give the routes to mount at the root."""
        methods = ["OPTIONS", "POST", "HEAD", "PATCH", "DELETE"]
        return [
            Route(PATH, self.collection, methods=methods),
            Route(PATH + "/{upload_id}", self.upload, methods=methods),
        ]

    async def sweep(self) -> int:
        """Delete the bytes of uploads that are over; give their number."""
        over = await resources.over_among(self.spool.ids())
        for upload_id in over:
            self.spool.discard(upload_id)
        return len(over)

    async def sweep_for_ever(self, every: float = 600.0) -> None:
        """Sweep now and then."""
        while True:
            try:
                await self.sweep()
            except Exception:
                log.exception("the uploads could not be swept; trying again later")
            await asyncio.sleep(every)

    async def collection(self, request: Request) -> Response:
        """Answer OPTIONS and POST on the folder of uploads."""
        return await self._answer(request, {"OPTIONS": self._options, "POST": self._create})

    async def upload(self, request: Request) -> Response:
        """Answer HEAD, PATCH, DELETE and OPTIONS on one upload."""
        return await self._answer(
            request, {"OPTIONS": self._options, "HEAD": self._head, "PATCH": self._patch, "DELETE": self._delete}
        )

    async def _answer(
        self, request: Request, deeds: Mapping[str, Callable[[Request, Scope], Awaitable[Response]]]
    ) -> Response:
        # The protocol lets clients that can't send a method name it in a header.
        method = request.headers.get("x-http-method-override", request.method).upper()
        try:
            if method not in deeds:
                raise TusError(405, f"{method} is not possible here.", Allow=", ".join(deeds))
            if method != "OPTIONS" and request.headers.get("tus-resumable") != VERSION:
                raise TusError(412, f"Send `Tus-Resumable: {VERSION}`: this endpoint speaks no other version.")
            response = await deeds[method](request, await self._scope_of(request))
        except (TusError, Refusal, ForeignOrigin, OSError) as error:
            response = refused(error)
        response.headers["Tus-Resumable"] = VERSION
        if response.status_code == 412:
            response.headers["Tus-Version"] = VERSION
        return response

    async def _options(self, request: Request, scope: Scope) -> Response:
        return Response(
            status_code=204,
            headers={
                "Tus-Version": VERSION,
                "Tus-Extension": EXTENSIONS,
                "Tus-Max-Size": str(scope.ports.policy.max_file_bytes),
                "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
            },
        )

    async def _create(self, request: Request, scope: Scope) -> Response:
        """Begin an upload that `uploadBegin` has not begun, from its metadata; the body may hold its first bytes."""
        size = whole(request, "upload-length")
        if size > scope.ports.policy.max_file_bytes:
            raise TusError(413, f"A file may have at most {scope.ports.policy.max_file_bytes} bytes.")
        asked = _asked(metadata_of(request.headers.get("upload-metadata", "")), size)
        upload = await bounties.begin_any_upload(scope, asked)
        headers = expiry(upload) | {"Location": f"{scope.ports.public_url}{PATH}/{upload.id.hex}"}
        if request.headers.get("content-type") == _CONTENT_TYPE:
            headers["Upload-Offset"] = str(await self._receive(request, scope, upload, 0))
        return Response(status_code=201, headers=headers)

    async def _head(self, request: Request, scope: Scope) -> Response:
        upload = await resources.own_upload(scope, upload_id_of(request))
        offset = upload.size_bytes
        if upload.status is not UploadStatus.COMPLETE:
            _check_open(upload)
            offset = self.spool.offset(upload.id)
        if offset == upload.size_bytes and upload.status is UploadStatus.OPEN:
            # Cut after the last byte, before it was a file: whoever asks how far it came has it finished.
            async with self._writing(upload):
                await self._complete(scope, upload)
        return Response(
            status_code=200,
            headers=expiry(upload)
            | {
                "Upload-Offset": str(offset),
                "Upload-Length": str(upload.size_bytes),
                "Cache-Control": "no-store",
            },
        )

    async def _patch(self, request: Request, scope: Scope) -> Response:
        if request.headers.get("content-type") != _CONTENT_TYPE:
            raise TusError(415, f"Send the bytes as `Content-Type: {_CONTENT_TYPE}`.")
        offset = whole(request, "upload-offset")
        upload = await resources.own_upload(scope, upload_id_of(request))
        _check_open(upload)
        reached = await self._receive(request, scope, upload, offset)
        return Response(status_code=204, headers=expiry(upload) | {"Upload-Offset": str(reached)})

    async def _delete(self, request: Request, scope: Scope) -> Response:
        upload = await resources.own_upload(scope, upload_id_of(request))
        await resources.end_upload(scope, upload.id)
        self.spool.discard(upload.id)
        return Response(status_code=204)

    async def _receive(self, request: Request, scope: Scope, upload: Upload, offset: int) -> int:
        """Append a request's body at `offset`; make a file of the upload when it is whole. Gives the new offset."""
        checksum = checksum_of(request.headers.get("upload-checksum"))
        announced = int(request.headers.get("content-length") or 0)
        if offset + announced > upload.size_bytes:
            raise TusError(413, f"This upload has {upload.size_bytes} bytes; the body goes beyond them.")
        if self.spool.free_bytes() < announced + _SPARE_BYTES:
            raise no_room()
        async with self._writing(upload) as (file, receiving):
            at = self.spool.offset(upload.id)
            if at != offset:
                raise TusError(409, f"The upload stands at byte {at}: go on from there.", Upload_Offset=str(at))
            if checksum is not None:
                self.spool.distrust(upload.id, offset)
            try:
                await write(pieces_of(request, receiving), file, upload.size_bytes - offset, checksum)
            except BaseException:
                if checksum is not None:
                    self.spool.cut(file, upload.id, offset)
                raise
            finally:
                file.flush()
            self.spool.trust(upload.id)
            reached = self.spool.offset(upload.id)
            if reached == upload.size_bytes:
                await self._complete(scope, upload)
            return reached

    @contextlib.asynccontextmanager
    async def _writing(self, upload: Upload) -> AsyncIterator[tuple[BinaryIO, Receiving]]:
        """Hold the upload's file. A request that fell silent gives it up to the one that goes on; another doesn't."""
        holder = self._receiving.get(upload.id)
        if holder is not None:
            await holder.give_up()
        try:
            with self.spool.writing(upload.id) as file:
                receiving = self._receiving[upload.id] = Receiving()
                try:
                    yield file, receiving
                finally:
                    del self._receiving[upload.id]
                    # Whoever waits for this is only woken after the file has been closed.
                    receiving.ended.set()
        except SpoolBusy:
            raise TusError(423, "Another request is sending this upload: wait for it.", Retry_After="1") from None

    async def _complete(self, scope: Scope, upload: Upload) -> None:
        """Make a file of an upload whose bytes are all here; the held lock lets only one request do it."""
        try:
            await resources.complete_upload(scope, upload.id, self.spool.path(upload.id))
        except Refusal:
            self.spool.discard(upload.id)
            raise
        self.spool.discard(upload.id)


def _asked(metadata: Mapping[str, str], size: int) -> UploadAsk:
    """Read what `uploadBegin` is told from an upload's metadata. Raises InvalidInput, NotFound."""
    purpose = metadata.get("purpose") or "MODEL"
    if purpose not in UploadPurpose.__members__:
        raise InvalidInput(f"`purpose` is {', '.join(UploadPurpose.__members__)}, or left out.", field="input.purpose")
    return UploadBeginInput(
        file_name=metadata.get("filename", ""),
        size_bytes=size,
        resource_id=strawberry.ID(metadata.get("resourceId", "")),
        entry_id=strawberry.ID(metadata.get("entryId", "")),
        bounty_id=strawberry.ID(metadata.get("bountyId", "")),
        sha256=Sha256(metadata.get("sha256", "")),
        purpose=UploadPurpose[purpose],
    ).read()


def _check_open(upload: Upload) -> None:
    if upload.status is not UploadStatus.OPEN:
        raise TusError(410, "This upload is over: begin a new one.")
