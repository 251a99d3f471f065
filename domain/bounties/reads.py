"""Reading bounties and entries: one statement a call, whatever the page, and nobody sees more than they may."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from domain.bounties.rules import BountyKind, BountyStatus, EntryStatus
from domain.bounties.values import Award, Bounty, BountyEntry, Counts
from domain.kernel.ids import AccountId, BountyId, Credits, EntryId, ResourceId
from domain.kernel.paging import Page, PageAsk, page_of, uuid_part
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch, fetch_one
from domain.resources import marks_in

BOUNTY_COLUMNS = """
    b.id, b.kind, b.title, b.brief, b.status, b.mature, b.depicts_real_person, b.initiator_id, b.pot, b.backer_count,
    (SELECT count(*) FROM bounty_entry WHERE bounty_entry.bounty_id = b.id
        AND bounty_entry.status IN ('SCANNING', 'HELD', 'ACCEPTED')) AS entry_count,
    b.awarded_entry_id, b.created_at, b.closes_at, b.judged_by, b.depicts_found, b.held_at,
    b.auto_award, b.extended_at, b.payouts_stopped_at
"""

ENTRY_COLUMNS = """
    e.id, e.bounty_id, b.initiator_id, e.author_id, e.note, e.status, e.created_at, e.submitted_at,
    EXISTS (SELECT FROM bounty_award granted WHERE granted.entry_id = e.id) AS awarded, e.published_resource_id,
    e.files_erased_at, e.restriction IS NOT NULL AS restricted, e.let_pass
"""

_SEES = "($1::bool OR e.author_id = $2 OR b.initiator_id = $2)"
"""Who sees an entry: moderators and the product itself, its author, and the initiator."""

SEES_BOUNTY = """
    (b.held_at IS NULL OR {sees_all}::bool OR b.initiator_id = {viewer}::uuid
        OR EXISTS (SELECT FROM bounty_pledge p WHERE p.bounty_id = b.id AND p.backer_id = {viewer})
        OR EXISTS (SELECT FROM bounty_entry own WHERE own.bounty_id = b.id AND own.author_id = {viewer}))
