"""Lists of bounties: filters, full-text search, three orders, each by keyset."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from domain.bounties.facts import BountyChanged, BountyFact, BountyHidden
from domain.bounties.reads import BOUNTY_COLUMNS, SEES_BOUNTY, bounty_of, viewer
from domain.bounties.rules import BountyOrder, BountyStatus
from domain.bounties.values import Bounty, BountyFilter, Told
from domain.kernel import searching
from domain.kernel.ids import BountyId
from domain.kernel.paging import Page, PageAsk, int_part, page_of, uuid_part
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch, fetch_one
from domain.kernel.text import clean

MAX_SEARCH = 200
KEY_WIDTH = {BountyOrder.NEWEST: 1, BountyOrder.CLOSING_SOON: 2, BountyOrder.LARGEST_POT: 2}
"""How many parts the sort key of each order has."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SORT = {
    BountyOrder.NEWEST: "b.id DESC",
    BountyOrder.CLOSING_SOON: "b.closes_at, b.id",
    BountyOrder.LARGEST_POT: "b.pot DESC, b.id DESC",
}


@dataclass(slots=True)
class _Where:
    """A WHERE clause as it grows, with its numbered arguments."""

    clauses: list[str] = field(default_factory=list)
    arguments: list[object] = field(default_factory=list)

    def add(self, clause: str, *arguments: object) -> None:
        numbers = [f"${len(self.arguments) + n}" for n in range(1, len(arguments) + 1)]
        self.clauses.append(clause.format(*numbers))
        self.arguments.extend(arguments)

    def __str__(self) -> str:
        return " AND ".join(self.clauses) or "true"


def checked_filter(wanted: BountyFilter) -> BountyFilter:
    """Give a filter whose words can be searched for; none are asked for where there are none. Raises InvalidInput."""
    search = None if wanted.search is None else clean(wanted.search, "filter.search", MAX_SEARCH)
    return replace(wanted, search=search or None)


async def bounty_page(
    scope: Scope, wanted: BountyFilter, order: BountyOrder, asked: PageAsk, *, total: bool = False
) -> Page[Bounty]:
    """Give a page of the bounties that the scope may see and a checked filter lets through.

    The total is counted only where `total` is true.

    CLOSING_SOON gives open bounties, the nearest deadline first, unless the filter asks for another status.
    """
    if order is BountyOrder.CLOSING_SOON and wanted.status is None:
        wanted = replace(wanted, status=BountyStatus.OPEN)
    where = await _matching(wanted)
    where.add(SEES_BOUNTY.format(sees_all="{0}", viewer="{1}"), *viewer(scope))
    count = await _count(where) if total else None
    _add_keyset(where, order, asked)
    where.arguments.append(asked.first + 1)
    rows = await fetch(
        f"SELECT {BOUNTY_COLUMNS} FROM bounty b WHERE {where}"  # noqa: S608 - clauses are constants of this module
        f" ORDER BY {_SORT[order]} LIMIT ${len(where.arguments)}",
        *where.arguments,
    )
    found = [bounty_of(row) for row in rows]
    return page_of(found, [_key(bounty, order) for bounty in found], asked, total=count)


async def matching_bounties(ids: Sequence[UUID], wanted: BountyFilter, *, held: bool = False) -> dict[BountyId, Bounty]:
    """Give those among `ids` that a checked filter lets through: the public ones, or with `held` all of them."""
    where = await _matching(wanted)
    if not held:
        where.add("b.held_at IS NULL")
    where.add("b.id = ANY({}::uuid[])", list(ids))
    rows = await fetch(f"SELECT {BOUNTY_COLUMNS} FROM bounty b WHERE {where}", *where.arguments)  # noqa: S608 - as above
    return {BountyId(row["id"]): bounty_of(row) for row in rows}


async def told_to_followers(fact: BountyFact, wanted: BountyFilter) -> Told | None:
    """Say what who follows a checked filter hears of a fact; None where the bounty matched neither before nor after.

    Of a bounty that no longer matches, or that is hidden, they hear without the bounty itself, so that their list does
    not go stale. What has become of it meanwhile changes what is shown, and not whether they hear.
    """
    if wanted.status is not None and not fact.stood(wanted.status):
        return None
    bounty_id = BountyId(fact.bounty_id)
    found = (await matching_bounties([bounty_id], wanted)).get(bounty_id)
    if found is not None:
        return Told(found)
    before = _wanted_before(fact, wanted)
    if before is None:
        return None
    left = await matching_bounties([bounty_id], before, held=isinstance(fact, BountyHidden))
    return Told(None) if left else None


def _wanted_before(fact: BountyFact, wanted: BountyFilter) -> BountyFilter | None:
    """Give the filter without what a fact may have ended; None where it can't have ended anything that was asked."""
    anywhere = replace(wanted, status=None)
    match fact:
        case BountyHidden():
            return anywhere
        case BountyChanged():
            # Its words before are not kept: who searches hears that it may have left, which costs them nothing.
            kind_fits = wanted.kind is None or not fact.kind_before or wanted.kind == fact.kind_before
            mature_fits = wanted.mature or not fact.mature_before
            return replace(anywhere, kind=None, search=None, mature=True) if kind_fits and mature_fits else None
        case _:
            return anywhere if wanted.status is not None else None


async def _count(where: _Where) -> int:
    row = await fetch_one(f"SELECT count(*) AS n FROM bounty b WHERE {where}", *where.arguments)  # noqa: S608 - as above
    return int(row["n"]) if row else 0


async def _matching(wanted: BountyFilter) -> _Where:
    where = _Where()
    if not wanted.mature:
        where.add("NOT b.mature")
    if wanted.status is not None:
        where.add("b.status = {}", wanted.status)
    if wanted.kind is not None:
        where.add("b.kind = {}", wanted.kind)
    if wanted.initiator_id is not None:
        where.add("b.initiator_id = {}", wanted.initiator_id)
    if wanted.min_pot is not None:
        where.add("b.pot >= {}", wanted.min_pot)
    if wanted.search is not None:
        where.add(f"b.words @@ {searching.TSQUERY}", await searching.understood(wanted.search))
    return where


def _add_keyset(where: _Where, order: BountyOrder, asked: PageAsk) -> None:
    if asked.after is None:
        return
    match order:
        case BountyOrder.NEWEST:
            where.add("b.id < {}", uuid_part(asked, 0))
        case BountyOrder.CLOSING_SOON:
            where.add("(b.closes_at, b.id) > ({}, {})", _time_part(asked), uuid_part(asked, 1))
        case BountyOrder.LARGEST_POT:
            where.add("(b.pot, b.id) < ({}, {})", int_part(asked, 0), uuid_part(asked, 1))


def _key(bounty: Bounty, order: BountyOrder) -> tuple[str | int | float, ...]:
    match order:
        case BountyOrder.NEWEST:
            return (bounty.id.hex,)
        case BountyOrder.CLOSING_SOON:
            return ((bounty.closes_at - _EPOCH) // _MICROSECOND, bounty.id.hex)
        case BountyOrder.LARGEST_POT:
            return (bounty.pot, bounty.id.hex)


def _time_part(asked: PageAsk) -> datetime:
    # A cursor made by hand may name a time that no calendar has; such a one sorts after every deadline.
    micros = min(abs(int_part(asked, 0) or 0), 10**17)
    return _EPOCH + micros * _MICROSECOND
