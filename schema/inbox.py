"""The inbox: what concerns an account, told in one sentence each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import strawberry

from domain.bounties import (
    BountyAwarded,
    BountyDecided,
    BountySplit,
    EntryDecided,
    EscrowMismatch,
    InitiatorReminded,
    News,
    SelfDealingLifted,
    StakeholderTold,
)
from domain.generation import GenerationFinished, PicturesWithheld
from domain.kernel.facts import Fact
from domain.kernel.ids import Subject
from domain.kernel.inbox import InboxItem
from domain.kernel.paging import Page, cursor
from domain.kernel.redress import NO_APPEAL
from domain.kernel.scope import Scope
from domain.likeness import ClaimDecided
from domain.resources import ResourceChanged
from schema.context import Heard
from schema.feed import FeedEvent
from schema.node import Node, global_id, load_nodes
from schema.paging import PageInfo, page_info
from schema.scalars import Cursor
from schema.wanted import Wanted


@strawberry.enum(description="What an inbox event is about.")
class InboxKind(StrEnum):
    """What an inbox event is about."""

    RESOURCE_DECIDED = "RESOURCE_DECIDED"
    ENTRY_DECIDED = "ENTRY_DECIDED"
    BOUNTY_AWARDED = "BOUNTY_AWARDED"
    REPORT_DECIDED = "REPORT_DECIDED"
    REWARD_PAID = "REWARD_PAID"
    CLAIM_DECIDED = "CLAIM_DECIDED"
    APPEAL_DECIDED = "APPEAL_DECIDED"
    STRIKE = "STRIKE"
    GENERATION_FINISHED = "GENERATION_FINISHED"
    PICTURES_WITHHELD = "PICTURES_WITHHELD"
    BOUNTY_DECIDED = "BOUNTY_DECIDED"
    BOUNTY_CHANGED = "BOUNTY_CHANGED"
    BOUNTY_EXTENDED = "BOUNTY_EXTENDED"
    BOUNTY_REFUNDED = "BOUNTY_REFUNDED"
    BOUNTY_CANCELLED = "BOUNTY_CANCELLED"
    BOUNTY_REMINDER = "BOUNTY_REMINDER"
    BOOKS_DISAGREE = "BOOKS_DISAGREE"


@dataclass(frozen=True, slots=True)
class Notice:
    """What an account is told: the kind, the thing, where it is about one, and one sentence."""

    kind: InboxKind
    subject: Subject | None
    message: str


_RESOURCE = {
    "PUBLISHED": "Your resource passed validation and is published.",
    "HELD": "Your resource is held until a moderator has looked at it.",
    "BLOCKED": f"Your resource was blocked; its statement of reasons says why. {NO_APPEAL}",
    "REMOVED": "Your resource was taken down.",
    "DRAFT": "A file of your resource could not be examined; its scan says why, and you may upload it anew.",
}
_RESOURCE_MODERATED = {
    "PUBLISHED": "A moderator looked at your resource: it is published.",
    "HELD": "Your resource is held, as a moderator decided; its statement of reasons says why.",
    "BLOCKED": "A moderator no longer holds your resource; it stays blocked, and its statement of reasons says why.",
    "REMOVED": "A moderator removed your resource; its statement of reasons says why.",
}
_CLAIMED = (
    "Your resource is held while a moderator decides the claim of somebody who says that it reproduces them; "
    "its statement of reasons says more."
)
_ENTRY = {
    "ACCEPTED": "Your entry passed validation and can be awarded.",
    "HELD": "Your entry is held until a moderator has looked at it.",
    "BLOCKED": "Your entry was blocked; its scan says why.",
    "DRAFT": "Your entry's file could not be examined; its scan says why, and you may upload it anew.",
}
_MODERATED = {
    "ACCEPTED": "A moderator looked at your entry: it can be awarded.",
    "HELD": "Your entry is held, as a moderator decided; its statement of reasons says why.",
    "BLOCKED": "A moderator removed your entry; its statement of reasons says why.",
}
_BOUNTY = {
    "HELD": "Your bounty is held, and out of public sight; its statement of reasons says why.",
    "WAITING": "Your bounty waits until a moderator has looked at it; its findings say why.",
    "LISTED": "Your bounty is listed: everybody can see it.",
    "REFUSED": "A moderator did not list your bounty, and every pledge went back; its statement of reasons says why.",
}
_STAKE = {
    News.CHANGED: (InboxKind.BOUNTY_CHANGED, "The terms of a bounty that you backed were changed."),
    News.EXTENDED: (InboxKind.BOUNTY_EXTENDED, "A bounty that you entered or backed closes later than it was to."),
    News.AWARDED: (InboxKind.BOUNTY_AWARDED, "A bounty that you entered or backed was awarded."),
    News.REFUNDED: (
        InboxKind.BOUNTY_REFUNDED,
        "Nobody was awarded in a bounty that you entered or backed, and every pledge went back.",
    ),
    News.CANCELLED: (InboxKind.BOUNTY_CANCELLED, "A bounty that you entered or backed was cancelled."),
}
_JOB = {
    "SUCCEEDED": "Your pictures are ready.",
    "FAILED": "Your pictures could not be drawn; nothing was charged.",
    "REFUSED": "Your pictures were refused, and the job says why; nothing was charged.",
    "CANCELLED": "Your pictures were cancelled.",
}


def _resource(_: Scope, fact: ResourceChanged) -> Notice | None:
    if fact.status == fact.before == "DRAFT":  # its texts were judged anew, and no file of it
        return None
    said = _RESOURCE_MODERATED if fact.cause == "MODERATOR" else _RESOURCE
    message = _CLAIMED if fact.cause == "CLAIM" else said.get(fact.status)
    return Notice(InboxKind.RESOURCE_DECIDED, Subject("resource", fact.resource_id), message) if message else None


def _entry(scope: Scope, fact: EntryDecided) -> Notice | None:
    message = (_MODERATED if fact.cause == "MODERATOR" else _ENTRY).get(fact.status)
    if scope.account_id == fact.initiator_id:
        message = "An entry to your bounty " + (
            "passed validation: you can award it." if fact.status == "ACCEPTED" else "can no longer be awarded."
        )
    return Notice(InboxKind.ENTRY_DECIDED, Subject("entry", fact.entry_id), message) if message else None


def _awarded(scope: Scope, fact: BountyAwarded) -> Notice:
    won = scope.account_id == fact.author_id
    message = "Your entry was awarded, and the pot is yours." if won else "You awarded a bounty: its outcome is yours."
    return Notice(InboxKind.BOUNTY_AWARDED, Subject("bounty", fact.bounty_id), message)


def _held(_: Scope, fact: BountyDecided) -> Notice | None:
    message = _BOUNTY[fact.standing] if fact.standing != fact.before or fact.cause == "MODERATOR" else None
    return Notice(InboxKind.BOUNTY_DECIDED, Subject("bounty", fact.bounty_id), message) if message else None


def _split(scope: Scope, fact: BountySplit) -> Notice:
    won = scope.account_id in fact.author_ids
    message = "Your entry was awarded a share of the pot." if won else "You split a bounty: its outcomes are yours."
    return Notice(InboxKind.BOUNTY_AWARDED, Subject("bounty", fact.bounty_id), message)


def _stake(_: Scope, fact: StakeholderTold) -> Notice:
    kind, message = _STAKE[News(fact.news)]
    if fact.credits:
        message += f" {fact.credits} credits came to your purse."
    return Notice(kind, Subject("bounty", fact.bounty_id), message)


def _lifted(_: Scope, fact: SelfDealingLifted) -> Notice:
    message = "An award that was refused to you can be made now: a moderator has looked at it."
    return Notice(InboxKind.BOUNTY_DECIDED, Subject("bounty", fact.bounty_id), message)


def _reminded(_: Scope, fact: InitiatorReminded) -> Notice:
    until = f"{fact.judged_by:%d %B %Y, %H:%M} UTC"
    message = f"Your bounty has entries to judge: award one until {until}, or its rule decides."
    return Notice(InboxKind.BOUNTY_REMINDER, Subject("bounty", fact.bounty_id), message)


def _drawn(_: Scope, fact: GenerationFinished) -> Notice | None:
    message = _JOB.get(fact.status)
    return Notice(InboxKind.GENERATION_FINISHED, Subject("job", fact.job_id), message) if message else None


def _withheld(_: Scope, fact: PicturesWithheld) -> Notice:
    message = f"Pictures that you made are withheld; their statement of reasons says why. {NO_APPEAL}"
    if not fact.withheld:
        message = "Pictures that were withheld are yours again."
    return Notice(InboxKind.PICTURES_WITHHELD, Subject("job", fact.job_id), message)


def _books(scope: Scope, fact: EscrowMismatch) -> Notice | None:
    """Tell moderators, as long as they are, of all books together; a bounty's are told by its case."""
    if fact.bounty_id is not None or not scope.is_moderator:
        return None
    message = (
        f"The books of all bounties disagree: {fact.escrowed} credits lie in escrow where {fact.owed} should. "
        "Have an operator look."
    )
    return Notice(InboxKind.BOOKS_DISAGREE, None, message)


