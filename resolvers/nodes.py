"""Anything by its global id."""

import strawberry

from domain.kernel.paging import MAX_PAGE
from domain.kernel.refusals import InvalidInput
from schema.context import Info
from schema.node import Node, load_nodes
from schema.wanted import Wanted


@strawberry.type
class NodesQuery:
    """Anything by its global id."""

    @strawberry.field(description="Anything by its id; null when there is no such thing or you may not see it.")
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:  # noqa: A002  # the contract's argument
        """Load one node."""
        [found] = await load_nodes(info.context.scope, [id], Wanted.of(info))
        return found

    @strawberry.field(description="Many things by their ids, in the order of the ids; at most 100.")
    async def nodes(self, info: Info, ids: list[strawberry.ID]) -> list[Node | None]:
        """Load nodes of any kinds."""
        if len(ids) > MAX_PAGE:
            raise InvalidInput(f"`ids` may hold at most {MAX_PAGE} ids.", field="ids")
        return await load_nodes(info.context.scope, ids, Wanted.of(info))
