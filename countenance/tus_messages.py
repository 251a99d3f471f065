"""What the tus protocol says in headers and statuses: read from a request, written into a response."""

import base64
import binascii
import errno
import hashlib
from dataclasses import dataclass
from email.utils import format_datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from domain.kernel.refusals import ErrorCode, RateLimited, Refusal
from domain.resources import Upload, WrongContents

CHECKSUMS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}

_STATUS = {
    ErrorCode.SIGN_IN_REQUIRED: 401,
    ErrorCode.NOT_ALLOWED: 403,
    ErrorCode.SUSPENDED: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.CONFLICT: 410,  # not 409, on which clients look up the offset and go on
    ErrorCode.INVALID_INPUT: 400,
    ErrorCode.RATE_LIMITED: 429,
}


class TusError(Exception):
    """A request that can't be done, as a status and one sentence."""

    def __init__(self, status: int, sentence: str, **headers: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the body of a request must hash to."""

    algorithm: str
    expected: bytes


def metadata_of(header: str) -> dict[str, str]:
    """Read `key base64,key base64`. Raises TusError."""
    found = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _, value = pair.partition(" ")
        try:
            found[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise TusError(400, "`Upload-Metadata` holds pairs of a key and a value in base64.") from None
    return found


def checksum_of(header: str | None) -> Checksum | None:
    """Read `algorithm base64`. Raises TusError."""
    if header is None:
        return None
    algorithm, _, value = header.partition(" ")
    if algorithm not in CHECKSUMS:
        raise TusError(400, f"Checksums are taken by {' or '.join(CHECKSUMS)}.")
    try:
        return Checksum(algorithm, base64.b64decode(value, validate=True))
    except binascii.Error:
        raise TusError(400, "`Upload-Checksum` is an algorithm and the checksum in base64.") from None


def whole(request: Request, name: str) -> int:
    """Read a header that is a number of bytes. Raises TusError."""
    value = request.headers.get(name, "")
    if not (value.isascii() and value.isdigit() and len(value) < 19):
        raise TusError(400, f"`{name.title()}` is a whole number of bytes.")
    return int(value)


def upload_id_of(request: Request) -> UUID:
    """Read the upload's id from the path. Raises TusError."""
    try:
        return UUID(hex=request.path_params["upload_id"])
    except ValueError:
        raise TusError(404, "There is no such upload, or it is not yours.") from None


def expiry(upload: Upload) -> dict[str, str]:
    """Say when an upload's time runs out."""
    return {"Upload-Expires": format_datetime(upload.expires_at, usegmt=True)}


def no_room() -> TusError:
    """Say that the disk is full."""
    return TusError(507, "There is no room for this upload now: try again later.", Retry_After="600")


def refused(error: Exception) -> Response:
    """Say an error as its status and one sentence."""
    status, headers = 403, {}
    match error:
        case TusError():
            status, headers = error.status, error.headers
        case WrongContents():
            status = 460
        case RateLimited():
            status, headers = 429, {"Retry-After": str(error.retry_after_seconds)}
        case Refusal():
            status = _STATUS[error.code]
        case OSError() if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return refused(no_room())
        case OSError():
            raise error
    if status == 401:
        headers = {"WWW-Authenticate": "Bearer"}
    return Response(f"{error}\n", status, headers, "text/plain")
