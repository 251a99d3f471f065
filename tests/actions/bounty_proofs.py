"""What must be true of bounties after every step, whatever was done: credits, awards, history, and who reads what."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from domain import bounties
from domain.bounties import BountyEntry, BountyStatus
from domain.kernel.ids import BountyId
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch, fetch_one

FINAL = {BountyStatus.AWARDED, BountyStatus.REFUNDED, BountyStatus.CANCELLED}

MOVES: Mapping[str, set[str]] = {
    "OPEN": {"OPEN", "JUDGING", "AWARDED", "CANCELLED"},
    "JUDGING": {"JUDGING", "AWARDED", "CANCELLED", "REFUNDED"},
    "AWARDED": {"AWARDED"},
    "CANCELLED": {"CANCELLED"},
    "REFUNDED": {"REFUNDED"},
}
"""Where a bounty may go by one step."""

_BOOKS = """
SELECT
    (SELECT coalesce(sum(balance), 0) FROM purse WHERE kind <> 'MINT') AS held,
    (SELECT coalesce(sum(balance), 0) FROM purse WHERE kind = 'PLEDGE') AS escrowed,
    (SELECT coalesce(sum(pot), 0) FROM bounty WHERE status IN ('OPEN', 'JUDGING')) AS running
"""

_WRONG = """
SELECT b.id, b.status, (b.pot, b.backer_count) = (p.pledged, p.backers) AS pot,
    paid.times = (b.status IN ('AWARDED', 'REFUNDED', 'CANCELLED'))::int AS paid,
    coalesce(a.granted, 0) = CASE b.status WHEN 'AWARDED' THEN b.pot ELSE 0 END
        AND coalesce(a.percents, 100) = 100 AND coalesce(a.named, b.awarded_entry_id IS NULL) AS awards,
    coalesce(a.independent, true) AS independent,
    s.unbroken AND s.last = b.status AND s.ends <= 1 AS history
FROM bounty b
CROSS JOIN LATERAL (
    SELECT sum(amount) AS pledged, count(DISTINCT backer_id) AS backers FROM bounty_pledge WHERE bounty_id = b.id
) p
CROSS JOIN LATERAL (SELECT count(*) AS times FROM journal_entry WHERE key = 'bounty-payout:' || b.id) paid
CROSS JOIN LATERAL (
    SELECT sum(amount) AS granted, sum(percent) AS percents, bool_or(entry_id = b.awarded_entry_id) AS named,
        bool_and(e.author_id <> b.initiator_id AND NOT ARRAY[e.author_id, b.initiator_id] <@ $2::uuid[]) AS independent
    FROM bounty_award g JOIN bounty_entry e ON e.id = g.entry_id WHERE g.bounty_id = b.id
) a
CROSS JOIN LATERAL (
    SELECT bool_and(from_status IS NOT DISTINCT FROM before) AS unbroken,
        count(*) FILTER (WHERE from_status <> to_status AND to_status IN ('AWARDED', 'REFUNDED', 'CANCELLED')) AS ends,
        (array_agg(to_status ORDER BY id DESC))[1] AS last
    FROM (SELECT *, lag(to_status) OVER (ORDER BY id) AS before FROM bounty_step WHERE bounty_id = b.id) steps
) s
WHERE b.id = ANY($1::uuid[])
"""


async def prove_books(*, granted: int) -> None:
    """What all purses hold is what was granted, and what lies in escrow is what the running bounties owe."""
    row = await fetch_one(_BOOKS)
    assert row is not None
    assert row["held"] == granted, "credits were lost or made"
    assert row["escrowed"] == row["running"], "escrow is not the pots of what runs"


async def prove_bounties(ids: Iterable[BountyId], *, kin: Sequence[Scope]) -> dict[BountyId, BountyStatus]:
    """Each bounty's pot, payout, awards and history agree; `kin` are linked and get nothing of each other.

    Gives where each stands.
    """
    rows = await fetch(_WRONG, list(ids), [scope.account_id for scope in kin])
    wrong = [
        dict(row) for row in rows if not all(row[what] for what in ("pot", "paid", "awards", "independent", "history"))
    ]
    assert wrong == []
    return {BountyId(row["id"]): BountyStatus(row["status"]) for row in rows}


async def prove_reads(viewers: Iterable[Scope], system: Scope, entry_ids: Sequence[Any]) -> None:
    """Nobody sees an entry that isn't theirs to see; an outcome opens for nobody but the initiator who bought it."""
    everything = await bounties.entries_by_ids(system, entry_ids)
    for viewer in viewers:
        seen = await bounties.entries_by_ids(viewer, entry_ids)
        assert set(seen) == {entry.id for entry in everything.values() if _sees(viewer, entry)}
        opened = await bounties.outcomes(viewer, list(everything.values()), urls=False)
        assert all(_bought(viewer, everything[entry_id]) for entry_id in opened)


def _sees(viewer: Scope, entry: BountyEntry) -> bool:
    return viewer.is_moderator or viewer.account_id in (entry.author_id, entry.initiator_id)


def _bought(viewer: Scope, entry: BountyEntry) -> bool:
    return entry.awarded and entry.status == "ACCEPTED" and viewer.account_id == entry.initiator_id
