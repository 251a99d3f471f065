"""The inbox of the signed-in account."""

from collections.abc import AsyncGenerator

import strawberry

from schema.context import Info
from schema.inbox import InboxEvent
from schema.scalars import Cursor
from schema.wanted import Wanted


@strawberry.type
class InboxSubscription:
    """The inbox of the signed-in account."""

    @strawberry.subscription(description="What concerns the signed-in account.")
    async def inbox(self, info: Info, after: Cursor | None = strawberry.UNSET) -> AsyncGenerator[InboxEvent, None]:
        """Follow one's own inbox. Raises SignInRequired."""
        scope, wanted = info.context.scope, Wanted.of(info)
        topic = f"inbox:{scope.require_actor().account_id}"
        async for heard in info.context.feed.follow(scope, topic, after or None):
            if event := await InboxEvent.of(heard, wanted):
                yield event
