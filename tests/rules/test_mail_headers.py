"""Headers of e-mails: who wants the answer, what is answered, and what machines and forgers write."""

from email import message_from_bytes
from email.message import Message
from uuid import UUID

import pytest

from countenance.mail_headers import (
    MAX_HEADER,
    BoundedHeaders,
    answered_letters,
    authors_of,
    by_machine,
    correspondent,
    forged,
    header,
)

LETTER = UUID(int=7)


def message(head: str | bytes) -> Message:
    raw = head if isinstance(head, bytes) else head.encode()
    return message_from_bytes(raw + b"\n\nText", policy=BoundedHeaders())


@pytest.mark.parametrize(
    ("head", "name", "address"),
    [
        ("From: =?utf-8?Q?M=C3=BCller=2C_J=C3=B6rg?= <joerg@example.org>", "Müller, Jörg", "joerg@example.org"),
        ("From: =?utf-8?q?victim=40example.org=2C?= <real@example.org>", "victim@example.org,", "real@example.org"),
        ("From: =?utf-8?q?victim@example.org,?= <real@example.org>", "?=", "real@example.org"),
        ("From: =?utf-8?Q?J=C3=B6rg_=28Firma?= <joerg@example.org>", "Jörg (Firma", "joerg@example.org"),
        ('From: "Müller, Jörg" <joerg@example.org>', "Müller, Jörg", "joerg@example.org"),
        ("From: Müller, Jörg <joerg@example.org>", "Jörg", "joerg@example.org"),
        ("From: =?utf-8?Q?Evil=0D=0ABcc=3A_z=40z=2Eorg?= <a@example.org>", "Evil Bcc: z@z.org", "a@example.org"),
        ("From: a@example.org, b@example.org", "", "a@example.org"),
        ("From: Form <noreply@form.example>\nReply-To: me@example.org", "Form", "me@example.org"),
        ("From: Me <me@example.org>\nReply-To: no-reply@example.org", "Me", "me@example.org"),
        ("From: Form <no-reply@form.example>", "Form", "no-reply@form.example"),
        ("From: nobody", "", ""),
        ("Subject: x", "", ""),
    ],
)
def test_who_wants_the_answer(head: str, name: str, address: str) -> None:
    assert correspondent(message(head)) == (name, address)


def test_every_author_counts() -> None:
    head = "From: A@example.org\nSender: b@example.org\nReply-To: c@example.org"

    assert authors_of(message(head)) == ["a@example.org", "b@example.org"]


def test_a_header_is_cut_and_references_keep_their_end() -> None:
    read = message(f"Subject: {'x' * 90_000}\nReferences: {'<a@b> ' * 9000}<letter-{LETTER.hex}@us.example>")

    assert len(header(read, "Subject")) == MAX_HEADER
    assert answered_letters(read) == (LETTER,)


@pytest.mark.parametrize(
    ("head", "letters"),
    [
        (f"In-Reply-To: <letter-{LETTER.hex}@us.example>", (LETTER,)),
        (f"References: <letter-{UUID(int=1).hex}@us> <letter-{LETTER.hex}@us>", (LETTER, UUID(int=1))),
        ("In-Reply-To: <letter-abc@us.example>", ()),
        ("Subject: x", ()),
    ],
)
def test_which_letters_of_ours_are_answered(head: str, letters: tuple[UUID, ...]) -> None:
    assert answered_letters(message(head)) == letters


@pytest.mark.parametrize(
    "head",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-replied (vacation)",
        "Precedence: bulk",
        "Precedence: auto_reply",
        "List-Id: <news.example.org>",
        "Return-Path: <>",
        "Return-Path: < >",
        "Return-Path: <x@example.org>\nReturn-Path: <>",
        "X-Autoreply: yes",
        "X-Auto-Response-Suppress: All",
        "X-Auto-Response-Suppress: OOF, AutoReply",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=x",
        "From: MAILER-DAEMON@example.org\nReply-To: a@example.org",
        "From: noreply@example.org",
    ],
)
def test_machines_are_recognised(head: str) -> None:
    read = message(head)

    assert by_machine(read, correspondent(read)[1])


@pytest.mark.parametrize(
    "head",
    [
        "Auto-Submitted: no",
        "Auto-Submitted: no; foo",
        "Precedence: first-class",
        "Return-Path: <a@example.org>",
        "X-Auto-Response-Suppress: DR, RN",
        "From: noreply@form.example\nReply-To: a@example.org",
        "From: a@example.org",
    ],
)
def test_people_are_not_taken_for_machines(head: str) -> None:
    read = message(head)

    assert not by_machine(read, correspondent(read)[1])


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["mx; dmarc=fail header.from=x; spf=pass; dkim=pass"], True),
        (["mx; DMARC = Fail"], True),
        (["mx; spf=fail; dkim=none"], True),
        (["mx; spf=fail; dkim=pass"], False),
        (["mx; dmarc=pass; spf=fail; dkim=fail"], False),
        (["mx; dmarc=fail", "forged; dmarc=pass"], True),
        (["mx; spf=softfail; dkim=none"], False),
        (["mx; none"], False),
        ([], False),
    ],
)
def test_what_the_service_says_about_the_author_counts(verdicts: list[str], expected: bool) -> None:
    head = "From: a@example.org" + "".join(f"\nAuthentication-Results: {verdict}" for verdict in verdicts)

    assert forged(message(head)) is expected
