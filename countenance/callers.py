"""Who sends a request: a bearer token, or the session cookie of a browser whose page is one of ours."""

from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from domain.accounts import authenticate
from domain.kernel.ports import Ports
from domain.kernel.scope import Actor, Scope
from schema.context import SetCookie

COOKIE = "countenance_session"

_LONGEST_TOKEN = 512


class ForeignOrigin(Exception):
    """A page of another origin tried to use the session cookie; the message is a sentence for a person."""

    def __init__(self) -> None:
        super().__init__("This page may not use your session here: send a bearer token, or open the app's own address.")


class Callers:
    """Turns requests into scopes."""

    def __init__(self, ports: Ports, *, public_url: str, allowed_origins: Iterable[str] = ()) -> None:
        self._ports = ports
        self._secure = public_url.startswith("https://")
        self._origins = {public_url.lower(), *(origin.rstrip("/").lower() for origin in allowed_origins)}

    async def scope(self, connection: HTTPConnection) -> Scope:
        """Give the authority of a request; a token that is unknown or over counts as none.

        Raises ForeignOrigin for a cookie that a page of another origin makes the browser send.
        """
        bearer = _bearer(connection.headers.get("authorization", ""))
        cookie = connection.cookies.get(COOKIE, "")
        if not bearer and cookie and not self.trusts(connection):
            raise ForeignOrigin
        return self.nobody(connection).as_(await self.actor(bearer or cookie))

    async def actor(self, token: str) -> Actor | None:
        """Give the account behind a token, or None."""
        if not token or len(token) > _LONGEST_TOKEN:
            return None
        return await authenticate(self._ports, token)

    async def account_of(self, request: Request) -> UUID | None:
        """Give the id of the account whose session sent a request, or None."""
        try:
            return (await self.scope(request)).account_id
        except ForeignOrigin:
            return None

    def nobody(self, connection: HTTPConnection) -> Scope:
        """Give the scope of somebody unknown, with the address and an id for the logs."""
        address = connection.client.host if connection.client else ""
        return Scope(ports=self._ports, address=address, request_id=uuid4().hex[:16])

    def trusts(self, connection: HTTPConnection) -> bool:
        """Say whether a browser's page may use the cookie: one of ours, or no browser's page at all.

        Browsers send `Origin` with every POST and every WebSocket; where it is missing, `Sec-Fetch-Site` tells.
        """
        origin = connection.headers.get("origin", "").lower()
        if not origin:
            return connection.headers.get("sec-fetch-site", "none") in ("none", "same-origin")
        parts = urlsplit(origin)
        same_host = parts.scheme in ("http", "https") and parts.netloc == connection.headers.get("host", "").lower()
        return origin in self._origins or same_host

    def put_cookies(self, response: Response, cookies: Iterable[SetCookie]) -> None:
        """Do what a mutation asked for with the session cookie."""
        for cookie in cookies:
            if cookie.token is None:
                response.delete_cookie(COOKIE, path="/", secure=self._secure, httponly=True, samesite="lax")
                continue
            lasts = int((cookie.expires_at - datetime.now(UTC)).total_seconds()) if cookie.expires_at else None
            response.set_cookie(
                COOKIE, cookie.token, max_age=lasts, path="/", secure=self._secure, httponly=True, samesite="lax"
            )


def _bearer(header: str) -> str:
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
