"""What a query selects below a field, so that reads are planned and not resolved object by object."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import strawberry
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLAbstractType,
    GraphQLIncludeDirective,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionSetNode,
    get_argument_values,
    get_directive_values,
    get_named_type,
    is_abstract_type,
)
from graphql.execution.values import VariableValues


@dataclass(frozen=True, slots=True)
class _Document:
    schema: GraphQLSchema
    fragments: dict[str, FragmentDefinitionNode]
    variables: VariableValues


@dataclass(frozen=True)
class Call:
    """One use of a field: its coerced arguments under their GraphQL names, and what is selected below it."""

    arguments: dict[str, Any]
    wanted: "Wanted"

    @property
    def key(self) -> tuple[tuple[str, Any], ...]:
        """What tells two calls of the same field apart."""
        return call_key(**self.arguments)


def call_key(**arguments: Any) -> tuple[tuple[str, Any], ...]:
    """Give the key of a call from its arguments under their GraphQL names; null and not given are the same."""
    return tuple(sorted((name, value) for name, value in arguments.items() if value not in (None, strawberry.UNSET)))


@dataclass(frozen=True)
class Wanted:
    """The fields selected on one type, fragments merged, `@skip` and `@include` obeyed; aliases don't matter.

    `"initiator" in wanted` asks whether a field is selected, `wanted["initiator"]` is what is selected below it (empty
    when it is not), `wanted.calls("entries")` gives each distinct set of arguments, and `wanted.on("Bounty")` is what
    holds when an interface or a union turns out to be that type.
    """

    type: GraphQLNamedType
    _document: _Document = field(repr=False)
    _sets: tuple[SelectionSetNode, ...] = field(repr=False)

    @classmethod
    def of(cls, info: strawberry.Info[Any, Any]) -> Self:
        """Read what is selected below the field that is being resolved."""
        raw = info._raw_info  # strawberry gives the AST only here
        document = _Document(
            schema=raw.schema,
            fragments=raw.fragments,
            variables=VariableValues(sources={}, coerced=_coerced(raw.variable_values)),
        )
        sets = tuple(node.selection_set for node in raw.field_nodes if node.selection_set)
        return cls(get_named_type(raw.return_type), document, sets)

    def on(self, type_name: str) -> "Wanted":
        """Give what is selected when the object is a `type_name`."""
        concrete = self._document.schema.type_map[type_name]
        return Wanted(concrete, self._document, self._sets)

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def __getitem__(self, name: str) -> "Wanted":
        nodes = self._fields.get(name, ())
        sets = tuple(node.selection_set for node in nodes if node.selection_set)
        return Wanted(self._type_of(name), self._document, sets)

    def any(self, *names: str) -> bool:
        """Tell whether any of these fields is selected."""
        return any(name in self._fields for name in names)

    def calls(self, name: str) -> list[Call]:
        """Give each distinct call of a field; calls with the same arguments are merged."""
        merged: dict[tuple[tuple[str, Any], ...], tuple[dict[str, Any], list[SelectionSetNode]]] = {}
        for node in self._fields.get(name, ()):
            arguments = get_argument_values(self._definitions[name], node, self._document.variables)
            _, sets = merged.setdefault(call_key(**arguments), (arguments, []))
            if node.selection_set:
                sets.append(node.selection_set)
        below = self._type_of(name) if merged else None
        return [
            Call(arguments, Wanted(below, self._document, tuple(sets))) for arguments, sets in merged.values() if below
        ]

    @property
    def _definitions(self) -> dict[str, Any]:
        return getattr(self.type, "fields", {})

    def _type_of(self, name: str) -> GraphQLNamedType:
        definition = self._definitions.get(name)
        if definition is None:
            raise LookupError(f"{self.type.name} has no field {name}.")
        named: GraphQLNamedType = get_named_type(definition.type)
        return named

    @cached_property
    def _fields(self) -> dict[str, list[FieldNode]]:
        found: dict[str, list[FieldNode]] = {}
        spread: set[str] = set()
        for selection_set in self._sets:
            for node in self._walk(selection_set, spread):
                found.setdefault(node.name.value, []).append(node)
        return found

    def _walk(self, selection_set: SelectionSetNode, spread: set[str]) -> Iterator[FieldNode]:
        """Give the fields of a selection set, those of a fragment once, however often it is spread."""
        for node in selection_set.selections:
            if not self._included(node):
                continue
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                if node.type_condition is None or self._applies(node.type_condition.name.value):
                    yield from self._walk(node.selection_set, spread)
            elif isinstance(node, FragmentSpreadNode) and (name := node.name.value) not in spread:
                spread.add(name)
                fragment = self._document.fragments[name]
                if self._applies(fragment.type_condition.name.value):
                    yield from self._walk(fragment.selection_set, spread)

    def _included(self, node: Any) -> bool:
        if not node.directives:
            return True
        skip = get_directive_values(GraphQLSkipDirective, node, self._document.variables)
        include = get_directive_values(GraphQLIncludeDirective, node, self._document.variables)
        return not (skip and skip["if"]) and not (include and not include["if"])

    def _applies(self, condition: str) -> bool:
        if condition == self.type.name:
            return True
        wider = self._document.schema.type_map.get(condition)
        if is_abstract_type(wider) and isinstance(self.type, GraphQLObjectType):
            abstract: GraphQLAbstractType = wider
            return self._document.schema.is_sub_type(abstract, self.type)
        return False


def _coerced(values: Any) -> dict[str, Any]:
    plain: dict[str, Any] = getattr(values, "coerced", values)
    return plain
