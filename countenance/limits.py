"""How much one operation may ask for, told from its text alone.

The rule is a static class, so a document is measured once and the verdict is cached with it. Fragments count each
time they are spread, so nothing can hide in them.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationContext,
    get_named_type,
)

from domain.kernel.paging import MAX_PAGE


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one operation may have.

    `nodes` bounds the rows of all its pages together, each `first` multiplied by those around it; a `first` that is
    given by a variable counts as 100.
    """

    tokens: int = 1000
    comments: int = 100
    characters: int = 100_000
    depth: int = 15
    aliases: int = 100
    root_fields: int = 20
    directives: int = 50
    list_items: int = MAX_PAGE
    nodes: int = 20_000


@dataclass(slots=True)
class Measure:
    """What a selection comes to, with everything below it."""

    depth: int = 0
    aliases: int = 0
    directives: int = 0
    nodes: int = 0

    def add(self, other: "Measure") -> None:
        """Take in what stands beside it."""
        self.depth = max(self.depth, other.depth)
        self.aliases += other.aliases
        self.directives += other.directives
        self.nodes += other.nodes


class _Ruler:
    """Measures one document; each fragment is measured once for each type that it is spread on."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
        self._known: dict[str, Measure] = {}

    def selection(self, of: SelectionSetNode, parent: GraphQLNamedType | None) -> Measure:
        """Measure a selection set on its type; the type is None where the document doesn't fit the schema."""
        total = Measure()
        for node in of.selections:
            total.directives += len(node.directives or ())
            if isinstance(node, FieldNode):
                total.add(self._field(node, parent))
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                inner = self._schema.type_map.get(condition.name.value) if condition else parent
                total.add(self.selection(node.selection_set, inner))
            elif isinstance(node, FragmentSpreadNode):
                total.add(self._fragment(node.name.value))
        return total

    def width(self, of: SelectionSetNode, seen: set[str] | None = None) -> int:
        """Count the fields of a selection set itself and of its fragments, each fragment once: so they are executed."""
        seen = set() if seen is None else seen
        total = 0
        for node in of.selections:
            if isinstance(node, FieldNode):
                total += 1
            elif isinstance(node, InlineFragmentNode):
                total += self.width(node.selection_set, seen)
            elif isinstance(node, FragmentSpreadNode) and (name := node.name.value) not in seen:
                seen.add(name)
                fragment = self._fragments.get(name)
                total += self.width(fragment.selection_set, seen) if fragment else 0
        return total

    def _fragment(self, name: str) -> Measure:
        if name not in self._known:
            self._known[name] = Measure()  # a cycle adds nothing: another rule refuses it
            fragment = self._fragments.get(name)
            if fragment is not None:
                on = self._schema.type_map.get(fragment.type_condition.name.value)
                self._known[name] = self.selection(fragment.selection_set, on)
        return self._known[name]

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> Measure:
        measure = Measure(aliases=int(node.alias is not None))
        if node.name.value.startswith("__"):
            return measure  # introspection is bounded by a rule of its own
        known = isinstance(parent, GraphQLObjectType | GraphQLInterfaceType)
        definition = parent.fields.get(node.name.value) if known else None  # type: ignore[union-attr]
        rows = _rows(node, definition)
        if node.selection_set:
            below = self.selection(node.selection_set, get_named_type(definition.type) if definition else None)
            measure.add(below)
            measure.nodes = rows * max(1, below.nodes + 1) if rows else below.nodes
        measure.depth += 1
        return measure


def _rows(node: FieldNode, definition: Any) -> int:
    """Say how many rows a field may give: its `first`, its list of ids, or 0 for a field that is no page."""
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    if definition is None or not ({"first", "ids"} & definition.args.keys()):
        return 0
    if "ids" in definition.args:
        ids = given.get("ids")
        return len(ids.values) if isinstance(ids, ListValueNode) else MAX_PAGE
    first = given.get("first")
    if first is None:
        default = definition.args["first"].default_value
        return default if isinstance(default, int) else MAX_PAGE
    return min(abs(int(first.value)), MAX_PAGE) if isinstance(first, IntValueNode) else MAX_PAGE


class _LimitsRule(ASTValidationRule):
    """Refuses an operation that asks for too much, before anything of it runs."""

    limits: ClassVar[Limits]

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._schema = context.schema
        self._ruler = _Ruler(context.schema, context.document)

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
        """Measure the operation and compare."""
        limits = self.limits
        measure = self._ruler.selection(node.selection_set, self._schema.get_root_type(node.operation))
        width = self._ruler.width(node.selection_set)
        for amount, most, says in (
            (measure.depth, limits.depth, "is nested {0} deep; at most {1} levels are allowed"),
            (measure.aliases, limits.aliases, "has {0} aliases; at most {1} are allowed"),
            (measure.directives, limits.directives, "has {0} directives; at most {1} are allowed"),
            (measure.nodes, limits.nodes, "asks for up to {0} rows; at most {1} are allowed: ask for smaller pages"),
            (width, limits.root_fields, "has {0} root fields; at most {1} are allowed"),
        ):
            if amount > most:
                self.report_error(GraphQLError(f"This operation {says.format(amount, most)}.", node))

    def enter_list_value(self, node: ListValueNode, *_: Any) -> None:
        """Bound a list that is written out; lists in variables are bounded where they are used."""
        if len(node.values) > self.limits.list_items:
            self.report_error(GraphQLError(f"A list may hold at most {self.limits.list_items} items.", node))

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        """Bound a page that is written out."""
        for argument in node.arguments or ():
            value = argument.value
            written = isinstance(value, IntValueNode) and argument.name.value == "first"
            if written and not 1 <= int(value.value) <= MAX_PAGE:  # type: ignore[attr-defined]
                self.report_error(GraphQLError(f"`first` must be from 1 to {MAX_PAGE}.", argument))


def limits_rule(limits: Limits) -> type[ASTValidationRule]:
    """Make the validation rule for these limits."""
    return type("LimitsRule", (_LimitsRule,), {"limits": limits})
