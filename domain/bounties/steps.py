"""Taking a step: the bounty's row is locked, the rules are asked, and the history gets its row."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.bounties import rules
from domain.bounties.facts import BountyClosed
from domain.bounties.pot.pots import Payment, Pledge, movements
from domain.bounties.rules import BountyKind, BountyStatus, EntryStatus, Step
from domain.bounties.standing import holds
from domain.bounties.tables import BountyRow, StepRow
from domain.kernel.ids import AccountId, BountyId, Credits, EntryId, PledgeId, ResourceId, Subject
from domain.kernel.refusals import Conflict, NotEnoughCredits, NotFound
from domain.kernel.scope import Scope
from domain.kernel.work import Work
from domain.ledger import transfers


@dataclass(eq=False)
class BooksDisagree(Conflict):
    """A payout came upon books of a bounty that are wrong; nothing was paid, and its payouts have to be stopped."""

    message: str = rules.BOOKS_DISAGREE
    state: str = rules.PAYOUT_STOPPED


@dataclass(frozen=True, slots=True)
class LockedBounty:
    """A bounty whose row this work has locked.

    `status` is written down; `stands` is what holds at this moment; `closed_now` tells that its time for entries was
    over and this work has written that down.
    """

    id: BountyId
    kind: BountyKind
    title: str
    brief: str
    status: BountyStatus
    stands: BountyStatus
    initiator_id: AccountId
    pot: Credits
    mature: bool
    depicts_real_person: bool
    depicts_found: bool
    auto_award: bool
    awarded_entry_id: EntryId | None
    created_at: datetime
    closes_at: datetime
    judged_by: datetime
    extended_at: datetime | None
    reminders: int
    payouts_stopped_at: datetime | None
    held: bool
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
    submitted_at: datetime | None
    awarded: bool
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
        title=row["title"],
        brief=row["brief"],
        status=status,
        stands=rules.status_at(status, closes_at=row["closes_at"], judged_by=row["judged_by"], now=now),
        initiator_id=AccountId(row["initiator_id"]),
        pot=Credits(row["pot"]),
        mature=row["mature"],
        depicts_real_person=row["depicts_real_person"],
        depicts_found=row["depicts_found"],
        awarded_entry_id=EntryId(row["awarded_entry_id"]) if row["awarded_entry_id"] else None,
        created_at=row["created_at"],
        auto_award=row["auto_award"],
        closes_at=row["closes_at"],
        judged_by=row["judged_by"],
        extended_at=row["extended_at"],
        reminders=row["reminders"],
        payouts_stopped_at=row["payouts_stopped_at"],
        held=row["held_at"] is not None,
    )
    if status is BountyStatus.OPEN and bounty.stands is not BountyStatus.OPEN:
        return await _close(w, bounty, now)
    return bounty


async def lock_entry(w: Work, bounty_id: BountyId, entry_id: EntryId) -> LockedEntry:
    """Lock an entry of a bounty that is locked already. Raises NotFound."""
    [entry] = await lock_entries(w, bounty_id, [entry_id])
    return entry


async def lock_entries(w: Work, bounty_id: BountyId, entry_ids: Collection[EntryId]) -> Sequence[LockedEntry]:
    """Lock entries of a bounty that is locked already, all in the order of their ids. Raises NotFound."""
    rows = await w.fetch(
        """
        SELECT *, EXISTS (SELECT FROM bounty_award granted WHERE granted.entry_id = bounty_entry.id) AS awarded
        FROM bounty_entry WHERE id = ANY($1::uuid[]) AND bounty_id = $2 ORDER BY id FOR UPDATE
        """,
        list(entry_ids),
        bounty_id,
    )
    if len(rows) < len(entry_ids):
        raise NotFound("There is no entry with this id in this bounty, or you may not see it.")
    return [
        LockedEntry(
            id=EntryId(row["id"]),
            author_id=AccountId(row["author_id"]),
            status=EntryStatus(row["status"]),
            submitted_at=row["submitted_at"],
            awarded=row["awarded"],
            published_resource_id=ResourceId(row["published_resource_id"]) if row["published_resource_id"] else None,
        )
        for row in rows
    ]


async def take(
    w: Work,
    scope: Scope,
    bounty: LockedBounty,
    step: Step,
    *,
    entry_id: EntryId | None = None,
    amount: Credits | None = None,
) -> LockedBounty:
    """Take a step that the rules allow and write it into the history. Raises Conflict where they don't.

    A step that moves credits is refused while the payouts of the bounty are stopped, and one that goes on with it
    while it is out of public sight.
    """
    reached = rules.after(step, bounty.stands)
    if step in holds.WAITS_WHILE_HELD:
        holds.check_shown(held=bounty.held)
    rules.check_books(step, stopped=bounty.payouts_stopped_at is not None)
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


async def pay_out(w: Work, bounty: LockedBounty, payments: Sequence[Payment] = ()) -> dict[AccountId, Credits]:
    """Empty the escrow of every pledge: pay `payments`, and give the rest back. Gives what came to each account.

    One journal entry, under one key for all the ways in which a bounty can end: a pot is paid out once. Raises
    BooksDisagree.
    """
    rows = await w.fetch("SELECT id, backer_id, amount FROM bounty_pledge WHERE bounty_id = $1 ORDER BY id", bounty.id)
    pledges = [Pledge(PledgeId(row["id"]), AccountId(row["backer_id"]), Credits(row["amount"])) for row in rows]
    if sum(pledge.amount for pledge in pledges) != bounty.pot:
        raise BooksDisagree
    moved = movements(pledges, payments, bounty.subject)
    try:
        paid = await transfers(w, moved, key=f"bounty-payout:{bounty.id}")
    except NotEnoughCredits:  # an escrow purse holds less than its pledge
        raise BooksDisagree from None
    if not paid:
        raise RuntimeError(f"The pot of bounty {bounty.id} had been paid out before; nothing was changed.")
    received: dict[AccountId, Credits] = {}
    for movement in moved:
        to = AccountId(movement.credit.belongs_to)
        received[to] = Credits(received.get(to, 0) + movement.amount)
    return received


async def _close(w: Work, bounty: LockedBounty, now: datetime) -> LockedBounty:
    """Write down that the time for entries is over."""
    reached = rules.after(Step.CLOSE, bounty.status)
    await BountyRow.update({BountyRow.status: reached}).where(BountyRow.id == bounty.id)
    await record(w, bounty.id, Step.CLOSE, at=now, before=bounty.status, reached=reached)
    w.tell(BountyClosed(bounty_id=bounty.id, before=bounty.status))
    return replace(bounty, status=reached, closed_now=True)
