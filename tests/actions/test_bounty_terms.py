"""Terms change until somebody begins an entry; from then on a deadline moves once, and those concerned are told."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from domain import bounties
from domain.bounties import Bounty, BountyKind, TermsChange
from domain.kernel.clock import HandClock
from domain.kernel.ids import BountyId, Credits, new_id
from domain.kernel.ports import Policy, Ports
from domain.kernel.refusals import Conflict, InvalidInput, LikenessRefused, NotAllowed, NotFound, PolicyRefused
from domain.kernel.refusals import Refusal as AnyRefusal
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch
from domain.registry.snapshot import Consent, Person, Snapshot
from tests.actions.bounties import history, opened, somebody, told


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0))


async def now_of(bounty: Bounty, scope: Scope) -> Bounty:
    """The bounty as it stands."""
    return (await bounties.bounties_by_ids(scope, [bounty.id]))[bounty.id]


async def news(kind: str) -> list[tuple[Any, int]]:
    """Who was told of this news, and what came to them."""
    rows = await fetch(
        "SELECT body ->> 'account_id' AS who, (body ->> 'credits')::int AS credits FROM fact "
        "WHERE kind = 'StakeholderTold' AND body ->> 'news' = $1 ORDER BY 1",
        kind,
    )
    return [(row["who"], row["credits"]) for row in rows]


async def test_every_term_may_change_while_nobody_has_begun_an_entry(ports: Ports) -> None:
    initiator, backer = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator, pledge=Credits(100))
    await bounties.pledge(backer, bounty.id, Credits(20))
    later = bounty.closes_at + timedelta(days=3)
    change = TermsChange(
        kind=BountyKind.EMBEDDING,
        title=" Ink lighthouses ",
        brief="An embedding.",
        closes_at=later,
        mature=True,
        auto_award=True,
    )

    after = await bounties.change_terms(initiator, bounty.id, change)

    assert after == replace(
        bounty,
        kind=BountyKind.EMBEDDING,
        title="Ink lighthouses",
        brief="An embedding.",
        closes_at=later,
        judged_by=later + timedelta(days=7),
        mature=True,
        auto_award=True,
        pot=Credits(120),
        backer_count=2,
    )
    assert await history(bounty) == [("OPEN", None, "OPEN"), ("PLEDGE", "OPEN", "OPEN"), ("CHANGE", "OPEN", "OPEN")]
    assert await told("BountyChanged") == 1
    assert await news("CHANGED") == [(str(backer.account_id), 0)]


async def test_what_a_change_leaves_out_stays_as_it_is(ports: Ports) -> None:
    initiator = await somebody(ports)
    bounty = await opened(initiator, auto_award=True)

    after = await bounties.change_terms(initiator, bounty.id, TermsChange(title="Ink lighthouses"))

    assert after == replace(bounty, title="Ink lighthouses")


@pytest.mark.parametrize("withdrawn", [False, True])
async def test_terms_are_frozen_from_the_first_draft_on_also_when_it_was_taken_back(
    ports: Ports, withdrawn: bool
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator)
    entry = await bounties.draft_entry(author, bounty.id)
    if withdrawn:
        await bounties.withdraw_entry(author, entry.id)

    with pytest.raises(Conflict) as refused:
        await bounties.change_terms(initiator, bounty.id, TermsChange(brief="Something else."))

    assert refused.value.state == "TERMS_FROZEN"
    assert (await now_of(bounty, initiator), await told("BountyChanged")) == (bounty, 0)
    assert await history(bounty) == [("OPEN", None, "OPEN")]


async def test_a_draft_and_a_change_at_once_leave_terms_that_are_whole(ports: Ports) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    for _ in range(5):
        bounty = await opened(initiator)

        changed, drafted = await asyncio.gather(
            bounties.change_terms(initiator, bounty.id, TermsChange(brief="Something else.")),
            bounties.draft_entry(author, bounty.id),
            return_exceptions=True,
        )

        assert isinstance(drafted, bounties.BountyEntry)
        stands = await now_of(bounty, initiator)
        if isinstance(changed, Conflict):
            assert (changed.state, stands.brief) == ("TERMS_FROZEN", bounty.brief)
        else:
            assert stands.brief == "Something else."


@pytest.mark.parametrize(
    ("change", "refusal", "at_fault"),
    [
        (TermsChange(), InvalidInput, "input"),
        (TermsChange(title=" "), InvalidInput, "input.title"),
        (TermsChange(brief="a" * 20_001), InvalidInput, "input.brief"),
        (TermsChange(mature=True, depicts_real_person=True), PolicyRefused, "real-person-mature/1"),
        (TermsChange(brief="Make test_person_aldebaran."), LikenessRefused, ""),
    ],
)
async def test_a_change_passes_the_same_checks_as_an_opening(
    ports: Ports, change: TermsChange, refusal: type[AnyRefusal], at_fault: str
) -> None:
    initiator = await somebody(ports)
    bounty = await opened(initiator)
    person = Person(new_id(), "Test Person Aldebaran", consent=Consent.DENY_ALL)
    ports.registry.adopt(Snapshot(1, (person,)))  # type: ignore[attr-defined]

    with pytest.raises(refusal) as refused:
        await bounties.change_terms(initiator, bounty.id, change)

    assert getattr(refused.value, "field", getattr(refused.value, "policy", "")) == at_fault
    assert (await now_of(bounty, initiator), await told("BountyChanged")) == (bounty, 0)


@pytest.mark.parametrize(
    ("hours", "wait", "allowed"),
    [(1, 0, True), (0.9, 0, False), (24 * 90, 0, True), (24 * 90 + 0.1, 0, False), (24 * 90, 5, True)],
)
async def test_a_changed_deadline_is_an_hour_ahead_and_within_ninety_days_of_the_opening(
    ports: Ports, clock: HandClock, hours: float, wait: int, allowed: bool
) -> None:
    initiator = await somebody(ports)
    bounty = await opened(initiator)
    clock.turn(timedelta(hours=wait))
    closes_at = bounty.created_at + timedelta(hours=hours)

    if allowed:
        after = await bounties.change_terms(initiator, bounty.id, TermsChange(closes_at=closes_at))
        assert (after.closes_at, after.judged_by) == (closes_at, closes_at + timedelta(days=7))
        return
    with pytest.raises(InvalidInput) as refused:
        await bounties.change_terms(initiator, bounty.id, TermsChange(closes_at=closes_at))

    assert refused.value.field == "input.closesAt"
    assert await now_of(bounty, initiator) == bounty


async def test_only_the_initiator_changes_or_extends(ports: Ports) -> None:
    initiator, other = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator)

    with pytest.raises(NotAllowed):
        await bounties.change_terms(other, bounty.id, TermsChange(title="Mine"))
    with pytest.raises(NotAllowed):
        await bounties.extend(other, bounty.id, bounty.closes_at + timedelta(days=1))
    with pytest.raises(NotFound):
        await bounties.extend(initiator, BountyId(new_id()), bounty.closes_at)

    assert await now_of(bounty, initiator) == bounty


async def test_the_one_extension_tells_every_author_and_backer(ports: Ports, tmp_path: Path) -> None:
    initiator, backer, author, gone = [await somebody(ports) for _ in range(4)]
    bounty = await opened(initiator)
    await bounties.pledge(backer, bounty.id, Credits(20))
    await bounties.draft_entry(author, bounty.id)
    await bounties.withdraw_entry(gone, (await bounties.draft_entry(gone, bounty.id)).id)
    later = bounty.closes_at + timedelta(days=7)

    after = await bounties.extend(initiator, bounty.id, later)

    assert (after.closes_at, after.judged_by) == (later, later + timedelta(days=7))
    assert after.extended_at == initiator.now
    assert (await history(bounty))[-1] == ("EXTEND", "OPEN", "OPEN")
    assert await told("BountyExtended") == 1
    assert await news("EXTENDED") == sorted((str(each.account_id), 0) for each in (backer, author, gone))


async def test_a_deadline_moves_once_however_often_it_is_asked(ports: Ports) -> None:
    initiator = await somebody(ports)
    bounty = await opened(initiator)
    later = bounty.closes_at + timedelta(days=1)

    answers = await asyncio.gather(
        *(bounties.extend(initiator, bounty.id, later + timedelta(hours=n)) for n in range(5)), return_exceptions=True
    )

    refusals = [answer for answer in answers if isinstance(answer, Conflict)]
    assert ([refusal.state for refusal in refusals], await told("BountyExtended")) == (["EXTENDED"] * 4, 1)


@pytest.mark.parametrize("by", [timedelta(0), timedelta(seconds=-1), timedelta(days=7, seconds=1)])
async def test_an_extension_is_later_by_at_most_seven_days(ports: Ports, by: timedelta) -> None:
    initiator = await somebody(ports)
    bounty = await opened(initiator)

    with pytest.raises(InvalidInput) as refused:
        await bounties.extend(initiator, bounty.id, bounty.closes_at + by)

    assert refused.value.field == "closesAt"
    assert (await now_of(bounty, initiator), await told("BountyExtended")) == (bounty, 0)


async def test_what_is_closed_is_neither_changed_nor_extended(ports: Ports, clock: HandClock) -> None:
    initiator = await somebody(ports)
    bounty = await opened(initiator)
    clock.turn(timedelta(days=1))

    with pytest.raises(Conflict) as unchanged:
        await bounties.change_terms(initiator, bounty.id, TermsChange(title="Later"))
    with pytest.raises(Conflict) as unextended:
        await bounties.extend(initiator, bounty.id, bounty.closes_at + timedelta(days=1))

    assert (unchanged.value.state, unextended.value.state) == ("JUDGING", "JUDGING")
    assert await now_of(bounty, initiator) == bounty
