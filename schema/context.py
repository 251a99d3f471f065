"""What a resolver finds in `info.context`: the caller's scope, and the live feed."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import strawberry

from domain.kernel.facts import Fact
from domain.kernel.scope import Scope


@dataclass(frozen=True, slots=True)
class Heard:
    """One event of a live topic, with authority read fresh for it.

    `fact` is None when `resync` is true: the history that was asked for is gone, or the topic has just been joined
    after a gap; the client reads the state again by query and goes on from `cursor`.
    """

    scope: Scope
    cursor: str
    at: datetime
    resync: bool
    fact: Fact | None


class Feed(Protocol):
    """Live topics: what the relay has numbered, after a cursor or from now on."""

    def follow(self, scope: Scope, topic: str, after: str | None) -> AsyncIterator[Heard]:
        """Follow one topic for ever, first what came after the cursor, once each and in order.

        Raises InvalidInput for a cursor that is none of ours. Ends when the session of `scope` ends.
        """
        ...


@dataclass(frozen=True, slots=True)
class SetCookie:
    """What the transport must do with the session cookie: set it to `token` until `expires_at`, or delete it."""

    token: str | None
    expires_at: datetime | None = None


@dataclass(slots=True)
class Context:
    """The context of one operation. Transports that can set cookies read `cookies` after a mutation."""

    scope: Scope
    feed: Feed
    cookies: list[SetCookie] = field(default_factory=list)


Info = strawberry.Info[Context, None]
