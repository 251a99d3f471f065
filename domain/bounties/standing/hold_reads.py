"""Reading why bounties and entries are held, and which bounties wait for a moderator."""

from collections.abc import Sequence

from domain.bounties.reads import BOUNTY_COLUMNS, bounty_of, viewer
from domain.bounties.standing.holds import findings_in, hold_of
from domain.bounties.values import Bounty
from domain.bounties.vault.contents import contents_of
from domain.kernel.findings import Finding
from domain.kernel.ids import BountyId, EntryId
from domain.kernel.paging import Page, PageAsk, page_of, uuid_part
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch, fetch_one

_WAITS = "b.review = 'WAITING' AND b.status IN ('OPEN', 'JUDGING')"


async def hold_findings(scope: Scope, ids: Sequence[BountyId]) -> dict[BountyId, tuple[Finding, ...]]:
    """Say why bounties are held: to their initiators and moderators, and to nobody else."""
    rows = await fetch(
        """
        SELECT id, held_findings, reference_findings, held_for_claim, review, review_findings, depicts_found,
            moderator_hold
        FROM bounty
        WHERE id = ANY($3::uuid[]) AND held_at IS NOT NULL AND ($1::bool OR initiator_id = $2)
        """,
        *viewer(scope),
        list(ids),
    )
    return {BountyId(row["id"]): hold_of(row).reasons for row in rows}


async def bounties_to_review(scope: Scope, asked: PageAsk, *, total: bool = False) -> Page[Bounty]:
    """Give the bounties that wait for a moderator, the one that has waited longest first. Moderators only.

    The total is counted only where `total` is true. Raises SignInRequired, NotAllowed.
    """
    scope.require_moderator()
    counted = await fetch_one(f"SELECT count(*) AS n FROM bounty b WHERE {_WAITS}") if total else None  # noqa: S608 - ours
    rows = await fetch(
        f"SELECT {BOUNTY_COLUMNS} FROM bounty b"  # noqa: S608 - constants
        f" WHERE {_WAITS} AND ($1::uuid IS NULL OR b.id > $1) ORDER BY b.id LIMIT $2",
        uuid_part(asked, 0),
        asked.first + 1,
    )
    found = [bounty_of(row) for row in rows]
    return page_of(found, [(bounty.id.hex,) for bounty in found], asked, total=counted["n"] if counted else None)


async def registry_findings(bounty_id: BountyId) -> tuple[Finding, ...]:
    """Give what the registry says against a bounty, for the product itself."""
    row = await fetch_one("SELECT held_findings, reference_findings FROM bounty WHERE id = $1", bounty_id)
    return (*findings_in(row["held_findings"]), *findings_in(row["reference_findings"])) if row else ()


async def entry_findings(entry_id: EntryId) -> tuple[Finding, ...]:
    """Give what validation says against an entry, its note and its files, for the product itself."""
    return (await findings_of_entries([entry_id])).get(entry_id, ())


async def findings_of_entries(entry_ids: Sequence[EntryId]) -> dict[EntryId, tuple[Finding, ...]]:
    """Give what validation says against entries, their notes and their files. The caller may see it."""
    if not entry_ids:
        return {}
    rows = await fetch("SELECT id, note_findings FROM bounty_entry WHERE id = ANY($1::uuid[])", list(entry_ids))
    noted = {EntryId(row["id"]): findings_in(row["note_findings"]) for row in rows}
    contents = await contents_of(list(noted))
    return {
        entry_id: (*found, *(finding for file in contents[entry_id] for finding in file.scan.findings))
        for entry_id, found in noted.items()
    }
