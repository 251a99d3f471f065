"""The inbox of the signed-in account."""

from collections.abc import AsyncGenerator

import strawberry

from domain.kernel.inbox import inbox_of, inbox_page
from domain.kernel.paging import ask
from schema.context import Info
from schema.inbox import NOTICES, InboxConnection, InboxEvent
from schema.scalars import Cursor
from schema.wanted import Wanted


@strawberry.type
class InboxQuery:
    """The inbox of the signed-in account, to be read."""

    @strawberry.field(
        description="What concerned the signed-in account, newest first, as far back as the feed is kept; null to "
        "anyone else. `inbox` goes on after the `cursor` of the newest event."
    )
    async def inbox_entries(
        self, info: Info, first: int = 20, after: Cursor | None = strawberry.UNSET
    ) -> InboxConnection | None:
        """Load a page of one's own inbox."""
        scope = info.context.scope
        asked = ask(first, after or None, width=1)
        if scope.actor is None:
            return None
        return await InboxConnection.of(scope, await inbox_page(scope, asked, NOTICES.keys()), Wanted.of(info))


@strawberry.type
class InboxSubscription:
    """The inbox of the signed-in account."""

    @strawberry.subscription(description="What concerns the signed-in account.")
    async def inbox(self, info: Info, after: Cursor | None = strawberry.UNSET) -> AsyncGenerator[InboxEvent, None]:
        """Follow one's own inbox. Raises SignInRequired."""
        scope, wanted = info.context.scope, Wanted.of(info)
        topic = inbox_of(scope.require_actor().account_id)
        async for heard in info.context.feed.follow(scope, topic, after or None):
            if event := await InboxEvent.of(heard, wanted):
                yield event
