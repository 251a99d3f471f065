"""Facts: what has happened, past and thin. They are written in the deed's transaction and told upward by the relay."""

import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar, Self, Union, get_args, get_origin, get_type_hints
from uuid import UUID

_KINDS: dict[str, type["Fact"]] = {}


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened. Subclass with the ids it is about, and say by `topics` who follows it live.

    Fields may be UUIDs, strings, numbers, booleans, datetimes, None and tuples of those; they are stored as JSON. The
    class name is the stored kind: it is never renamed once released.
    """

    lasting: ClassVar[bool] = True
    """False for facts of passing interest, such as progress, that are thinned out first."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super(Fact, cls).__init_subclass__(**kwargs)
        _KINDS[cls.__name__] = cls

    def topics(self) -> Iterable[str]:
        """Name the live topics that carry it, such as `bounties` or `bounty:<id>`; none by default."""
        return ()

    @property
    def kind(self) -> str:
        """The stored kind."""
        return type(self).__name__

    def to_json(self) -> dict[str, Any]:
        """Give the fields as JSON values."""
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self)}

    @classmethod
    def read(cls, kind: str, body: Mapping[str, Any]) -> "Fact":
        """Read a stored fact back. Raises LookupError for a kind that this release doesn't know."""
        return _KINDS[kind]._from_json(body)

    @classmethod
    def kinds(cls) -> list[str]:
        """Name every kind that this release knows."""
        return list(_KINDS)

    @classmethod
    def _from_json(cls, body: Mapping[str, Any]) -> Self:
        hints = get_type_hints(cls)
        names = [f.name for f in fields(cls)]
        return cls(**{name: _typed(hints[name], body[name]) for name in names if name in body})


def _plain(value: Any) -> Any:
    match value:
        case UUID():
            return str(value)
        case datetime():
            return value.isoformat()
        case tuple() | list() | frozenset():
            return [_plain(item) for item in value]
        case _:
            return value


def _typed(hint: Any, value: Any) -> Any:
    hint = getattr(hint, "__supertype__", hint)
    if value is None:
        return None
    if get_origin(hint) in (Union, types.UnionType):
        return _typed(next(arg for arg in get_args(hint) if arg is not type(None)), value)
    if get_origin(hint) is tuple:
        return tuple(_typed(get_args(hint)[0], item) for item in value)
    if hint is UUID:
        return UUID(value)
    if hint is datetime:
        return datetime.fromisoformat(value)
    return hint(value) if isinstance(hint, type) else value
