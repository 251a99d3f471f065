"""Bounties that raise too much doubt: opened and escrowed, but shown to nobody until a moderator has decided."""

from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from domain import bounties, moderation, reasons
from domain.bounties import Bounty, BountyFilter, BountyOrder, BountyStatus, Review, TermsChange
from domain.kernel.clock import HandClock
from domain.kernel.findings import Finding, Signal
from domain.kernel.ids import Credits, Subject
from domain.kernel.paging import PageAsk, cursor
from domain.kernel.ports import Policy, Ports
from domain.kernel.refusals import Conflict, InvalidInput, NotAllowed, SignInRequired
from domain.kernel.scope import Scope
from tests.actions.bounties import escrowed, followed, history, opened, some_moderator, somebody, told
from tests.factories import available, give
from tests.resourcing import NAME, registered

RISKY = "A LoRA of my neighbour, please."


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0))


async def seen(scope: Scope, bounty: Bounty) -> Bounty | None:
    return (await bounties.bounties_by_ids(scope, [bounty.id])).get(bounty.id)


async def why(scope: Scope, bounty: Bounty) -> tuple[Finding, ...]:
    return (await bounties.hold_findings(scope, [bounty.id])).get(bounty.id, ())


async def test_a_risky_bounty_is_opened_and_escrowed_and_shown_to_nobody(ports: Ports, nobody: Scope) -> None:
    initiator, stranger = await somebody(ports), await somebody(ports)
    moderator = await some_moderator(ports)

    bounty = await opened(initiator, brief=RISKY)

    assert (bounty.status, bounty.pot, await escrowed()) == (BountyStatus.OPEN, 100, 100)
    assert bounty.held_at == initiator.now
    assert [await seen(scope, bounty) for scope in (stranger, nobody)] == [None, None]
    assert await seen(moderator, bounty) == bounty
    page = await bounties.bounty_page(stranger, BountyFilter(), BountyOrder.NEWEST, PageAsk())
    assert page.items == []
    assert (await told("BountyOpened"), await told("BountyHidden"), await told("BountyDecided")) == (0, 0, 1)
    [finding] = await why(initiator, bounty)
    assert finding.signal is Signal.REQUEST_RISK
    assert "it asks for what such a person looks like (+0.4)" in finding.detail
    assert await why(stranger, bounty) == ()
    subject = Subject("bounty", bounty.id)
    statement = (await reasons.statements_by_subject(initiator, [subject]))[subject]
    assert "A moderator has to look at it before it is listed." in statement.facts


async def test_a_moderator_lists_it_and_from_then_on_it_is_like_any(
    db: asyncpg.Pool, ports: Ports, nobody: Scope
) -> None:
    initiator, moderator = await somebody(ports), await some_moderator(ports)
    bounty = await opened(initiator, brief=RISKY)

    listed = await moderation.review_bounty(moderator, bounty.id, Review.LIST, explanation="The neighbour is a cat.")

    assert (listed.held_at, listed.status) == (None, BountyStatus.OPEN)
    assert await seen(nobody, bounty) == listed
    assert (await told("BountyOpened"), await told("BountyShown")) == (1, 0)
    assert await why(initiator, bounty) == ()
    assert await reasons.statements_by_subject(initiator, [Subject("bounty", bounty.id)]) == {}
    assert await history(bounty) == [("OPEN", None, "OPEN"), ("HOLD", "OPEN", "OPEN")]
    [row] = await db.fetch("SELECT moderator_id, decision, explanation FROM bounty_review")
    assert tuple(row) == (moderator.account_id, "LIST", "The neighbour is a cat.")
    await bounties.pledge(await somebody(ports), bounty.id, Credits(50))
    assert await escrowed() == 150


async def test_a_moderator_refuses_it_and_every_pledge_goes_back_with_reasons(ports: Ports, nobody: Scope) -> None:
    initiator, moderator = await somebody(ports), await some_moderator(ports)
    bounty = await opened(initiator, brief=RISKY)

    refused = await moderation.review_bounty(
        moderator, bounty.id, Review.REFUSE, explanation="It asks for a private person."
    )

    assert (refused.status, refused.held_at is not None) == (BountyStatus.CANCELLED, True)
    assert (await available(initiator.require_actor()), await escrowed()) == (1000, 0)
    assert await seen(nobody, bounty) is None
    assert await told("BountyOpened") == 0
    subject = Subject("bounty", bounty.id)
    statement = (await reasons.statements_by_subject(initiator, [subject]))[subject]
    assert statement.explanation == "It asks for a private person."
    assert [finding.signal for finding in await why(initiator, bounty)] == [Signal.REQUEST_RISK]
    with pytest.raises(Conflict) as again:
        await moderation.review_bounty(moderator, bounty.id, Review.LIST, explanation="Or rather not.")
    assert again.value.state == "CANCELLED"


