"""Purses and what moved in them."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

import strawberry

from domain import ledger
from domain.kernel.ids import AccountId
from domain.kernel.paging import Page, ask
from domain.kernel.scope import Scope
from domain.ledger import Reason
from schema.node import Node, global_id, load_nodes, loadable
from schema.paging import PageInfo, edges, page_info
from schema.scalars import Credits, Cursor
from schema.wanted import Wanted, call_key

LedgerReason = strawberry.enum(Reason, name="LedgerReason", description="Why credits moved.")


@loadable
@strawberry.type(description="One leg of a balanced journal entry. `amount` is negative when credits leave the purse.")
class LedgerEntry(Node):
    """One leg of a journal entry, as the holder of the purse sees it."""

    PREFIX: ClassVar[str] = "entryline"

    at: datetime
    amount: int
    reason: Reason
    balance_after: Credits
    subject: Node | None

    @classmethod
    async def of_many(cls, scope: Scope, values: Sequence[ledger.Entry], wanted: Wanted) -> list[Self]:
        """Say entries; their subjects are loaded together, and null where the scope may not see them."""
        subjects: dict[str, Node | None] = {}
        if "subject" in wanted:
            ids = list(dict.fromkeys(global_id(each.subject.kind, each.subject.id) for each in values if each.subject))
            subjects = dict(zip(ids, await load_nodes(scope, ids, wanted["subject"]), strict=True))
        return [
            cls(
                id=global_id(cls.PREFIX, value.id),
                at=value.at,
                amount=value.amount,
                reason=value.reason,
                balance_after=Credits(value.balance_after),
                subject=subjects.get(global_id(value.subject.kind, value.subject.id)) if value.subject else None,
            )
            for value in values
        ]

    @classmethod
    async def by_ids(cls, scope: Scope, ids: Sequence[UUID], wanted: Wanted) -> dict[UUID, Self]:
        """Load entries of purses that the scope may see."""
        values = await ledger.entries_by_ids(scope, ids)
        return dict(zip(values, await cls.of_many(scope, list(values.values()), wanted), strict=True))


@strawberry.type(description="An entry with its cursor.")
class LedgerEntryEdge:
    """An entry with its cursor."""

    node: LedgerEntry
    cursor: Cursor


@strawberry.type(description="A page of what moved in a purse, newest first.")
class LedgerEntryConnection:
    """A page of entries."""

    edges: list[LedgerEntryEdge]
    page_info: PageInfo

    @classmethod
    async def of_pages(
        cls, scope: Scope, pages: dict[AccountId, Page[ledger.Entry]], wanted: Wanted
    ) -> dict[AccountId, Self]:
        """Say the pages of several purses; all their entries are filled together."""
        said = await LedgerEntry.of_many(
            scope, [entry for page in pages.values() for entry in page.items], wanted["edges"]["node"]
        )
        rest = iter(said)
        return {
            account_id: cls(
                edges=edges(LedgerEntryEdge, page, [next(rest) for _ in page.items]), page_info=page_info(page)
            )
            for account_id, page in pages.items()
        }


_Pages = dict[tuple[tuple[str, object], ...], LedgerEntryConnection]


@strawberry.type(description="What an account has.")
class Purse:
    """What an account has."""

    available: Credits
    escrowed: Credits = strawberry.field(description="Held in bounties and unfinished generations.")
    pages: strawberry.Private[_Pages]

    @strawberry.field(description="What moved, newest first.")
    def entries(self, first: int = 20, after: Cursor | None = strawberry.UNSET) -> LedgerEntryConnection:
        """Give a page that was loaded with the purse."""
        return self.pages[call_key(first=first, after=after)]

    @classmethod
    async def of_accounts(cls, scope: Scope, ids: Sequence[AccountId], wanted: Wanted) -> dict[AccountId, Self]:
        """Load the purses of accounts, those alone that the scope may see."""
        states = await ledger.purses_of_accounts(scope, ids)
        pages: dict[AccountId, _Pages] = {account_id: {} for account_id in states}
        for call in wanted.calls("entries"):
            asked = ask(call.arguments["first"], call.arguments.get("after"), width=1)
            found = await ledger.entries_of_accounts(scope, list(states), asked)
            for account_id, page in (await LedgerEntryConnection.of_pages(scope, found, call.wanted)).items():
                pages[account_id][call.key] = page
        return {
            account_id: cls(
                available=Credits(state.available), escrowed=Credits(state.escrowed), pages=pages[account_id]
            )
            for account_id, state in states.items()
        }
