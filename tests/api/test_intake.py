"""Claims by e-mail: posted with a signature or piped in, opened, answered, completed; and nothing is lost."""

import asyncio
import json
import time
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from countenance import intake, kept_mail, operator
from countenance.intake import HEADER, signed, take_in
from countenance.mail_reading import MAX_MESSAGE
from countenance.settings import Settings
from domain import likeness
from domain.kernel.clock import HandClock
from domain.kernel.paging import PageAsk
from domain.kernel.ports import Ports
from domain.kernel.refusals import Conflict, InvalidInput, NotFound
from domain.kernel.scope import Scope
from domain.kernel.work import pool
from domain.likeness import ClaimSource, ClaimStatus
from tests import serving
from tests.actions.bounties import followed
from tests.actions.test_claims import Full
from tests.claiming import a_claim, filed
from tests.factories import moderator
from tests.resourcing import NAME
from tests.serving import Api

SECRET = "a secret shared with a mail service"
PLAIN = (
    f"From: Test Person <Aldebaran@Example.org>\r\nSubject: Please stop\r\nMessage-ID: <1@mx.example>\r\n\r\n"
    f"Name: {NAME}\r\nSee https://us.example/resource_1\r\n"
).encode()


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    """A server that takes e-mails in."""
    return serving.settings(database_url, redis_url, tmp_path, intake_secret=SECRET)


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Letters need an origin to link to."""
    return replace(ports, public_url="https://us.example")


async def post(client: Api, clock: HandClock, body: bytes, **changed: Any) -> httpx.Response:
    at = int(clock.now().timestamp()) + changed.pop("shifted", 0)
    header = signed(changed.pop("signed_body", body), secret=changed.pop("secret", SECRET), at=at)
    return await client.http.post("/intake/email", content=body, headers={HEADER: changed.pop("header", header)})


async def test_a_message_opens_a_claim_and_is_answered_with_code_pin_and_link(
    client: Api, clock: HandClock, db: asyncpg.Pool, nobody: Scope
) -> None:
    answer = await post(client, clock, PLAIN)

    assert answer.status_code == 200
    code = answer.json()["caseCode"]
    assert answer.json() == {"caseCode": code, "url": f"https://us.example/claims/{code}", "message": None}
    letter = await db.fetchrow("SELECT * FROM claim_letter")
    assert (letter["recipient"], letter["in_reply_to"]) == ("aldebaran@example.org", "<1@mx.example>")
    assert f"https://us.example/claims/{code}" in letter["body"]
    pin = letter["body"].partition("PIN: ")[2][:10]
    claim = await likeness.open_claim(nobody, code, pin)
    assert claim is not None
    assert (claim.status, claim.source, claim.complete) == (ClaimStatus.RECEIVED, ClaimSource.EMAIL, False)
    assert (claim.person_name, claim.relation) == (NAME, None)
    assert claim.locations == ("https://us.example/resource_1",)
    assert claim.explanation.startswith("Please stop")
    assert claim.due_at == clock.now() + timedelta(hours=48)


async def test_letters_lead_to_the_pages_that_the_operator_names(nobody: Scope, db: asyncpg.Pool) -> None:
    elsewhere = replace(nobody, ports=replace(nobody.ports, claims_url="https://pages.example/mine"))

    made = await filed(elsewhere)

    letter = await db.fetchval("SELECT body FROM claim_letter")
    assert f"Status: https://pages.example/mine/{made.claim.case_code}\n" in letter


async def test_an_answer_to_a_decision_is_kept_where_a_moderator_reads_it(
    client: Api, clock: HandClock, nobody: Scope
) -> None:
    judge = nobody.as_(await moderator())
    made = await filed(nobody)
    await likeness.decide_claim(judge, made.claim.id, uphold=False, explanation="Nothing was found.")
    [decision] = [each for each in await likeness.take_letters(nobody) if "is decided" in each.subject]

    answer = await post(client, clock, _answering(decision))
    kept = await likeness.list_kept(judge, PageAsk(10))

    assert decision.body.endswith(
        "If something is wrong or was missing, answer this letter or file a new claim: a moderator reads either. "
        "Decisions can't be appealed here yet.\n"
    )
    assert (answer.status_code, answer.json()["caseCode"]) == (202, made.claim.case_code)
    assert [(each.subject, each.text) for each in kept.items] == [(f"Re: {decision.subject}", "But it is me.")]


def _answering(letter: likeness.Letter) -> bytes:
    """What a claimant's mail program sends when they answer a letter."""
    message = EmailMessage()
    message["From"] = f"Aldebaran <{letter.recipient}>"
    message["Subject"] = f"Re: {letter.subject}"
    message["In-Reply-To"] = f"<letter-{letter.id.hex}@us.example>"
    message.set_content("But it is me.")
    return message.as_bytes()