def _claim_decided(_: Scope, fact: ClaimDecided) -> Notice:
    upheld = "is upheld: what reproduces the person is being dealt with." if fact.status == "UPHELD" else "is rejected."
    message = f"Your claim {upheld} Its page has the statement of reasons."
    return Notice(InboxKind.CLAIM_DECIDED, Subject("claim", fact.claim_id), message)


NOTICES: dict[type[Fact], Callable[[Scope, Any], Notice | None]] = {
    ResourceChanged: _resource,
    EntryDecided: _entry,
    BountyAwarded: _awarded,
    BountyDecided: _held,
    BountySplit: _split,
    StakeholderTold: _stake,
    SelfDealingLifted: _lifted,
    InitiatorReminded: _reminded,
    GenerationFinished: _drawn,
    PicturesWithheld: _withheld,
    ClaimDecided: _claim_decided,
    EscrowMismatch: _books,
}
"""Which facts an account is told of, and how; None for a fact that says nothing new to it."""


@strawberry.type(description="Something that concerns the signed-in account.")
class InboxEvent(FeedEvent):
    """Something that concerns the signed-in account."""

    kind: InboxKind | None
    subject: Node | None
    message: str | None

    @classmethod
    async def of(cls, heard: Heard, wanted: Wanted) -> Self | None:
        """Say what was heard, or nothing when it is nothing to tell; a resync always."""
        [event] = await cls.of_many(heard.scope, [heard], wanted)
        return event

    @classmethod
    async def of_many(cls, scope: Scope, values: Sequence[Heard], wanted: Wanted) -> list[Self | None]:
        """Say what was heard, each as above, in a number of statements that does not grow."""
        notices = [_notice(heard) for heard in values]
        subjects = await _subjects(scope, notices, wanted)
        return [
            cls(
                cursor=Cursor(heard.cursor),
                at=heard.at,
                resync=heard.resync,
                kind=notice.kind if notice else None,
                subject=subjects.get(notice.subject) if notice and notice.subject else None,
                message=notice.message if notice else None,
            )
            if notice or heard.resync
            else None
            for heard, notice in zip(values, notices, strict=True)
        ]


