"""Stating reasons, in the transaction of the restriction that they are about."""

from datetime import datetime

from domain.kernel.ids import StatementId, Subject
from domain.kernel.work import Work
from domain.reasons.tables import StatementRow
from domain.reasons.values import Statement


async def state(w: Work, statement: Statement) -> StatementId:
    """Store a statement of reasons; it takes the place of the one in force on the same subject, if any."""
    await withdraw(w, statement.subject, at=statement.application_date)
    await StatementRow.insert(
        StatementRow(
            {
                StatementRow.id: statement.id,
                StatementRow.subject_kind: statement.subject.kind,
                StatementRow.subject_id: statement.subject.id,
                StatementRow.owner_id: statement.owner_id,
                StatementRow.decision_visibility: list(statement.visibility),
                StatementRow.decision_monetary: statement.monetary,
                StatementRow.decision_provision: statement.provision,
                StatementRow.decision_account: statement.account,
                StatementRow.decision_facts: statement.facts,
                StatementRow.decision_ground: statement.ground,
                StatementRow.ground_reference: statement.ground_reference,
                StatementRow.ground_explanation: statement.explanation,
                StatementRow.also_illegal: statement.also_illegal,
                StatementRow.content_type: list(statement.content_types),
                StatementRow.category: statement.category,
                StatementRow.keywords: list(statement.keywords),
                StatementRow.content_date: statement.content_date,
                StatementRow.application_date: statement.application_date,
                StatementRow.source_type: statement.source,
                StatementRow.automated_detection: statement.automated_detection,
                StatementRow.automated_decision: statement.automated_decision,
                StatementRow.withdrawn_at: statement.withdrawn_at,
            }
        )
    )
    return statement.id


async def in_force(w: Work, subject: Subject) -> StatementId | None:
    """Name the statement in force on a subject, if there is one."""
    row = await w.one(
        "SELECT id FROM statement WHERE subject_kind = $1 AND subject_id = $2 AND withdrawn_at IS NULL",
        subject.kind,
        subject.id,
    )
    return StatementId(row["id"]) if row else None


async def withdraw(w: Work, subject: Subject, *, at: datetime | None = None) -> bool:
    """End the statement in force on a subject, because its restriction ends; False when there is none.

    `at` is the time of the end; the database's clock when None.
    """
    ended = await w.execute(
        "UPDATE statement SET withdrawn_at = coalesce($3, now())"
        " WHERE subject_kind = $1 AND subject_id = $2 AND withdrawn_at IS NULL",
        subject.kind,
        subject.id,
        at,
    )
    return ended != "UPDATE 0"
