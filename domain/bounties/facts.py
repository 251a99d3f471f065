"""What happens to bounties, as the event log tells it."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from domain.kernel.facts import Fact


@dataclass(frozen=True, slots=True)
class BountyFact(Fact):
    """Something that everybody may follow happened to a bounty."""

    bounty_id: UUID

    def topics(self) -> Iterable[str]:
        """Tell the feed of all bounties and that of this one."""
        return ("bounties", f"bounty:{self.bounty_id}")


@dataclass(frozen=True, slots=True)
class BountyOpened(BountyFact):
    """A bounty was opened, with a first pledge."""

    initiator_id: UUID


@dataclass(frozen=True, slots=True)
class BountyPledged(BountyFact):
    """Somebody put more credits into the pot."""

    pledge_id: UUID
    backer_id: UUID
    amount: int


@dataclass(frozen=True, slots=True)
class EntrySubmitted(BountyFact):
    """An entry was submitted; it is being validated."""

    entry_id: UUID


@dataclass(frozen=True, slots=True)
class EntryWithdrawn(BountyFact):
    """A submitted entry was taken back by its author."""

    entry_id: UUID


@dataclass(frozen=True, slots=True)
class BountyClosed(BountyFact):
    """The bounty takes no more entries; the initiator judges."""


@dataclass(frozen=True, slots=True)
class BountyAwarded(BountyFact):
    """The pot went to the author of one entry."""

    entry_id: UUID
    author_id: UUID
    initiator_id: UUID

    def topics(self) -> Iterable[str]:
        """Tell the feeds, the winner and the initiator."""
        return (
            *BountyFact.topics(self),
            f"inbox:{self.author_id}",
            f"inbox:{self.initiator_id}",
        )


@dataclass(frozen=True, slots=True)
class BountyRefunded(BountyFact):
    """Nobody judged in time: every pledge went back."""


@dataclass(frozen=True, slots=True)
class BountyCancelled(BountyFact):
    """The bounty was called off: every pledge went back."""


@dataclass(frozen=True, slots=True)
class OutcomePublished(BountyFact):
    """The initiator made what they bought public, and it passed validation."""

    entry_id: UUID
    resource_id: UUID


@dataclass(frozen=True, slots=True)
class EntryDecided(Fact):
    """Validation has come to a new verdict on an entry.

    Its author hears each one; the initiator hears of an entry that they can now award, or no longer can. Nobody
    else may know of it, so it is on no public topic.
    """

    entry_id: UUID
    bounty_id: UUID
    author_id: UUID
    initiator_id: UUID
    status: str
    before: str

    def topics(self) -> Iterable[str]:
        """Tell the author, and the initiator where it concerns them."""
        concerned = "ACCEPTED" in (self.status, self.before)
        return (f"inbox:{self.author_id}", *((f"inbox:{self.initiator_id}",) if concerned else ()))
