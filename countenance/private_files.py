"""What endpoints share that give files to one reader: answers that no cache keeps, and refusals in a sentence."""

import contextlib
from urllib.parse import quote
from uuid import UUID

from starlette.responses import PlainTextResponse, Response

from countenance.callers import ForeignOrigin
from domain.kernel.refusals import NotFound, RateLimited, Refusal

PRIVATE = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}
"""Headers that keep a private file private and a foreign file harmless."""


def named(name: str) -> dict[str, str]:
    """Give the header by which a file is saved, and never shown, under its name."""
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}


def uuid_in(text: str) -> UUID | None:
    """Read an id in an address."""
    with contextlib.suppress(ValueError):
        return UUID(hex=text)
    return None


def refused(why: Refusal | ForeignOrigin) -> Response:
    """Say a refusal with the status that fits it."""
    match why:
        case ForeignOrigin():
            return refusal(403, str(why))
        case RateLimited():
            return refusal(429, why.message, **{"Retry-After": str(why.retry_after_seconds)})
        case NotFound():
            return refusal(404, why.message)
        case _:
            return refusal(403, why.message)


def refusal(status: int, sentence: str, **headers: str) -> Response:
    """Say no, in one sentence that no cache keeps."""
    return PlainTextResponse(sentence, status, {**PRIVATE, **headers})
