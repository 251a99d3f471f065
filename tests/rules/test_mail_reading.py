"""Reading e-mails as people's programs write them, and as attackers and broken programs do."""

import base64
import quopri
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.mail_reading import MAX_TEXT, Unreadable, digest_of, read_mail

NAME = "Test Person Aldebaran"
HEAD = b"From: Somebody <somebody@example.org>\r\nSubject: Please stop\r\nMessage-ID: <1@example.org>\r\n"


def mail(head: bytes, body: bytes) -> bytes:
    return HEAD + head + b"\r\n" + body


def test_a_plain_message() -> None:
    read = read_mail(mail(b"", f"Name: {NAME}\r\nSee https://us.example/resource_1 and stop.\r\n".encode()))

    assert (read.sender, read.sender_name, read.subject) == ("somebody@example.org", "Somebody", "Please stop")
    assert read.person_name == NAME
    assert read.links == ("https://us.example/resource_1",)
    assert read.message_id == "<1@example.org>"
    assert read.attachments == ()
    assert not read.by_machine


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        (b"Content-Type: text/plain; charset=iso-8859-1\r\n", "Müller".encode("latin-1"), "Müller"),
        (b"Content-Type: text/plain; charset=koi8-r\r\n", "Привет".encode("koi8-r"), "Привет"),
        (b"Content-Type: text/plain; charset=shift_jis\r\n", "こんにちは".encode("shift_jis"), "こんにちは"),
        (b"Content-Type: text/plain; charset=gb18030\r\n", "你好".encode("gb18030"), "你好"),
        (b"Content-Type: text/plain; charset=utf-16\r\n", "wide".encode("utf-16"), "wide"),
        (b"Content-Type: text/plain; charset=windows-1252\r\n", "“quoted”".encode("cp1252"), "“quoted”"),
        (b"Content-Type: text/plain; charset=no-such-charset\r\n", "Grüße".encode(), "Grüße"),
        (b"Content-Type: text/plain; charset=zlib\r\n", b"not packed", "not packed"),
        (b"Content-Type: text/plain; charset=unicode_escape\r\n", b"a\\x41b", "a\\x41b"),
        (b"Content-Type: text/plain; charset=us-ascii\r\n", "schön".encode("cp1252"), "schön"),
        (b"Content-Type: text/plain\r\n", "schön".encode(), "schön"),
        (
            b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n",
            quopri.encodestring("Grüße an alle".encode()),
            "Grüße an alle",
        ),
        (
            b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n",
            base64.encodebytes("Grüße an alle".encode()),
            "Grüße an alle",
        ),
        (b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n", b"!!!not base64", "!!!not base64"),
    ],
)
def test_charsets_and_encodings(head: bytes, body: bytes, expected: str) -> None:
    assert read_mail(mail(head, body)).text == expected


def test_encoded_headers() -> None:
    head = b"From: =?utf-8?Q?J=C3=BCrgen?= <j@example.org>\r\nSubject: =?koi8-r?B?0NLJ18XU?= =?broken?X?x?=\r\n\r\nText"

    read = read_mail(head)

    assert read.sender_name == "Jürgen"
    assert read.subject.startswith("привет")
    assert read.person_name == "Jürgen"


def test_html_alone_becomes_words_and_keeps_its_links() -> None:
    page = (
        "<html><head><title>no</title><style>p{}</style></head><body><p>Name: Test &amp; Person</p>"
        "<script>alert(1)</script><div>It is <b>me</b>: <a href='https://us.example/bounty_1'>here</a></div>"
        "<a href='javascript:alert(1)'>x</a></body></html>"
    )

    read = read_mail(mail(b"Content-Type: text/html; charset=utf-8\r\n", page.encode()))

    assert read.person_name == "Test & Person"
    assert "It is me: here" in read.text
    assert "alert" not in read.text
    assert read.links == ("https://us.example/bounty_1",)


