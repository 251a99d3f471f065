"""Global ids and the things that have one. An id is a short prefix for the kind, then the UUID's 32 hex digits."""

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol, Self, TypeVar
from uuid import UUID

import strawberry

from domain.kernel.refusals import NotFound
from domain.kernel.scope import Scope
from schema.wanted import Wanted


@strawberry.interface(description="Anything with an identity.")
class Node:
    """Anything with an identity."""

    id: strawberry.ID


class Loadable(Protocol):
    """A node type that `node(id:)` can load. `by_ids` leaves out what the scope may not see.

    `PREFIX` begins its ids, and names it in a sentence: it is the field's word for the thing.
    """

    PREFIX: ClassVar[str]

    @classmethod
    async def by_ids(cls, scope: Scope, ids: Sequence[UUID], wanted: Wanted) -> "dict[UUID, Self]":
        """Load nodes, each with what is selected below it, in a number of statements that does not grow."""
        ...


class Filled(Protocol):
    """A type that is filled from domain values, many at once."""

    @classmethod
    async def of_many(cls, scope: Scope, values: Sequence[Any], wanted: Wanted) -> "list[Self]":
        """Say values, each with what is selected below it, in a number of statements that does not grow."""
        ...


T = TypeVar("T")
F = TypeVar("F", bound=Filled)

NODE_TYPES: dict[str, type[Any]] = {}


def loadable(node_type: type[T]) -> type[T]:
    """Register a node type under its prefix."""
    prefix: str = node_type.PREFIX  # type: ignore[attr-defined]  # strawberry's decorator hides Loadable
    NODE_TYPES[prefix] = node_type
    return node_type


def global_id(prefix: str, value: UUID) -> strawberry.ID:
    """Write a global id, such as `bounty_0190…`."""
    return strawberry.ID(f"{prefix}_{value.hex}")


def parse_id(raw: str) -> tuple[str, UUID] | None:
    """Read a global id of any kind; None for anything else."""
    prefix, _, digits = raw.rpartition("_")
    if prefix not in NODE_TYPES or len(digits) != 32:
        return None
    try:
        return prefix, UUID(hex=digits)
    except ValueError:
        return None


def id_of(raw: str, node_type: type[Loadable]) -> UUID:
    """Read the id of one kind. Raises NotFound: an id of another kind names nothing here."""
    parsed = parse_id(raw)
    if parsed is None or parsed[0] != node_type.PREFIX:
        raise NotFound(f"There is no {node_type.PREFIX} with this id.")
    return parsed[1]


async def one(node_type: type[F], scope: Scope, value: Any, wanted: Wanted) -> F:
    """Say one value with what is selected below it."""
    [said] = await node_type.of_many(scope, [value], wanted)
    return said


async def load_nodes(scope: Scope, ids: Sequence[str], wanted: Wanted) -> list[Node | None]:
    """Load nodes of any kinds in the order asked for; None where there is none or the scope may not see it."""
    by_type: dict[str, list[UUID]] = {}
    parsed = [parse_id(raw) for raw in ids]
    for known in parsed:
        if known is not None:
            by_type.setdefault(known[0], []).append(known[1])
    found: dict[tuple[str, UUID], Node] = {}
    for prefix, uuids in by_type.items():
        node_type = NODE_TYPES[prefix]
        nodes = await node_type.by_ids(scope, list(dict.fromkeys(uuids)), wanted.on(node_type.__name__))
        found.update({(prefix, key): node for key, node in nodes.items()})
    return [found.get(known) if known else None for known in parsed]