async def test_it_waits_to_be_completed_and_is_then_like_any_other(
    client: Api, clock: HandClock, db: asyncpg.Pool, nobody: Scope, system: Scope
) -> None:
    code = (await post(client, clock, PLAIN)).json()["caseCode"]
    pin = (await db.fetchval("SELECT body FROM claim_letter")).partition("PIN: ")[2][:10]
    judge = nobody.as_(await moderator())
    [claim_id] = [row["id"] for row in await db.fetch("SELECT id FROM likeness_claim")]
    await followed(system.ports)
    with pytest.raises(Conflict) as early:
        await likeness.decide_claim(judge, claim_id, uphold=True, explanation="x")
    with pytest.raises(NotFound):
        await likeness.complete_claim(nobody, code, "0123456789", a_claim())

    claim = await likeness.complete_claim(nobody, code, pin, a_claim(contact_email="else@example.org"))
    await followed(system.ports)
    decided, _ = await likeness.decide_claim(judge, claim.id, uphold=True, explanation="x")

    assert early.value.state == "INCOMPLETE"
    assert claim.complete
    assert claim.contact_email == "aldebaran@example.org", "it stays addressed to where it came from"
    assert decided.status is ClaimStatus.UPHELD
    with pytest.raises(Conflict):
        await likeness.complete_claim(nobody, code, pin, a_claim())


async def test_a_message_with_a_large_attachment_keeps_its_name_only(
    client: Api, clock: HandClock, db: asyncpg.Pool, ports: Ports
) -> None:
    message = EmailMessage()
    message["From"] = "aldebaran@example.org"
    message["Subject"] = "Bitte löschen"
    message.set_content("Grüße")
    message.add_attachment(b"\xff" * 10 * 1024**2, maintype="image", subtype="jpeg", filename="me.jpg")

    answer = await post(client, clock, message.as_bytes())

    assert answer.status_code == 200
    row = await db.fetchrow("SELECT subject, text, attachments, blob_key FROM intake_message")
    assert (row["subject"], row["text"]) == ("Bitte löschen", "Grüße")
    assert '"me.jpg"' in row["attachments"]
    assert len(await ports.blobs.get(row["blob_key"])) < 2000, "no picture is kept"


async def test_the_same_message_twice_counts_once(client: Api, clock: HandClock, db: asyncpg.Pool) -> None:
    first, second = await post(client, clock, PLAIN), await post(client, clock, PLAIN)

    assert first.json() == second.json()
    assert await db.fetchval("SELECT count(*) FROM likeness_claim") == 1
    assert await db.fetchval("SELECT count(*) FROM claim_letter") == 1


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"secret": "another secret that nobody shares"}, 401),
        ({"signed_body": b"another body"}, 401),
        ({"shifted": -301}, 401),
        ({"shifted": 301}, 401),
        ({"header": ""}, 401),
        ({"header": "t=1,v1=zz"}, 401),
        ({"header": "t=" + "9" * 400}, 401),
    ],
)
async def test_what_is_not_signed_by_the_service_is_refused_and_leaves_nothing(
    client: Api, clock: HandClock, db: asyncpg.Pool, changed: dict[str, Any], status: int
) -> None:
    answer = await post(client, clock, PLAIN, **changed)

    assert answer.status_code == status
    assert answer.json()["message"].endswith(".")
    assert await db.fetchval("SELECT count(*) FROM intake_message") == 0


