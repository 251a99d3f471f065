"""The short way for plain leaves says exactly what graphql-core's own executor says, errors included."""

import enum
import math
from datetime import UTC, datetime
from typing import Any

import pytest
import strawberry
from graphql import execute_sync, parse
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from countenance.plain_fields import PlainFieldsExecutor, _leaves
from schema.scalars import SCALARS, Credits


@strawberry.enum
class Colour(enum.Enum):
    """A colour."""

    RED = "red"


@strawberry.type
class Thing:
    """Something with a field of every kind."""

    some_text: str
    id: strawberry.ID
    number: int
    share: float
    yes: bool
    colour: Colour
    at: datetime
    cost: Credits
    maybe: str | None
    words: list[str]
    inner: "Thing | None" = None

    @strawberry.field
    def said(self, times: int = 1) -> str:
        """Resolved, with an argument."""
        return self.some_text * times


@strawberry.type
class Query:
    """The root."""

    @strawberry.field
    def thing(self, info: strawberry.Info) -> Thing | None:
        """Give what the test put in."""
        given: Thing = info.context
        return given


SCHEMA = strawberry.Schema(Query, config=StrawberryConfig(scalar_map=SCALARS))._schema
ALL = "someText alias: someText id number share yes colour at cost maybe words said again: said(times: 2) __typename"
DOCUMENT = parse(f"{{ thing {{ {ALL} inner {{ {ALL} }} }} }}")


def thing(**change: Any) -> Thing:
    """A thing whose fields all fit, but for the changes."""
    given: dict[str, Any] = {
        "some_text": "héllo",
        "id": strawberry.ID("1"),
        "number": 7,
        "share": 0.5,
        "yes": True,
        "colour": Colour.RED,
        "at": datetime(2026, 11, 22, tzinfo=UTC),
        "cost": 10,
        "maybe": None,
        "words": ["a", "b"],
        **change,
    }
    return Thing(**given)


def answered(executor: type[Any], given: Thing) -> Any:
    """Execute the document and give all that is said."""
    result = execute_sync(SCHEMA, DOCUMENT, context_value=given, executor_class=executor)
    return result.formatted


def test_it_knows_what_is_plain() -> None:
    plain = _leaves(SCHEMA.type_map["Thing"])  # type: ignore[arg-type]

    assert set(plain) == {"someText", "id", "number", "share", "yes", "colour", "at", "cost", "maybe"}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"maybe": "something"},
        {"some_text": None},
        {"some_text": 5},
        {"some_text": True},
        {"some_text": b"bytes"},
        {"some_text": ["no"]},
        {"some_text": ValueError("an exception as a value")},
        {"maybe": ValueError("an exception as a value")},
        {"id": 17},
        {"id": 1.5},
        {"number": 2**31},
        {"number": "7"},
        {"number": "seven"},
        {"number": 7.0},
        {"number": 7.5},
        {"share": math.nan},
        {"share": math.inf},
        {"share": 1},
        {"yes": 1},
        {"yes": "true"},
        {"colour": "blue"},
        {"colour": "red"},
        {"at": "yesterday"},
        {"cost": "ten"},
        {"words": None},
        {"words": [None]},
        {"inner": thing()},
        {"inner": thing(number=None)},
        {"inner": "no thing"},
    ],
    ids=repr,
)
def test_it_says_the_same(change: dict[str, Any]) -> None:
    ours = answered(PlainFieldsExecutor, thing(**change))
    theirs = answered(StrawberryGraphQLCoreExecutionContext, thing(**change))

    assert ours == theirs


def test_an_attribute_that_is_missing_says_the_same() -> None:
    given = thing()
    del given.some_text

    ours = answered(PlainFieldsExecutor, given)

    assert ours == answered(StrawberryGraphQLCoreExecutionContext, given)
    assert ours["data"] == {"thing": None}
