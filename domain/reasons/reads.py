"""Reading statements of reasons: moderators and the restricted account see them, nobody else."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from domain.kernel.ids import AccountId, StatementId, Subject
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch
from domain.reasons.values import (
    AccountDecision,
    Automation,
    Category,
    ContentType,
    Ground,
    Keyword,
    Monetary,
    Provision,
    Source,
    Statement,
    Visibility,
)

_VISIBLE = "($1::bool OR statement.owner_id = $2)"


async def statements_by_subject(scope: Scope, subjects: Sequence[Subject]) -> dict[Subject, Statement]:
    """Give the statement in force on each subject, where there is one and the scope may see it."""
    if not subjects:
        return {}
    rows = await fetch(
        f"""
        SELECT statement.* FROM statement
        JOIN unnest($3::text[], $4::uuid[]) AS asked(kind, id)
          ON statement.subject_kind = asked.kind AND statement.subject_id = asked.id
        WHERE statement.withdrawn_at IS NULL AND {_VISIBLE}
        """,  # noqa: S608 - a constant of this module
        _sees_all(scope),
        scope.account_id,
        [subject.kind for subject in subjects],
        [subject.id for subject in subjects],
    )
    return {statement.subject: statement for statement in map(_statement, rows)}


async def statements_by_ids(scope: Scope, ids: Sequence[UUID]) -> dict[StatementId, Statement]:
    """Give statements, ended ones too, that the scope may see."""
    if not ids:
        return {}
    rows = await fetch(
        f"SELECT * FROM statement WHERE id = ANY($3::uuid[]) AND {_VISIBLE}",  # noqa: S608 - as above
        _sees_all(scope),
        scope.account_id,
        list(ids),
    )
    return {statement.id: statement for statement in map(_statement, rows)}


def _sees_all(scope: Scope) -> bool:
    return scope.system or scope.is_moderator


def _statement(row: asyncpg.Record) -> Statement:
    return Statement(
        id=StatementId(row["id"]),
        subject=Subject(row["subject_kind"], row["subject_id"]),
        owner_id=AccountId(row["owner_id"]) if row["owner_id"] else None,
        facts=row["decision_facts"],
        ground=Ground(row["decision_ground"]),
        ground_reference=row["ground_reference"],
        explanation=row["ground_explanation"],
        category=Category(row["category"]),
        source=Source(row["source_type"]),
        automated_detection=row["automated_detection"],
        automated_decision=Automation(row["automated_decision"]),
        content_date=row["content_date"],
        application_date=row["application_date"],
        visibility=tuple(map(Visibility, row["decision_visibility"])),
        monetary=Monetary(row["decision_monetary"]) if row["decision_monetary"] else None,
        provision=Provision(row["decision_provision"]) if row["decision_provision"] else None,
        account=AccountDecision(row["decision_account"]) if row["decision_account"] else None,
        keywords=tuple(map(Keyword, row["keywords"])),
        content_types=tuple(map(ContentType, row["content_type"])),
        also_illegal=row["also_illegal"],
        withdrawn_at=row["withdrawn_at"],
    )
