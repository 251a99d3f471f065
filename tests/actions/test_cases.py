"""Cases: what opens them, who works on them, in which order they are read, and a log that shows any change."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from domain import bounties, moderation
from domain.kernel.clock import HandClock
from domain.kernel.facts import Fact
from domain.kernel.findings import Verdict
from domain.kernel.ids import CaseId, Credits, Subject, new_id
from domain.kernel.paging import PageAsk, cursor
from domain.kernel.ports import Policy, Ports
from domain.kernel.refusals import Conflict, NotAllowed, NotFound, SignInRequired
from domain.kernel.scope import Scope
from domain.moderation import Case, CaseFilter, CaseStatus, Cause, Decision
from domain.reactions import REACTIONS
from tests.actions.bounties import escrowed, followed, opened, some_moderator, somebody, told
from tests.actions.cases import (
    LOOKS_LIKE,
    case_of_dealing,
    case_of_entry,
    case_of_review,
    claimed,
    log_of,
    seen,
    the_case,
    written,
)
from tests.factories import give
from tests.resourcing import NAME, registered

WHY = "I have looked at it, and this is why."


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test, and accounts are compared."""
    return replace(ports, policy=Policy(signup_grant=0), marks_key=b"a key of 32 bytes, for the tests")


# What opens a case.


async def test_a_refused_award_opens_a_case_about_the_entry(ports: Ports, system: Scope, tmp_path: Path) -> None:
    of = await case_of_dealing(ports, tmp_path)

    assert (of.case.subject, of.case.bounty_id) == (Subject("entry", of.entry.id), of.bounty.id)
    assert (of.case.status, of.case.causes) == (CaseStatus.OPEN, (Cause.SELF_DEALING,))
    assert (of.case.opened_at, of.case.due_at) == (system.now, system.now + timedelta(hours=48))
    assert of.case.priority == pytest.approx(3.668, abs=0.001)
    assert await log_of(system, of.case) == [
        ("OPENED", "its part of the pot was refused: author and initiator share a mark")
    ]
    assert await told("CaseOpened") == 1


async def test_what_is_told_of_the_same_thing_joins_the_open_case(ports: Ports, system: Scope, tmp_path: Path) -> None:
    of = await case_of_entry(ports, tmp_path)

    await moderation.note(system, of.case.subject, Cause.SELF_DEALING, "and another thing")
    await moderation.note(system, of.case.subject, None, "something ended")

    case = await the_case(system)
    assert (case.id, case.causes) == (of.case.id, (Cause.VALIDATION, Cause.SELF_DEALING))
    assert case.priority == pytest.approx(of.case.priority + 1.5)
    assert [said for _, said in await log_of(system, case)] == [
        "SCANNING → HELD, by VALIDATION",
        "and another thing",
        "something ended",
    ]
    assert (await told("CaseOpened"), await told("CaseChanged")) == (1, 2)


async def test_a_fact_that_is_told_again_is_noted_once(
    db: asyncpg.Pool, ports: Ports, system: Scope, tmp_path: Path
) -> None:
    of = await case_of_dealing(ports, tmp_path)
    moderator = await claimed(ports, of.case.id)
    await moderation.decide_case(moderator, of.case.id, Decision.NO_ACTION, explanation=WHY)

    await db.execute("UPDATE fact SET reacted_at = NULL")
    await followed(ports)

    assert await db.fetchval("SELECT count(*) FROM moderation_case WHERE decided_at IS NULL") == 0
    assert (await told("CaseOpened"), await told("CaseChanged")) == (1, 0)


async def test_books_that_disagree_open_a_case(db: asyncpg.Pool, ports: Ports, system: Scope) -> None:
    bounty = await opened(await somebody(ports), pledge=Credits(100))
    await db.execute("UPDATE bounty SET pot = 70")

    await bounties.reconcile(system)
    await followed(ports)

    case = await the_case(system)
    assert (case.subject, case.causes) == (Subject("bounty", bounty.id), (Cause.BOOKS,))
    assert (await log_of(system, case))[0][1].startswith("its books disagree: pledged 100, pot 70, in escrow 100")
    moderator = await claimed(ports, case.id)
    with pytest.raises(Conflict) as refused:
        await moderation.decide_case(moderator, case.id, Decision.REMOVE, explanation=WHY)
    assert refused.value.state == "PAYOUT_STOPPED"
    assert (await seen(moderator, case.id)).status is CaseStatus.CLAIMED
    assert await escrowed() == 100


