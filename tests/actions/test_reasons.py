"""Statements of reasons in the database: one in force for a subject, never rewritten, seen by those they concern."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import asyncpg
import pytest

from domain import reasons
from domain.kernel.clock import HandClock
from domain.kernel.ids import Subject
from domain.kernel.scope import Actor, Scope
from domain.kernel.work import work
from tests.factories import member, moderator
from tests.rules.test_reasons import WHOLE


async def _state(statement: reasons.Statement) -> None:
    async with work() as w:
        await reasons.state(w, statement)


async def test_a_statement_reads_back_as_it_was_stated(system: Scope, clock: HandClock) -> None:
    statement = replace(
        WHOLE,
        application_date=clock.now(),
        monetary=reasons.Monetary.SUSPENSION,
        provision=reasons.Provision.PARTIAL_SUSPENSION,
        account=reasons.AccountDecision.TERMINATED,
        keywords=(reasons.Keyword.DEEPFAKE, reasons.Keyword.BIOMETRIC_DATA_BREACH),
        content_types=(reasons.ContentType.IMAGE, reasons.ContentType.SYNTHETIC_MEDIA),
        also_illegal=True,
    )

    await _state(statement)

    assert await reasons.statements_by_ids(system, [statement.id]) == {statement.id: statement}
    assert await reasons.statements_by_subject(system, [statement.subject]) == {statement.subject: statement}


async def test_the_owner_and_moderators_see_it_and_nobody_else(nobody: Scope, acting: Callable[[Actor], Scope]) -> None:
    owner, other, judge = await member(), await member(), await moderator()
    statement = replace(WHOLE, owner_id=owner.account_id)
    await _state(statement)

    seen = [
        set(await reasons.statements_by_ids(scope, [statement.id]))
        for scope in (acting(owner), acting(judge), acting(other), nobody)
    ]

    assert seen == [{statement.id}, {statement.id}, set(), set()]
    assert await reasons.statements_by_subject(acting(other), [statement.subject]) == {}


async def test_a_newer_statement_takes_the_place_of_the_one_in_force(system: Scope) -> None:
    first, second = WHOLE, replace(WHOLE, id=UUID(int=5), facts="Found again.")
    await _state(first)

    await _state(second)

    assert await reasons.statements_by_subject(system, [WHOLE.subject]) == {WHOLE.subject: second}
    kept = await reasons.statements_by_ids(system, [first.id])
    assert kept[first.id].withdrawn_at == second.application_date


async def test_withdrawing_ends_the_statement_once(system: Scope, clock: HandClock) -> None:
    await _state(WHOLE)

    async with work() as w:
        ended = [await reasons.withdraw(w, WHOLE.subject, at=clock.now()) for _ in range(2)]

    assert ended == [True, False]
    assert await reasons.statements_by_subject(system, [WHOLE.subject]) == {}
    kept = await reasons.statements_by_ids(system, [WHOLE.id])
    assert kept[WHOLE.id].withdrawn_at == clock.now()


async def test_subjects_are_told_apart_by_kind_and_id(system: Scope) -> None:
    await _state(WHOLE)
    others = [Subject("entry", WHOLE.subject.id), Subject("resource", UUID(int=8))]

    assert await reasons.statements_by_subject(system, others) == {}
    assert await reasons.statements_by_subject(system, []) == {}


async def test_the_database_refuses_to_rewrite_what_was_stated(db: asyncpg.Pool) -> None:
    await _state(WHOLE)

    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="never rewritten"):
        await db.execute("UPDATE statement SET decision_facts = 'something else'")

    assert await db.fetchval("SELECT decision_facts FROM statement") == WHOLE.facts
