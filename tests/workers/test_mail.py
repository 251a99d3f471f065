"""Letters on their way out: to a real mail server, into a folder without one, and again when it fails."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from pydantic import SecretStr, ValidationError
from structlog.testing import capture_logs

from countenance import mail
from countenance.mail import SEND_SECONDS, FolderPost, SmtpPost, composed, post_due, post_for_ever, post_of
from countenance.settings import Settings
from domain.kernel.clock import HandClock
from domain.kernel.ids import new_id
from domain.kernel.scope import Scope
from domain.likeness import Filed, Letter
from domain.likeness.letters import LEASE, take_letters, unreached
from tests import serving
from tests.claiming import filed
from tests.stopping import stopped

SENDER = "likeness@us.example"


class Mailbox:
    """What a mail server does with what it gets: keep it, or refuse it with `answer`."""

    def __init__(self, answer: str = "250 OK") -> None:
        self.answer = answer
        self.got: list[tuple[str, list[str], bytes]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.answer.startswith("250"):
            self.got.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content))
        return self.answer


@contextlib.asynccontextmanager
async def mail_server(mailbox: Mailbox, **options: Any) -> AsyncIterator[int]:
    """A real mail server on a free port."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(mailbox, hostname="mx.example", loop=loop, enable_SMTPUTF8=True, **options), "127.0.0.1", 0
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def _one_claim(nobody: Scope) -> Filed:
    return await filed(nobody)


async def test_a_receipt_goes_out_through_a_mail_server_and_is_forgotten(
    db: asyncpg.Pool, nobody: Scope, system: Scope
) -> None:
    made = await _one_claim(nobody)
    mailbox = Mailbox()

    async with mail_server(mailbox) as port:
        post = SmtpPost(f"smtp://127.0.0.1:{port}")
        first = await post_due(system, post, sender=SENDER)
        second = await post_due(system, post, sender=SENDER)

    assert (first, second) == (1, 0)
    [(mail_from, recipients, content)] = mailbox.got
    assert (mail_from, recipients) == (SENDER, ["aldebaran@example.org"])
    message = message_from_bytes(content, policy=default)
    assert message["Subject"] == f"Your claim {made.claim.case_code} is received"
    assert message["Auto-Submitted"] == "auto-replied"
    assert made.claim.case_code in message.get_content()
    row = await db.fetchrow("SELECT body, sent_at, attempts FROM claim_letter")
    assert (row["body"], row["sent_at"], row["attempts"]) == ("", system.now, 1)


async def test_a_server_that_wants_a_password_gets_it(nobody: Scope, system: Scope) -> None:
    await _one_claim(nobody)
    mailbox, seen = Mailbox(), []

    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: LoginPassword) -> AuthResult:
        seen.append((data.login, data.password))
        return AuthResult(success=True)

    async with mail_server(mailbox, authenticator=authenticate, auth_require_tls=False) as port:
        sent = await post_due(system, SmtpPost(f"smtp://us%40example:s%3Acret@127.0.0.1:{port}"), sender=SENDER)

    assert (sent, len(mailbox.got)) == (1, 1)
    assert seen == [(b"us@example", b"s:cret")]


@pytest.mark.parametrize("answer", ["451 try later", "550 no such user aldebaran@example.org"])
async def test_what_is_refused_is_tried_again_later_and_then_given_up(
    db: asyncpg.Pool, nobody: Scope, system: Scope, clock: HandClock, answer: str
) -> None:
    await _one_claim(nobody)
    mailbox = Mailbox(answer)

    with capture_logs() as logs:
        async with mail_server(mailbox) as port:
            post = SmtpPost(f"smtp://127.0.0.1:{port}")
            tried = [await post_due(system, post, sender=SENDER), await post_due(system, post, sender=SENDER)]
            clock.turn(timedelta(seconds=31))
            mailbox.answer = "250 OK"
            tried.append(await post_due(system, post, sender=SENDER))

    assert tried == [1, 0, 1]
    assert len(mailbox.got) == 1
    assert await db.fetchval("SELECT attempts FROM claim_letter WHERE sent_at IS NOT NULL") == 2
    assert "aldebaran" not in str(logs), "a log holds no claimant's address"


async def test_a_letter_that_nobody_takes_is_given_up_after_ten_attempts_and_forgotten(
    db: asyncpg.Pool, nobody: Scope, system: Scope, clock: HandClock
) -> None:
    made = await _one_claim(nobody)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers there
        post = SmtpPost(f"smtp://127.0.0.1:{taken.getsockname()[1]}")
        tried = 0
        for _ in range(12):
            tried += await post_due(system, post, sender=SENDER)
            clock.turn(timedelta(hours=5))

    row = await db.fetchrow("SELECT given_up_at, sent_at, body, last_error FROM claim_letter")
    assert tried == 10
    assert row["given_up_at"] is not None
    assert row["sent_at"] is None
    assert row["body"] == "", "it may hold a PIN"
    assert row["last_error"].startswith("SMTPConnect")
    assert await unreached([made.claim.id]) == {made.claim.id}


async def test_a_worker_that_died_over_a_letter_does_not_lose_it(
    nobody: Scope, system: Scope, clock: HandClock, tmp_path: Path
) -> None:
    class Dying:
        async def send(self, message: Any, recipient: str) -> None:
            raise asyncio.CancelledError

    await _one_claim(nobody)
    with pytest.raises(asyncio.CancelledError):
        await post_due(system, Dying(), sender=SENDER)

    at_once = await post_due(system, FolderPost(tmp_path / "mail"), sender=SENDER)
    clock.turn(timedelta(minutes=3))
    later = await post_due(system, FolderPost(tmp_path / "mail"), sender=SENDER)

    assert (at_once, later) == (0, 1)