async def test_a_bounty_that_waits_opens_a_case(ports: Ports, system: Scope) -> None:
    case, bounty, _ = await case_of_review(ports)

    assert (case.subject, case.causes) == (Subject("bounty", bounty.id), (Cause.REVIEW,))
    assert await log_of(system, case) == [("OPENED", "LISTED → WAITING, by RISK")]


async def test_what_the_registry_holds_opens_a_case(ports: Ports, system: Scope) -> None:
    initiator = await somebody(ports)
    bounty = await opened(initiator, title=f"After {NAME}")
    await registered(initiator)
    await followed(ports)

    case = await the_case(system)

    assert (case.subject, case.causes) == (Subject("bounty", bounty.id), (Cause.VALIDATION,))
    [finding] = (await moderation.findings_of(system, [case]))[case.id]
    assert finding.verdict is Verdict.BLOCKED


async def test_the_books_of_everything_together_are_no_subject_and_nobody_else_opens_cases(
    db: asyncpg.Pool, ports: Ports, system: Scope
) -> None:
    [of_books] = REACTIONS[bounties.EscrowMismatch]
    fact: Fact = bounties.EscrowMismatch(None, 1, 2, 3, 4)

    await of_books(system, fact)
    await moderation.note(system, Subject("entry", new_id()), Cause.VALIDATION, "gone")
    with pytest.raises(NotAllowed):
        await moderation.note(await some_moderator(ports), Subject("bounty", new_id()), Cause.BOOKS, "mine")

    assert await db.fetch("SELECT FROM moderation_case") == []


# Who works on it.


async def test_of_twenty_moderators_who_claim_at_once_one_has_it(
    db: asyncpg.Pool, ports: Ports, system: Scope, tmp_path: Path
) -> None:
    of = await case_of_entry(ports, tmp_path)
    moderators = [await some_moderator(ports) for _ in range(20)]

    answers = await asyncio.gather(
        *[moderation.claim_case(moderator, of.case.id) for moderator in moderators], return_exceptions=True
    )

    [case] = [answer for answer in answers if isinstance(answer, moderation.Case)]
    refused = [answer for answer in answers if isinstance(answer, Conflict)]
    assert (len(refused), {refusal.state for refusal in refused}) == (19, {"CLAIMED"})
    assert (case.status, case.claim_expires_at) == (CaseStatus.CLAIMED, system.now + timedelta(minutes=30))
    assert [kind for kind, _ in await log_of(system, of.case)] == ["OPENED", "CLAIMED"]
    assert await told("CaseClaimed") == 1


async def test_a_claim_runs_out_without_anybody_writing_that_down_and_claiming_again_renews_it(
    ports: Ports, clock: HandClock, system: Scope, tmp_path: Path
) -> None:
    of = await case_of_entry(ports, tmp_path)
    first, second = await claimed(ports, of.case.id), await some_moderator(ports)

    clock.turn(timedelta(minutes=29))
    renewed = await moderation.claim_case(first, of.case.id)
    clock.turn(timedelta(minutes=30))
    over = await seen(second, of.case.id)
    with pytest.raises(Conflict) as refused:
        await moderation.decide_case(first, of.case.id, Decision.NO_ACTION, explanation=WHY)
    taken = await moderation.claim_case(second, of.case.id)
    with pytest.raises(NotAllowed):
        await moderation.release_case(first, of.case.id)
    released = await moderation.release_case(second, of.case.id)

    assert renewed.claim_expires_at == of.case.opened_at + timedelta(minutes=59)
    assert (over.status, over.claimed_by, over.claim_expires_at) == (CaseStatus.OPEN, None, None)
    assert refused.value.state == "OPEN"
    assert (taken.claimed_by, released.status) == (second.account_id, CaseStatus.OPEN)
    assert [kind for kind, _ in await log_of(system, of.case)] == [
        "OPENED",
        "CLAIMED",
        "RENEWED",
        "CLAIMED",
        "RELEASED",
    ]


