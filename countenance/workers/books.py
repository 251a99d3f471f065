"""Proving the books of all bounties, at the operator's pace; whoever reads the log must not overlook what is wrong."""

import structlog

from domain import bounties
from domain.kernel.scope import Scope

log = structlog.get_logger(__name__)


async def prove_books(scope: Scope) -> int:
    """Prove the books and say what disagrees; gives how many alarms were raised. The clock calls it."""
    proof = await bounties.reconcile(scope)
    for books in proof.alarms:
        log.error(
            "the books disagree; payouts are stopped" if books.bounty_id else "the books of all bounties disagree",
            bounty_id=str(books.bounty_id or ""),
            escrowed=books.escrowed,
            owed=books.owed,
            pledged=books.pledged,
            pot=books.pot,
        )
    return len(proof.alarms)
