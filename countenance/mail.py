"""Letters on their way out: through SMTP, or, where there is no mail server, into a folder as `.eml` files.

A letter is leased, sent and marked as sent, one after another, each within less than its lease; one that could not be
sent waits longer each time. A crash between sending and marking sends it twice, under the same Message-ID, which mail
programs fold into one.
"""

import asyncio
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import aiosmtplib
import structlog

from countenance.settings import Settings
from domain import likeness
from domain.kernel.ports import Ports
from domain.kernel.scope import Scope
from domain.likeness import Letter

log = structlog.get_logger(__name__)

POLL_SECONDS = 1.0
SEND_SECONDS = 60.0
"""How long handing over one letter may take in all, which is less than the lease of a letter."""
_STEP_SECONDS = 30.0
_AT_ONCE = 10


class NotSent(Exception):
    """A letter could not be handed over; the message says why and names no address."""


class Post(Protocol):
    """Hands letters over."""

    async def send(self, message: EmailMessage, recipient: str) -> None:
        """Hand one letter over, to this address alone. Raises NotSent."""
        ...


class SmtpPost:
    """Hands letters to a mail server: one connection a letter, for letters are few."""

    def __init__(self, url: str, *, tls: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(url)
        self._secure = parts.scheme == "smtps"
        self._host = parts.hostname or "localhost"
        self._port = parts.port or (465 if self._secure else 587)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._tls = tls
        # Where a password is sent, encryption is demanded; only then can nobody in between take STARTTLS away.
        self._start_tls = False if self._secure else (True if self._user and not _is_local(self._host) else None)

    async def send(self, message: EmailMessage, recipient: str) -> None:
        """Hand one letter over; with STARTTLS where the server offers it. Raises NotSent."""
        try:
            await aiosmtplib.send(
                message,
                recipients=[recipient],
                hostname=self._host,
                port=self._port,
                username=self._user,
                password=self._password,
                use_tls=self._secure,
                start_tls=self._start_tls,
                tls_context=self._tls,
                local_hostname=message["Message-ID"].strip("<>").partition("@")[2],
                timeout=_STEP_SECONDS,
            )
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            # A server's answer may repeat the recipient's address, which is for no log: its code says enough.
            code = getattr(error, "code", None)
            raise NotSent(f"{type(error).__name__}{f' {code}' if code else ''}") from None


def _is_local(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


class FolderPost:
    """Writes letters into a folder, where there is no mail server; says so once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._said = False

    async def send(self, message: EmailMessage, recipient: str) -> None:
        """Write one letter. Raises NotSent."""
        if not self._said:
            log.warning("no SMTP_URL is set: letters are written as files and reach nobody", folder=str(self._folder))
            self._said = True
        name = message["Message-ID"].strip("<>").partition("@")[0]
        try:
            await asyncio.to_thread(self._write, name, message.as_bytes(policy=SMTPUTF8))
        except OSError as error:
            raise NotSent(error.strerror or str(error)) from None

    def _write(self, name: str, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self._folder / f".{name}.partial"
        partial.write_bytes(content)
        partial.chmod(0o600)
        partial.replace(self._folder / f"{name}.eml")


def post_of(settings: Settings) -> Post:
    """Give what the settings name: a mail server, or the folder `mail` of the home."""
    if settings.smtp_url is not None:
        return SmtpPost(settings.smtp_url.get_secret_value())
    return FolderPost((settings.home or settings.upload_folder.parent / "countenance-mail") / "mail")


def composed(letter: Letter, sender: str) -> EmailMessage:
    """Write a letter as an e-mail."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    mailbox, _, domain = letter.recipient.rpartition("@")
    message["To"] = Address(username=mailbox, domain=domain)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.created_at)
    message["Message-ID"] = f"<letter-{letter.id.hex}@{sender.partition('@')[2]}>"
    message["Auto-Submitted"] = "auto-replied"  # RFC 3834: another machine must not answer
    if letter.in_reply_to:
        message["In-Reply-To"] = letter.in_reply_to
    message.set_content(letter.body)
    return message


async def post_for_ever(ports: Ports, post: Post, *, sender: str, every: float = POLL_SECONDS) -> None:
    """Send what is due, for ever."""
    scope = Scope.of_system(ports)
    while True:
        if not await post_due(scope, post, sender=sender):
            await asyncio.sleep(every)


async def post_due(scope: Scope, post: Post, *, sender: str) -> int:
    """Send the letters that are due now, a bounded number of them; give how many were tried."""
    for tried in range(_AT_ONCE):
        leased = await likeness.take_letters(scope, limit=1)  # one at a time: no lease runs out while others are sent
        if not leased:
            return tried
        await _post(scope, post, leased[0], sender)
    return _AT_ONCE


async def _post(scope: Scope, post: Post, letter: Letter, sender: str) -> None:
    """Send one letter and note what became of it."""
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await post.send(composed(letter, sender), letter.recipient)
    except (NotSent, TimeoutError, ValueError) as problem:
        reason = _reason(problem)
        kept = await likeness.letter_failed(scope, letter, reason)
        log.warning("a letter was not sent", letter=str(letter.id), reason=reason, tried_again=kept)
    else:
        await likeness.letter_sent(scope, letter.id)


def _reason(problem: Exception) -> str:
    """Say why a letter was not sent, without its address."""
    if isinstance(problem, NotSent):
        return str(problem)
    if isinstance(problem, TimeoutError):
        return "The mail server took too long."
    return "The letter can't be written as an e-mail."  # the mail library refuses an address that it can't write