async def test_nobody_else_works_on_cases_and_nobody_on_their_own(
    db: asyncpg.Pool, ports: Ports, nobody: Scope, tmp_path: Path
) -> None:
    of = await case_of_entry(ports, tmp_path)
    backer, entrant, stranger = [await some_moderator(ports) for _ in range(3)]
    await give(backer.require_actor(), 100)
    await bounties.pledge(backer, of.bounty.id, Credits(50))
    await bounties.draft_entry(entrant, of.bounty.id, note="Mine.")
    before = await written(db)

    for scope, refusal in ((nobody, SignInRequired), (of.author, NotAllowed), (of.initiator, NotAllowed)):
        for deed in _deeds(scope, of.case.id):
            with pytest.raises(refusal):
                await deed()
    for scope in (backer, entrant):
        with pytest.raises(NotAllowed):
            await moderation.claim_case(scope, of.case.id)
    with pytest.raises(NotFound):
        await moderation.claim_case(stranger, CaseId(new_id()))

    assert await moderation.cases_by_ids(of.author, [of.case.id]) == {}
    assert await moderation.histories(of.author, [of.case.id]) == {of.case.id: []}
    with pytest.raises(NotAllowed):
        await moderation.case_page(of.author, PageAsk(), CaseFilter())
    assert await written(db) == before


def _deeds(scope: Scope, case_id: CaseId) -> list[Callable[[], Awaitable[object]]]:
    return [
        lambda: moderation.claim_case(scope, case_id),
        lambda: moderation.release_case(scope, case_id),
        lambda: moderation.decide_case(scope, case_id, Decision.HOLD, explanation=WHY),
    ]


async def test_a_moderator_who_shares_a_mark_with_somebody_in_it_is_not_independent(
    db: asyncpg.Pool, ports: Ports, tmp_path: Path
) -> None:
    of = await case_of_dealing(ports, tmp_path)
    kin = await some_moderator(ports)
    await db.execute(
        "UPDATE account_sign_up SET network_mark = (SELECT network_mark FROM account_sign_up WHERE account_id = $2)"
        " WHERE account_id = $1",
        kin.account_id,
        of.author.account_id,
    )

    with pytest.raises(NotAllowed):
        await moderation.claim_case(kin, of.case.id)

    assert (await seen(kin, of.case.id)).status is CaseStatus.OPEN


# What is read.


async def test_the_most_urgent_come_first_and_a_page_takes_up_where_the_last_ended(
    ports: Ports, clock: HandClock, system: Scope, tmp_path: Path
) -> None:
    moderator = await some_moderator(ports)
    subjects = [Subject("bounty", (await opened(await somebody(ports))).id) for _ in range(4)]
    for subject, cause in zip(subjects, (Cause.HOLD, Cause.BOOKS, Cause.CLAIM, Cause.REVIEW), strict=True):
        await moderation.note(system, subject, cause, "for the test")
        clock.turn(timedelta(hours=1))
    await moderation.claim_case(moderator, (await moderation.case_page(moderator, PageAsk(), CaseFilter())).items[1].id)
    await _decide_first(moderator)

    pages = [await moderation.case_page(moderator, PageAsk(3), CaseFilter(), total=True)]
    pages.append(await moderation.case_page(moderator, PageAsk(3, pages[0].keys[-1]), CaseFilter()))

    order = [case.subject for page in pages for case in page.items]
    assert order == [subjects[2], subjects[3], subjects[0], subjects[1]]  # what is decided comes last
    assert (pages[0].total, pages[0].has_next, pages[1].has_next) == (4, True, False)
    assert cursor(pages[0].keys[0])


async def _decide_first(moderator: Scope) -> None:
    first = (await moderation.case_page(moderator, PageAsk(), CaseFilter())).items[0]
    await moderation.claim_case(moderator, first.id)
    await moderation.decide_case(moderator, first.id, Decision.NO_ACTION, explanation=WHY)


