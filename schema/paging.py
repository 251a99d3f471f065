"""Connections: how a domain page becomes edges and a `PageInfo`."""

from collections.abc import Callable, Sequence
from typing import Any, Self, TypeVar

import strawberry

from domain.kernel.paging import Page, cursor
from schema.scalars import Cursor

N = TypeVar("N")
E = TypeVar("E")


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Where a page stands in its list."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: Cursor | None
    end_cursor: Cursor | None

    @classmethod
    def empty(cls) -> Self:
        """Say where the page of nothing stands."""
        return cls(has_next_page=False, has_previous_page=False, start_cursor=None, end_cursor=None)


def page_info(page: Page[Any]) -> PageInfo:
    """Say where a page stands."""
    return PageInfo(
        has_next_page=page.has_next,
        has_previous_page=page.has_previous,
        start_cursor=Cursor(cursor(page.keys[0])) if page.keys else None,
        end_cursor=Cursor(cursor(page.keys[-1])) if page.keys else None,
    )


def edges(make: Callable[..., E], page: Page[Any], nodes: Sequence[N]) -> list[E]:
    """Pair each node of a page with its cursor, as `make(node=…, cursor=…)`."""
    return [make(node=node, cursor=Cursor(cursor(key))) for node, key in zip(nodes, page.keys, strict=True)]
