"""Claims in figures that anybody may read."""

from dataclasses import dataclass
from datetime import datetime

from domain.kernel.sql import fetch_one


@dataclass(frozen=True, slots=True)
class ClaimCounts:
    """Claims of a span of time: received, upheld, overdue in it, and the median hours from receipt to decision."""

    received: int
    upheld: int
    overdue: int
    median_hours: float | None


async def claims_between(start: datetime, end: datetime, *, now: datetime) -> ClaimCounts:
    """Count claims from `start` to `end` (exclusive), each by what happened to it in that time.

    One is overdue if its time ran out in the span, not after `now`, while it was neither decided nor withdrawn.
    """
    row = await fetch_one(
        """
        SELECT count(*) FILTER (WHERE received_at >= $1 AND received_at < $2) AS received,
            count(*) FILTER (WHERE person_id IS NOT NULL AND decided_at >= $1 AND decided_at < $2) AS upheld,
            count(*) FILTER (WHERE due_at >= $1 AND due_at < least($2, $3)
                AND coalesce(decided_at, withdrawn_at, 'infinity') > due_at) AS overdue,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM decided_at - received_at) / 3600)
                FILTER (WHERE decided_at >= $1 AND decided_at < $2) AS median_hours
        FROM likeness_claim
        """,
        start,
        end,
        now,
    )
    if row is None:
        raise LookupError("A count gave no row.")
    return ClaimCounts(row["received"], row["upheld"], row["overdue"], row["median_hours"])
