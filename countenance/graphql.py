"""The GraphQL schema: the roots, the scalars, and refusals as union members."""

from functools import cache
from pathlib import Path

import strawberry
from graphql import build_schema
from graphql.utilities import find_breaking_changes
from strawberry.schema.config import StrawberryConfig

from resolvers.root import Mutation, Query, Subscription
from schema.errors import refusal_handlers
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
        types=tuple(NODE_TYPES.values()),
        config=StrawberryConfig(scalar_map=SCALARS),
        exception_handlers=refusal_handlers(),
    )


def print_schema() -> str:
    """Write the schema in GraphQL's own language, as it is committed."""
    return schema().as_str() + "\n"


def contract_breaks() -> list[str]:
    """Name each way in which the schema takes back what the contract promises; empty when it keeps it all."""
    contract = build_schema(CONTRACT.read_text())
    ours = build_schema(print_schema())
    return [change.description for change in find_breaking_changes(contract, ours)]
