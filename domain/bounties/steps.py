"""Taking a step: the bounty's row is locked, the rules are asked, and the history gets its row."""

from dataclasses import dataclass, replace
from datetime import datetime

import asyncpg

from domain.bounties import rules
from domain.bounties.facts import BountyClosed
from domain.bounties.rules import BountyKind, BountyStatus, EntryStatus, Step
from domain.bounties.tables import BountyRow, StepRow
from domain.kernel.ids import AccountId, BountyId, Credits, EntryId, PledgeId, ResourceId, Subject
from domain.kernel.refusals import NotFound
from domain.kernel.scope import Scope
from domain.kernel.work import Work
from domain.ledger import Movement, Purse, Reason, transfers


@dataclass(frozen=True, slots=True)
class LockedBounty:
    """A bounty whose row this work has locked.

    `status` is written down; `stands` is what holds at this moment; `closed_now` tells that its time for entries was
    over and this work has written that down.
    """

    id: BountyId
    kind: BountyKind
    status: BountyStatus
    stands: BountyStatus
    initiator_id: AccountId
    pot: Credits
    mature: bool
    depicts_real_person: bool
    awarded_entry_id: EntryId | None
    created_at: datetime
    closed_now: bool = False

    @property
    def subject(self) -> Subject:
        """The bounty as ledger entries and statements name it."""
        return Subject("bounty", self.id)


@dataclass(frozen=True, slots=True)
class LockedEntry:
    """An entry whose row this work has locked."""

    id: EntryId
    author_id: AccountId
    status: EntryStatus
    published_resource_id: ResourceId | None


async def lock_bounty(w: Work, bounty_id: BountyId, now: datetime) -> LockedBounty:
    """Lock a bounty before its entries and any purse; close it first if its time is over. Raises NotFound."""
    row = await w.one("SELECT * FROM bounty WHERE id = $1 FOR UPDATE", bounty_id)
    if row is None:
        raise NotFound("There is no bounty with this id.")
    status = BountyStatus(row["status"])
    bounty = LockedBounty(
        id=bounty_id,
        kind=BountyKind(row["kind"]),
        status=status,
        stands=rules.status_at(status, closes_at=row["closes_at"], judged_by=row["judged_by"], now=now),
        initiator_id=AccountId(row["initiator_id"]),
        pot=Credits(row["pot"]),
        mature=row["mature"],
        depicts_real_person=row["depicts_real_person"],
        awarded_entry_id=EntryId(row["awarded_entry_id"]) if row["awarded_entry_id"] else None,
        created_at=row["created_at"],
    )
    if status is BountyStatus.OPEN and bounty.stands is not BountyStatus.OPEN:
        return await _close(w, bounty, now)
    return bounty


async def lock_entry(w: Work, bounty_id: BountyId, entry_id: EntryId) -> LockedEntry:
    """Lock an entry of a bounty that is locked already. Raises NotFound."""
    row = await w.one("SELECT * FROM bounty_entry WHERE id = $1 AND bounty_id = $2 FOR UPDATE", entry_id, bounty_id)
    if row is None:
        raise NotFound("There is no entry with this id in this bounty, or you may not see it.")
    return LockedEntry(
        id=entry_id,
        author_id=AccountId(row["author_id"]),
        status=EntryStatus(row["status"]),
        published_resource_id=ResourceId(row["published_resource_id"]) if row["published_resource_id"] else None,
    )


async def take(
    w: Work,
    scope: Scope,
    bounty: LockedBounty,
    step: Step,
    *,
    entry_id: EntryId | None = None,
    amount: Credits | None = None,
) -> LockedBounty:
    """Take a step that the rules allow and write it into the history. Raises Conflict where they don't."""
    reached = rules.after(step, bounty.stands)
    if reached is bounty.stands:
        reached = bounty.status
    else:
        awarded = entry_id if reached is BountyStatus.AWARDED else None
        await BountyRow.update({BountyRow.status: reached, BountyRow.awarded_entry_id: awarded}).where(
            BountyRow.id == bounty.id
        )
    await record(
        w,
        bounty.id,
        step,
        at=scope.now,
        before=bounty.status,
        reached=reached,
        actor_id=scope.account_id,
        entry_id=entry_id,
        amount=amount,
    )
    return replace(bounty, status=reached, stands=reached)


async def record(
    w: Work,
    bounty_id: BountyId,
    step: Step,
    *,
    at: datetime,
    before: BountyStatus | None,
    reached: BountyStatus,
    actor_id: AccountId | None = None,
    entry_id: EntryId | None = None,
    amount: Credits | None = None,
) -> None:
    """Add a row to the history of a bounty."""
    await StepRow.insert(
        StepRow(
            {
                StepRow.bounty_id: bounty_id,
                StepRow.at: at,
                StepRow.actor_id: actor_id,
                StepRow.step: step,
                StepRow.from_status: before,
                StepRow.to_status: reached,
                StepRow.entry_id: entry_id,
                StepRow.amount: amount,
            }
        )
    )


async def pay_out(w: Work, bounty: LockedBounty, reason: Reason, *, to: AccountId | None) -> None:
    """Empty the escrow of every pledge: to one account, or, where `to` is None, each back to its backer.

    One journal entry, under one key for all the ways in which a bounty can end: a pot is paid out once.
    """
    pledges = await w.fetch("SELECT id, backer_id, amount FROM bounty_pledge WHERE bounty_id = $1", bounty.id)
    movements = [_movement(bounty, row, reason, to=to) for row in pledges]
    if not await transfers(w, movements, key=f"bounty-payout:{bounty.id}"):
        raise RuntimeError(f"The pot of bounty {bounty.id} had been paid out before; nothing was changed.")


def _movement(bounty: LockedBounty, pledge: asyncpg.Record, reason: Reason, *, to: AccountId | None) -> Movement:
    backer = AccountId(pledge["backer_id"])
    return Movement(
        amount=Credits(pledge["amount"]),
        debit=Purse.pledge(PledgeId(pledge["id"]), holder=backer),
        credit=Purse.account(backer if to is None else to),
        reason=reason,
        subject=bounty.subject,
    )


async def _close(w: Work, bounty: LockedBounty, now: datetime) -> LockedBounty:
    """Write down that the time for entries is over."""
    reached = rules.after(Step.CLOSE, bounty.status)
    await BountyRow.update({BountyRow.status: reached}).where(BountyRow.id == bounty.id)
    await record(w, bounty.id, Step.CLOSE, at=now, before=bounty.status, reached=reached)
    w.tell(BountyClosed(bounty_id=bounty.id))
    return replace(bounty, status=reached, closed_now=True)
