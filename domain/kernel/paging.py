"""Keyset pages: a page asks for what comes after a key, never for an offset, so inserted rows move nothing."""

import base64
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from domain.kernel.refusals import InvalidInput

T = TypeVar("T")

MAX_PAGE = 100
_NOT_OURS = "This cursor is not one of ours: pass a cursor exactly as it was given."


@dataclass(frozen=True, slots=True)
class PageAsk:
    """`first` rows (1 to 100) after the key `after`; the key is a list of JSON values in the order of the sort."""

    first: int = 20
    after: tuple[str | int | float, ...] | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of values with the key of each, whether there is more, and, where it was asked for, the total."""

    items: Sequence[T]
    keys: Sequence[tuple[str | int | float, ...]]
    has_next: bool
    has_previous: bool = False
    total: int | None = None


def ask(first: int, after: str | None, *, width: int) -> PageAsk:
    """Read the paging arguments of a connection whose sort key has `width` parts. Raises InvalidInput."""
    if not 1 <= first <= MAX_PAGE:
        raise InvalidInput(f"`first` must be from 1 to {MAX_PAGE}.", field="first")
    if after is None:
        return PageAsk(first)
    try:
        key = json.loads(base64.urlsafe_b64decode(after.encode() + b"=="))
    except (ValueError, RecursionError):
        key = None
    valid = isinstance(key, list) and len(key) == width
    if not valid or not all(isinstance(part, str | int | float) and not isinstance(part, bool) for part in key):
        raise InvalidInput(_NOT_OURS, field="after")
    return PageAsk(first, tuple(key))


def uuid_part(asked: PageAsk, n: int) -> UUID | None:
    """Read part `n` of the key as an id; None on the first page. Raises InvalidInput."""
    if asked.after is None:
        return None
    try:
        return UUID(hex=str(asked.after[n]))
    except ValueError:
        raise InvalidInput(_NOT_OURS, field="after") from None


def int_part(asked: PageAsk, n: int) -> int | None:
    """Read part `n` of the key as a number that a bigint holds; None on the first page. Raises InvalidInput."""
    part = asked.after[n] if asked.after else None
    if part is None:
        return None
    if not isinstance(part, int) or not -(2**63) <= part < 2**63:
        raise InvalidInput(_NOT_OURS, field="after")
    return part


def float_part(asked: PageAsk, n: int) -> float | None:
    """Read part `n` of the key as a finite number; None on the first page. Raises InvalidInput."""
    part = asked.after[n] if asked.after else None
    if part is None:
        return None
    try:
        if isinstance(part, int | float) and math.isfinite(part):
            return float(part)
    except OverflowError:  # a whole number larger than any float
        pass
    raise InvalidInput(_NOT_OURS, field="after")


def cursor(key: tuple[str | int | float, ...]) -> str:
    """Write a sort key as an opaque cursor."""
    return base64.urlsafe_b64encode(json.dumps(list(key), separators=(",", ":")).encode()).decode().rstrip("=")


def page_of(
    rows: Sequence[T], keys: Sequence[tuple[str | int | float, ...]], asked: PageAsk, *, total: int | None = None
) -> Page[T]:
    """Make a page from rows fetched with one more than asked for."""
    more = len(rows) > asked.first
    return Page(
        rows[: asked.first], keys[: asked.first], has_next=more, has_previous=asked.after is not None, total=total
    )