async def test_a_slow_server_gets_each_letter_once(nobody: Scope, system: Scope, clock: HandClock) -> None:
    class Slow:
        def __init__(self) -> None:
            self.taken: list[str] = []

        async def send(self, message: Any, recipient: str) -> None:
            self.taken.append(recipient)
            clock.turn(timedelta(seconds=SEND_SECONDS))
            if len(self.taken) == 3:  # another worker looks for what is due
                self.taken += [letter.recipient for letter in await take_letters(system)]

    for number in range(5):
        await filed(nobody, contact_email=f"{number}@example.org")
    slow = Slow()

    await post_due(system, slow, sender=SENDER)

    assert sorted(slow.taken) == [f"{number}@example.org" for number in range(5)]
    assert timedelta(seconds=SEND_SECONDS) < LEASE


async def test_a_server_that_never_ends_is_left_after_a_while(
    db: asyncpg.Pool, nobody: Scope, system: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Endless:
        async def send(self, message: Any, recipient: str) -> None:
            await asyncio.sleep(3600)

    await _one_claim(nobody)
    monkeypatch.setattr(mail, "SEND_SECONDS", 0.01)

    tried = await post_due(system, Endless(), sender=SENDER)

    assert tried == 1
    assert await db.fetchval("SELECT last_error FROM claim_letter") == "The mail server took too long."


async def test_a_letter_goes_to_its_address_alone(db: asyncpg.Pool, nobody: Scope, system: Scope) -> None:
    await _one_claim(nobody)
    await db.execute("UPDATE claim_letter SET recipient = 'a,victim@example.org'")  # as it was once let in
    mailbox = Mailbox()

    async with mail_server(mailbox) as port:
        await post_due(system, SmtpPost(f"smtp://127.0.0.1:{port}"), sender=SENDER)

    assert ["victim@example.org"] not in [recipients for _, recipients, _ in mailbox.got]


async def test_without_a_server_letters_are_files_and_the_log_says_so_once(
    nobody: Scope, system: Scope, tmp_path: Path
) -> None:
    made = await _one_claim(nobody)
    await filed(nobody, person_name="Another Person Rigel", contact_email="jürgen@example.org")
    post = FolderPost(tmp_path / "mail")

    with capture_logs() as logs:
        await post_due(system, post, sender=SENDER)

    files = sorted((tmp_path / "mail").iterdir())
    messages = [message_from_bytes(file.read_bytes(), policy=default) for file in files]
    assert [file.suffix for file in files] == [".eml"] * 2
    assert [str(message["To"]) for message in messages] == ["aldebaran@example.org", "jürgen@example.org"]
    assert made.claim.case_code in messages[0].get_content()
    assert [entry["event"] for entry in logs] == ["no SMTP_URL is set: letters are written as files and reach nobody"]
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)


async def test_the_loop_sends_what_comes_in(nobody: Scope, system: Scope, tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    sending = asyncio.create_task(post_for_ever(system.ports, FolderPost(folder), sender=SENDER, every=0.01))
    try:
        made = await _one_claim(nobody)
        async with asyncio.timeout(5):
            while not list(folder.glob("*.eml")):  # noqa: ASYNC110 - a folder has no events
                await asyncio.sleep(0.01)
    finally:
        await stopped(sending)

    [letter] = [message_from_bytes(file.read_bytes(), policy=default) for file in folder.glob("*.eml")]
    assert (letter["To"], letter["Subject"]) == (
        "aldebaran@example.org",
        f"Your claim {made.claim.case_code} is received",
    )


def test_the_settings_choose_the_way_out(tmp_path: Path) -> None:
    kept = serving.settings("postgresql://x/y", "redis://x", tmp_path)
    sent = kept.model_copy(update={"smtp_url": SecretStr("smtps://mail.example")})
    homely = kept.model_copy(update={"home": tmp_path})

    ways = [post_of(each) for each in (kept, sent, homely)]

    assert [type(way) for way in ways] == [FolderPost, SmtpPost, FolderPost]


@pytest.mark.parametrize(
    "wrong",
    [
        {"smtp_url": "http://mail.example"},
        {"smtp_url": "smtp:///no-host"},
        {"biometrics_key": "ab" * 31},
        {"biometrics_key": "xy" * 32},
        {"intake_secret": "short"},
        {"mail_from": "Us <us@example.org>"},
        {"mail_from": "us@example.org\nBcc: x@y.z"},
    ],
)
def test_wrong_settings_are_refused_without_being_repeated(tmp_path: Path, wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as refused:
        serving.settings("postgresql://x/y", "redis://x", tmp_path, **wrong)

    assert refused.value.error_count() == 1
    assert next(iter(wrong.values())) not in str(refused.value)


def test_a_letter_is_an_automatic_answer_to_the_message_it_answers(clock: HandClock) -> None:
    letter = Letter(new_id(), "a@example.org", "Subject", "Body\n", "<1@mx.example>", clock.now(), 1)

    message = composed(letter, SENDER)
    again = composed(replace(letter, attempt=2), SENDER)

    assert message["In-Reply-To"] == "<1@mx.example>"
    assert message["Message-ID"] == again["Message-ID"] == f"<letter-{letter.id.hex}@us.example>"
    assert (message["From"], message["To"]) == (SENDER, "a@example.org")


def test_every_setting_of_mail_and_faces_may_be_absent(tmp_path: Path) -> None:
    made: Settings = serving.settings("postgresql://x/y", "redis://x", tmp_path)

    assert (made.smtp_url, made.intake_secret, made.biometrics_key) == (None, None, None)
