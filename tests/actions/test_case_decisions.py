"""What moderators decide in cases, what is done by it in the same work, and that it happens once, with reasons."""

import asyncio
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from domain import bounties, moderation, reasons
from domain.bounties import BountyFilter, BountyOrder, BountyStatus, EntryStatus
from domain.kernel.ids import Credits, Subject
from domain.kernel.paging import PageAsk
from domain.kernel.ports import Policy, Ports
from domain.kernel.refusals import Conflict, InvalidInput, NotAllowed, Refusal
from domain.kernel.scope import Scope
from domain.moderation import CaseFilter, CaseStatus, Cause, Decision
from tests.actions.bounties import accepted, escrowed, followed, opened, some_moderator, told
from tests.actions.cases import (
    case_of_dealing,
    case_of_entry,
    case_of_review,
    claimed,
    log_of,
    seen,
    the_case,
    written,
)
from tests.factories import available, give

WHY = "I have looked at it, and this is why."


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test, and accounts are compared."""
    return replace(ports, policy=Policy(signup_grant=0), marks_key=b"a key of 32 bytes, for the tests")


async def statement_on(scope: Scope, kind: str, subject_id: object) -> reasons.Statement | None:
    subject = Subject(kind, subject_id)  # type: ignore[arg-type]
    return (await reasons.statements_by_subject(scope, [subject])).get(subject)


async def test_a_refused_award_is_lifted_for_this_entry_and_then_succeeds(
    db: asyncpg.Pool, ports: Ports, tmp_path: Path
) -> None:
    of = await case_of_dealing(ports, tmp_path)
    other = await accepted(of.author, of.bounty, tmp_path)
    moderator = await claimed(ports, of.case.id)

    decided = await moderation.decide_case(moderator, of.case.id, Decision.RESTORE, explanation="A dormitory.")
    with pytest.raises(NotAllowed):
        await bounties.award(of.initiator, of.bounty.id, to=other.id)
    await bounties.award(of.initiator, of.bounty.id, to=of.entry.id)

    assert (decided.status, decided.decision, decided.claimed_by) == (CaseStatus.DECIDED, Decision.RESTORE, None)
    [row] = await db.fetch("SELECT entry_id, case_id, moderator_id, explanation FROM bounty_dealing_lift")
    assert tuple(row) == (of.entry.id, of.case.id, moderator.account_id, "A dormitory.")
    assert (await available(of.author.require_actor()), await escrowed()) == (1100, 0)
    [fact] = await db.fetch("SELECT topics FROM fact WHERE kind = 'SelfDealingLifted'")
    assert fact["topics"] == f'["inbox:{of.initiator.account_id}"]'


async def test_there_is_nothing_to_lift_once_the_bounty_has_ended(
    db: asyncpg.Pool, ports: Ports, tmp_path: Path
) -> None:
    of = await case_of_dealing(ports, tmp_path)
    await bounties.cancel(of.initiator, of.bounty.id)
    moderator = await claimed(ports, of.case.id)

    with pytest.raises(InvalidInput):
        await moderation.decide_case(moderator, of.case.id, Decision.RESTORE, explanation=WHY)

    assert await db.fetch("SELECT FROM bounty_dealing_lift") == []


async def test_without_a_lift_the_award_stays_refused(ports: Ports, tmp_path: Path) -> None:
    of = await case_of_dealing(ports, tmp_path)
    moderator = await claimed(ports, of.case.id)

    await moderation.decide_case(moderator, of.case.id, Decision.NO_ACTION, explanation=WHY)

    with pytest.raises(NotAllowed):
        await bounties.award(of.initiator, of.bounty.id, to=of.entry.id)
    assert (await available(of.author.require_actor()), await escrowed()) == (1000, 100)


async def test_an_entry_is_removed_with_reasons_and_can_not_win(ports: Ports, system: Scope, tmp_path: Path) -> None:
    of = await case_of_dealing(ports, tmp_path)
    moderator = await claimed(ports, of.case.id)

    await moderation.decide_case(moderator, of.case.id, Decision.REMOVE, explanation=WHY)
    await followed(ports)

    entry = (await bounties.entries_by_ids(of.author, [of.entry.id]))[of.entry.id]
    statement = await statement_on(of.author, "entry", of.entry.id)
    assert (entry.status, entry.restricted) == (EntryStatus.BLOCKED, True)
    assert statement is not None
    assert (statement.explanation, statement.automated_decision) == (WHY, reasons.Automation.NOT_AUTOMATED)
    with pytest.raises(Conflict) as refused:
        await bounties.award(of.initiator, of.bounty.id, to=of.entry.id)
    assert refused.value.state == "BLOCKED"
    [own] = (await bounties.own_files(of.author, [entry], urls=True))[of.entry.id]
    assert own.download_url is None
    page = await moderation.case_page(moderator, PageAsk(), CaseFilter(status=CaseStatus.OPEN))
    assert page.items == []  # what was decided opens no case by itself


async def test_a_hold_opens_a_case_anew_and_is_lifted_by_it(ports: Ports, system: Scope, tmp_path: Path) -> None:
    of = await case_of_dealing(ports, tmp_path)
    await moderation.decide_case(
        await claimed(ports, of.case.id), of.case.id, Decision.HOLD, explanation="Until I have asked around."
    )
    await followed(ports)
    again = await the_case(system)
    held = (await bounties.entries_by_ids(of.author, [of.entry.id]))[of.entry.id]
    moderator = await claimed(ports, again.id)
    with pytest.raises(InvalidInput):
        await moderation.decide_case(moderator, again.id, Decision.NO_ACTION, explanation=WHY)

    await moderation.decide_case(moderator, again.id, Decision.RESTORE, explanation=WHY)
    await followed(ports)

    assert (again.subject, again.causes) == (of.case.subject, (Cause.HOLD,))
    assert [kind for kind, _ in await log_of(system, again)] == ["OPENED", "CLAIMED", "DECIDED"]
    assert held.status is EntryStatus.HELD
    freed = (await bounties.entries_by_ids(of.author, [of.entry.id]))[of.entry.id]
    assert (freed.status, freed.restricted) == (EntryStatus.ACCEPTED, False)
    assert await statement_on(of.author, "entry", of.entry.id) is None
    with pytest.raises(NotAllowed):  # the case of the hold was not about the award
        await bounties.award(of.initiator, of.bounty.id, to=of.entry.id)


async def test_what_a_person_had_to_look_at_is_let_pass_and_can_win(ports: Ports, tmp_path: Path) -> None:
    of = await case_of_entry(ports, tmp_path)
    moderator = await claimed(ports, of.case.id)

    await moderation.decide_case(moderator, of.case.id, Decision.RESTORE, explanation="It is nobody.")
    await followed(ports)
    freed = (await bounties.entries_by_ids(of.author, [of.entry.id]))[of.entry.id]
    [own] = (await bounties.own_files(of.author, [freed], urls=True))[of.entry.id]
    await bounties.award(of.initiator, of.bounty.id, to=of.entry.id)

    won = (await bounties.entries_by_ids(of.initiator, [of.entry.id]))[of.entry.id]
    outcome = (await bounties.outcomes(of.initiator, [won], urls=True))[of.entry.id]
    assert (freed.status, own.download_url is not None) == (EntryStatus.ACCEPTED, True)
    assert await statement_on(of.author, "entry", of.entry.id) is None
    assert [file.download_url is not None for file in outcome.files] == [True]
    assert await available(of.author.require_actor()) == 1100


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ("UPDATE scan SET findings = findings", EntryStatus.ACCEPTED),
        ("UPDATE scan SET findings = jsonb_set(findings, '{0,score}', '0.7')", EntryStatus.HELD),
        ("UPDATE scan SET verdict = 'BLOCKED'", EntryStatus.BLOCKED),
    ],
)
async def test_what_was_let_pass_is_held_again_for_anything_new(
    db: asyncpg.Pool, ports: Ports, tmp_path: Path, *, change: str, status: EntryStatus
) -> None:
    of = await case_of_entry(ports, tmp_path)
    moderator = await claimed(ports, of.case.id)
    await moderation.decide_case(moderator, of.case.id, Decision.RESTORE, explanation="It is nobody.")

    await db.execute(change)
    await db.execute("UPDATE fact SET reacted_at = NULL WHERE kind = 'FileScanned'")
    await followed(ports)

    entry = (await bounties.entries_by_ids(of.author, [of.entry.id]))[of.entry.id]
    assert entry.status is status
    held_again = await db.fetchval("SELECT count(*) FROM moderation_case WHERE decided_at IS NULL")
    assert held_again == (status is EntryStatus.HELD)


async def test_an_entry_that_a_moderator_holds_stays_held_when_validation_looks_again(
    db: asyncpg.Pool, ports: Ports, tmp_path: Path
) -> None:
    of = await case_of_dealing(ports, tmp_path)
    await moderation.decide_case(await claimed(ports, of.case.id), of.case.id, Decision.HOLD, explanation=WHY)
    await followed(ports)

    await db.execute("UPDATE fact SET reacted_at = NULL WHERE kind = 'FileScanned'")
    await followed(ports)

    entry = (await bounties.entries_by_ids(of.author, [of.entry.id]))[of.entry.id]
    statement = await statement_on(of.author, "entry", of.entry.id)
    assert statement is not None
    assert (entry.status, statement.explanation) == (EntryStatus.HELD, WHY)


async def test_what_a_moderator_holds_is_not_given_back_by_withdrawing_it(ports: Ports, tmp_path: Path) -> None:
    of = await case_of_dealing(ports, tmp_path)
    await moderation.decide_case(await claimed(ports, of.case.id), of.case.id, Decision.HOLD, explanation=WHY)

    await bounties.withdraw_entry(of.author, of.entry.id)

    entry = (await bounties.entries_by_ids(of.author, [of.entry.id]))[of.entry.id]
    [own] = (await bounties.own_files(of.author, [entry], urls=True))[of.entry.id]
    assert (entry.status, entry.restricted, own.download_url) == (EntryStatus.WITHDRAWN, True, None)


async def test_a_bounty_is_held_out_of_sight_and_shown_again(ports: Ports, nobody: Scope, system: Scope) -> None:
    case, bounty, initiator = await case_of_review(ports)
    moderator = await claimed(ports, case.id)
    await moderation.decide_case(moderator, case.id, Decision.RESTORE, explanation="It is a cat.")
    listed = await bounties.bounty_page(nobody, BountyFilter(), BountyOrder.NEWEST, PageAsk())
    await moderation.note(system, case.subject, Cause.BOOKS, "for the test")
    second = await the_case(system)

    await moderation.decide_case(await claimed(ports, second.id), second.id, Decision.HOLD, explanation=WHY)
    hidden = await bounties.bounty_page(nobody, BountyFilter(), BountyOrder.NEWEST, PageAsk())
    statement = await statement_on(initiator, "bounty", bounty.id)
    await followed(ports)
    third = await the_case(system)
    await moderation.decide_case(await claimed(ports, third.id), third.id, Decision.RESTORE, explanation=WHY)

    assert ([each.id for each in listed.items], hidden.items) == ([bounty.id], [])
    assert statement is not None
    assert statement.explanation == WHY
    shown = (await bounties.bounties_by_ids(nobody, [bounty.id]))[bounty.id]
    assert (shown.held_at, shown.status) == (None, BountyStatus.OPEN)
    assert await statement_on(initiator, "bounty", bounty.id) is None
    assert await told("BountyHidden") == await told("BountyShown") == 1


async def test_a_bounty_that_waits_is_refused_and_another_is_called_off_with_the_moderators_reasons(
    ports: Ports, system: Scope
) -> None:
    case, bounty, initiator = await case_of_review(ports)
    await moderation.decide_case(await claimed(ports, case.id), case.id, Decision.REMOVE, explanation="A neighbour.")
    other = await opened(initiator)
    await moderation.note(system, Subject("bounty", other.id), Cause.BOOKS, "for the test")
    second = await the_case(system)

    await moderation.decide_case(await claimed(ports, second.id), second.id, Decision.REMOVE, explanation=WHY)

    found = await bounties.bounties_by_ids(system, [bounty.id, other.id])
    assert {each.status for each in found.values()} == {BountyStatus.CANCELLED}
    statements = [await statement_on(initiator, "bounty", each) for each in (bounty.id, other.id)]
    assert [each.explanation for each in statements if each] == ["A neighbour.", WHY]
    assert (await available(initiator.require_actor()), await escrowed()) == (1000, 0)


async def test_a_case_is_decided_once_by_who_holds_it_and_a_refusal_changes_nothing(
    db: asyncpg.Pool, ports: Ports, tmp_path: Path
) -> None:
    of = await case_of_entry(ports, tmp_path)
    moderator, other = await claimed(ports, of.case.id), await some_moderator(ports)
    before = await written(db)

    async def refused(scope: Scope, kind: type[Refusal], decision: Decision, **given: object) -> Refusal:
        with pytest.raises(kind) as said:
            await moderation.decide_case(scope, of.case.id, decision, **{"explanation": WHY, **given})  # type: ignore[arg-type]
        return said.value

    await refused(other, NotAllowed, Decision.REMOVE)
    assert getattr(await refused(moderator, Conflict, Decision.REMOVE, strike=True), "state", "") == "NOT_YET"
    await refused(moderator, InvalidInput, Decision.LABEL_MATURE)
    await refused(moderator, InvalidInput, Decision.REMOVE, explanation="  ")
    assert await written(db) == before
    await moderation.decide_case(moderator, of.case.id, Decision.REMOVE, explanation=WHY)
    before = await written(db)
    assert getattr(await refused(moderator, Conflict, Decision.REMOVE), "state", "") == "DECIDED"
    with pytest.raises(Conflict):
        await moderation.claim_case(other, of.case.id)

    assert await written(db) == before
    with pytest.raises(asyncpg.RaiseError):
        await db.execute("UPDATE moderation_case SET decision = 'NO_ACTION'")


async def test_a_moderator_who_gets_a_stake_after_claiming_decides_nothing(ports: Ports, tmp_path: Path) -> None:
    of = await case_of_dealing(ports, tmp_path)
    moderator = await claimed(ports, of.case.id)
    await give(moderator.require_actor(), 100)
    await bounties.pledge(moderator, of.bounty.id, Credits(50))

    with pytest.raises(NotAllowed):
        await moderation.decide_case(moderator, of.case.id, Decision.RESTORE, explanation=WHY)

    assert (await seen(moderator, of.case.id)).decision is None


async def test_two_decisions_at_once_are_one(db: asyncpg.Pool, ports: Ports, tmp_path: Path) -> None:
    of = await case_of_dealing(ports, tmp_path)
    moderator = await claimed(ports, of.case.id)

    answers = await asyncio.gather(
        *[
            moderation.decide_case(moderator, of.case.id, decision, explanation=WHY)
            for decision in (Decision.RESTORE, Decision.REMOVE, Decision.RESTORE, Decision.NO_ACTION)
        ],
        return_exceptions=True,
    )

    assert len([each for each in answers if isinstance(each, moderation.Case)]) == 1
    assert {type(each) for each in answers} == {moderation.Case, Conflict}
    assert await db.fetchval("SELECT count(*) FROM case_event WHERE kind = 'DECIDED'") == 1
