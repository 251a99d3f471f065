"""E-mails that wait for a moderator: read, opened as claims, dealt with, and deleted when they need not be kept."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from countenance.intake import take_in
from domain import likeness
from domain.kernel.clock import HandClock
from domain.kernel.ids import new_id
from domain.kernel.paging import PageAsk
from domain.kernel.ports import Ports
from domain.kernel.refusals import Conflict, InvalidInput, NotAllowed, NotFound, SignInRequired
from domain.kernel.scope import Scope
from domain.likeness import KeptMessage
from tests.actions.test_claims import Full
from tests.claiming import a_claim
from tests.factories import member, moderator
from tests.resourcing import NAME

MAIL = (
    f"From: Test Person <aldebaran@example.org>\nSubject: Please stop\nMessage-ID: <1@mx.example>\n\n"
    f"Name: {NAME}\nSee https://us.example/resource_1\n"
).encode()
FROM_A_LIST = b"List-Id: <news.example.org>\n" + MAIL


async def kept(scope: Scope, raw: bytes = FROM_A_LIST) -> KeptMessage:
    """A message that waits."""
    await take_in(scope, raw)
    return (await likeness.list_kept(Scope.of_system(scope.ports), PageAsk())).items[0]


async def test_what_waits_is_listed_newest_first_to_moderators_alone(nobody: Scope) -> None:
    first, second = await kept(nobody), await kept(nobody, b"nothing")
    judge = nobody.as_(await moderator())

    page = await likeness.list_kept(judge, PageAsk(1), with_total=True)
    rest = await likeness.list_kept(judge, PageAsk(1, (second.id.hex,)))

    assert ([each.id for each in page.items], page.has_next, page.total) == ([second.id], True, 2)
    assert ([each.id for each in rest.items], rest.has_next) == ([first.id], False)
    assert (first.sender, first.person_name, first.links) == (
        "aldebaran@example.org",
        NAME,
        ("https://us.example/resource_1",),
    )
    assert first.problem == "This message was sent by a machine and is not answered."
    with pytest.raises(SignInRequired):
        await likeness.list_kept(nobody, PageAsk())
    with pytest.raises(NotAllowed):
        await likeness.list_kept(nobody.as_(await member()), PageAsk())
    assert await likeness.kept_by_ids(nobody, [first.id]) == {}


async def test_a_moderator_opens_the_claim_that_it_asks_for(db: asyncpg.Pool, nobody: Scope, clock: HandClock) -> None:
    message = await kept(nobody)
    judge = nobody.as_(await moderator())

    claim = await likeness.open_from_kept(judge, message.id, contact_email=None, person_name=None)

    assert (claim.contact_email, claim.person_name, claim.complete) == ("aldebaran@example.org", NAME, False)
    assert claim.locations == ("https://us.example/resource_1",)
    letter = await db.fetchrow("SELECT * FROM claim_letter")
    assert (letter["claim_id"], letter["in_reply_to"]) == (claim.id, "<1@mx.example>")
    assert "PIN: " in letter["body"]
    assert (await likeness.list_kept(judge, PageAsk())).items == []
    [belonging] = (await likeness.list_kept(judge, PageAsk(), claim_id=claim.id)).items
    assert (belonging.id, belonging.claim_id, belonging.dealt_at) == (message.id, claim.id, clock.now())
    with pytest.raises(Conflict) as again:
        await likeness.open_from_kept(judge, message.id, contact_email=None, person_name=None)
    assert again.value.state == "DEALT_WITH"
    assert await db.fetchval("SELECT count(*) FROM likeness_claim") == 1


async def test_a_moderator_says_what_could_not_be_read(db: asyncpg.Pool, nobody: Scope) -> None:
    message = await kept(nobody, b"nothing")
    judge = nobody.as_(await moderator())

    with pytest.raises(InvalidInput) as refused:
        await likeness.open_from_kept(judge, message.id, contact_email=None, person_name=None)
    unchanged = await db.fetchval("SELECT count(*) FROM likeness_claim")
    claim = await likeness.open_from_kept(judge, message.id, contact_email="A@example.org", person_name=NAME)

    assert (refused.value.field, unchanged) == ("input.contactEmail", 0)
    assert (claim.contact_email, claim.person_name) == ("a@example.org", NAME)


async def test_what_is_dealt_with_is_deleted(db: asyncpg.Pool, nobody: Scope) -> None:
    message = await kept(nobody)
    judge = nobody.as_(await moderator())

    dealt = await likeness.deal_with(judge, message.id)

    assert (dealt.id, dealt.dealt_at, dealt.text) == (message.id, judge.now, "")
    row = await db.fetchrow("SELECT sender, subject, text, person_name, links, blob_key FROM intake_message")
    assert tuple(row) == ("", "", "", "", [], None)
    assert message.blob_key is not None
    assert await nobody.ports.blobs.size(message.blob_key) is None
    assert (await take_in(nobody, FROM_A_LIST)).problem == message.problem, "delivered again, it opens nothing"
    with pytest.raises(Conflict):
        await likeness.deal_with(judge, message.id)


async def test_a_reply_that_is_dealt_with_keeps_its_words_with_the_claim(db: asyncpg.Pool, nobody: Scope) -> None:
    opened = await take_in(nobody, MAIL)
    letter_id = await db.fetchval("SELECT id FROM claim_letter")
    reply = f"From: aldebaran@example.org\nReferences: <letter-{letter_id.hex}@us>\n\nMore words"
    message = await kept(nobody, reply.encode())
    judge = nobody.as_(await moderator())
    with pytest.raises(Conflict) as refused:
        await likeness.open_from_kept(judge, message.id, contact_email=None, person_name=None)

    await likeness.deal_with(judge, message.id)

    assert refused.value.state == "HAS_CLAIM"
    assert message.claim_id is not None
    [belonging] = (await likeness.list_kept(judge, PageAsk(), claim_id=message.claim_id)).items
    assert (belonging.text, belonging.blob_key) == ("More words", None)
    assert opened.case_code is not None


@pytest.mark.parametrize("deed", ["open", "deal"])
async def test_nobody_else_does_anything_about_it(db: asyncpg.Pool, nobody: Scope, deed: str) -> None:
    message = await kept(nobody)
    other, judge = nobody.as_(await member()), nobody.as_(await moderator())

    async def done(scope: Scope, message_id: UUID) -> None:
        if deed == "open":
            await likeness.open_from_kept(scope, message_id, contact_email=None, person_name=None)
        else:
            await likeness.deal_with(scope, message_id)

    with pytest.raises(NotAllowed):
        await done(other, message.id)
    with pytest.raises(NotFound):
        await done(judge, new_id())

    row = await db.fetchrow("SELECT dealt_at, claim_id, blob_key FROM intake_message")
    assert tuple(row) == (None, None, message.blob_key)
    assert await db.fetchval("SELECT count(*) FROM likeness_claim") == 0


async def test_the_message_is_kept_until_the_claim_that_it_opened_is_complete(
    db: asyncpg.Pool, nobody: Scope, system: Scope
) -> None:
    taken = await take_in(nobody, MAIL)
    pin = (await db.fetchval("SELECT body FROM claim_letter")).partition("PIN: ")[2][:10]
    waiting = await kept(nobody)
    assert taken.case_code is not None
    assert taken.blob_key is not None

    early = await likeness.sweep_kept(system)
    await likeness.complete_claim(nobody, taken.case_code, pin, a_claim())
    swept = [await likeness.sweep_kept(system), await likeness.sweep_kept(system)]

    assert (early, swept) == (0, [1, 0])
    assert await nobody.ports.blobs.size(taken.blob_key) is None
    assert waiting.blob_key is not None
    assert await nobody.ports.blobs.size(waiting.blob_key) is not None
    assert await db.fetch("SELECT blob_key FROM intake_message ORDER BY id") == [(None,), (waiting.blob_key,)]


async def test_moderators_see_how_often_addresses_were_told_to_wait(
    nobody: Scope, ports: Ports, clock: HandClock
) -> None:
    full = replace(nobody, ports=replace(ports, limiter=Full("claim-mail")))
    for number in range(3):
        await take_in(full, MAIL.replace(b"<1@", f"<{number}@".encode()))
    await take_in(full, MAIL.replace(b"<alde", b"<bete"))
    judge = nobody.as_(await moderator())

    [count] = await likeness.throttle_counts(judge)
    clock.turn(timedelta(days=7))
    later = await likeness.throttle_counts(nobody.as_(await moderator()))

    assert (count.rule, count.addresses, count.times) == ("claim-mail", 2, 4)
    assert later == []
    with pytest.raises(SignInRequired):
        await likeness.throttle_counts(nobody)
