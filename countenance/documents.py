"""Documents: read, measured and validated once, then remembered by their text.

Strawberry's own caches are undone by limiter extensions, which are made anew for each request and so defeat the key
of the validation cache; here every rule is a static class.
"""

from collections import OrderedDict
from dataclasses import dataclass

from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
    validate,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from countenance.limits import Limits, limits_rule

_REMEMBERED_CHARACTERS = 500_000
"""How much text is remembered with its tree, which takes 100 to 200 bytes a character: 100 MB at most."""


class RequestError(Exception):
    """A request that can't be run at all; nothing of it was executed. `errors` say why."""

    def __init__(self, *errors: GraphQLError) -> None:
        super().__init__(errors[0].message)
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a valid document, chosen by name."""

    text: str
    document: DocumentNode
    definition: OperationDefinitionNode

    @property
    def kind(self) -> OperationType:
        """Query, mutation or subscription."""
        return self.definition.operation

    @property
    def name(self) -> str | None:
        """Its name, where it has one."""
        return self.definition.name.value if self.definition.name else None


@dataclass(frozen=True, slots=True)
class _Read:
    document: DocumentNode | None
    errors: tuple[GraphQLError, ...]


class Documents:
    """Reads documents against one schema."""

    def __init__(
        self, schema: GraphQLSchema, *, introspection: bool, suggestions: bool, limits: Limits | None = None
    ) -> None:
        self._schema = schema
        self._limits = limits or Limits()
        self._suggestions = suggestions
        rules: list[type[ASTValidationRule]] = [
            *specified_rules,
            MaybeNullValidationRule,
            OneOfInputValidationRule,
            limits_rule(self._limits),
        ]
        if not introspection:
            rules.append(NoSchemaIntrospectionCustomRule)
        self._rules = tuple(rules)
        self._remembered: OrderedDict[str, _Read] = OrderedDict()
        self._characters = 0

    def operation(self, text: str, name: str | None) -> Operation:
        """Give the operation to run. Raises RequestError.

        A document with several operations needs a name: running the first one would be a guess.
        """
        read = self._recalled(text)
        if read.errors or read.document is None:
            raise RequestError(*read.errors)
        operations = [node for node in read.document.definitions if isinstance(node, OperationDefinitionNode)]
        named = [node for node in operations if not name or (node.name and node.name.value == name)]
        if not named:
            has = "no operation" if not operations else f"no operation named {name!r}"
            raise RequestError(GraphQLError(f"This document has {has}."))
        if len(named) > 1:
            raise RequestError(
                GraphQLError("This document has several operations: say by `operationName` which one to run.")
            )
        return Operation(text, read.document, named[0])

    def _recalled(self, text: str) -> _Read:
        """Read a text, or remember it; what was not asked for longest is forgotten first."""
        read = self._remembered.get(text)
        if read is not None:
            self._remembered.move_to_end(text)
            return read
        read = self._remembered[text] = self._read(text)
        self._characters += len(text)
        while self._characters > _REMEMBERED_CHARACTERS:
            forgotten, _ = self._remembered.popitem(last=False)
            self._characters -= len(forgotten)
        return read

    def _read(self, text: str) -> _Read:
        """Parse and validate."""
        limits = self._limits
        try:
            document = parse(
                text,
                max_lexical_tokens=limits.tokens,
                max_comments=limits.comments,
                max_source_length=limits.characters,
                allow_empty_selection_sets=False,
            )
        except GraphQLError as error:
            return _Read(None, (error,))
        errors = validate(self._schema, document, self._rules, max_errors=20, hide_suggestions=not self._suggestions)
        return _Read(document, tuple(errors))
