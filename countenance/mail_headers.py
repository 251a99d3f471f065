"""The headers of an e-mail: who sent it and wants the answer, what it answers, and whether a machine sent it.

Addresses are read from a header as it stands; only then are display names decoded (RFC 2047). The other way round, a
name such as "Müller, Jörg" would become two addresses, and whoever writes a name could make it an address.
"""

import re
from collections.abc import Iterator, Sequence
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.policy import Compat32
from email.utils import getaddresses
from itertools import count
from uuid import UUID

MAX_HEADER = 2_000
"""How many characters of a header are read; references keep their end, which is the message that is answered."""
MAX_HEADERS = 20_000

_UNPRINTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,300}>")
_OUR_LETTER = re.compile(r"<letter-([0-9a-f]{32})@")
_SILENT_MAILBOX = re.compile(r"(?:no-?reply|do-?not-?reply)[^@]{0,60}@", re.IGNORECASE)
_MACHINE_MAILBOX = re.compile(r"(?:mailer-daemon|postmaster)@", re.IGNORECASE)
_MACHINE_HEADERS = ("List-Id", "X-Autoreply", "X-Autorespond", "X-Failed-Recipients")
_MACHINE_PRECEDENCE = ("bulk", "junk", "list", "auto_reply")
_SUPPRESSED = re.compile(r"\b(?:all|oof|autoreply)\b")
_VERDICT = re.compile(r"\b(dmarc|spf|dkim)\s{0,9}=\s{0,9}([a-z]{1,20})")


class TooManyHeaders(Exception):
    """A message has more headers, those of its parts included, than are read."""


class BoundedHeaders(Compat32):
    """The policy that never raises over a malformed header, with every header cut and its bytes read as UTF-8.

    One is made for each message, because it counts. Raises TooManyHeaders.
    """

    _counted: Iterator[int]

    def __init__(self) -> None:
        super().__init__()
        object.__setattr__(self, "_counted", count(1))  # a policy refuses to be changed, even here

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """Cut a header where it is read, because the parser itself is slow over very long ones."""
        if next(self._counted) > MAX_HEADERS:
            raise TooManyHeaders
        name, value = super().header_source_parse(sourcelines)
        kept = value[-MAX_HEADER:] if name.lower() in ("references", "in-reply-to") else value[:MAX_HEADER]
        return name, kept

    def header_fetch_parse(self, name: str, value: str) -> str:
        """Give a header on one line."""
        return value.encode(errors="surrogateescape").decode(errors="replace").replace("\r", "").replace("\n", "")


def correspondent(message: Message) -> tuple[str, str]:
    """Give the name and the address of whoever wants the answer; the address is empty where nobody is named.

    That is the Reply-To, as a contact form sets it, or the author; a mailbox that takes no answers counts last.
    """
    authors, answered = _mailboxes(message, "From"), _mailboxes(message, "Reply-To")
    for name, address in (*answered, *authors):
        if not _SILENT_MAILBOX.match(address):
            return name or (authors[0][0] if authors else ""), address
    return (*authors, ("", ""))[0]


def authors_of(message: Message) -> Sequence[str]:
    """Give the addresses in From and Sender, in small letters."""
    return [address.lower() for header in ("From", "Sender") for _, address in _mailboxes(message, header)]


def header(message: Message, name: str) -> str:
    """Give a header with its encoded words decoded."""
    return decoded_words(str(message.get(name, "")))


def message_id(message: Message) -> str | None:
    """Give the id of a message."""
    found = _MESSAGE_ID.search(str(message.get("Message-ID", "")))
    return found[0] if found else None


def answered_letters(message: Message) -> tuple[UUID, ...]:
    """Give which letters of ours a message answers, the nearest first."""
    said = f"{message.get('References', '')} {message.get('In-Reply-To', '')}"
    return tuple(dict.fromkeys(UUID(hex=digits) for digits in reversed(_OUR_LETTER.findall(said))))


def by_machine(message: Message, address: str) -> bool:
    """Whether a machine sent it: two machines that answer each other never stop (RFC 3834)."""
    automatic = (re.split(r"[;(\s]", each.strip(), maxsplit=1)[0] for each in _all(message, "Auto-Submitted"))
    return (
        any(each not in ("", "no") for each in automatic)
        or any(each.strip() in _MACHINE_PRECEDENCE for each in _all(message, "Precedence"))
        or any(re.sub(r"\s", "", each) == "<>" for each in _all(message, "Return-Path"))
        or any(_SUPPRESSED.search(each) for each in _all(message, "X-Auto-Response-Suppress"))
        or any(message.get(name) is not None for name in _MACHINE_HEADERS)
        or message.get_content_type() == "multipart/report"
        or any(_MACHINE_MAILBOX.match(each) for each in (address, *authors_of(message)))
        or _SILENT_MAILBOX.match(address) is not None
    )


def forged(message: Message) -> bool:
    """Whether the service that took the message in says that its author's domain did not send it (RFC 8601).

    The topmost word on each method counts: what stands below it may be the sender's own.
    """
    said: dict[str, str] = {}
    for method, verdict in _VERDICT.findall(" ".join(_all(message, "Authentication-Results"))):
        said.setdefault(method, verdict)
    if "dmarc" in said and said["dmarc"] in ("pass", "fail"):
        return said["dmarc"] == "fail"
    methods = [said.get("spf"), said.get("dkim")]
    return "fail" in methods and "pass" not in methods


def decoded_words(value: str) -> str:
    """Decode encoded words (RFC 2047); one that is broken or in an unknown charset is shown as well as can be."""
    try:
        pieces = decode_header(value)
    except (HeaderParseError, ValueError):
        return value
    said = ""
    for piece, charset in pieces:
        if isinstance(piece, str):
            said += piece
            continue
        try:
            said += piece.decode(charset or "ascii")
        except (LookupError, UnicodeError, ValueError):
            said += piece.decode("utf-8", errors="replace")
    return said


def clean(text: str) -> str:
    """Leave out what is not text: control characters and halves of characters."""
    return _UNPRINTED.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _mailboxes(message: Message, name: str) -> list[tuple[str, str]]:
    """Give the mailboxes of a header, names decoded. What stands inside an encoded word is no address."""
    found = getaddresses([str(message.get(name, ""))])
    return [
        (clean(decoded_words(name)).replace("\n", " ").strip(), address.strip())
        for name, address in found
        if "@" in address and "=?" not in address
    ]


def _all(message: Message, name: str) -> Sequence[str]:
    """Give every header of a name, in small letters."""
    return [str(value).lower() for value in message.get_all(name, [])]
