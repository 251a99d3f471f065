"""The yardstick: a plain Strawberry application with DataLoaders, as its documentation shows, on the same tables."""

from collections.abc import Sequence
from typing import Any

import strawberry
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader

from domain.kernel.sql import fetch


async def _accounts(ids: Sequence[Any]) -> list["Account"]:
    rows = await fetch("SELECT id, handle FROM account WHERE id = ANY($1::uuid[])", list(ids))
    found = {row["id"]: Account(id=strawberry.ID(row["id"].hex), handle=row["handle"]) for row in rows}
    return [found[key] for key in ids]


async def _entries(ids: Sequence[Any]) -> list[list["Entry"]]:
    rows = await fetch("SELECT id, bounty_id, note, author_id FROM bounty_entry WHERE bounty_id = ANY($1)", list(ids))
    found: dict[Any, list[Entry]] = {key: [] for key in ids}
    for row in rows:
        found[row["bounty_id"]].append(
            Entry(id=strawberry.ID(row["id"].hex), note=row["note"], author_id=row["author_id"])
        )
    return [found[key] for key in ids]


@strawberry.type
class Account:
    """Somebody."""

    id: strawberry.ID
    handle: str


@strawberry.type
class Entry:
    """An entry; its author is loaded when asked for."""

    id: strawberry.ID
    note: str
    author_id: strawberry.Private[Any]

    @strawberry.field
    async def author(self, info: strawberry.Info) -> Account:
        """Load the author."""
        loaded: Account = await info.context["accounts"].load(self.author_id)
        return loaded


@strawberry.type
class Bounty:
    """A bounty; its initiator and entries are loaded when asked for."""

    id: strawberry.ID
    title: str
    key: strawberry.Private[Any]
    initiator_id: strawberry.Private[Any]

    @strawberry.field
    async def initiator(self, info: strawberry.Info) -> Account:
        """Load the initiator."""
        loaded: Account = await info.context["accounts"].load(self.initiator_id)
        return loaded

    @strawberry.field
    async def entries(self, info: strawberry.Info) -> list[Entry]:
        """Load the entries."""
        loaded: list[Entry] = await info.context["entries"].load(self.key)
        return loaded


@strawberry.type
class Query:
    """The root."""

    @strawberry.field
    async def bounties(self, first: int = 50) -> list[Bounty]:
        """Give the newest bounties."""
        rows = await fetch("SELECT id, title, initiator_id FROM bounty ORDER BY id DESC LIMIT $1", first)
        return [
            Bounty(
                id=strawberry.ID(row["id"].hex),
                title=row["title"],
                key=row["id"],
                initiator_id=row["initiator_id"],
            )
            for row in rows
        ]


class App(GraphQL[Any, Any]):
    """The view, with fresh loaders for each request."""

    async def get_context(self, request: Any, response: Any) -> Any:
        """Make the loaders."""
        return {"accounts": DataLoader(load_fn=_accounts), "entries": DataLoader(load_fn=_entries)}


def app() -> App:
    """Make the application."""
    return App(strawberry.Schema(Query))