@strawberry.type(description="An event of the inbox and its place in the list.")
class InboxEdge:
    """An event in a list."""

    node: InboxEvent
    cursor: Cursor


@strawberry.type(description="A page of the inbox, newest first.")
class InboxConnection:
    """A page of the inbox."""

    edges: list[InboxEdge]
    page_info: PageInfo

    @classmethod
    async def of(cls, scope: Scope, page: Page[InboxItem], wanted: Wanted) -> Self:
        """Say a page; what an earlier release told without any news in it is passed over."""
        heard = [Heard(scope, item.cursor, item.at, resync=False, fact=item.fact) for item in page.items]
        events = await InboxEvent.of_many(scope, heard, wanted["edges"]["node"])
        said = [
            InboxEdge(node=event, cursor=Cursor(cursor(key)))
            for event, key in zip(events, page.keys, strict=True)
            if event is not None
        ]
        return cls(edges=said, page_info=page_info(page))


def _notice(heard: Heard) -> Notice | None:
    notice_of = NOTICES.get(type(heard.fact)) if heard.fact else None
    return notice_of(heard.scope, heard.fact) if notice_of else None


async def _subjects(scope: Scope, notices: Sequence[Notice | None], wanted: Wanted) -> dict[Subject, Node | None]:
    """Load what notices are about, each kind at once."""
    about = [notice.subject for notice in notices if notice and notice.subject]
    if not about or "subject" not in wanted:
        return {}
    named = [global_id(subject.kind, subject.id) for subject in about]
    return dict(zip(about, await load_nodes(scope, named, wanted["subject"]), strict=True))
