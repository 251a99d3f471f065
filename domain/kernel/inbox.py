"""The inbox of an account: what was told to it, kept as long as the feed is."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from domain.kernel.facts import Fact
from domain.kernel.ids import AccountId
from domain.kernel.outbox import feed_before, feed_bounds
from domain.kernel.paging import Page, PageAsk, int_part, page_of
from domain.kernel.scope import Scope
from domain.kernel.work import pool


@dataclass(frozen=True, slots=True)
class InboxItem:
    """A fact that was told to an account; its live feed goes on after `cursor`."""

    fact: Fact
    at: datetime
    cursor: str


def inbox_of(account_id: AccountId) -> str:
    """Name the live topic of an account's inbox."""
    return f"inbox:{account_id}"


async def inbox_page(scope: Scope, asked: PageAsk, kinds: Collection[type[Fact]]) -> Page[InboxItem]:
    """Give a page of the facts of some kinds that the signed-in account was told, newest first.

    Raises SignInRequired, InvalidInput.
    """
    topic = inbox_of(scope.require_actor().account_id)
    names = [kind.__name__ for kind in kinds]
    bounds = await feed_bounds(pool())
    rows = await feed_before(pool(), topic, names, int_part(asked, 0), asked.first + 1)
    items = [InboxItem(row.fact, row.at, bounds.cursor(row.no)) for row in rows]
    return page_of(items, [(row.no,) for row in rows], asked)
