"""Self-dealing: nobody gets anything of a pot who is not independent of the one who judges."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain import accounts
from domain.bounties.facts import SelfDealingRefused
from domain.bounties.steps import LockedBounty, LockedEntry
from domain.kernel.ids import BountyId, EntryId, new_id
from domain.kernel.refusals import NotAllowed
from domain.kernel.scope import Scope
from domain.kernel.work import Work, work


@dataclass(eq=False)
class SelfDealing(NotAllowed):
    """An initiator wants to award somebody who is not independent of them; it doesn't say by what they are linked."""

    message: str = "This entry can't be awarded: the author of an entry must be independent of the initiator."
    bounty_id: BountyId | None = None
    entry_ids: Sequence[EntryId] = ()


async def linked_entries(
    w: Work, scope: Scope, bounty: LockedBounty, entries: Sequence[LockedEntry]
) -> Sequence[LockedEntry]:
    """Give those of a bounty's entries whose authors are not independent of its initiator.

    Where a moderator found in a case that two accounts share by chance what links them, they count as independent for
    that entry.
    """
    if not entries:
        return ()
    linked = await accounts.linked(w, scope, bounty.initiator_id, [entry.author_id for entry in entries])
    suspects = [entry for entry in entries if entry.author_id in linked]
    rows = await w.fetch(
        "SELECT entry_id FROM bounty_dealing_lift WHERE entry_id = ANY($1::uuid[])", [entry.id for entry in suspects]
    )
    lifted = {row["entry_id"] for row in rows}
    return [entry for entry in suspects if entry.id not in lifted]


async def require_independent(w: Work, scope: Scope, bounty: LockedBounty, entries: Sequence[LockedEntry]) -> None:
    """Refuse a deed that would pay somebody linked with the initiator. Raises SelfDealing."""
    if linked := await linked_entries(w, scope, bounty, entries):
        raise SelfDealing(bounty_id=bounty.id, entry_ids=[entry.id for entry in linked])


async def report_refused(scope: Scope, refused: SelfDealing) -> None:
    """Report to moderators an attempt that was refused, and rolled back, a moment ago."""
    async with work(scope.now) as w:
        await report(w, scope, refused.entry_ids)


async def report(w: Work, scope: Scope, entry_ids: Sequence[EntryId]) -> None:
    """Report to moderators that entries were passed over; once for each, however often it is tried."""
    rows = await w.fetch(
        """
        WITH noticed AS (
            INSERT INTO bounty_self_dealing (id, bounty_id, entry_id, actor_id, noticed_at)
            SELECT asked.id, e.bounty_id, e.id, $3, $4
            FROM unnest($1::uuid[], $2::uuid[]) AS asked(id, entry_id) JOIN bounty_entry e ON e.id = asked.entry_id
            ORDER BY e.id
            ON CONFLICT (entry_id) DO NOTHING RETURNING bounty_id, entry_id
        )
        SELECT noticed.bounty_id, noticed.entry_id, b.initiator_id, e.author_id
        FROM noticed JOIN bounty b ON b.id = noticed.bounty_id JOIN bounty_entry e ON e.id = noticed.entry_id
        """,
        [new_id() for _ in entry_ids],
        list(entry_ids),
        scope.account_id,
        scope.now,
    )
    for row in rows:
        w.tell(SelfDealingRefused(row["bounty_id"], row["entry_id"], row["initiator_id"], row["author_id"]))
