"""What is asked of bounties: which ones are wanted, the terms of a new one, changes of them, and shares of a pot."""

from datetime import datetime

import strawberry

from domain import bounties
from domain.bounties import BountyKind, BountyStatus
from domain.kernel.ids import AccountId, EntryId
from domain.kernel.ids import Credits as DomainCredits
from schema.accounts import Account
from schema.bounties import BountyEntry
from schema.node import id_of
from schema.scalars import Credits


@strawberry.input(description="Which bounties are wanted; what is left out asks nothing.")
class BountyFilter:
    """Which bounties are wanted."""

    status: BountyStatus | None = None
    kind: BountyKind | None = None
    search: str | None = strawberry.field(
        default=None, description='Words of the title or the brief, "a phrase", -not; a slip in a word is understood.'
    )
    mature: bool | None = strawberry.field(default=False, description="True shows mature ones too.")
    initiator_id: strawberry.ID | None = None
    min_pot: Credits | None = None

    def read(self) -> bounties.BountyFilter:
        """Give what the domain asks for. Raises NotFound for an id of another kind."""
        return bounties.BountyFilter(
            status=self.status,
            kind=self.kind,
            search=self.search,
            mature=self.mature is True,
            initiator_id=AccountId(id_of(self.initiator_id, Account)) if self.initiator_id else None,
            min_pot=None if self.min_pot is None else DomainCredits(self.min_pot),
        )


@strawberry.input(description="What is asked for, on which terms, and the first pledge.")
class BountyOpenInput:
    """The terms of a new bounty."""

    kind: BountyKind
    title: str
    brief: str
    pledge: Credits
    closes_at: datetime = strawberry.field(description="One hour to ninety days ahead.")
    mature: bool = False
    depicts_real_person: bool = False
    auto_award: bool = strawberry.field(
        default=False,
        description="A promise: if nobody judges in time, the earliest good entry gets the pot, not the backers.",
    )

    def read(self) -> bounties.BountyTerms:
        """Give what the domain asks for."""
        return bounties.BountyTerms(
            kind=self.kind,
            title=self.title,
            brief=self.brief,
            pledge=DomainCredits(self.pledge),
            closes_at=self.closes_at,
            mature=self.mature,
            depicts_real_person=self.depicts_real_person,
            auto_award=self.auto_award,
        )


@strawberry.input(description="The terms that are to be different; what is left out, or null, stays as it is.")
class BountyTermsInput:
    """The terms that are to be different."""

    kind: BountyKind | None = None
    title: str | None = None
    brief: str | None = None
    closes_at: datetime | None = strawberry.field(
        default=None, description="At least one hour ahead, and at most ninety days from the opening."
    )
    mature: bool | None = None
    depicts_real_person: bool | None = None
    auto_award: bool | None = None

    def read(self) -> bounties.TermsChange:
        """Give what the domain asks for."""
        return bounties.TermsChange(
            kind=self.kind,
            title=self.title,
            brief=self.brief,
            closes_at=self.closes_at,
            mature=self.mature,
            depicts_real_person=self.depicts_real_person,
            auto_award=self.auto_award,
        )


@strawberry.input(description="What part of the pot an entry gets.")
class BountyShareInput:
    """What part of the pot an entry gets."""

    entry_id: strawberry.ID
    percent: int = strawberry.field(description="A whole percent, 1 to 99; all shares add up to 100.")

    def read(self) -> bounties.Share:
        """Give what the domain asks for. Raises NotFound for an id of another kind."""
        return bounties.Share(EntryId(id_of(self.entry_id, BountyEntry)), self.percent)


@strawberry.input(description="An entry to begin.")
class EntryDraftInput:
    """An entry to begin."""

    bounty_id: strawberry.ID
    note: str = ""
