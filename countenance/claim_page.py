"""The page of a claim, where a claimant types the PIN: plain HTML that asks the public API of its own origin.

It stands alone. Its style and its script are inside and allowed by their hashes, and nothing else may run or load; the
PIN goes into the body of a request and never into an address.
"""

import base64
import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from domain import likeness

_PAGES = Path(__file__).parent / "pages"
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class ClaimPage:
    """The page, read once and filled in with the case code of each request."""

    def __init__(self) -> None:
        style, script = _part("claim.css"), _part("claim.js")
        self._page = _part("claim.html").replace("{{style}}", style).replace("{{script}}", script)
        policy = (
            f"default-src 'none'; style-src {_allowed(style)}; script-src {_allowed(script)}; connect-src 'self'; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
        )
        self._headers = {**_HEADERS, "Content-Security-Policy": policy}

    def route(self) -> Route:
        """Give the route `/claims/{code}`."""
        return Route("/claims/{code}", self.show, methods=["GET"])

    async def show(self, request: Request) -> Response:
        """Show the page for a case code as people write it; whether there is such a case only its PIN tells."""
        code = likeness.case_code_of(request.path_params["code"])
        if code is None:
            sentence = "This is no case code: one looks like LC-7F3K-22QX and stands in the letter about your claim."
            return PlainTextResponse(sentence, 404, _HEADERS)
        return HTMLResponse(self._page.replace("{{code}}", code), headers=self._headers)


def _part(name: str) -> str:
    return (_PAGES / name).read_text(encoding="utf-8")


def _allowed(inline: str) -> str:
    """Name an inline part by its hash, as a content security policy wants it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()}'"
