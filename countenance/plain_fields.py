"""A shorter way through graphql-core for plain leaves.

Below the root nearly every field is an attribute that was loaded with its object, and most are strings, numbers and
enums. graphql-core builds a resolver's whole context for each; a plain leaf has no resolver. Whatever is not a plain
leaf with a fitting value goes the long way, so every error is said as graphql-core says it.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLField,
    GraphQLID,
    GraphQLLeafType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
    Undefined,
    is_leaf_type,
)
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

_FITTING: dict[Any, type] = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}
"""The scalars that send a value of exactly this class as it is."""


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A field that is an attribute, of a leaf type. A value of the class `fitting` needs no coercion."""

    attribute: str
    of: GraphQLLeafType
    nullable: bool
    fitting: type | None


class PlainFieldsExecutor(StrawberryGraphQLCoreExecutionContext):
    """graphql-core's executor with a shorter way for plain leaves."""

    def execute_field(
        self, parent_type: GraphQLObjectType, source: Any, field_details_list: Any, path: Path, position_context: Any
    ) -> Any:
        """Give the field's value, by the short way if it is a plain leaf."""
        leaf = _leaves(parent_type).get(field_details_list[0].node.name.value)
        if leaf is not None:
            value = getattr(source, leaf.attribute, Undefined)
            if value.__class__ is leaf.fitting:
                return value
            if value is None and leaf.nullable:
                return None
            coerced = _coerced(leaf, value)
            if coerced is not None:
                return coerced
        return super().execute_field(parent_type, source, field_details_list, path, position_context)


def _coerced(leaf: _Leaf, value: Any) -> Any:
    """Coerce a value; None when it doesn't fit, which the long way then says."""
    if value is None or value is Undefined:
        return None
    try:
        coerced = leaf.of.coerce_output_value(value)
    except Exception:
        return None
    return None if coerced is Undefined else coerced


@cache
def _leaves(parent_type: GraphQLObjectType) -> dict[str, _Leaf]:
    """Find the plain leaves of a type, once."""
    found = {name: _leaf(field) for name, field in parent_type.fields.items()}
    return {name: leaf for name, leaf in found.items() if leaf is not None}


def _leaf(field: GraphQLField) -> _Leaf | None:
    definition = field.extensions.get("strawberry-definition")
    if definition is None or not definition.is_basic_field or field.args:
        return None
    nullable = not isinstance(field.type, GraphQLNonNull)
    named = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
    if not is_leaf_type(named):
        return None
    return _Leaf(definition.python_name, named, nullable, _FITTING.get(named))
