"""Bounties: open, pledge, enter, award; lists; and the live feeds."""

from collections.abc import AsyncGenerator
from datetime import datetime

import strawberry

from domain import bounties
from domain.bounties import BountyFact, BountyHidden, BountyOrder, Told
from domain.kernel.ids import BountyId, Credits, EntryId
from domain.kernel.paging import ask
from domain.kernel.refusals import NotFound
from schema.bounties import Bounty, BountyConnection, BountyEntry
from schema.bounty_deeds import (
    KINDS,
    BountyAwardResult,
    BountyAwardSuccess,
    BountyCancelResult,
    BountyCancelSuccess,
    BountyChangeTermsResult,
    BountyChangeTermsSuccess,
    BountyEvent,
    BountyExtendResult,
    BountyExtendSuccess,
    BountyOpenResult,
    BountyOpenSuccess,
    BountyPledgeResult,
    BountyPledgeSuccess,
    BountySplitResult,
    BountySplitSuccess,
    EntryDraftResult,
    EntryDraftSuccess,
    EntrySubmitResult,
    EntrySubmitSuccess,
    EntryWithdrawResult,
    EntryWithdrawSuccess,
    OutcomePublishResult,
    OutcomePublishSuccess,
)
from schema.bounty_inputs import BountyFilter, BountyOpenInput, BountyShareInput, BountyTermsInput, EntryDraftInput
from schema.context import Heard, Info
from schema.node import global_id, id_of, one, parse_id
from schema.resource_inputs import ResourceDraftInput
from schema.resources import Resource
from schema.scalars import Credits as CreditsScalar
from schema.scalars import Cursor
from schema.wanted import Wanted


@strawberry.type
class BountiesQuery:
    """Bounties, one and many."""

    @strawberry.field(description="One bounty; null when there is none with this id.")
    async def bounty(self, info: Info, id: strawberry.ID) -> Bounty | None:  # noqa: A002 - the contract's argument
        """Load one bounty."""
        named = parse_id(id)
        if named is None or named[0] != Bounty.PREFIX:
            return None
        return (await Bounty.by_ids(info.context.scope, [named[1]], Wanted.of(info))).get(named[1])

    @strawberry.field(description="A page of bounties.")
    async def bounties(
        self,
        info: Info,
        filter: BountyFilter | None = strawberry.UNSET,  # noqa: A002 - the contract's argument
        order: BountyOrder = BountyOrder.NEWEST,
        first: int = 20,
        after: Cursor | None = strawberry.UNSET,
    ) -> BountyConnection:
        """Load a page of bounties."""
        wanted = Wanted.of(info)
        asked = ask(first, after or None, width=bounties.KEY_WIDTH[order])
        scope = info.context.scope
        page = await bounties.bounty_page(scope, _filter(filter), order, asked, total="totalCount" in wanted)
        return await BountyConnection.of(scope, page, wanted)


