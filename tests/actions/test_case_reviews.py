"""What waits is decided on one road: a review decides the case about it, and goes past nobody who has claimed that."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from domain import bounties, moderation
from domain.bounties import Bounty, BountyStatus, Review
from domain.kernel.clock import HandClock
from domain.kernel.ids import AccountId
from domain.kernel.ports import Policy, Ports
from domain.kernel.refusals import Conflict
from domain.kernel.scope import Scope
from domain.moderation import Case, CaseStatus, Decision
from tests.actions.bounties import escrowed, followed, opened, some_moderator, somebody, told
from tests.actions.cases import RISKY, case_of_review, claimed, log_of, seen, the_case
from tests.counting import digests

CLAIMED = (
    "Another moderator has claimed the case about this bounty: they decide it there, by `caseDecide`, until their "
    "claim runs out."
)
WHY = "I have looked at it, and this is why."


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0))


async def actors(system: Scope, case: Case) -> list[AccountId | None]:
    """Who did what the log of a case tells."""
    return [event.actor_id for event in (await moderation.histories(system, [case.id]))[case.id]]


async def the(system: Scope, bounty: Bounty) -> Bounty:
    """A bounty, as it stands."""
    return (await bounties.bounties_by_ids(system, [bounty.id]))[bounty.id]


@pytest.mark.parametrize("decision", list(Review))
async def test_nobody_reviews_past_a_moderator_who_has_claimed_the_case(
    db: asyncpg.Pool, ports: Ports, system: Scope, decision: Review
) -> None:
    case, bounty, _ = await case_of_review(ports)
    holder, other = await claimed(ports, case.id), await some_moderator(ports)
    before = await digests(db)

    with pytest.raises(Conflict) as refused:
        await moderation.review_bounty(other, bounty.id, decision, explanation=WHY)
    after = await digests(db)
    await moderation.decide_case(holder, case.id, Decision.RESTORE, explanation=WHY)

    assert (refused.value.message, refused.value.state) == (CLAIMED, "CLAIMED")
    assert after == before
    assert (await the(system, bounty)).held_at is None


@pytest.mark.parametrize(
    ("decision", "decided", "status"),
    [(Review.LIST, Decision.RESTORE, BountyStatus.OPEN), (Review.REFUSE, Decision.REMOVE, BountyStatus.CANCELLED)],
)
async def test_a_review_decides_the_case_that_nobody_has_claimed(
    ports: Ports, system: Scope, decision: Review, decided: Decision, status: BountyStatus
) -> None:
    case, bounty, _ = await case_of_review(ports)
    moderator, late = await some_moderator(ports), await some_moderator(ports)

    reviewed = await moderation.review_bounty(moderator, bounty.id, decision, explanation=WHY)
    await followed(ports)

    found = await seen(moderator, case.id)
    assert (reviewed.status, found.status, found.decision) == (status, CaseStatus.DECIDED, decided)
    assert await log_of(system, case) == [
        ("OPENED", "LISTED → WAITING, by RISK"),
        ("DECIDED", f"{decided}: {WHY}"),
    ]
    assert await actors(system, case) == [None, moderator.account_id]
    assert await moderation.verify(system, case.id) is None
    assert (await told("CaseDecided"), await told("CaseOpened")) == (1, 1)
    with pytest.raises(Conflict):
        await moderation.claim_case(late, case.id)


async def test_who_holds_the_case_reviews_too(db: asyncpg.Pool, ports: Ports, system: Scope) -> None:
    case, bounty, _ = await case_of_review(ports)
    moderator = await claimed(ports, case.id)

    await moderation.review_bounty(moderator, bounty.id, Review.REFUSE, explanation=WHY)

    found = await seen(moderator, case.id)
    assert (found.status, found.decision, found.claimed_by) == (CaseStatus.DECIDED, Decision.REMOVE, None)
    assert await actors(system, case) == [None, moderator.account_id, moderator.account_id]
    [row] = await db.fetch("SELECT moderator_id, decision FROM bounty_review")
    assert tuple(row) == (moderator.account_id, "REFUSE")


async def test_a_claim_that_has_run_out_stops_nobody(ports: Ports, clock: HandClock) -> None:
    case, bounty, _ = await case_of_review(ports)
    await claimed(ports, case.id)
    clock.turn(timedelta(minutes=31))

    listed = await moderation.review_bounty(await some_moderator(ports), bounty.id, Review.LIST, explanation=WHY)

    assert listed.held_at is None


async def test_a_case_that_is_opened_only_after_the_review_says_so(ports: Ports, system: Scope) -> None:
    bounty = await opened(await somebody(ports), brief=RISKY)

    await moderation.review_bounty(await some_moderator(ports), bounty.id, Review.LIST, explanation=WHY)
    await followed(ports)

    assert [said for _, said in await log_of(system, await the_case(system))] == [
        "LISTED → WAITING, by RISK",
        "WAITING → LISTED, by REVIEW",
    ]


async def test_on_both_roads_at_once_it_is_decided_once(db: asyncpg.Pool, ports: Ports) -> None:
    case, bounty, _ = await case_of_review(ports)
    moderator = await claimed(ports, case.id)

    answers = await asyncio.gather(
        *(moderation.review_bounty(moderator, bounty.id, each, explanation=WHY) for each in (*Review, *Review)),
        *(moderation.decide_case(moderator, case.id, each, explanation=WHY) for each in (Decision.RESTORE,) * 4),
        return_exceptions=True,
    )

    assert sum(isinstance(answer, Conflict) for answer in answers) == 7
    assert await db.fetchval("SELECT count(*) FROM case_event WHERE kind = 'DECIDED'") == 1
    assert await db.fetchval("SELECT count(*) FROM bounty_review") == 1


async def test_a_refusal_that_comes_upon_wrong_books_stops_them_and_leaves_the_case(
    db: asyncpg.Pool, ports: Ports, system: Scope
) -> None:
    case, bounty, _ = await case_of_review(ports)
    await db.execute("UPDATE bounty SET pot = 70")

    with pytest.raises(Conflict) as refused:
        await moderation.review_bounty(await some_moderator(ports), bounty.id, Review.REFUSE, explanation=WHY)

    assert refused.value.state == "PAYOUT_STOPPED"
    found = await the(system, bounty)
    assert (found.status, found.payouts_stopped_at) == (BountyStatus.OPEN, system.now)
    assert ((await seen(system, case.id)).status, await escrowed()) == (CaseStatus.OPEN, 100)
