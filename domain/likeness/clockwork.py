"""The 48-hour clock: what the passing of time alone does to claims."""

from domain.kernel.ids import ClaimId
from domain.kernel.scope import Scope
from domain.kernel.work import work
from domain.likeness.claim_rules import ESCALATIONS
from domain.likeness.facts import ClaimEscalated

_AT_ONCE = 500


async def tick(scope: Scope) -> int:
    """Tell each open claim of whose time another share is over: 50, 80 and 100 per cent, the last being overdue.

    Claims are judged by the injected clock; a share that was slept through is told once, with the ones before it.
    Gives how many were told, and forgets proofs of work that have expired.
    """
    told = 0
    async with work(scope.now) as w:
        rows = await w.fetch(
            """
            WITH due AS (
                SELECT id, escalated, least(100, floor(100 * extract(epoch FROM $1 - received_at)
                    / extract(epoch FROM due_at - received_at)))::int AS percent
                FROM likeness_claim WHERE status IN ('RECEIVED', 'VERIFYING') AND escalated < 100
                    AND $1 >= received_at + (due_at - received_at)
                        * (CASE WHEN escalated < 50 THEN 0.5 WHEN escalated < 80 THEN 0.8 ELSE 1 END)
                ORDER BY due_at, id LIMIT $2 FOR UPDATE SKIP LOCKED
            )
            UPDATE likeness_claim c SET escalated = due.percent FROM due WHERE c.id = due.id
            RETURNING c.id, due.escalated AS before, due.percent
            """,
            scope.now,
            _AT_ONCE,
        )
        for row in sorted(rows, key=lambda row: row["id"]):
            for percent in ESCALATIONS:
                if row["before"] < percent <= row["percent"]:
                    w.tell(ClaimEscalated(ClaimId(row["id"]), percent))
                    told += 1
        await w.execute("DELETE FROM spent_proof WHERE expires_at <= $1", scope.now)
    return told