@strawberry.type
class BountiesMutation:
    """What may be done about bounties and entries."""

    @strawberry.mutation(description="Open a bounty; the pledge goes into escrow at once.")
    async def bounty_open(self, info: Info, input: BountyOpenInput) -> BountyOpenResult:  # noqa: A002
        """Open a bounty."""
        bounty = await bounties.open_bounty(info.context.scope, input.read())
        return BountyOpenSuccess(bounty=await _bounty(info, bounty, "BountyOpenSuccess"))

    @strawberry.mutation(description="Put more credits into the pot of an open bounty; anybody may.")
    async def bounty_pledge(self, info: Info, bounty_id: strawberry.ID, amount: CreditsScalar) -> BountyPledgeResult:
        """Pledge."""
        bounty = await bounties.pledge(info.context.scope, BountyId(id_of(bounty_id, Bounty)), Credits(amount))
        return BountyPledgeSuccess(bounty=await _bounty(info, bounty, "BountyPledgeSuccess"))

    @strawberry.mutation(description="Change the terms while nobody has begun an entry. Only the initiator may.")
    async def bounty_change_terms(
        self,
        info: Info,
        bounty_id: strawberry.ID,
        input: BountyTermsInput,  # noqa: A002 - as all inputs are called
    ) -> BountyChangeTermsResult:
        """Change the terms."""
        bounty = await bounties.change_terms(info.context.scope, BountyId(id_of(bounty_id, Bounty)), input.read())
        return BountyChangeTermsSuccess(bounty=await _bounty(info, bounty, "BountyChangeTermsSuccess"))

    @strawberry.mutation(description="Move `closesAt` by at most seven days, once. Only the initiator may.")
    async def bounty_extend(self, info: Info, bounty_id: strawberry.ID, closes_at: datetime) -> BountyExtendResult:
        """Extend a bounty."""
        bounty = await bounties.extend(info.context.scope, BountyId(id_of(bounty_id, Bounty)), closes_at)
        return BountyExtendSuccess(bounty=await _bounty(info, bounty, "BountyExtendSuccess"))

    @strawberry.mutation(
        description="Call a bounty off. The authors of accepted entries share a part of the pot; the rest goes back to "
        "the backers. The initiator may, and moderators whom it does not concern."
    )
    async def bounty_cancel(self, info: Info, bounty_id: strawberry.ID) -> BountyCancelResult:
        """Call a bounty off."""
        bounty = await bounties.cancel(info.context.scope, BountyId(id_of(bounty_id, Bounty)))
        return BountyCancelSuccess(bounty=await _bounty(info, bounty, "BountyCancelSuccess"))

    @strawberry.mutation(description="Begin an entry; its files are uploaded next, by `uploadBegin`.")
    async def entry_draft(self, info: Info, input: EntryDraftInput) -> EntryDraftResult:  # noqa: A002
        """Begin an entry."""
        bounty_id = BountyId(id_of(input.bounty_id, Bounty))
        entry = await bounties.draft_entry(info.context.scope, bounty_id, note=input.note)
        return EntryDraftSuccess(entry=await _entry(info, entry, "EntryDraftSuccess"))

    @strawberry.mutation(description="Hand an entry in; it is validated before it can win.")
    async def entry_submit(self, info: Info, entry_id: strawberry.ID) -> EntrySubmitResult:
        """Hand an entry in."""
        entry = await bounties.submit_entry(info.context.scope, EntryId(id_of(entry_id, BountyEntry)))
        return EntrySubmitSuccess(entry=await _entry(info, entry, "EntrySubmitSuccess"))

    @strawberry.mutation(description="Take an entry back, unless it has won.")
    async def entry_withdraw(self, info: Info, entry_id: strawberry.ID) -> EntryWithdrawResult:
        """Take an entry back."""
        entry = await bounties.withdraw_entry(info.context.scope, EntryId(id_of(entry_id, BountyEntry)))
        return EntryWithdrawSuccess(entry=await _entry(info, entry, "EntryWithdrawSuccess"))

    @strawberry.mutation(description="Hand the pot to one entry. Only the initiator may, and only once.")
    async def bounty_award(self, info: Info, bounty_id: strawberry.ID, entry_id: strawberry.ID) -> BountyAwardResult:
        """Award."""
        winner = EntryId(id_of(entry_id, BountyEntry))
        bounty, entry = await bounties.award(info.context.scope, BountyId(id_of(bounty_id, Bounty)), to=winner)
        return BountyAwardSuccess(
            bounty=await _bounty(info, bounty, "BountyAwardSuccess"),
            entry=await _entry(info, entry, "BountyAwardSuccess"),
        )

    @strawberry.mutation(description="Hand the pot to two to ten entries in whole percents. Only the initiator may.")
    async def bounty_split(
        self, info: Info, bounty_id: strawberry.ID, shares: list[BountyShareInput]
    ) -> BountySplitResult:
        """Split the pot."""
        asked = [share.read() for share in shares]
        bounty = await bounties.split(info.context.scope, BountyId(id_of(bounty_id, Bounty)), asked)
        return BountySplitSuccess(bounty=await _bounty(info, bounty, "BountySplitSuccess"))

    @strawberry.mutation(description="Make a resource of what was bought; it is validated like any other.")
    async def outcome_publish(
        self,
        info: Info,
        entry_id: strawberry.ID,
        input: ResourceDraftInput,  # noqa: A002 - the contract's argument
    ) -> OutcomePublishResult:
        """Publish an outcome."""
        scope, entry = info.context.scope, EntryId(id_of(entry_id, BountyEntry))
        resource_id = await bounties.publish_outcome(scope, entry, input.read())
        wanted = Wanted.of(info).on("OutcomePublishSuccess")["resource"]
        return OutcomePublishSuccess(resource=(await Resource.by_ids(scope, [resource_id], wanted))[resource_id])