async def test_a_message_that_is_too_large_is_refused(client: Api, clock: HandClock, db: asyncpg.Pool) -> None:
    answer = await post(client, clock, b"x" * (MAX_MESSAGE + 1))

    assert (answer.status_code, answer.json()["message"]) == (413, "A message may have at most 25 MiB.")
    assert await db.fetchval("SELECT count(*) FROM intake_message") == 0


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"\x00\xff\x00" * 50, "This message does not say who sent it."),
        (b"From: a@example.org\r\n\r\n", "This message holds no text that can be read."),
        (b"From: a@b\nSubject: x\n\nx", "The sender's address is none that can be answered."),
        (
            b"Auto-Submitted: auto-replied\n" + PLAIN.replace(b"\r", b""),
            "This message was sent by a machine and is not answered.",
        ),
        (
            b"Authentication-Results: mx.example; dmarc=fail\n" + PLAIN.replace(b"\r", b""),
            "The service that took this message in says that its sender is forged; it is not answered.",
        ),
        (
            b"From: Countenance@localhost\nSubject: x\n\nx",
            "This message comes from our own address and is not answered.",
        ),
    ],
)
async def test_what_opens_no_claim_is_kept_whole_for_a_moderator(
    client: Api, clock: HandClock, nobody: Scope, body: bytes, says: str
) -> None:
    answer = await post(client, clock, body)

    assert (answer.status_code, answer.json()) == (202, {"caseCode": None, "url": None, "message": says})
    [kept] = (await likeness.list_kept(nobody.as_(await moderator()), PageAsk())).items
    assert kept.problem == says
    assert kept.blob_key is not None
    assert await nobody.ports.blobs.get(kept.blob_key) == body
    assert await pool().fetchval("SELECT count(*) FROM likeness_claim") == 0
    assert await pool().fetchval("SELECT count(*) FROM claim_letter") == 0


async def test_one_address_that_floods_is_kept_and_hears_so_once_a_day(
    db: asyncpg.Pool, nobody: Scope, ports: Ports
) -> None:
    flooded = replace(nobody, ports=replace(ports, limiter=Full("claim-mail")))
    heard = replace(nobody, ports=replace(ports, limiter=Full("claim-mail", "claim-mail-kept")))

    taken = await take_in(flooded, PLAIN)
    await take_in(heard, PLAIN.replace(b"<1@", b"<2@"))

    assert taken.case_code is None
    assert taken.problem == "This address has sent many claims lately; a moderator will look at this one."
    assert await db.fetchval("SELECT count(*) FROM intake_message WHERE problem = $1", taken.problem) == 2
    assert await db.fetchval("SELECT times FROM throttled_claim") == 2
    [letter] = await db.fetch("SELECT * FROM claim_letter")
    assert (letter["recipient"], letter["claim_id"]) == ("aldebaran@example.org", None)
    assert letter["in_reply_to"] == "<1@mx.example>"
    assert NAME not in letter["body"]


async def test_when_many_claims_come_by_mail_they_are_kept_without_a_letter(
    db: asyncpg.Pool, nobody: Scope, ports: Ports
) -> None:
    flooded = replace(nobody, ports=replace(ports, limiter=Full("claim-mail-all")))

    taken = await take_in(flooded, PLAIN)

    assert taken.problem == "Many claims came by e-mail lately; a moderator will look at this one."
    assert await db.fetchval("SELECT count(*) FROM likeness_claim") == 0
    assert await db.fetchval("SELECT count(*) FROM claim_letter") == 0


async def test_a_reply_to_our_letter_is_kept_with_its_claim_and_opens_none(
    client: Api, clock: HandClock, db: asyncpg.Pool
) -> None:
    code = (await post(client, clock, PLAIN)).json()["caseCode"]
    letter_id = await db.fetchval("SELECT id FROM claim_letter")
    reply = f"From: else@example.org\r\nSubject: Re\r\nIn-Reply-To: <letter-{letter_id.hex}@us>\r\n\r\nMore words"

    answer = await post(client, clock, reply.encode())
    away = await post(client, clock, b"X-Autoreply: yes\r\n" + reply.encode())

    says = f"This message answers a letter about claim {code}; it is kept with that claim for a moderator."
    assert (answer.status_code, answer.json()["caseCode"], answer.json()["message"]) == (202, code, says)
    assert away.json()["message"] == "This message was sent by a machine and is not answered."
    assert await db.fetchval("SELECT count(*) FROM likeness_claim") == 1
    assert await db.fetchval("SELECT count(*) FROM intake_message WHERE claim_id IS NOT NULL") == 3
    [letter] = await db.fetch("SELECT recipient, body FROM claim_letter WHERE id <> $1", letter_id)
    assert letter["recipient"] == "aldebaran@example.org", "whoever wrote, the claimant hears of it"
    assert "PIN:" not in letter["body"]


