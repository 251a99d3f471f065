"""The contract's scalars. `DateTime` is RFC 3339 in UTC; `Credits` a whole number from 0 to 1_000_000_000."""

import re
from datetime import UTC, datetime
from typing import NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

Credits = NewType("Credits", int)
Cursor = NewType("Cursor", str)
Sha256 = NewType("Sha256", str)

MAX_CREDITS = 1_000_000_000
_SHA256 = re.compile(r"\A[0-9a-f]{64}\Z")


def _read_time(value: object) -> datetime:
    if not isinstance(value, str) or len(value) > 40:
        raise GraphQLError("A DateTime is a string in RFC 3339, such as `2026-11-22T10:00:00Z`.")
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise GraphQLError("A DateTime is written in RFC 3339, such as `2026-11-22T10:00:00Z`.") from None
    if at.tzinfo is None:
        raise GraphQLError("A DateTime needs its offset from UTC, such as the `Z` in `2026-11-22T10:00:00Z`.")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise GraphQLError("A DateTime must lie between the years 1 and 9999 in UTC.") from None


def _write_time(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _read_credits(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_CREDITS:
        raise GraphQLError(f"Credits are a whole number from 0 to {MAX_CREDITS}.")
    return value


def _read_sha256(value: object) -> str:
    if not isinstance(value, str) or not _SHA256.match(value):
        raise GraphQLError("A Sha256 is 64 lower-case hex digits.")
    return value


def _read_cursor(value: object) -> str:
    if not isinstance(value, str) or len(value) > 400:
        raise GraphQLError("A Cursor is a string, exactly as it was given.")
    return value


DATE_TIME: ScalarDefinition = strawberry.scalar(
    name="DateTime",
    description="A point in time: RFC 3339, in UTC.",
    serialize=_write_time,
    parse_value=_read_time,
)
CREDITS: ScalarDefinition = strawberry.scalar(
    name="Credits",
    description="A whole number of credits, 0 to 1_000_000_000.",
    serialize=int,
    parse_value=_read_credits,
)
CURSOR: ScalarDefinition = strawberry.scalar(
    name="Cursor", description="Opaque: pass it back exactly as it was given.", serialize=str, parse_value=_read_cursor
)
SHA256: ScalarDefinition = strawberry.scalar(
    name="Sha256", description="64 lower-case hex digits.", serialize=str, parse_value=_read_sha256
)

SCALARS: dict[object, ScalarDefinition] = {
    datetime: DATE_TIME,
    Credits: CREDITS,
    Cursor: CURSOR,
    Sha256: SHA256,
}
