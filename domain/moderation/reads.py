"""What anybody may read about moderation."""

from datetime import datetime

from domain import bounties, generation, likeness
from domain.kernel.scope import Scope
from domain.moderation.rules import check_span, share
from domain.moderation.values import Transparency


async def transparency(scope: Scope, start: datetime, end: datetime) -> Transparency:
    """Count what happened from `start` to `end` (exclusive). Raises InvalidInput.

    Reports, rewards and appeals are zero because this release takes none.
    """
    check_span(start, end)
    counts = await bounties.counts_between(start, end)
    claims = await likeness.claims_between(start, end, now=scope.now)
    return Transparency(
        start=start,
        end=end,
        bounties_opened=counts.bounties_opened,
        bounties_depicting_real_people=counts.bounties_depicting_real_people,
        entries_submitted=counts.entries_submitted,
        real_person_entry_share=share(counts.entries_to_real_person_bounties, counts.entries_submitted),
        claims_received=claims.received,
        claims_upheld=claims.upheld,
        claims_overdue=claims.overdue,
        median_hours_to_claim_decision=claims.median_hours,
        generations_refused=await generation.refused_between(start, end),
    )