async def test_a_message_whose_blob_was_not_written_is_mended_by_its_next_delivery(
    db: asyncpg.Pool, nobody: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    async def dying(key: str, data: bytes) -> None:
        seen.append((key, await db.fetchval("SELECT blob_key FROM intake_message")))
        raise OSError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(nobody.ports.blobs, "put", dying)
        with pytest.raises(OSError, match="full"):
            await take_in(nobody, b"nothing")

    taken = await take_in(nobody, b"nothing")

    assert [(key, announced) for key, announced in seen] == [(taken.blob_key, taken.blob_key)]
    assert taken.blob_key is not None
    assert await nobody.ports.blobs.get(taken.blob_key) == b"nothing"


async def test_a_message_that_takes_too_long_to_read_is_kept(
    db: asyncpg.Pool, nobody: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "READING_SECONDS", 0.01)
    monkeypatch.setattr(intake, "read_mail", lambda _: time.sleep(0.3))

    taken = await take_in(nobody, PLAIN)

    assert taken.problem == "This message took too long to read."
    assert taken.blob_key is not None
    assert await nobody.ports.blobs.get(taken.blob_key) == PLAIN
    assert await db.fetchval("SELECT count(*) FROM likeness_claim") == 0


async def test_a_bounded_number_of_messages_arrive_at_once(
    client: Api, clock: HandClock, db: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MOST_ARRIVING", 1)

    answers = await asyncio.gather(*(post(client, clock, PLAIN) for _ in range(3)))
    later = await post(client, clock, PLAIN)

    assert sorted(answer.status_code for answer in answers) == [200, 503, 503]
    assert later.status_code == 200
    assert await db.fetchval("SELECT count(*) FROM likeness_claim") == 1


async def test_without_a_secret_nothing_is_taken(
    settings: Settings, ports: Ports, clock: HandClock, db: asyncpg.Pool
) -> None:
    without = settings.model_copy(update={"intake_secret": None})

    async with serving.app_of(without, ports) as app, serving.api_of(app) as client:
        answer = await post(client, clock, PLAIN)

    assert answer.status_code == 404
    assert await db.fetchval("SELECT count(*) FROM intake_message") == 0


async def test_the_command_line_takes_a_message_in(
    db: asyncpg.Pool, nobody: Scope, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(operator, "opened", lambda _: _Opened(nobody))

    said = await operator.intake(settings, PLAIN)
    kept = await operator.intake(settings, b"nothing")

    code = await db.fetchval("SELECT case_code FROM likeness_claim")
    assert said == f"{code} https://us.example/claims/{code}"
    assert kept == "This message does not say who sent it. It is kept for a moderator."
    with pytest.raises(InvalidInput):
        await operator.intake(settings, b"x" * (MAX_MESSAGE + 1))


async def test_the_command_line_shows_what_waits(
    nobody: Scope, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(kept_mail, "opened", lambda _: _Opened(nobody))
    await take_in(nobody, b"nothing")
    await take_in(nobody, b"Precedence: bulk\n" + PLAIN)

    newest, oldest = [json.loads(line) for line in await kept_mail.listed(settings, first=2)]
    whole = json.loads(await kept_mail.shown(settings, oldest["id"]))

    assert (newest["sender"], newest["subject"]) == ("aldebaran@example.org", "Please stop")
    assert whole["problem"] == oldest["problem"] == "This message does not say who sent it."
    assert (whole["message"], whole["dealtAt"]) == ("nothing", None)
    with pytest.raises(NotFound):
        await kept_mail.shown(settings, "0" * 32)
    with pytest.raises(InvalidInput):
        await kept_mail.shown(settings, "x")


class _Opened:
    """The test's own world instead of one that is opened."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    async def __aenter__(self) -> Scope:
        return Scope.of_system(self.scope.ports)

    async def __aexit__(self, *_: object) -> None:
        """Leave it open."""