def _wants(wanted: CaseFilter, case: Case, viewer: Scope) -> bool:
    return wanted.lets_through(
        case.status, case.claimed_by, due_at=case.due_at, now=viewer.now, viewer_id=viewer.account_id
    )


async def test_cases_are_filtered(ports: Ports, clock: HandClock, system: Scope) -> None:
    moderator, other = await some_moderator(ports), await some_moderator(ports)
    for _ in range(3):
        subject = Subject("bounty", (await opened(await somebody(ports))).id)
        await moderation.note(system, subject, Cause.REVIEW, "for the test")
    first, second, _ = (await moderation.case_page(moderator, PageAsk(), CaseFilter())).items
    await moderation.claim_case(moderator, first.id)
    await moderation.claim_case(other, second.id)

    async def all_cases() -> Sequence[Case]:
        return (await moderation.case_page(moderator, PageAsk(), CaseFilter())).items

    async def count(**asked: object) -> int:
        wanted = CaseFilter(**asked)  # type: ignore[arg-type]
        page = await moderation.case_page(moderator, PageAsk(), wanted, total=True)
        assert page.total == len(page.items)
        assert [case.id for case in await all_cases() if _wants(wanted, case, moderator)] == [
            case.id for case in page.items
        ]
        return page.total

    assert [await count(status=status) for status in CaseStatus] == [1, 2, 0]
    assert (await count(mine=True), await count(mine=False), await count()) == (1, 2, 3)
    assert (await count(overdue=True), await count(overdue=False), await count(reported=True)) == (0, 3, 0)
    clock.turn(timedelta(hours=48))
    assert [await count(status=status) for status in CaseStatus] == [3, 0, 0]
    assert (await count(mine=True), await count(overdue=True)) == (0, 3)


async def test_findings_are_read_with_the_case(ports: Ports, system: Scope, tmp_path: Path) -> None:
    of = await case_of_entry(ports, tmp_path)

    found = await moderation.findings_of(await some_moderator(ports), [of.case])

    assert [(each.signal, each.verdict) for each in found[of.case.id]] == [(LOOKS_LIKE.signal, Verdict.HELD)]
    assert await moderation.findings_of(of.author, [of.case]) == {}


# The log.


@pytest.mark.parametrize(
    ("change", "noticed"),
    [
        ("UPDATE case_event SET detail = 'nothing' WHERE nth = 2", 2),
        ("UPDATE case_event SET at = at + interval '1 second' WHERE nth = 1", 1),
        ("UPDATE case_event SET actor_id = NULL WHERE nth = 3", 3),
        ("DELETE FROM case_event WHERE nth = 2", 2),
        ("DELETE FROM case_event WHERE nth = 3", 3),
        ("UPDATE moderation_case SET digest = decode(repeat('00', 32), 'hex')", 4),
    ],
)
async def test_a_log_that_was_changed_is_noticed(
    db: asyncpg.Pool, ports: Ports, system: Scope, tmp_path: Path, *, change: str, noticed: int
) -> None:
    of = await case_of_entry(ports, tmp_path)
    await moderation.release_case(await claimed(ports, of.case.id), of.case.id)
    whole = await moderation.verify(system, of.case.id)
    if "case_event" in change:
        with pytest.raises(asyncpg.RaiseError):
            await db.execute(change)

    async with db.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")  # as somebody with the database's keys
        await connection.execute(change)

    assert (whole, await moderation.verify(system, of.case.id)) == (None, noticed)


async def test_only_moderators_prove_a_log(ports: Ports, nobody: Scope, tmp_path: Path) -> None:
    of = await case_of_entry(ports, tmp_path)

    assert await moderation.verify(await some_moderator(ports), of.case.id) is None
    for scope, refusal in ((nobody, SignInRequired), (of.author, NotAllowed)):
        with pytest.raises(refusal):
            await moderation.verify(scope, of.case.id)
    with pytest.raises(NotFound):
        await moderation.verify(await some_moderator(ports), CaseId(new_id()))
