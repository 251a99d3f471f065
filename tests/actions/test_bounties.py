"""The deeds of a bounty's life on the real database: open, pledge, award, cancel, and the clock."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from asyncpg import RaiseError

from domain import bounties
from domain.bounties import Bounty, BountyEntry, BountyStatus
from domain.kernel.clock import HandClock
from domain.kernel.ids import BountyId, Credits, EntryId, Subject, new_id
from domain.kernel.ports import Policy, Ports
from domain.kernel.refusals import (
    Conflict,
    InvalidInput,
    LikenessRefused,
    NotAllowed,
    NotEnoughCredits,
    NotFound,
    PolicyRefused,
    Refusal,
    SignInRequired,
    Suspended,
)
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch
from domain.reasons import statements_by_subject
from domain.registry.snapshot import Consent, Person, Snapshot
from tests.actions.bounties import (
    accepted,
    escrowed,
    followed,
    history,
    opened,
    some_moderator,
    somebody,
    submitted,
    terms,
    told,
)
from tests.factories import available, system_scope


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0))


async def _now(bounty: Bounty) -> Bounty:
    return (await bounties.bounties_by_ids(system_scope(), [bounty.id]))[bounty.id]


async def test_opening_puts_the_pledge_into_escrow_at_once(ports: Ports) -> None:
    initiator = await somebody(ports, credits=250)

    bounty = await opened(initiator, pledge=Credits(100))

    assert (bounty.status, bounty.pot, bounty.backer_count, bounty.entry_count) == (BountyStatus.OPEN, 100, 1, 0)
    assert bounty.judged_by == bounty.closes_at + timedelta(days=7)
    assert (await available(initiator.require_actor()), await escrowed()) == (150, 100)
    assert await history(bounty) == [("OPEN", None, "OPEN")]
    assert await told("BountyOpened") == 1


async def test_the_purse_must_hold_the_pledge(ports: Ports) -> None:
    initiator = await somebody(ports, credits=99)

    with pytest.raises(NotEnoughCredits) as refused:
        await opened(initiator, pledge=Credits(100))

    assert (refused.value.needed, refused.value.held) == (100, 99)
    assert (await available(initiator.require_actor()), await escrowed()) == (99, 0)
    assert await fetch("SELECT FROM bounty") == []
    assert await told("BountyOpened") == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": "  "}, "input.title"),
        ({"title": "a" * 201}, "input.title"),
        ({"title": "a\0b"}, "input.title"),
        ({"brief": "\ud800"}, "input.brief"),
        ({"brief": "a" * 20_001}, "input.brief"),
        ({"pledge": Credits(9)}, "input.pledge"),
        ({"closes_at": None}, "input.closesAt"),
    ],
)
async def test_terms_out_of_bounds_are_refused(ports: Ports, change: dict[str, object], field: str) -> None:
    initiator = await somebody(ports)
    if "closes_at" in change:
        change = {"closes_at": initiator.now + timedelta(minutes=59)}

    with pytest.raises(InvalidInput) as refused:
        await opened(initiator, **change)

    assert refused.value.field == field
    assert await fetch("SELECT FROM bounty") == []


async def test_a_bounty_for_a_protected_person_is_refused_and_costs_nothing(ports: Ports) -> None:
    person = Person(new_id(), "Test Person Aldebaran", consent=Consent.DENY_ALL)
    ports.registry.adopt(Snapshot(1, (person,)))  # type: ignore[attr-defined]
    initiator = await somebody(ports)

    with pytest.raises(LikenessRefused) as refused:
        await opened(initiator, brief="Make me test_person_aldebaran, please.")

    [finding] = refused.value.findings
    assert (finding.person_id, "Aldebaran" in finding.detail) == (person.id, False)
    assert (await available(initiator.require_actor()), await fetch("SELECT FROM bounty")) == (1000, [])


async def test_consent_to_named_creators_covers_nobody_because_others_enter(ports: Ports) -> None:
    initiator = await somebody(ports)
    person = Person(
        new_id(),
        "Test Person Aldebaran",
        consent=Consent.NAMED_CREATORS,
        creators=(initiator.require_actor().account_id,),
    )
    ports.registry.adopt(Snapshot(1, (person,)))  # type: ignore[attr-defined]

    with pytest.raises(LikenessRefused):
        await opened(initiator, title="Test Person Aldebaran")

    assert await fetch("SELECT FROM bounty") == []


async def test_a_mature_bounty_of_a_real_person_is_refused(ports: Ports) -> None:
    initiator = await somebody(ports)

    with pytest.raises(PolicyRefused) as refused:
        await opened(initiator, mature=True, depicts_real_person=True)

    assert refused.value.policy == "real-person-mature/1"
    assert await fetch("SELECT FROM bounty") == []


async def test_only_somebody_signed_in_and_not_suspended_may_open(ports: Ports, nobody: Scope) -> None:
    member = await somebody(ports)
    suspended = nobody.as_(replace(member.require_actor(), suspended=True))

    with pytest.raises(SignInRequired):
        await bounties.open_bounty(nobody, terms(nobody))
    with pytest.raises(Suspended):
        await opened(suspended)

    assert await fetch("SELECT FROM bounty") == []


async def test_anybody_may_add_to_the_pot_and_backers_are_counted_once(ports: Ports) -> None:
    initiator, backer = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator, pledge=Credits(100))

    await bounties.pledge(backer, bounty.id, Credits(30))
    await bounties.pledge(backer, bounty.id, Credits(20))
    after = await bounties.pledge(initiator, bounty.id, Credits(50))

    assert (after.pot, after.backer_count) == (200, 2)
    assert (await available(backer.require_actor()), await escrowed()) == (950, 200)
    assert await told("BountyPledged") == 3


@pytest.mark.parametrize("amount", [24, 51])
async def test_the_bounds_of_a_first_pledge_are_the_operators(ports: Ports, amount: int) -> None:
    initiator = await somebody(replace(ports, policy=Policy(signup_grant=0, min_pledge=25, max_pledge=50)))

    with pytest.raises(InvalidInput) as refused:
        await opened(initiator, pledge=Credits(amount))

    assert (refused.value.message, refused.value.field) == ("A pledge is from 25 to 50 credits.", "input.pledge")
    assert (await available(initiator.require_actor()), await fetch("SELECT FROM bounty")) == (1000, [])
    assert (await opened(initiator, pledge=Credits(25))).pot == 25


@pytest.mark.parametrize("amount", [24, 51])
async def test_the_bounds_hold_for_every_further_pledge(ports: Ports, amount: int) -> None:
    bounded = replace(ports, policy=Policy(signup_grant=0, min_pledge=25, max_pledge=50))
    bounty, backer = await opened(await somebody(ports), pledge=Credits(100)), await somebody(bounded)

    with pytest.raises(InvalidInput) as refused:
        await bounties.pledge(backer, bounty.id, Credits(amount))

    assert (refused.value.message, refused.value.field) == ("A pledge is from 25 to 50 credits.", "amount")
    assert (await available(backer.require_actor()), await escrowed()) == (1000, 100)
    assert (await bounties.pledge(backer, bounty.id, Credits(50))).pot == 150


async def test_forty_pledges_at_once_lose_nothing(ports: Ports) -> None:
    bounty = await opened(await somebody(ports), pledge=Credits(100))
    backers = [await somebody(ports, credits=20) for _ in range(20)]

    await asyncio.gather(*(bounties.pledge(backer, bounty.id, Credits(10)) for backer in backers for _ in range(2)))

    after = await _now(bounty)
    assert (after.pot, after.backer_count, await escrowed()) == (500, 21, 500)
    assert [await available(backer.require_actor()) for backer in backers] == [0] * 20


async def test_a_pledge_is_refused_after_the_deadline_even_before_the_clock_came_by(
    ports: Ports, clock: HandClock
) -> None:
    bounty, backer = await opened(await somebody(ports)), await somebody(ports)
    clock.turn(timedelta(days=1))

    with pytest.raises(Conflict) as refused:
        await bounties.pledge(backer, bounty.id, Credits(30))

    assert refused.value.state == "JUDGING"
    assert (await available(backer.require_actor()), await escrowed()) == (1000, 100)
    assert await told("BountyPledged") == 0


async def test_a_pledge_to_what_is_not_there_finds_nothing(ports: Ports) -> None:
    with pytest.raises(NotFound):
        await bounties.pledge(await somebody(ports), BountyId(new_id()), Credits(30))


async def test_the_whole_pot_goes_to_the_author_of_the_awarded_entry(ports: Ports, tmp_path: Path) -> None:
    initiator, backer, author = [await somebody(ports) for _ in range(3)]
    bounty = await opened(initiator, pledge=Credits(100))
    await bounties.pledge(backer, bounty.id, Credits(50))
    entry = await accepted(author, bounty, tmp_path)

    after, winner = await bounties.award(initiator, bounty.id, to=entry.id)

    assert (after.status, after.awarded_entry_id, after.pot) == (BountyStatus.AWARDED, entry.id, 150)
    assert winner.awarded
    assert [await available(scope.require_actor()) for scope in (initiator, backer, author)] == [900, 950, 1150]
    assert await escrowed() == 0
    assert (await history(bounty))[-1] == ("AWARD", "OPEN", "AWARDED")
    [fact] = await fetch("SELECT topics FROM fact WHERE kind = 'BountyAwarded'")
    assert str(author.account_id) in fact["topics"]


async def test_of_twenty_awards_at_once_one_wins_and_the_pot_moves_once(ports: Ports, tmp_path: Path) -> None:
    initiator, author, other = [await somebody(ports) for _ in range(3)]
    bounty = await opened(initiator, pledge=Credits(100))
    entries = [await accepted(author, bounty, tmp_path), await accepted(other, bounty, tmp_path)]

    answers = await asyncio.gather(
        *(bounties.award(initiator, bounty.id, to=entries[n % 2].id) for n in range(20)), return_exceptions=True
    )

    refusals = [answer for answer in answers if isinstance(answer, Conflict)]
    assert (len(refusals), {refusal.state for refusal in refusals}) == (19, {"AWARDED"})
    assert sorted([await available(author.require_actor()), await available(other.require_actor())]) == [1000, 1100]
    assert (await escrowed(), await told("BountyAwarded")) == (0, 1)
    assert len(await fetch("SELECT FROM journal_entry WHERE key = $1", f"bounty-payout:{bounty.id}")) == 1


@pytest.mark.parametrize("who", ["nobody", "author", "moderator"])
async def test_only_the_initiator_awards(ports: Ports, nobody: Scope, tmp_path: Path, who: str) -> None:
    initiator, author, moderator = await somebody(ports), await somebody(ports), await some_moderator(ports)
    bounty = await opened(initiator)
    entry = await accepted(author, bounty, tmp_path)
    scope = {"nobody": nobody, "author": author, "moderator": moderator}[who]

    with pytest.raises(SignInRequired if who == "nobody" else NotAllowed):
        await bounties.award(scope, bounty.id, to=entry.id)

    assert ((await _now(bounty)).status, await escrowed()) == (BountyStatus.OPEN, 100)


async def test_an_entry_that_is_still_validated_can_not_win(ports: Ports, tmp_path: Path) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator)
    entry = await submitted(author, bounty, tmp_path)

    with pytest.raises(Conflict) as refused:
        await bounties.award(initiator, bounty.id, to=entry.id)

    assert refused.value.state == "SCANNING"
    assert (await escrowed(), await told("BountyAwarded")) == (100, 0)


async def test_an_entry_of_another_bounty_can_not_win(ports: Ports, tmp_path: Path) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty, other = await opened(initiator), await opened(initiator)
    entry = await accepted(author, other, tmp_path)

    with pytest.raises(NotFound):
        await bounties.award(initiator, bounty.id, to=entry.id)

    assert await escrowed() == 200


async def test_an_entry_may_win_while_the_initiator_judges(ports: Ports, clock: HandClock, tmp_path: Path) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator)
    entry = await accepted(author, bounty, tmp_path)
    clock.turn(timedelta(days=2))

    after, _ = await bounties.award(initiator, bounty.id, to=entry.id)

    assert after.status is BountyStatus.AWARDED
    assert [step for step, _, _ in await history(bounty)] == ["OPEN", "SUBMIT", "CLOSE", "AWARD"]
    assert await told("BountyClosed") == 1


async def test_nothing_can_be_awarded_once_the_time_to_judge_ran_out(
    ports: Ports, clock: HandClock, tmp_path: Path
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator)
    entry = await accepted(author, bounty, tmp_path)
    clock.turn(timedelta(days=8))

    with pytest.raises(Conflict) as refused:
        await bounties.award(initiator, bounty.id, to=entry.id)

    assert refused.value.state == "REFUNDED"
    assert (await escrowed(), await told("BountyAwarded"), await told("BountyClosed")) == (100, 0, 0)


async def test_cancelling_gives_every_pledge_back_whole(ports: Ports) -> None:
    initiator, backer = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator, pledge=Credits(100))
    await bounties.pledge(backer, bounty.id, Credits(50))

    after = await bounties.cancel(initiator, bounty.id)

    assert (after.status, after.pot) == (BountyStatus.CANCELLED, 150)
    assert [await available(scope.require_actor()) for scope in (initiator, backer)] == [1000, 1000]
    assert (await escrowed(), await told("BountyCancelled")) == (0, 1)
    assert await statements_by_subject(initiator, [Subject("bounty", bounty.id)]) == {}


async def test_a_moderator_who_cancels_states_reasons_to_the_initiator(ports: Ports) -> None:
    initiator, moderator, other = await somebody(ports), await some_moderator(ports), await somebody(ports)
    bounty = await opened(initiator)
    subject = Subject("bounty", bounty.id)

    await bounties.cancel(moderator, bounty.id)

    stated = await statements_by_subject(initiator, [subject])
    assert stated[subject].facts == (
        "A moderator cancelled this bounty. What the authors of accepted entries did not get of the pot went back to "
        "the backers."
    )
    assert await statements_by_subject(other, [subject]) == {}


async def test_others_can_not_cancel(ports: Ports, nobody: Scope) -> None:
    bounty, other = await opened(await somebody(ports)), await somebody(ports)

    with pytest.raises(NotAllowed):
        await bounties.cancel(other, bounty.id)
    with pytest.raises(SignInRequired):
        await bounties.cancel(nobody, bounty.id)

    assert ((await _now(bounty)).status, await escrowed()) == (BountyStatus.OPEN, 100)


async def test_awards_and_cancellations_at_once_pay_the_pot_once(ports: Ports, tmp_path: Path) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator, pledge=Credits(100))
    entry = await accepted(author, bounty, tmp_path)

    deeds = [bounties.award(initiator, bounty.id, to=entry.id) for _ in range(5)]
    cancels = [bounties.cancel(initiator, bounty.id) for _ in range(5)]
    answers = await asyncio.gather(*deeds, *cancels, return_exceptions=True)

    assert sum(isinstance(answer, Conflict) for answer in answers) == 9
    paid = [await available(scope.require_actor()) for scope in (initiator, author)]
    assert paid in ([900, 1100], [1000, 1000])
    assert await escrowed() == 0


async def test_the_clock_closes_what_is_due_and_refunds_what_nobody_judged(
    ports: Ports, system: Scope, clock: HandClock
) -> None:
    initiator = await somebody(ports)
    soon, later = await opened(initiator), await opened(initiator, closes_at=initiator.now + timedelta(days=20))

    clock.turn(timedelta(days=1))
    assert (await bounties.close_due(system), await bounties.close_due(system)) == (1, 0)
    assert await bounties.refund_due(system) == 0
    closed = await _now(soon)
    clock.turn(timedelta(days=7))
    assert (await bounties.refund_due(system), await bounties.refund_due(system)) == (1, 0)

    assert (closed.status, (await _now(soon)).status) == (BountyStatus.JUDGING, BountyStatus.REFUNDED)
    assert (await _now(later)).status is BountyStatus.OPEN
    assert await history(soon) == [
        ("OPEN", None, "OPEN"),
        ("CLOSE", "OPEN", "JUDGING"),
        ("REFUND", "JUDGING", "REFUNDED"),
    ]
    assert (await available(initiator.require_actor()), await escrowed()) == (900, 100)
    assert (await told("BountyClosed"), await told("BountyRefunded")) == (1, 1)


async def test_a_bounty_that_was_overlooked_for_long_is_closed_and_refunded(
    ports: Ports, system: Scope, clock: HandClock
) -> None:
    initiator = await somebody(ports)
    bounty = await opened(initiator)
    clock.turn(timedelta(days=30))

    assert (await bounties.close_due(system), await bounties.refund_due(system)) == (1, 1)

    assert (await _now(bounty)).status is BountyStatus.REFUNDED
    assert await available(initiator.require_actor()) == 1000


@pytest.mark.parametrize("final", ["AWARDED", "CANCELLED", "REFUNDED"])
async def test_what_has_ended_takes_no_further_step(
    ports: Ports, system: Scope, clock: HandClock, tmp_path: Path, final: str
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator)
    entry = await accepted(author, bounty, tmp_path)
    await _end(final, initiator, bounty, entry, system=system, clock=clock)
    before = await history(bounty)

    assert await _refused(bounties.pledge(author, bounty.id, Credits(20))) == final
    assert await _refused(bounties.draft_entry(author, bounty.id)) == final
    assert await _refused(bounties.award(initiator, bounty.id, to=entry.id)) == final
    assert await _refused(bounties.cancel(initiator, bounty.id)) == final
    assert (await bounties.close_due(system), await bounties.refund_due(system)) == (0, 0)

    assert (await history(bounty), (await _now(bounty)).status, await escrowed()) == (before, final, 0)


async def test_the_database_itself_holds_an_end_final(ports: Ports) -> None:
    initiator = await somebody(ports)
    bounty = await bounties.cancel(initiator, (await opened(initiator)).id)

    for change in ("UPDATE bounty SET status = 'OPEN' WHERE id = $1", "UPDATE bounty SET pot = 1 WHERE id = $1"):
        with pytest.raises(RaiseError, match="it has ended and does not change"):
            await fetch(change, bounty.id)

    assert await _now(bounty) == bounty


@pytest.mark.parametrize("table", ["bounty_pledge", "bounty_step"])
async def test_the_database_itself_keeps_the_record(ports: Ports, db: asyncpg.Pool, table: str) -> None:
    await opened(await somebody(ports))

    with pytest.raises(RaiseError, match="only grows"):
        await db.execute(f"UPDATE {table} SET amount = 1")  # noqa: S608 - the names are above
    with pytest.raises(RaiseError, match="only grows"):
        await db.execute(f"DELETE FROM {table}")  # noqa: S608 - the names are above

    assert await db.fetchval(f"SELECT amount FROM {table}") == 100  # noqa: S608 - the names are above


async def _end(
    final: str, initiator: Scope, bounty: Bounty, entry: BountyEntry, *, system: Scope, clock: HandClock
) -> None:
    match final:
        case "AWARDED":
            await bounties.award(initiator, bounty.id, to=EntryId(entry.id))
        case "CANCELLED":
            await bounties.cancel(initiator, bounty.id)
        case "REFUNDED":
            clock.turn(timedelta(days=9))
            await bounties.close_due(system)
            await bounties.refund_due(system)
    await followed(system.ports)


async def _refused(deed: object) -> str:
    with pytest.raises(Refusal) as refused:
        await deed  # type: ignore[misc]
    assert isinstance(refused.value, Conflict)
    return refused.value.state