"""
"""Who sees a bounty: everybody, and one that is held only moderators, the product itself, and who is in it already:
its initiator, its backers and its authors, who have credits or work in it."""

_VISIBLE_ENTRIES = f"(SELECT count(*) FROM bounty_entry e WHERE e.bounty_id = b.id AND {_SEES})"  # noqa: S608 - constants


async def bounties_by_ids(scope: Scope, ids: Sequence[UUID]) -> dict[BountyId, Bounty]:
    """Give the bounties among `ids` that the scope may see: all that are public, and held ones of its own."""
    if not ids:
        return {}
    sees = SEES_BOUNTY.format(sees_all="$1", viewer="$2")
    rows = await fetch(
        f"SELECT {BOUNTY_COLUMNS} FROM bounty b WHERE b.id = ANY($3::uuid[]) AND {sees}",  # noqa: S608 - constants
        *viewer(scope),
        list(ids),
    )
    return {BountyId(row["id"]): bounty_of(row) for row in rows}


async def entries_by_ids(scope: Scope, ids: Sequence[UUID]) -> dict[EntryId, BountyEntry]:
    """Give the entries among `ids` that the scope may see."""
    if not ids:
        return {}
    rows = await fetch(
        f"SELECT {ENTRY_COLUMNS} FROM bounty_entry e JOIN bounty b ON b.id = e.bounty_id"  # noqa: S608 - constants
        f" WHERE e.id = ANY($3::uuid[]) AND {_SEES}",
        *viewer(scope),
        list(ids),
    )
    return {EntryId(row["id"]): entry_of(row) for row in rows}


async def awards_of(scope: Scope, bounty_ids: Sequence[BountyId]) -> dict[BountyId, list[Award]]:
    """Give the awards of bounties, the largest first; of each bounty those alone whose entries the scope may see."""
    rows = await fetch(
        f"""
        SELECT a.bounty_id, a.entry_id, a.percent, a.amount
        FROM bounty_award a JOIN bounty_entry e ON e.id = a.entry_id JOIN bounty b ON b.id = a.bounty_id
        WHERE a.bounty_id = ANY($3::uuid[]) AND {_SEES}
        ORDER BY a.bounty_id, a.percent DESC, e.submitted_at, e.id
        """,  # noqa: S608 - constants
        *viewer(scope),
        list(bounty_ids),
    )
    found: dict[BountyId, list[Award]] = {bounty_id: [] for bounty_id in bounty_ids}
    for row in rows:
        bounty_id, entry_id = BountyId(row["bounty_id"]), EntryId(row["entry_id"])
        found[bounty_id].append(Award(bounty_id, entry_id, row["percent"], Credits(row["amount"])))
    return found


async def entry_pages(
    scope: Scope, bounty_ids: Sequence[BountyId], asked: PageAsk, *, total: bool = False
) -> dict[BountyId, Page[BountyEntry]]:
    """Give one page of the entries that the scope may see, for each of many bounties, newest first.

    The total is counted only where `total` is true.
    """
    counted = _VISIBLE_ENTRIES if total else "NULL::bigint"
    rows = await fetch(
        f"""
        SELECT b.id AS asked_id, {counted} AS total, found.*
        FROM bounty b LEFT JOIN LATERAL (
            SELECT {ENTRY_COLUMNS} FROM bounty_entry e
            WHERE e.bounty_id = b.id AND {_SEES} AND ($4::uuid IS NULL OR e.id < $4)
            ORDER BY e.id DESC LIMIT $5
        ) found ON true
        WHERE b.id = ANY($3::uuid[]) ORDER BY b.id, found.id DESC
        """,  # noqa: S608 - constants of this module
        *viewer(scope),
        list(bounty_ids),
        uuid_part(asked, 0),
        asked.first + 1,
    )
    found: dict[BountyId, list[BountyEntry]] = {bounty_id: [] for bounty_id in bounty_ids}
    totals: dict[BountyId, int | None] = {}
    for row in rows:
        bounty_id = BountyId(row["asked_id"])
        totals[bounty_id] = row["total"]
        if row["id"] is not None:
            found[bounty_id].append(entry_of(row))
    return {
        bounty_id: page_of(entries, [(entry.id.hex,) for entry in entries], asked, total=totals.get(bounty_id))
        for bounty_id, entries in found.items()
    }


async def counts_between(start: datetime, end: datetime) -> Counts:
    """Count what was opened and submitted from `start` to `end` (exclusive).

    A bounty depicts a real person when its initiator says so, and when a registered name stands in its texts.
    """
    row = await fetch_one(
        """
        SELECT
            (SELECT count(*) FROM bounty WHERE created_at >= $1 AND created_at < $2) AS opened,
            (SELECT count(*) FROM bounty WHERE created_at >= $1 AND created_at < $2
                AND (depicts_real_person OR depicts_found)) AS depicting,
            count(e.id) AS submitted,
            count(e.id) FILTER (WHERE b.depicts_real_person OR b.depicts_found) AS to_depicting
        FROM bounty_entry e JOIN bounty b ON b.id = e.bounty_id
        WHERE e.submitted_at >= $1 AND e.submitted_at < $2
        """,
        start,
        end,
    )
    if row is None:
        return Counts(0, 0, 0, 0)
    return Counts(row["opened"], row["depicting"], row["submitted"], row["to_depicting"])


def bounty_of(row: asyncpg.Record) -> Bounty:
    """Read a row with BOUNTY_COLUMNS."""
    return Bounty(
        id=BountyId(row["id"]),
        kind=BountyKind(row["kind"]),
        title=row["title"],
        brief=row["brief"],
        status=BountyStatus(row["status"]),
        mature=row["mature"],
        depicts_real_person=row["depicts_real_person"] or row["depicts_found"],
        initiator_id=AccountId(row["initiator_id"]),
        pot=Credits(row["pot"]),
        backer_count=row["backer_count"],
        entry_count=row["entry_count"],
        awarded_entry_id=EntryId(row["awarded_entry_id"]) if row["awarded_entry_id"] else None,
        created_at=row["created_at"],
        closes_at=row["closes_at"],
        judged_by=row["judged_by"],
        held_at=row["held_at"],
        auto_award=row["auto_award"],
        extended_at=row["extended_at"],
        payouts_stopped_at=row["payouts_stopped_at"],
    )


def entry_of(row: asyncpg.Record) -> BountyEntry:
    """Read a row with ENTRY_COLUMNS."""
    return BountyEntry(
        id=EntryId(row["id"]),
        bounty_id=BountyId(row["bounty_id"]),
        initiator_id=AccountId(row["initiator_id"]),
        author_id=AccountId(row["author_id"]),
        note=row["note"],
        status=EntryStatus(row["status"]),
        awarded=row["awarded"],
        created_at=row["created_at"],
        submitted_at=row["submitted_at"],
        published_resource_id=ResourceId(row["published_resource_id"]) if row["published_resource_id"] else None,
        files_erased_at=row["files_erased_at"],
        restricted=row["restricted"],
        let_pass=marks_in(row["let_pass"]),
    )


def viewer(scope: Scope) -> tuple[bool, AccountId | None]:
    """Say whether the scope sees everything, and whose own things it sees besides."""
    return scope.system or scope.is_moderator, scope.account_id
