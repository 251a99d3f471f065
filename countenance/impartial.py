"""Which subscriptions say the same to everybody, whoever asks: those that select nothing but what is public.

What is listed here must never depend on the viewer; a field that is not listed makes a subscription its viewer's own.
"""

from typing import Any

from graphql import FieldNode, GraphQLSchema, TypeInfo, TypeInfoVisitor, Visitor, visit

from countenance.documents import Operation

_REMEMBERED = 500

IMPARTIAL: dict[str, frozenset[str]] = {
    "Subscription": frozenset({"bountyFeed"}),
    "FeedEvent": frozenset({"cursor", "at", "resync"}),
    "BountyEvent": frozenset({"cursor", "at", "resync", "kind", "bounty", "bountyId"}),
    "Node": frozenset({"id"}),
    "Bounty": frozenset(
        {
            "id",
            "kind",
            "title",
            "brief",
            "status",
            "mature",
            "depictsRealPerson",
            "initiator",
            "pot",
            "backerCount",
            "entryCount",
            "createdAt",
            "closesAt",
            "judgedBy",
        }
    ),
    "Account": frozenset({"id", "handle", "role", "createdAt"}),
}
"""The fields that are the same for everybody, by type."""


class _Finder(Visitor):
    """Looks for a field that is not impartial."""

    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self._types = types
        self.partial = False

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        """Look at one field, wherever it stands: also in a fragment that turns out to be unused here."""
        parent = self._types.get_parent_type()
        allowed = IMPARTIAL.get(parent.name, frozenset()) if parent else frozenset()
        if node.name.value not in allowed and node.name.value != "__typename":
            self.partial = True


class Impartiality:
    """Tells for one schema whether an operation says the same to everybody; remembers it by the document's text."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._known: dict[str, bool] = {}

    def of(self, operation: Operation) -> bool:
        """Say whether every field of the operation's document is impartial."""
        if operation.text not in self._known:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            types = TypeInfo(self._schema)
            finder = _Finder(types)
            visit(operation.document, TypeInfoVisitor(types, finder))
            self._known[operation.text] = not finder.partial
        return self._known[operation.text]
