"""The end of an entry's files: by their author, or by the clock a while after the bounty's end, unless it won."""

from domain.bounties import rules
from domain.bounties.facts import EntryFilesErased
from domain.bounties.reads import entries_by_ids
from domain.bounties.rules import EntryStatus
from domain.bounties.steps import LockedBounty, LockedEntry, lock_bounty, lock_entry
from domain.bounties.values import BountyEntry
from domain.kernel.ids import BountyId, EntryId
from domain.kernel.refusals import NotAllowed, NotFound
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch
from domain.kernel.work import Work, work
from domain.resources import doom, erase_files

DUE_BATCH = 100
"""How many entries one call of the clock's deed erases."""


async def delete_files(scope: Scope, entry_id: EntryId) -> BountyEntry:
    """Destroy the key of an entry's files for good; only its author may, and not while the entry can still win.

    A draft forgets its files and takes others; of an entry that was handed in stays what they were called and what was
    found about them. Raises SignInRequired, NotFound, NotAllowed, Conflict.
    """
    actor = scope.require_actor()
    entry = (await entries_by_ids(scope, [entry_id])).get(entry_id)
    if entry is None:
        raise NotFound("There is no entry with this id, or you may not see it.")
    async with work(scope.now) as w:
        bounty = await lock_bounty(w, entry.bounty_id, scope.now)
        locked = await lock_entry(w, bounty.id, entry_id)
        if actor.account_id != locked.author_id:
            raise NotAllowed("Only the author of an entry may delete its files.")
        rules.check_erasure(bounty.status, locked.status, awarded=locked.awarded)
        await _erase(w, scope, bounty, locked)
    return (await entries_by_ids(scope, [entry_id]))[entry_id]


async def erase_due(scope: Scope) -> int:
    """Erase the files of entries that did not win, when their bounty has ended long enough ago; gives how many.

    The clock calls it. What a crash leaves undone is due again.
    """
    done, failures = 0, []
    for row in await fetch(_DUE, scope.now, float(scope.ports.policy.unawarded_kept_seconds), DUE_BATCH):
        try:
            done += await _erase_due(scope, BountyId(row["bounty_id"]), EntryId(row["id"]))
        except Exception as failure:
            failures.append(failure)
    if failures:
        raise ExceptionGroup(f"{len(failures)} of the entries that are due could not be erased", failures)
    return done


async def _erase_due(scope: Scope, bounty_id: BountyId, entry_id: EntryId) -> bool:
    """Erase one entry's files in a work of its own, unless it has won after all."""
    async with work(scope.now) as w:
        bounty = await lock_bounty(w, bounty_id, scope.now)
        entry = await lock_entry(w, bounty.id, entry_id)
        if entry.awarded:
            return False
        await _erase(w, scope, bounty, entry)
        return True


_DUE = """
    SELECT e.id, e.bounty_id FROM bounty_entry e JOIN bounty b ON b.id = e.bounty_id
    WHERE e.files_erased_at IS NULL AND b.status IN ('AWARDED', 'REFUNDED', 'CANCELLED')
        AND NOT EXISTS (SELECT FROM bounty_award a WHERE a.entry_id = e.id)
        AND (
            SELECT max(s.at) FROM bounty_step s
            WHERE s.bounty_id = b.id AND s.to_status = b.status AND s.from_status IS DISTINCT FROM s.to_status
        ) <= $1::timestamptz - make_interval(secs => $2)
    ORDER BY e.id LIMIT $3
"""


async def _erase(w: Work, scope: Scope, bounty: LockedBounty, entry: LockedEntry) -> None:
    """Erase everything that an entry keeps in the vault, and tell it."""
    forget = entry.status is EntryStatus.DRAFT and not rules.has_ended(bounty.status)
    await erase_files(w, scope, entry.id, forget=forget)
    previews = await w.fetch("SELECT blob_key FROM entry_preview WHERE entry_id = $1", entry.id)
    await doom(w, [row["blob_key"] for row in previews], at=scope.now)
    await w.execute("DELETE FROM entry_preview WHERE entry_id = $1", entry.id)
    if not forget:
        await w.execute("UPDATE bounty_entry SET files_erased_at = $2 WHERE id = $1", entry.id, scope.now)
    w.tell(EntryFilesErased(entry_id=entry.id, bounty_id=bounty.id, author_id=entry.author_id))
