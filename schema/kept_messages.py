"""E-mails that opened no claim by themselves, as moderators see them, and what is done about them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, ClassVar, Self
from uuid import UUID

import strawberry

from domain import likeness
from domain.kernel.paging import Page
from domain.kernel.scope import Scope
from schema.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError, SignInRequiredError
from schema.likeness import LikenessClaim
from schema.node import Node, global_id, loadable
from schema.paging import PageInfo, edges, page_info
from schema.scalars import Cursor
from schema.wanted import Wanted


@strawberry.type(description="What was attached to an e-mail; only this is kept of it.")
class KeptAttachment:
    """What was attached to an e-mail."""

    name: str
    media_type: str
    size: int = strawberry.field(description="In bytes, roughly.")


@loadable
@strawberry.type(description="An e-mail that opened no claim by itself. Moderators only.")
class KeptMessage(Node):
    """An e-mail that opened no claim by itself."""

    PREFIX: ClassVar[str] = "message"

    received_at: datetime
    sender: str = strawberry.field(description="Who wants the answer; empty where that could not be read.")
    subject: str
    text: str = strawberry.field(description="The words that could be read; empty once it is dealt with.")
    links: list[str]
    attachments: list[KeptAttachment]
    problem: str = strawberry.field(description="Why it is kept, in one sentence.")
    dealt_at: datetime | None
    claim: LikenessClaim | None = strawberry.field(description="The claim that it belongs to, or has opened.")

    @classmethod
    async def of_many(cls, scope: Scope, values: Sequence[likeness.KeptMessage], wanted: Wanted) -> list[Self]:
        """Say kept e-mails to a moderator."""
        named = [value.claim_id for value in values if value.claim_id is not None]
        claims = await LikenessClaim.by_ids(scope, named, wanted["claim"]) if "claim" in wanted else {}
        return [
            cls(
                id=global_id(cls.PREFIX, value.id),
                received_at=value.received_at,
                sender=value.sender,
                subject=value.subject,
                text=value.text,
                links=list(value.links),
                attachments=[
                    KeptAttachment(name=each["name"], media_type=each["type"], size=each["bytes"])
                    for each in value.attachments
                ],
                problem=value.problem,
                dealt_at=value.dealt_at,
                claim=claims.get(value.claim_id) if value.claim_id else None,
            )
            for value in values
        ]

    @classmethod
    async def by_ids(cls, scope: Scope, ids: Sequence[UUID], wanted: Wanted) -> dict[UUID, Self]:
        """Load kept e-mails for a moderator; none for anybody else."""
        values = await likeness.kept_by_ids(scope, ids)
        return dict(zip(values, await cls.of_many(scope, list(values.values()), wanted), strict=True))


@strawberry.type(description="A kept e-mail and its place in the list.")
class KeptMessageEdge:
    """A kept e-mail in a list."""

    node: KeptMessage
    cursor: Cursor


@strawberry.type(description="How often addresses were told to wait before another claim, on one day under one rule.")
class ThrottleCount:
    """How often addresses were told to wait."""

    on_day: date
    rule: str
    addresses: int = strawberry.field(description="How many addresses.")
    times: int = strawberry.field(description="How often, all of them together.")


@strawberry.type(description="A page of e-mails that are kept, the newest first.")
class KeptMessageConnection:
    """A page of kept e-mails."""

    edges: list[KeptMessageEdge]
    page_info: PageInfo
    total_count: int
    throttled: list[ThrottleCount] = strawberry.field(description="Of the last seven days, the newest first.")

    @classmethod
    async def of(cls, scope: Scope, page: Page[likeness.KeptMessage], wanted: Wanted) -> Self:
        """Say a page of kept e-mails."""
        nodes = await KeptMessage.of_many(scope, page.items, wanted["edges"]["node"])
        counts = await likeness.throttle_counts(scope) if "throttled" in wanted else []
        return cls(
            edges=edges(KeptMessageEdge, page, nodes),
            page_info=page_info(page),
            total_count=page.total or 0,
            throttled=[
                ThrottleCount(on_day=each.on_day, rule=each.rule, addresses=each.addresses, times=each.times)
                for each in counts
            ],
        )


@strawberry.input(description="A kept e-mail that asks for a claim.")
class KeptMessageOpenInput:
    """A kept e-mail that asks for a claim."""

    message_id: strawberry.ID
    contact_email: str | None = strawberry.field(
        default=None, description="Where the answer goes; the e-mail's sender when it is left out."
    )
    person_name: str | None = strawberry.field(
        default=None, description="Whom the claim is about; what could be read when it is left out."
    )


@strawberry.type(description="The claim is open, and its sender is answered.")
class KeptMessageOpenSuccess:
    """The claim is open."""

    claim: LikenessClaim


@strawberry.type(description="The e-mail is dealt with, and deleted.")
class KeptMessageDealWithSuccess:
    """The e-mail is dealt with."""

    message: KeptMessage


KeptMessageOpenResult = Annotated[
    KeptMessageOpenSuccess | SignInRequiredError | NotAllowedError | NotFoundError | ConflictError | InvalidInputError,
    strawberry.union("KeptMessageOpenResult"),
]
KeptMessageDealWithResult = Annotated[
    KeptMessageDealWithSuccess | SignInRequiredError | NotAllowedError | NotFoundError | ConflictError,
    strawberry.union("KeptMessageDealWithResult"),
]
