"""Claims that come by e-mail: an inbound-mail service posts the raw message here, or pipes it into the command line.

A post is signed: `Countenance-Signature: t=<Unix time>,v1=<hex>`, where the hex is HMAC-SHA256 of `<t>.<body>` under
the shared secret. A signature is good for five minutes either way; the same message twice counts once.
"""

import asyncio
import hmac
import json
import re

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from countenance.mail_reading import MAX_MESSAGE, ReadMail, Unreadable, digest_of, read_mail
from domain import likeness
from domain.kernel.ports import Ports
from domain.kernel.refusals import InvalidInput
from domain.kernel.scope import Scope
from domain.likeness import MailedClaim, Message, TakenIn

log = structlog.get_logger(__name__)

HEADER = "countenance-signature"
WINDOW_SECONDS = 300
_SIGNATURE = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")


class IntakeEndpoint:
    """`POST /intake/email`. Answers 200 with the case, or 202 with why the message waits for a moderator."""

    def __init__(self, ports: Ports, secret: str | None) -> None:
        self._ports = ports
        self._secret = secret.encode() if secret else None

    async def take(self, request: Request) -> Response:
        """Take one message in."""
        if self._secret is None:
            return _sentence(404, "This server takes no claims by e-mail: it has no secret to check them with.")
        signature = _SIGNATURE.fullmatch(request.headers.get(HEADER, ""))
        if signature is None:
            return _sentence(401, "Sign the message: `Countenance-Signature: t=<Unix time>,v1=<hex>`.")
        now = self._ports.clock.now().timestamp()
        if abs(now - int(signature[1])) > WINDOW_SECONDS:
            return _sentence(401, "This signature is too old or from the future: sign anew and check the clock.")
        body = await _bounded(request)
        if body is None:
            return _sentence(413, f"A message may have at most {MAX_MESSAGE // 1024**2} MiB.")
        expected = hmac.digest(self._secret, signature[1].encode() + b"." + body, "sha256").hex()
        if not hmac.compare_digest(expected, signature[2]):
            return _sentence(401, "The signature does not fit the message.")
        taken = await take_in(Scope(ports=self._ports), body)
        return JSONResponse(
            {"caseCode": taken.case_code, "url": taken.url, "message": taken.problem},
            status_code=202 if taken.problem else 200,
        )


async def take_in(scope: Scope, raw: bytes) -> TakenIn:
    """Read a raw message and open the claim that it asks for; what can't be read is kept whole for a moderator."""
    digest = digest_of(raw)
    known = await likeness.known_message(scope, digest)
    if known is not None:
        return known
    mail, problem = await asyncio.to_thread(_read, raw)
    claim = None
    if mail is not None and problem is None:
        claim, problem = _asked(mail)
    key = None
    if claim is None:
        key = f"intake/{digest}.eml"
        await scope.ports.blobs.put(key, raw)
    return await likeness.take_in(
        scope,
        Message(
            digest=digest,
            sender=mail.sender if mail else "",
            subject=mail.subject if mail else "",
            text=mail.text if mail else "",
            attachments=mail.attachments if mail else (),
            claim=claim,
            problem=problem,
            blob_key=key,
        ),
    )


def signed(body: bytes, *, secret: str, at: int) -> str:
    """Give the header that signs a message, as an inbound-mail service must send it."""
    digest = hmac.digest(secret.encode(), f"{at}.".encode() + body, "sha256").hex()
    return f"t={at},v1={digest}"


def _read(raw: bytes) -> tuple[ReadMail | None, str | None]:
    """Read a message; what goes wrong becomes a sentence, whatever it is: no message may be lost."""
    try:
        mail = read_mail(raw)
    except Unreadable as problem:
        return None, str(problem)
    except Exception:
        # The parser of the standard library fails in many ways over malformed mail; a moderator sees the whole of it.
        log.exception("a message could not be read; it is kept")
        return None, "This message is malformed."
    return mail, "This message was sent by a machine and is not answered." if mail.by_machine else None


def _asked(mail: ReadMail) -> tuple[MailedClaim | None, str | None]:
    try:
        claim = likeness.mailed_claim(
            sender=mail.sender,
            person_name=mail.person_name,
            words=f"{mail.subject}\n\n{mail.text}",
            links=mail.links,
            message_id=mail.message_id,
        )
    except InvalidInput:
        return None, "The sender's address is none that can be answered."
    return claim, None


async def _bounded(request: Request) -> bytes | None:
    """Read the body; None for one that is too large, of which no more is read than that takes."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_MESSAGE:
                return None
    except ClientDisconnect:
        return None
    return bytes(body)


def _sentence(status: int, message: str) -> Response:
    return Response(json.dumps({"message": message}), status_code=status, media_type="application/json")