async def test_only_moderators_decide_and_not_about_their_own(db: asyncpg.Pool, ports: Ports, nobody: Scope) -> None:
    initiator, own = await somebody(ports), await some_moderator(ports)
    await give(own.require_actor(), 1000)
    bounty, mine = await opened(initiator, brief=RISKY), await opened(own, brief=RISKY)

    for scope, asked, refusal in (
        (nobody, bounty, SignInRequired),
        (initiator, bounty, NotAllowed),
        (own, mine, NotAllowed),
    ):
        with pytest.raises(refusal):
            await moderation.review_bounty(scope, asked.id, Review.LIST, explanation="Fine.")
    with pytest.raises(InvalidInput):
        await moderation.review_bounty(own, bounty.id, Review.LIST, explanation="  ")

    assert await db.fetch("SELECT FROM bounty_review") == []
    assert await seen(nobody, bounty) is None
    assert await told("BountyOpened") == 0


async def test_nobody_lists_what_the_registry_speaks_against(db: asyncpg.Pool, ports: Ports) -> None:
    initiator, moderator = await somebody(ports), await some_moderator(ports)
    bounty = await opened(initiator, brief=f"{RISKY} She is {NAME}.")
    await registered(initiator)

    with pytest.raises(Conflict) as before_the_sweep:
        await moderation.review_bounty(moderator, bounty.id, Review.LIST, explanation="Fine.")
    await followed(ports)
    with pytest.raises(Conflict) as after:
        await moderation.review_bounty(moderator, bounty.id, Review.LIST, explanation="Fine.")

    assert (before_the_sweep.value.state, after.value.state) == ("HELD", "HELD")
    assert await db.fetch("SELECT FROM bounty_review") == []
    assert [finding.signal for finding in await why(initiator, bounty)] == [Signal.NAME_IN_TEXT, Signal.REQUEST_RISK]


async def test_what_does_not_wait_is_not_reviewed(ports: Ports) -> None:
    initiator, moderator = await somebody(ports), await some_moderator(ports)
    bounty = await opened(initiator)

    with pytest.raises(Conflict) as refused:
        await moderation.review_bounty(moderator, bounty.id, Review.REFUSE, explanation="I don't like it.")

    assert refused.value.state == "LISTED"
    assert await escrowed() == 100


async def test_new_words_that_raise_doubt_hide_a_listed_bounty_until_they_were_looked_at(
    ports: Ports, nobody: Scope
) -> None:
    initiator, moderator = await somebody(ports), await some_moderator(ports)
    bounty = await opened(initiator)

    changed = await bounties.change_terms(initiator, bounty.id, TermsChange(brief=RISKY))
    during = await seen(nobody, bounty)
    await moderation.review_bounty(moderator, bounty.id, Review.LIST, explanation="Fine.")

    assert (changed.brief, changed.held_at is not None, during) == (RISKY, True, None)
    assert await seen(nobody, bounty) is not None
    assert (await told("BountyOpened"), await told("BountyHidden"), await told("BountyShown")) == (1, 1, 1)


async def test_who_asks_for_many_real_people_is_looked_at(ports: Ports, clock: HandClock) -> None:
    initiator = await somebody(ports, credits=10_000)
    first = [await opened(initiator, depicts_real_person=True) for _ in range(3)]

    fourth = await opened(initiator, depicts_real_person=True)
    other = await opened(initiator)
    clock.turn(timedelta(days=31))
    later = await opened(initiator, depicts_real_person=True)

    assert [bounty.held_at for bounty in first] == [None] * 3
    assert fourth.held_at is not None
    assert (other.held_at, later.held_at) == (None, None)


async def test_an_initiator_may_cancel_what_waits_and_it_waits_no_longer(ports: Ports) -> None:
    initiator, moderator = await somebody(ports), await some_moderator(ports)
    kept, gone = await opened(initiator, brief=RISKY), await opened(initiator, brief=RISKY)
    await bounties.cancel(initiator, gone.id)

    page = await bounties.bounties_to_review(moderator, PageAsk(), total=True)

    assert ([bounty.id for bounty in page.items], page.total) == ([kept.id], 1)
    assert await available(initiator.require_actor()) == 900


async def test_what_waits_is_paged_the_oldest_first(ports: Ports) -> None:
    initiator, moderator = await somebody(ports), await some_moderator(ports)
    waiting = [await opened(initiator, brief=RISKY) for _ in range(3)]

    first = await bounties.bounties_to_review(moderator, PageAsk(2))
    rest = await bounties.bounties_to_review(moderator, PageAsk(2, first.keys[-1]))

    assert [bounty.id for bounty in (*first.items, *rest.items)] == [bounty.id for bounty in waiting]
    assert cursor(first.keys[-1])
    with pytest.raises(NotAllowed):
        await bounties.bounties_to_review(initiator, PageAsk())
