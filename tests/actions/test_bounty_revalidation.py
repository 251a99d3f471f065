"""A change of the registry applied to texts of bounties and notes of entries: held, and shown again as before."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from domain import backscan, bounties, likeness, reasons
from domain.bounties import Bounty, BountyEntry, BountyFilter, BountyOrder, BountyStatus, EntryStatus
from domain.kernel.clock import HandClock
from domain.kernel.findings import Signal
from domain.kernel.ids import Credits, PersonId, Subject
from domain.kernel.paging import PageAsk
from domain.kernel.ports import Policy, Ports
from domain.kernel.refusals import Conflict, LikenessRefused, PolicyRefused
from domain.kernel.scope import Scope
from domain.registry.snapshot import Consent
from tests.actions.bounties import (
    accepted,
    escrowed,
    followed,
    history,
    opened,
    some_moderator,
    somebody,
    submitted,
    told,
    validated,
)
from tests.counting import counted
from tests.factories import available
from tests.resourcing import NAME, adopted, registered
from tests.sweeping import swept

ROWS = """
    SELECT id, status, pot, held_at, held_findings::text, held_for_claim, hold_statement_id, review, depicts_found,
        depicts_real_person, listed_at FROM bounty ORDER BY id
"""
NOTES = "SELECT id, status, note, note_findings::text, submitted_at, held_for_claim FROM bounty_entry ORDER BY id"


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0))


async def named(scope: Scope, **changed: Any) -> PersonId:
    """Somebody is registered, and everything stored has been judged by it."""
    person, _ = await registered(scope, **changed)
    await swept(Scope.of_system(scope.ports))
    await followed(scope.ports)
    return PersonId(person.id)


async def gone(scope: Scope, person_id: PersonId) -> None:
    """They are withdrawn, and everything stored has been judged by it."""
    await likeness.withdraw(Scope.of_system(scope.ports), person_id)
    await adopted(scope)
    await swept(Scope.of_system(scope.ports))
    await followed(scope.ports)


async def seen(scope: Scope, bounty: Bounty) -> Bounty | None:
    return (await bounties.bounties_by_ids(scope, [bounty.id])).get(bounty.id)


async def listed(scope: Scope, **wanted: Any) -> list[str]:
    page = await bounties.bounty_page(scope, BountyFilter(**wanted), BountyOrder.NEWEST, PageAsk())
    return [bounty.title for bounty in page.items]


async def test_what_is_registered_hides_what_names_it_and_a_withdrawal_shows_it_exactly_as_before(
    db: asyncpg.Pool, ports: Ports, nobody: Scope, tmp_path: Path
) -> None:
    initiator, author, backer, stranger = [await somebody(ports) for _ in range(4)]
    bounty = await opened(initiator, title=f"After {NAME}")
    other = await opened(initiator, title="Watercolour boats")
    await bounties.pledge(backer, bounty.id, Credits(50))
    await accepted(author, bounty, tmp_path)
    before, notes = await db.fetch(ROWS), await db.fetch(NOTES)

    person_id = await named(initiator)
    during = [await seen(scope, bounty) for scope in (initiator, author, backer, await some_moderator(ports))]
    unseen = [await seen(scope, bounty) for scope in (stranger, nobody)]
    lists = [await listed(scope) for scope in (stranger, nobody, initiator)]
    subject = Subject("bounty", bounty.id)
    statement = (await reasons.statements_by_subject(initiator, [subject]))[subject]
    await gone(initiator, person_id)

    assert [each.held_at for each in during if each] == [initiator.now] * 4
    assert [each.depicts_real_person for each in during if each] == [True] * 4
    assert unseen == [None, None]
    assert lists == [[other.title], [other.title], [other.title, bounty.title]]
    assert "title: a registered name" in statement.facts
    assert NAME not in statement.facts + statement.explanation
    assert (await db.fetch(ROWS), await db.fetch(NOTES)) == (before, notes)
    assert await listed(stranger) == [other.title, bounty.title]
    assert await reasons.statements_by_subject(initiator, [subject]) == {}
    assert (await told("BountyHidden"), await told("BountyShown"), await told("BountyDecided")) == (1, 1, 2)
    assert (await history(bounty))[-2:] == [("HOLD", "OPEN", "OPEN"), ("SHOW", "OPEN", "OPEN")]


async def test_doing_it_again_changes_nothing(db: asyncpg.Pool, ports: Ports, tmp_path: Path) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator, brief=f"Pictures after {NAME}, please.")
    await _entered(author, await opened(initiator), tmp_path, note=f"As in {NAME}'s pictures.")
    await named(initiator)
    before = [await db.fetch(ROWS), await db.fetch(NOTES), await db.fetch("SELECT id FROM fact ORDER BY id")]

    await db.execute("UPDATE sweep SET done = 0")
    touched = await swept(Scope.of_system(ports))

    assert touched == 0
    assert [await db.fetch(ROWS), await db.fetch(NOTES), await db.fetch("SELECT id FROM fact ORDER BY id")] == before
    assert (await seen(initiator, bounty)) is not None


@pytest.mark.parametrize("end", [BountyStatus.AWARDED, BountyStatus.CANCELLED, BountyStatus.REFUNDED])
async def test_what_has_ended_is_hidden_too_because_it_is_still_shown(
    ports: Ports, nobody: Scope, clock: HandClock, tmp_path: Path, end: BountyStatus
) -> None:
    system = Scope.of_system(ports)
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator, title=f"After {NAME}")
    entry = await accepted(author, bounty, tmp_path)
    if end is BountyStatus.AWARDED:
        await bounties.award(initiator, bounty.id, to=entry.id)
    elif end is BountyStatus.CANCELLED:
        await bounties.cancel(initiator, bounty.id)
    else:
        clock.turn(timedelta(days=9))
        await bounties.close_due(system)
        await bounties.refund_due(system)

    person_id = await named(initiator)
    during = await seen(nobody, bounty)
    await gone(initiator, person_id)

    assert during is None
    after = await seen(nobody, bounty)
    assert after is not None
    assert after.status is end


async def test_a_held_bounty_goes_nowhere_but_to_its_end(ports: Ports, tmp_path: Path) -> None:
    initiator, author, backer = await somebody(ports), await somebody(ports), await somebody(ports)
    bounty = await opened(initiator, title=f"After {NAME}")
    entry = await accepted(author, bounty, tmp_path)
    draft = await bounties.draft_entry(author, bounty.id, note="Another.")
    await bounties.pledge(backer, bounty.id, Credits(50))
    await named(initiator)
    steps = await history(bounty)

    for deed in (
        bounties.pledge(backer, bounty.id, Credits(50)),
        bounties.draft_entry(author, bounty.id, note="One more."),
        bounties.begin_upload(author, draft.id, file_name="a.safetensors", size_bytes=8),
        bounties.award(initiator, bounty.id, to=entry.id),
        bounties.extend(initiator, bounty.id, bounty.closes_at + timedelta(days=1)),
    ):
        with pytest.raises(Conflict) as refused:
            await deed
        assert refused.value.state == "HELD"
    assert (await history(bounty), await escrowed()) == (steps, 150)

    cancelled = await bounties.cancel(initiator, bounty.id)

    assert (cancelled.status, cancelled.held_at is not None, await escrowed()) == (BountyStatus.CANCELLED, True, 0)


async def test_a_held_bounty_is_closed_and_refunded_by_the_clock_and_keeps_no_promise_to_award(
    ports: Ports, system: Scope, clock: HandClock, tmp_path: Path
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator, title=f"After {NAME}", auto_award=True)
    await accepted(author, bounty, tmp_path)
    await named(initiator)

    clock.turn(timedelta(days=9))
    closed = await bounties.close_due(system)
    ended = await bounties.auto_award_due(system)

    assert (closed, ended) == (1, 1)
    after = await seen(initiator, bounty)
    assert after is not None
    assert (after.status, await escrowed()) == (BountyStatus.REFUNDED, 0)
    assert await available(initiator.require_actor()) == 1000


async def test_what_two_persons_hold_is_shown_when_the_last_is_gone(ports: Ports, nobody: Scope) -> None:
    initiator = await somebody(ports)
    bounty = await opened(initiator, title=f"{NAME} and Another Person Rigel")
    first, second = await named(initiator), await named(initiator, name="Another Person Rigel")

    await gone(initiator, first)
    between = await seen(nobody, bounty)
    await gone(initiator, second)

    assert between is None
    assert await seen(nobody, bounty) is not None
    assert (await told("BountyHidden"), await told("BountyShown")) == (1, 1)


async def test_what_the_person_allows_is_marked_and_not_held(db: asyncpg.Pool, ports: Ports, nobody: Scope) -> None:
    initiator = await somebody(ports)
    bounty = await opened(initiator, title=f"After {NAME}")
    mature = await opened(initiator, title=f"After {NAME}", mature=True)
    before = await db.fetch(ROWS)

    person_id = await named(initiator, consent=Consent.SAFE_FOR_WORK_ONLY)
    marked, held = await seen(nobody, bounty), await seen(nobody, mature)
    counts = await bounties.counts_between(initiator.now - timedelta(hours=1), initiator.now + timedelta(hours=1))
    await gone(initiator, person_id)

    assert marked is not None
    assert (marked.depicts_real_person, marked.held_at) == (True, None)
    assert held is None
    assert (counts.bounties_opened, counts.bounties_depicting_real_people) == (2, 2)
    assert await db.fetch(ROWS) == before


async def test_a_change_of_consent_holds_and_frees(ports: Ports, nobody: Scope, system: Scope) -> None:
    initiator = await somebody(ports)
    bounty = await opened(initiator, title=f"After {NAME}")
    person_id = await named(initiator, consent=Consent.SAFE_FOR_WORK_ONLY)
    shown = await seen(nobody, bounty)

    await likeness.change(system, person_id, consent=Consent.DENY_ALL)
    await adopted(initiator)
    await swept(system)
    held = await seen(nobody, bounty)
    await likeness.change(system, person_id, consent=Consent.SAFE_FOR_WORK_ONLY)
    await adopted(initiator)
    await swept(system)

    assert (shown is not None, held) == (True, None)
    assert await seen(nobody, bounty) == shown


async def test_a_name_that_its_person_allows_marks_a_new_bounty(ports: Ports) -> None:
    initiator = await somebody(ports)
    await named(initiator, consent=Consent.SAFE_FOR_WORK_ONLY)

    bounty = await opened(initiator, title=f"After {NAME}")
    with pytest.raises(LikenessRefused):
        await opened(initiator, title=f"After {NAME}", mature=True)

    assert (bounty.depicts_real_person, bounty.held_at, await told("BountyOpened")) == (True, None, 1)


async def test_a_note_that_names_somebody_holds_its_entry_until_they_are_gone(
    db: asyncpg.Pool, ports: Ports, tmp_path: Path
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator)
    entry = await _entered(author, bounty, tmp_path, note=f"As in {NAME}'s pictures.")
    await validated(ports)
    before = await db.fetch(NOTES)

    person_id = await named(initiator)
    during = (await bounties.entries_by_ids(author, [entry.id]))[entry.id]
    subject = Subject("entry", entry.id)
    statement = (await reasons.statements_by_subject(author, [subject]))[subject]
    with pytest.raises(Conflict):
        await bounties.award(initiator, bounty.id, to=entry.id)
    await gone(initiator, person_id)

    assert during.status is EntryStatus.HELD
    assert "note: a registered name" in statement.facts
    assert await db.fetch(NOTES) == before
    assert await reasons.statements_by_subject(author, [subject]) == {}
    assert (await bounties.award(initiator, bounty.id, to=entry.id))[0].status is BountyStatus.AWARDED


async def test_a_scan_that_ends_later_does_not_free_what_a_note_holds(ports: Ports, tmp_path: Path) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    entry = await _entered(author, await opened(initiator), tmp_path, note=f"As in {NAME}'s pictures.")
    person_id = await named(initiator)

    await validated(ports)
    held = (await bounties.entries_by_ids(author, [entry.id]))[entry.id]
    await gone(initiator, person_id)

    assert held.status is EntryStatus.HELD
    assert (await bounties.entries_by_ids(author, [entry.id]))[entry.id].status is EntryStatus.ACCEPTED


async def test_a_note_that_names_its_authors_person_is_allowed(ports: Ports, tmp_path: Path) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    entry = await _entered(author, await opened(initiator), tmp_path, note=f"After {NAME}.")
    await validated(ports)

    await named(initiator, consent=Consent.NAMED_CREATORS, creators=(author.account_id,))

    assert (await bounties.entries_by_ids(author, [entry.id]))[entry.id].status is EntryStatus.ACCEPTED


async def test_a_draft_whose_note_names_somebody_now_can_not_be_handed_in(ports: Ports, tmp_path: Path) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator)
    draft = await bounties.draft_entry(author, bounty.id, note=f"After {NAME}.")
    await named(initiator)

    with pytest.raises(LikenessRefused) as refused:
        await bounties.submit_entry(author, draft.id)

    assert [finding.signal for finding in refused.value.findings] == [Signal.NAME_IN_TEXT]
    assert (await bounties.entries_by_ids(author, [draft.id]))[draft.id].status is EntryStatus.DRAFT
    assert await told("EntrySubmitted") == 0


async def test_nothing_is_opened_by_an_older_registry_than_the_one_being_applied(
    db: asyncpg.Pool, ports: Ports, system: Scope
) -> None:
    initiator = await somebody(ports)
    older = ports.registry.matcher.snapshot
    await named(initiator)
    ports.registry.adopt(older)  # type: ignore[attr-defined]

    with pytest.raises(PolicyRefused) as refused:
        await opened(initiator, title=f"After {NAME}")

    assert refused.value.policy == "registry-current/1"
    assert (await db.fetch("SELECT FROM bounty"), await escrowed(), await told("BountyOpened")) == ([], 0, 0)


async def test_a_thousand_bounties_are_swept_in_a_bounded_number_of_statements(
    db: asyncpg.Pool, ports: Ports, system: Scope
) -> None:
    initiator = await somebody(ports)
    bounty = await opened(initiator, title=f"After {NAME}")
    await _copied(db, bounty, 1_000)
    await registered(initiator)

    with counted(db) as statements:
        touched = await backscan.sweep(system, "bounties", worker="test")

    assert touched == 1
    assert await db.fetchval("SELECT count(*) FROM bounty WHERE held_at IS NOT NULL") == 1
    assert len(statements) <= 40


async def test_a_moderators_own_statement_stays_in_force_whatever_the_registry_says_later(ports: Ports) -> None:
    initiator = await somebody(ports)
    bounty = await opened(initiator, title=f"After {NAME}")
    await bounties.cancel(await some_moderator(ports), bounty.id)
    subject = Subject("bounty", bounty.id)
    before = await reasons.statements_by_subject(initiator, [subject])

    person_id = await named(initiator)
    await gone(initiator, person_id)

    assert len(before) == 1
    assert await reasons.statements_by_subject(initiator, [subject]) == before


async def _entered(author: Scope, bounty: Bounty, folder: Path, *, note: str) -> BountyEntry:
    """Hand in an entry with a note, not validated yet."""
    entry = await submitted(author, bounty, folder, note=note)
    assert entry.note == note
    return entry


async def _copied(db: asyncpg.Pool, bounty: Bounty, copies: int) -> None:
    """Make bounties like one, of nobody."""
    await db.execute(
        """
        INSERT INTO bounty (id, kind, title, brief, status, mature, depicts_real_person, depicts_found, initiator_id,
            pot, backer_count, created_at, closes_at, judged_by, listed_at)
        SELECT gen_random_uuid(), kind, 'Boats ' || n, brief, status, mature, false, false, initiator_id, 0, 0,
            created_at, closes_at, judged_by, listed_at
        FROM bounty, generate_series(1, $2) AS n WHERE id = $1
        """,
        bounty.id,
        copies,
    )