def test_the_plain_alternative_is_preferred_and_large_attachments_are_listed_and_dropped() -> None:
    message = EmailMessage()
    message["From"] = "Somebody <somebody@example.org>"
    message["Subject"] = "Please stop"
    message.set_content("The plain words.")
    message.add_alternative("<p>The rich words.</p>", subtype="html")
    message.add_attachment(b"\xff" * 10 * 1024**2, maintype="image", subtype="jpeg", filename="фото.jpg")
    message.add_attachment("a text that is attached", filename="notes.txt")

    read = read_mail(message.as_bytes())

    assert read.text == "The plain words."
    assert [(each["name"], each["type"]) for each in read.attachments] == [
        ("фото.jpg", "image/jpeg"),
        ("notes.txt", "text/plain"),
    ]
    assert abs(read.attachments[0]["bytes"] - 10 * 1024**2) < 300_000


def test_a_forwarded_message_is_read_through() -> None:
    inner = EmailMessage()
    inner["From"] = "other@example.org"
    inner.set_content("The forwarded words.")
    outer = EmailMessage()
    outer["From"] = "somebody@example.org"
    outer.set_content("See below.")
    outer.add_attachment(inner)

    assert read_mail(outer.as_bytes()).text.split() == ["See", "below.", "The", "forwarded", "words."]


@pytest.mark.parametrize(
    "head",
    [
        b"Auto-Submitted: auto-replied\r\n",
        b"Precedence: bulk\r\n",
        b"List-Id: <news.example.org>\r\n",
        b"Return-Path: <>\r\n",
    ],
)
def test_machines_are_recognised(head: bytes) -> None:
    assert read_mail(mail(head, b"Out of office")).by_machine


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "does not say who sent it"),
        (b"\x00\xff" * 100, "does not say who sent it"),
        (b"Subject: x\r\n\r\nbody", "does not say who sent it"),
        (b"From: nobody\r\n\r\nbody", "does not say who sent it"),
        (b"From: a@example.org\r\n\r\n \r\n", "no text"),
        (b"From: a@example.org\r\nContent-Type: image/png\r\n\r\nxx", "no text"),
    ],
)
def test_what_is_no_message_is_said_in_a_sentence(raw: bytes, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        read_mail(raw)


def test_messages_within_messages_have_an_end() -> None:
    deep = b"From: a@example.org\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 20_000 + b"\r\nx"

    with pytest.raises(Unreadable, match="messages within messages"):
        read_mail(deep)


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Type: multipart/mixed\r\n",
        b"Content-Type: multipart/mixed; boundary=x\r\n",
        b"Content-Type: ;;;=\r\n",
        b"Content-Type: text/plain; charset*=x''%FF\r\n",
        b"Content-Transfer-Encoding: nonsense\r\n",
        b"Content-Type: text/plain; charset=" + b"x" * 5000 + b"\r\n",
        b"Content-Disposition: inline; filename*0*=x'y'%; filename*1=z\r\n",
    ],
)
def test_malformed_headers_do_not_hide_the_words(head: bytes) -> None:
    assert "Please" in read_mail(mail(head, b"Please stop this")).subject


def test_what_is_kept_is_bounded_and_storable() -> None:
    read = read_mail(mail(b"Content-Type: text/plain; charset=utf-8\r\n", b"a\x00b\x07\xed\xa0\x80 " * 200_000))

    assert len(read.text) <= MAX_TEXT
    assert "\0" not in read.text
    read.text.encode()


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.binary(max_size=400))
def test_any_bytes_are_a_message_or_a_sentence(head: bytes, body: bytes) -> None:
    for raw in (
        head + b"\n\n" + body,
        HEAD + head + b"\r\n\r\n" + body,
        HEAD + b"Content-Type: " + head + b"\n\n" + body,
    ):
        try:
            read = read_mail(raw)
        except Unreadable:
            continue
        (read.text + read.subject + read.person_name + read.sender).encode()
    assert len(digest_of(head)) == 64
