"""The GraphQL schema: the roots, the scalars, and refusals as union members."""

from functools import cache
from pathlib import Path
from typing import Any

import strawberry
from graphql import GraphQLInputField, GraphQLInputObjectType, build_schema, value_from_ast_untyped
from graphql.utilities import DangerousChangeType, find_breaking_changes, find_dangerous_changes
from strawberry.schema.config import StrawberryConfig

from countenance import metrics
from resolvers.root import Mutation, Query, Subscription
from schema.errors import refusal_handlers
from schema.likeness import Withheld
from schema.node import NODE_TYPES
from schema.scalars import SCALARS

CONTRACT = Path(__file__).parents[1] / "schema" / "contract.graphql"
"""What every release must contain."""


@cache
def schema() -> strawberry.Schema:
    """Assemble the schema, once a process."""
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=(*NODE_TYPES.values(), Withheld),
        config=StrawberryConfig(scalar_map=SCALARS),
        exception_handlers=refusal_handlers(metrics.refused),
    )


def print_schema() -> str:
    """Write the schema in GraphQL's own language, as it is committed."""
    return schema().as_str() + "\n"


def contract_breaks() -> list[str]:
    """Name each way in which the schema takes back what the contract promises; empty when it keeps it all.

    graphql-core's finder calls a changed default merely dangerous, and doesn't look at those of input fields.
    """
    contract = build_schema(CONTRACT.read_text())
    ours = build_schema(print_schema())
    changed = [
        change.description
        for change in find_dangerous_changes(contract, ours)
        if change.type is DangerousChangeType.ARG_DEFAULT_VALUE_CHANGE
    ]
    for name, promised in contract.type_map.items():
        made = ours.type_map.get(name)
        if isinstance(promised, GraphQLInputObjectType) and isinstance(made, GraphQLInputObjectType):
            changed += [
                f"{name}.{field} has another default."
                for field, was in promised.fields.items()
                if field in made.fields and _default(made.fields[field]) != _default(was)
            ]
    return [*(change.description for change in find_breaking_changes(contract, ours)), *changed]


def _default(field: GraphQLInputField) -> Any:
    """Read a default; none and null are the same to a client."""
    node = field.ast_node.default_value if field.ast_node else None
    return value_from_ast_untyped(node) if node else None
