"""Reading e-mails as people's programs write them, and as attackers and broken programs do."""

import time
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


def test_what_a_message_carries_is_attached_and_no_word_of_the_sender() -> None:
    inner = EmailMessage()
    inner["From"] = "other@example.org"
    inner.set_content(f"Name: {NAME}")
    outer = EmailMessage()
    outer["From"] = "somebody@example.org"
    outer.set_content("See below.")
    outer.add_attachment(inner)
    outer.add_attachment("Name: Of A File", disposition="inline", filename="notes.txt")

    read = read_mail(outer.as_bytes())

    assert (read.text, read.person_name) == ("See below.", "")
    assert [each["type"] for each in read.attachments] == ["message/rfc822", "text/plain"]


def test_what_is_kept_of_a_message_has_its_words_and_nothing_that_was_attached() -> None:
    message = EmailMessage()
    message["From"] = "Somebody <somebody@example.org>"
    message["Subject"] = "Please stop"
    message.set_content("The plain words.")
    message.add_attachment(b"a face" * 1000, maintype="image", subtype="jpeg", filename="me.jpg")

    kept = read_mail(message.as_bytes()).words_only

    assert len(kept) < 1500
    assert b"The plain words." in kept
    assert read_mail(kept).attachments == ({"name": "me.jpg", "type": "image/jpeg", "bytes": 0},)


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


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"From: a@example.org\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 1500 + b"\r\nx", "without an end"),
        (b"From: " + b"(" * 20_000 + b"\r\n\r\nx", "without an end"),
        (mail(b"Content-Type: multipart/mixed; boundary=x\r\n", b"--x\r\n\r\nhi\r\n" * 25_000), "too many parts"),
        (mail(b"X: boundary\r\n" * 3000, b"\n" * 10_000), "too many parts"),
        (mail(b"X: y\r\n" * 20_001, b"x"), "too many headers"),
    ],
)
def test_what_would_take_too_long_is_said_in_a_sentence(raw: bytes, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        read_mail(raw)


def test_texts_of_many_parts_are_read_up_to_a_bound_together() -> None:
    part = b"--x\r\nContent-Type: text/html\r\n\r\n" + b"<a " * 60_000 + b"\r\n"
    raw = mail(b"Content-Type: multipart/mixed; boundary=x\r\n", part * 20 + b"--x--\r\n")

    began = time.process_time()
    read = read_mail(raw)

    assert len(read.text) <= MAX_TEXT
    assert time.process_time() - began < 5, "the parser of the standard library takes minutes"


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
