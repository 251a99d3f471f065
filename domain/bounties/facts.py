"""What happens to bounties, as the event log tells it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from domain.kernel.facts import Fact


@dataclass(frozen=True, slots=True)
class BountyFact(Fact):
    """Something that everybody may follow happened to a bounty.

    `before` is the status that the bounty had; what an earlier release told does not say it. `reached` is the status
    that such a fact leads to, where it leads to another.
    """

    reached: ClassVar[str] = ""

    bounty_id: UUID
    before: str = field(default="", kw_only=True)

    def stood(self, status: str) -> bool:
        """Tell whether the bounty had a status before this or has it since; true where that is not known."""
        return not self.before or status in (self.before, self.reached)

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
class BountyChanged(BountyFact):
    """The initiator changed the terms, before anybody had begun an entry.

    `kind_before` and `mature_before` are what stood in them; the words before are not kept.
    """

    kind_before: str = ""
    mature_before: bool = False


@dataclass(frozen=True, slots=True)
class BountyExtended(BountyFact):
    """The initiator made the one extension that a bounty may have."""

    closes_at: datetime


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

    reached: ClassVar[str] = "JUDGING"


@dataclass(frozen=True, slots=True)
class BountyAwarded(BountyFact):
    """The pot went to the author of one entry."""

    reached: ClassVar[str] = "AWARDED"

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
class BountySplit(BountyFact):
    """The pot went to the authors of several entries; shares stand in the order of the entries."""

    reached: ClassVar[str] = "AWARDED"

    entry_ids: tuple[UUID, ...]
    author_ids: tuple[UUID, ...]
    percents: tuple[int, ...]
    initiator_id: UUID

    def topics(self) -> Iterable[str]:
        """Tell the feeds, the winners and the initiator."""
        inboxes = dict.fromkeys((*self.author_ids, self.initiator_id))
        return (*BountyFact.topics(self), *(f"inbox:{account_id}" for account_id in inboxes))


@dataclass(frozen=True, slots=True)
class BountyRefunded(BountyFact):
    """Nobody judged in time: every pledge went back."""

    reached: ClassVar[str] = "REFUNDED"


@dataclass(frozen=True, slots=True)
class BountyCancelled(BountyFact):
    """The bounty was called off; what was not owed to authors went back to the backers."""

    reached: ClassVar[str] = "CANCELLED"


@dataclass(frozen=True, slots=True)
class OutcomePublished(BountyFact):
    """The initiator made what they bought public, and it passed validation."""

    entry_id: UUID
    resource_id: UUID


@dataclass(frozen=True, slots=True)
class BountyHidden(BountyFact):
    """A bounty that everybody could see went out of public sight."""


@dataclass(frozen=True, slots=True)
class BountyShown(BountyFact):
    """A bounty that was out of public sight is shown again, as it was."""


@dataclass(frozen=True, slots=True)
class BountyDecided(Fact):
    """How a bounty stands towards the public, or why, has changed: LISTED, WAITING, HELD or REFUSED.

    `cause` says by what: REGISTRY, CLAIM, RISK, REVIEW or MODERATOR.
    """

    bounty_id: UUID
    initiator_id: UUID
    standing: str
    before: str
    cause: str

    def topics(self) -> Iterable[str]:
        """Tell the initiator what is news to them; moderators hear of the case that it opens."""
        news = self.standing != self.before or self.cause == "MODERATOR"
        return (f"inbox:{self.initiator_id}",) if news else ()


class News(StrEnum):
    """What somebody with a stake in a bounty is told of it."""

    CHANGED = "CHANGED"
    EXTENDED = "EXTENDED"
    AWARDED = "AWARDED"
    REFUNDED = "REFUNDED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class StakeholderTold(Fact):
    """Somebody who has credits or work in a bounty is told of a step; `credits` is what came to them by it."""

    bounty_id: UUID
    account_id: UUID
    news: str
    credits: int = 0

    def topics(self) -> Iterable[str]:
        """Tell that one account."""
        return (f"inbox:{self.account_id}",)


@dataclass(frozen=True, slots=True)
class InitiatorReminded(Fact):
    """The initiator was reminded that there are entries to judge; `nth` is 1 or 2."""

    bounty_id: UUID
    initiator_id: UUID
    nth: int
    judged_by: datetime

    def topics(self) -> Iterable[str]:
        """Tell the initiator alone."""
        return (f"inbox:{self.initiator_id}",)


@dataclass(frozen=True, slots=True)
class SelfDealingRefused(Fact):
    """An entry was refused its part of a pot, because its author and the initiator are not independent.

    It is on no topic: moderators hear of the case that it opens.
    """

    bounty_id: UUID
    entry_id: UUID
    initiator_id: UUID
    author_id: UUID


@dataclass(frozen=True, slots=True)
class SelfDealingLifted(Fact):
    """A moderator found that an entry's author and the initiator are linked by chance: it can win after all."""

    bounty_id: UUID
    entry_id: UUID
    initiator_id: UUID

    def topics(self) -> Iterable[str]:
        """Tell the initiator, who was refused."""
        return (f"inbox:{self.initiator_id}",)


@dataclass(frozen=True, slots=True)
class EscrowMismatch(Fact):
    """The books disagree: of one bounty, whose payouts are stopped now, or, without a bounty, of all escrow together.

    `escrowed` is what lies in the purses of pledges, `owed` what should: the pledges of what has not ended. Of one
    bounty moderators hear by the case that it opens; all together open none, so each of `moderator_ids` is told.
    """

    bounty_id: UUID | None
    escrowed: int
    owed: int
    pledged: int
    pot: int
    moderator_ids: tuple[UUID, ...] = ()

    @property
    def difference(self) -> int:
        """How many credits there are too many, or, below zero, too few."""
        return self.escrowed - self.owed

    def topics(self) -> Iterable[str]:
        """Tell the moderators who are to hear of it."""
        return tuple(f"inbox:{account_id}" for account_id in self.moderator_ids)


@dataclass(frozen=True, slots=True)
class EntryFilesErased(Fact):
    """The key of an entry's files was destroyed: nobody reads them any more. It is kept, and nobody follows it."""

    entry_id: UUID
    bounty_id: UUID
    author_id: UUID


@dataclass(frozen=True, slots=True)
class EntryDecided(Fact):
    """Validation has come to a new verdict on an entry, or a moderator has decided about it.

    `cause` says by what: VALIDATION, CLAIM or MODERATOR. Its author hears each one; the initiator hears of an entry
    that they can now award, or no longer can. Nobody else may know of it, so it is on no public topic.
    """

    entry_id: UUID
    bounty_id: UUID
    author_id: UUID
    initiator_id: UUID
    status: str
    before: str
    cause: str = "VALIDATION"

    def topics(self) -> Iterable[str]:
        """Tell the author what is news to them, and the initiator where it concerns them."""
        news = self.status in ("ACCEPTED", "HELD", "BLOCKED", "DRAFT")
        concerned = "ACCEPTED" in (self.status, self.before)
        return (
            *((f"inbox:{self.author_id}",) if news else ()),
            *((f"inbox:{self.initiator_id}",) if concerned else ()),
        )
