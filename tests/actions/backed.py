"""A bounty that five people have put all they had into, with two accepted entries, and what each end of it pays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from domain import bounties
from domain.bounties import Bounty, BountyStatus
from domain.kernel.clock import HandClock
from domain.kernel.ids import BountyId, Credits, EntryId
from domain.kernel.ports import Ports
from domain.kernel.scope import Scope
from domain.kernel.work import pool
from tests import factories
from tests.actions.bounties import accepted, escrowed, followed, opened, somebody

POT = 158
GIVEN = (100, 37, 21, 0, 0)
"""What the initiator, two more backers and two authors have at first."""

ENDS: Mapping[str, tuple[BountyStatus, list[int]]] = {
    "award": (BountyStatus.AWARDED, [0, 0, 0, 158, 0]),
    "split": (BountyStatus.AWARDED, [0, 0, 0, 106, 52]),
    "cancel": (BountyStatus.CANCELLED, [91, 34, 19, 7, 7]),
    "refund": (BountyStatus.REFUNDED, [100, 37, 21, 0, 0]),
    "auto_award": (BountyStatus.AWARDED, [0, 0, 0, 158, 0]),
}
"""How each deed ends it, and what everybody has then: an award of the first entry, a split of 67 to 33."""

BY_THE_INITIATOR = ("award", "split", "cancel")


@dataclass(frozen=True)
class Backed:
    """The bounty, its entries, its people in the order of `GIVEN`, and the time at which it can be ended."""

    bounty_id: BountyId
    entry_ids: Sequence[EntryId]
    people: Sequence[Scope]
    at: datetime

    @property
    def initiator(self) -> Scope:
        """Whoever opened it."""
        return self.people[0]

    async def purses(self) -> list[int]:
        """What everybody can spend now."""
        return [await factories.available(person.require_actor()) for person in self.people]

    async def bounty(self) -> Bounty:
        """Read it."""
        return (await bounties.bounties_by_ids(self.initiator, [self.bounty_id]))[self.bounty_id]

    async def check_ended(self, *deeds: str) -> None:
        """Check that one of `deeds` has ended it, once and wholly, and that nothing else has moved a credit."""
        bounty, purses = await self.bounty(), await self.purses()
        assert (bounty.status, purses) in [ENDS[deed] for deed in deeds]
        assert bounty.pot == POT
        assert await _count("journal_entry WHERE key = $1", f"bounty-payout:{self.bounty_id}") == 1
        assert await _count("bounty_step WHERE bounty_id = $1 AND to_status = $2", self.bounty_id, bounty.status) == 1
        granted = await pool().fetchval(
            "SELECT coalesce(sum(amount), 0) FROM bounty_award WHERE bounty_id = $1", self.bounty_id
        )
        assert granted == (POT if bounty.status is BountyStatus.AWARDED else 0)
        assert await escrowed() == 0
        assert await pool().fetchval("SELECT sum(balance) FROM purse") == 0
        assert (await bounties.reconcile(Scope.of_system(self.initiator.ports))).wrong == []


async def backed(ports: Ports, clock: HandClock, folder: Path, *, ends_by: str) -> Backed:
    """Make one, and turn the clock to where the deed `ends_by` is due."""
    people = [await somebody(ports, credits=given) for given in GIVEN]
    bounty = await opened(people[0], auto_award=ends_by == "auto_award", closes_at=clock.now() + timedelta(days=1))
    for backer, amount in zip(people[1:3], GIVEN[1:3], strict=True):
        await bounties.pledge(backer, bounty.id, Credits(amount))
    entries = [await accepted(author, bounty, folder) for author in people[3:]]
    if ends_by == "close":
        clock.turn(timedelta(days=1))
    elif ends_by not in BY_THE_INITIATOR:
        clock.turn(timedelta(days=8))
        await bounties.close_due(Scope.of_system(ports))
    await followed(ports)
    return Backed(bounty.id, [entry.id for entry in entries], people, clock.now())


async def _count(rows: str, *arguments: object) -> int:
    return int(await pool().fetchval(f"SELECT count(*) FROM {rows}", *arguments))  # noqa: S608 - constants
