"""Claims that come by e-mail: an inbound-mail service posts the raw message here, or pipes it into the command line.

A post is signed: `Countenance-Signature: t=<Unix time>,v1=<hex>`, where the hex is HMAC-SHA256 of `<t>.<body>` under
the shared secret. A signature is good for five minutes either way; the same message twice counts once.
"""

import asyncio
import hmac
import json
import re
from concurrent.futures import ThreadPoolExecutor
from tempfile import SpooledTemporaryFile
from typing import IO

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
MOST_ARRIVING = 16
MOST_IN_MEMORY = 2
ARRIVING_SECONDS = 60.0
READING_SECONDS = 20.0
_IN_MEMORY = 256 * 1024
_FORGED = "The service that took this message in says that its sender is forged; it is not answered."
_READERS = ThreadPoolExecutor(2, "reading mail")
_SIGNATURE = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")


class IntakeEndpoint:
    """`POST /intake/email`. Answers 200 with the case, or 202 with why the message waits for a moderator.

    A message is spooled to a file while its signature is computed, a bounded number of them at once; only one that is
    signed by the service is read into memory.
    """

    def __init__(self, ports: Ports, secret: str | None, own_address: str = "") -> None:
        self._ports = ports
        self._secret = secret.encode() if secret else None
        self._own_address = own_address
        self._arriving = 0
        self._in_memory = asyncio.Semaphore(MOST_IN_MEMORY)

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
        if self._arriving >= MOST_ARRIVING:
            return _sentence(503, "Too many messages arrive at once: send this one again in a while.")
        self._arriving += 1
        try:
            return await self._receive(request, signature[1], signature[2])
        finally:
            self._arriving -= 1

    async def _receive(self, request: Request, at: str, given: str) -> Response:
        """Spool a message, check its signature, and take it in."""
        expected = hmac.new(self._secret or b"", at.encode() + b".", "sha256")
        with SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
            problem = await _spooled(request, spool, expected)
            if problem is not None:
                return problem
            if not hmac.compare_digest(expected.hexdigest(), given):
                return _sentence(401, "The signature does not fit the message.")
            async with self._in_memory:
                spool.seek(0)
                taken = await take_in(Scope(ports=self._ports), spool.read(), self._own_address)
        return JSONResponse(
            {"caseCode": taken.case_code, "url": taken.url, "message": taken.problem},
            status_code=202 if taken.problem else 200,
        )


async def take_in(scope: Scope, raw: bytes, own_address: str = "") -> TakenIn:
    """Read a raw message and open the claim that it asks for; what opens none is kept for a moderator.

    What can't be read is kept whole, everything else without what was attached. The row is written first: it
    announces the blob, and whoever delivers the message again mends what a crash left undone.
    """
    digest = digest_of(raw)
    taken = await likeness.known_message(scope, digest)
    if taken is not None and (taken.blob_key is None or await scope.ports.blobs.size(taken.blob_key) is not None):
        return taken
    mail, problem = await _read_in_time(raw, own_address)
    kept = raw if mail is None else mail.words_only
    if taken is None:
        taken = await likeness.take_in(scope, _message(digest, mail, problem, f"intake/{digest}.eml" if kept else None))
    if taken.blob_key is not None:
        await scope.ports.blobs.put(taken.blob_key, kept)
    return taken


def _message(digest: str, mail: ReadMail | None, problem: str | None, blob_key: str | None) -> Message:
    """Give a message as the domain takes it."""
    if mail is None:
        return Message(digest=digest, problem=problem, blob_key=blob_key)
    claim, further = (None, problem) if problem else _asked(mail)
    return Message(
        digest=digest,
        sender=mail.sender,
        subject=mail.subject,
        text=mail.text,
        attachments=mail.attachments,
        claim=claim,
        problem=further,
        person_name=mail.person_name,
        links=mail.links,
        message_id=mail.message_id,
        answers=mail.answers,
        silent=problem is not None,
        blob_key=blob_key,
    )


def signed(body: bytes, *, secret: str, at: int) -> str:
    """Give the header that signs a message, as an inbound-mail service must send it."""
    digest = hmac.digest(secret.encode(), f"{at}.".encode() + body, "sha256").hex()
    return f"t={at},v1={digest}"


async def _read_in_time(raw: bytes, own_address: str) -> tuple[ReadMail | None, str | None]:
    """Read a message on threads of its own; one that takes too long is kept, and holds up nothing else."""
    reading = asyncio.get_running_loop().run_in_executor(_READERS, _read, raw)
    try:
        mail, problem = await asyncio.wait_for(reading, READING_SECONDS)
    except TimeoutError:
        log.warning("a message took too long to read; it is kept", digest=digest_of(raw))
        return None, "This message took too long to read."
    if mail is not None and own_address.lower() in mail.authors:
        return mail, "This message comes from our own address and is not answered."
    return mail, problem


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
    if mail.by_machine:
        return mail, "This message was sent by a machine and is not answered."
    return mail, _FORGED if mail.forged else None


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


async def _spooled(request: Request, spool: IO[bytes], expected: hmac.HMAC) -> Response | None:
    """Spool the body and feed the signature; of one that is too large or too slow no more is read than that takes."""
    size = 0
    try:
        async with asyncio.timeout(ARRIVING_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size > MAX_MESSAGE:
                    return _sentence(413, f"A message may have at most {MAX_MESSAGE // 1024**2} MiB.")
                expected.update(chunk)
                spool.write(chunk)
    except (ClientDisconnect, TimeoutError):
        return _sentence(408, "The message did not arrive whole.")
    return None


def _sentence(status: int, message: str) -> Response:
    return Response(json.dumps({"message": message}), status_code=status, media_type="application/json")