@strawberry.type
class BountiesSubscription:
    """Bounties as they change."""

    @strawberry.subscription(
        description="Every public bounty that matches, as it changes, also when it stops matching."
    )
    async def bounty_feed(
        self,
        info: Info,
        filter: BountyFilter | None = strawberry.UNSET,  # noqa: A002 - the contract's argument
        after: Cursor | None = strawberry.UNSET,
    ) -> AsyncGenerator[BountyEvent, None]:
        """Follow all bounties."""
        wanted, matching = Wanted.of(info), _filter(filter)
        async for heard in info.context.feed.follow(info.context.scope, "bounties", after or None):
            told = (
                await bounties.told_to_followers(heard.fact, matching) if isinstance(heard.fact, BountyFact) else None
            )
            if event := await _event(heard, told, wanted):
                yield event

    @strawberry.subscription(description="One bounty, as it changes.")
    async def bounty_activity(
        self, info: Info, bounty_id: strawberry.ID, after: Cursor | None = strawberry.UNSET
    ) -> AsyncGenerator[BountyEvent, None]:
        """Follow one bounty. Raises NotFound."""
        wanted, watched = Wanted.of(info), BountyId(id_of(bounty_id, Bounty))
        if not await bounties.bounties_by_ids(info.context.scope, [watched]):
            raise NotFound("There is no bounty with this id.")
        async for heard in info.context.feed.follow(info.context.scope, f"bounty:{watched}", after or None):
            found = (await bounties.bounties_by_ids(heard.scope, [watched])).get(watched)
            told = Told(found) if found or isinstance(heard.fact, BountyHidden) else None
            if event := await _event(heard, told, wanted):
                yield event


def _filter(given: BountyFilter | None) -> bounties.BountyFilter:
    return bounties.checked_filter(given.read()) if given else bounties.BountyFilter()


async def _event(heard: Heard, told: Told | None, wanted: Wanted) -> BountyEvent | None:
    """Say what was heard, or nothing where it is not told; a resync always, of a bounty that has left its id alone."""
    at, cursor = heard.at, Cursor(heard.cursor)
    if heard.resync:
        return BountyEvent(cursor=cursor, at=at, resync=True, kind=None, bounty=None, bounty_id=None)
    kind = KINDS.get(type(heard.fact)) if isinstance(heard.fact, BountyFact) else None
    if told is None or kind is None or not isinstance(heard.fact, BountyFact):
        return None
    bounty = await one(Bounty, heard.scope, told.bounty, wanted["bounty"]) if told.bounty else None
    bounty_id = global_id(Bounty.PREFIX, heard.fact.bounty_id)
    return BountyEvent(cursor=cursor, at=at, resync=False, kind=kind, bounty=bounty, bounty_id=bounty_id)


async def _bounty(info: Info, bounty: bounties.Bounty, success: str) -> Bounty:
    return await one(Bounty, info.context.scope, bounty, Wanted.of(info).on(success)["bounty"])


async def _entry(info: Info, entry: bounties.BountyEntry, success: str) -> BountyEntry:
    return await one(BountyEntry, info.context.scope, entry, Wanted.of(info).on(success)["entry"])
