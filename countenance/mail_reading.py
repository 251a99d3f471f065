"""Reading an e-mail that asks for protection: its sender, its words and its links, whatever program wrote it.

The old policy of Python's parser is used on purpose: it never raises over a malformed header, it gives it as it is.
What is attached is listed and dropped: no photograph is ever required, and none is kept.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from typing import Any
from uuid import UUID

from countenance import mail_headers
from countenance.mail_charsets import charset_of_page, decoded
from countenance.mail_headers import BoundedHeaders, TooManyHeaders, clean, decoded_words
from countenance.mail_markup import MAX_MARKUP, read_markup

MAX_MESSAGE = 25 * 1024**2
MAX_TEXT = 100_000
MAX_LISTED = 100
_MOST_OF_ALL_PARTS = 1024**2
_MOST_PARTS = 1000
_MOST_DIVIDING_LINES = 20_000
_MOST_STEPS = 20_000_000
"""How often the parser may ask whether a line ends a part: it asks for each line and each part that is open."""

_LINK = re.compile(r"https?://[^\s<>\"'\]\)]{1,1900}|\b(?:resource|bounty|entry|job|image)_[0-9a-f]{32}\b")
_NAMED = re.compile(r"^[ \t>*]*(?:full[ ]name|name|person)[ \t]*:[ \t]*(\S[^\n]{0,199})$", re.IGNORECASE | re.MULTILINE)
_BOUNDARY = re.compile(rb"boundary|content-type:\s{0,9}message/", re.IGNORECASE)


class Unreadable(Exception):
    """The message can't be read as a claim; the message of this says why in one sentence."""


@dataclass(frozen=True, slots=True)
class ReadMail:
    """What an e-mail says. `by_machine` is true for bounces, lists and automatic answers: they are not answered.

    `sender` is who wants the answer; `authors` are all addresses that it says to come from. `forged` is true where the
    service that took it in says that it does not come from there. `words_only` is the message without attachments.
    """

    sender: str
    sender_name: str
    authors: tuple[str, ...]
    subject: str
    text: str
    links: tuple[str, ...]
    person_name: str
    attachments: tuple[dict[str, Any], ...]
    message_id: str | None
    answers: tuple[UUID, ...]
    by_machine: bool
    forged: bool
    words_only: bytes


def digest_of(raw: bytes) -> str:
    """Give what tells one message from another."""
    return hashlib.sha256(raw).hexdigest()


def read_mail(raw: bytes) -> ReadMail:
    """Read a raw RFC 5322 message. Raises Unreadable."""
    steps = raw.count(b"\n") * (1 + len(_BOUNDARY.findall(raw)))
    if steps > _MOST_STEPS or raw.count(b"\n--") > _MOST_DIVIDING_LINES:
        raise Unreadable("This message has too many parts to be read.")
    try:
        return _read(message_from_bytes(raw, policy=BoundedHeaders()))
    except TooManyHeaders:
        raise Unreadable("This message has too many headers to be read.") from None
    except RecursionError:
        raise Unreadable("This message holds brackets or messages within others without an end.") from None


def _read(message: Message) -> ReadMail:
    name, sender = mail_headers.correspondent(message)
    if not sender:
        raise Unreadable("This message does not say who sent it.")
    text, further_links, attachments = _content(message)
    subject = clean(mail_headers.header(message, "Subject")).replace("\n", " ").strip()[:500]
    if not text and not subject:
        raise Unreadable("This message holds no text that can be read.")
    named = _NAMED.search(text)
    return ReadMail(
        sender=sender.lower(),
        sender_name=name[:200],
        authors=tuple(mail_headers.authors_of(message)),
        subject=subject,
        text=text,
        links=tuple(dict.fromkeys((*_LINK.findall(text), *further_links)))[:MAX_LISTED],
        person_name=(named[1] if named else name).strip()[:200],
        attachments=tuple(attachments),
        message_id=mail_headers.message_id(message),
        answers=mail_headers.answered_letters(message),
        by_machine=mail_headers.by_machine(message, sender),
        forged=mail_headers.forged(message),
        words_only=_without_attachments(message),
    )


def _content(message: Message) -> tuple[str, tuple[str, ...], list[dict[str, Any]]]:
    """Give the words, the links that only the markup names, and a list of what is attached."""
    plain, rich, attachments = _parts(message)
    if plain.strip() or not rich.strip():
        return clean(plain)[:MAX_TEXT].strip(), (), attachments
    words, links = read_markup(rich)
    return clean(words)[:MAX_TEXT].strip(), tuple(link for link in links if _LINK.match(link)), attachments


def _parts(message: Message) -> tuple[str, str, list[dict[str, Any]]]:
    """Give the plain text, the HTML, and a list of what is attached; of all texts together a bounded part."""
    plain: list[str] = []
    rich: list[str] = []
    attachments: list[dict[str, Any]] = []
    left = {"text/plain": _MOST_OF_ALL_PARTS, "text/html": MAX_MARKUP}
    for part in _leaves(message):
        kind = part.get_content_type()
        if _is_attached(part):
            if len(attachments) < MAX_LISTED:
                attachments.append({"name": _name(part), "type": kind[:100], "bytes": _size(part)})
        elif left[kind] > 0:
            said = _text(part)[: left[kind]]
            left[kind] -= len(said) + 1
            (plain if kind == "text/plain" else rich).append(said)
    return "\n".join(plain), "\n".join(rich), attachments


def _leaves(message: Message) -> Iterator[Message]:
    """Give the parts that hold something, a bounded number. A message within the message is one: it is attached."""
    waiting = [message]
    for _ in range(_MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop()
        inner = part.get_payload() if part.get_content_maintype() == "multipart" else None
        if isinstance(inner, list):
            waiting += [each for each in reversed(inner) if isinstance(each, Message)]
        else:
            yield part


def _is_attached(part: Message) -> bool:
    """Whether a part is no word of the sender's own: it is said to be attached, is a file, or is no text."""
    if part.get_content_type() not in ("text/plain", "text/html"):
        return True
    return part.get_content_disposition() == "attachment" or _file_name(part) is not None


def _without_attachments(message: Message) -> bytes:
    """Give the message with nothing in what is attached; nothing where it can't be written again."""
    for part in _leaves(message):
        if _is_attached(part):
            part.set_payload("")
    try:
        return message.as_bytes()
    except (
        LookupError,
        UnicodeError,
        ValueError,
        TypeError,
        AttributeError,
    ):  # its own parser reads more than it writes
        return b""


def _text(part: Message) -> str:
    """Decode a part; a page of HTML may name its charset itself."""
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    charset = _charset(part)
    if charset is None and part.get_content_subtype() == "html":
        charset = charset_of_page(content)
    return decoded(content, charset)


def _charset(part: Message) -> str | None:
    try:
        return part.get_content_charset()
    except (LookupError, ValueError, TypeError):
        return None


def _size(part: Message) -> int:
    """Say how large an attachment is, without decoding it."""
    payload = part.get_payload()
    length = len(payload) if isinstance(payload, str) else 0
    in_base64 = str(part.get("Content-Transfer-Encoding", "")).strip().lower() == "base64"
    return length * 3 // 4 if in_base64 else length


def _name(part: Message) -> str:
    return clean(decoded_words(_file_name(part) or ""))[:200] or "unnamed"


def _file_name(part: Message) -> str | None:
    try:
        return part.get_filename()
    except (LookupError, ValueError, TypeError):
        return None
