"""Reading an e-mail that asks for protection: its sender, its words and its links, whatever program wrote it.

The old policy of Python's parser is used on purpose: it never raises over a malformed header, it gives it as it is.
What is attached is listed and dropped: no photograph is ever required, and none is kept.
"""

import codecs
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.policy import compat32
from email.utils import parseaddr
from html.parser import HTMLParser
from typing import Any

MAX_MESSAGE = 25 * 1024**2
MAX_TEXT = 100_000
MAX_LISTED = 100
_MOST_OF_A_PART = 1024**2

_NOT_CHARSETS = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"})
_LINK = re.compile(r"https?://[^\s<>\"'\]\)]{1,1900}|\b(?:resource|bounty|entry|job|image)_[0-9a-f]{32}\b")
_NAMED = re.compile(r"^[ \t>*]*(?:full[ ]name|name|person)[ \t]*:[ \t]*(\S[^\n]{0,199})$", re.IGNORECASE | re.MULTILINE)
_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,300}>")
_UNPRINTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_MACHINES = ("mailer-daemon@", "postmaster@", "noreply@", "no-reply@", "donotreply@")


class Unreadable(Exception):
    """The message can't be read as a claim; the message of this says why in one sentence."""


@dataclass(frozen=True, slots=True)
class ReadMail:
    """What an e-mail says. `by_machine` is true for bounces, lists and automatic answers: they are not answered."""

    sender: str
    sender_name: str
    subject: str
    text: str
    links: tuple[str, ...]
    person_name: str
    attachments: tuple[dict[str, Any], ...]
    message_id: str | None
    by_machine: bool


def digest_of(raw: bytes) -> str:
    """Give what tells one message from another."""
    return hashlib.sha256(raw).hexdigest()


def read_mail(raw: bytes) -> ReadMail:
    """Read a raw RFC 5322 message. Raises Unreadable."""
    try:
        message = message_from_bytes(raw, policy=compat32)
        plain, rich, attachments = _parts(message)
    except RecursionError:
        raise Unreadable("This message holds messages within messages without an end.") from None
    sender_name, sender = parseaddr(_header(message, "From"))
    if "@" not in sender:
        raise Unreadable("This message does not say who sent it.")
    markup = _Words()
    if not plain.strip() and rich:
        markup.feed(rich)
        markup.close()
    text = _clean(plain if plain.strip() else markup.text)[:MAX_TEXT]
    subject = _clean(_header(message, "Subject")).replace("\n", " ").strip()[:500]
    if not text.strip() and not subject:
        raise Unreadable("This message holds no text that can be read.")
    named = _NAMED.search(text)
    identified = _MESSAGE_ID.search(_header(message, "Message-ID"))
    return ReadMail(
        sender=sender.strip().lower(),
        sender_name=_clean(sender_name).strip()[:200],
        subject=subject,
        text=text.strip(),
        links=tuple(dict.fromkeys((*_LINK.findall(text), *markup.links)))[:MAX_LISTED],
        person_name=(named[1] if named else _clean(sender_name)).strip()[:200],
        attachments=tuple(attachments),
        message_id=identified[0] if identified else None,
        by_machine=_by_machine(message, sender),
    )


def _parts(message: Message) -> tuple[str, str, list[dict[str, Any]]]:
    """Give the plain text, the HTML, and a list of what is attached."""
    plain: list[str] = []
    rich: list[str] = []
    attachments: list[dict[str, Any]] = []
    for part in _leaves(message):
        kind = part.get_content_type()
        if part.get_content_disposition() == "attachment" or kind not in ("text/plain", "text/html"):
            if len(attachments) < MAX_LISTED:
                attachments.append({"name": _name(part), "type": kind[:100], "bytes": _size(part)})
        else:
            (plain if kind == "text/plain" else rich).append(_text(part))
    return "\n".join(plain), "\n".join(rich), attachments


def _leaves(message: Message) -> Iterator[Message]:
    return (part for part in message.walk() if not part.is_multipart())


def _text(part: Message) -> str:
    """Decode a part: by its charset, where that is one, and else by the two that most mail is in."""
    payload = part.get_payload(decode=True)
    content = payload[:_MOST_OF_A_PART] if isinstance(payload, bytes) else b""
    for charset in (_charset(part), "utf-8"):
        if charset is None:
            continue
        try:
            return content.decode(charset)
        except (LookupError, ValueError):  # no charset, one that is none of text such as `zlib`, or the wrong one
            continue
    return content.decode("cp1252", errors="replace")


def _charset(part: Message) -> str | None:
    try:
        named = part.get_content_charset()
        found = codecs.lookup(named).name if named else None
    except (LookupError, ValueError):
        return None
    return None if found is None or found.replace("-", "_") in _NOT_CHARSETS else found


def _size(part: Message) -> int:
    """Say how large an attachment is, without decoding it."""
    payload = part.get_payload()
    length = len(payload) if isinstance(payload, str) else 0
    in_base64 = str(part.get("Content-Transfer-Encoding", "")).strip().lower() == "base64"
    return length * 3 // 4 if in_base64 else length


def _name(part: Message) -> str:
    try:
        name = part.get_filename() or ""
    except (LookupError, ValueError, TypeError):
        name = ""
    return _clean(_decoded(str(name)))[:200] or "unnamed"


def _header(message: Message, name: str) -> str:
    return _decoded(str(message.get(name, "")))


def _decoded(value: str) -> str:
    """Decode encoded words (RFC 2047); one that is broken or in an unknown charset is shown as well as can be."""
    try:
        pieces = decode_header(value[:10_000])
    except (HeaderParseError, ValueError):
        return value[:10_000]
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


def _by_machine(message: Message, sender: str) -> bool:
    """Whether a machine sent it: two machines that answer each other never stop (RFC 3834)."""
    automatic = _header(message, "Auto-Submitted").strip().lower()
    precedence = _header(message, "Precedence").strip().lower()
    return (
        automatic not in ("", "no")
        or precedence in ("bulk", "junk", "list")
        or message.get("List-Id") is not None
        or _header(message, "Return-Path").strip() == "<>"
        or sender.lower().startswith(_MACHINES)
    )


def _clean(text: str) -> str:
    """Leave out what is not text: control characters and halves of characters."""
    return _UNPRINTED.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


class _Words(HTMLParser):
    """The words of an HTML page, with a line for each block, and its links."""

    _BLOCKS = frozenset({"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "blockquote", "table"})
    _SILENT = frozenset({"script", "style", "head", "title"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self._said: list[str] = []
        self._silenced = 0

    @property
    def text(self) -> str:
        """What the page says."""
        return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t\xa0]+", " ", "".join(self._said)))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line, or a silence; keep a link."""
        self._silenced += tag in self._SILENT
        if tag in self._BLOCKS:
            self._said.append("\n")
        for name, value in attrs:
            if tag == "a" and name == "href" and value and _LINK.match(value) and len(self.links) < MAX_LISTED:
                self.links.append(value)

    def handle_endtag(self, tag: str) -> None:
        """End a silence."""
        self._silenced = max(0, self._silenced - (tag in self._SILENT))

    def handle_data(self, data: str) -> None:
        """Keep words."""
        if not self._silenced:
            self._said.append(data)
