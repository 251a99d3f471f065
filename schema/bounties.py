"""Bounties, their entries and what the initiator buys; loaded by the page, never object by object."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Self, cast
from uuid import UUID

import strawberry

from domain import bounties, reasons
from domain.bounties import BountyKind, BountyOrder, BountyStatus, EntryStatus
from domain.kernel.ids import BountyId, EntryId, Subject
from domain.kernel.paging import Page, ask
from domain.kernel.scope import Scope
from schema.accounts import Account
from schema.case_files import CaseFile, case_files
from schema.findings import Finding
from schema.holds import BountyReference, hold_findings, references
from schema.node import Node, global_id, loadable
from schema.outcomes import Outcome, outcomes_of
from schema.paging import PageInfo, edges, page_info
from schema.reasons import StatementOfReasons
from schema.resources import Scan, entry_scans
from schema.scalars import Credits, Cursor
from schema.vault import (
    EntryFile,
    EntryPreview,
    OutcomeReadConnection,
    ReadPages,
    own_files,
    previews_of,
    read_pages,
)
from schema.wanted import Call, Wanted, call_key

strawberry.enum(BountyKind, description="What a bounty asks for.")
strawberry.enum(
    BountyStatus,
    description="OPEN: takes pledges and entries. JUDGING: closed to entries. AWARDED, REFUNDED, CANCELLED are final.",
)
strawberry.enum(BountyOrder, description="CLOSING_SOON shows open bounties unless the filter asks for another status.")
strawberry.enum(EntryStatus, description="Where an entry stands. ACCEPTED: validation found nothing against it.")


@loadable
@strawberry.type(description="Somebody asks for a model and puts up a pot; others may add to it; one entry wins it.")
class Bounty(Node):
    """A bounty, public to everybody unless it is held."""

    PREFIX: ClassVar[str] = "bounty"

    kind: BountyKind
    title: str
    brief: str
    status: BountyStatus
    mature: bool
    depicts_real_person: bool
    initiator: Account
    pot: Credits = strawberry.field(description="All pledges together, also after they were paid out or given back.")
    backer_count: int
    entry_count: int = strawberry.field(description="Entries in the running: submitted, not withdrawn, not blocked.")
    awarded_entry: "BountyEntry | None" = strawberry.field(
        description="The entry that won, or the largest share; only to those who may see that entry."
    )
    awards: list["BountyAward"] = strawberry.field(
        description="How the pot was divided, the largest share first; only awards of entries that the viewer may see."
    )
    auto_award: bool = strawberry.field(
        description="Promised: if nobody judges by `judgedBy`, the entry that was submitted first, of those that are "
        "accepted and clean, gets the pot. Otherwise every pledge goes back."
    )
    extended_at: datetime | None = strawberry.field(
        description="When `closesAt` was moved; it is moved at most once, by at most seven days."
    )
    payouts_stopped: bool = strawberry.field(
        description="True while its books are being checked: no credits move in or out of it meanwhile."
    )
    created_at: datetime
    closes_at: datetime
    judged_by: datetime = strawberry.field(
        description="When the initiator's time to judge runs out and the rule of the bounty decides."
    )
    statement_of_reasons: StatementOfReasons | None = strawberry.field(
        description="Why it is held, or moderators called it off; to its initiator and moderators, null otherwise."
    )
    references: list[BountyReference] = strawberry.field(
        description="Pictures of what is asked for, the first uploaded first, of at most four."
    )
    held_at: datetime | None = strawberry.field(
        description="Since when it is out of public sight, and nothing is done with it but ending it; null for most. "
        "Its initiator, its backers, its authors and moderators see it meanwhile."
    )
    findings: list[Finding] = strawberry.field(
        description="Why it is held; to its initiator and moderators, empty otherwise."
    )
    entry_pages: strawberry.Private["_EntryPages"]

    @strawberry.field(
        description="The initiator and moderators see every entry; an author sees their own; nobody else sees any."
    )
    def entries(self, first: int = 20, after: Cursor | None = strawberry.UNSET) -> "BountyEntryConnection":
        """Give the page that was loaded with the bounty."""
        return self.entry_pages[call_key(first=first, after=after)]

    @classmethod
    async def of_many(cls, scope: Scope, values: Sequence[bounties.Bounty], wanted: Wanted) -> list[Self]:
        """Say bounties with what is selected below them, in a number of statements that does not grow."""
        initiators = await _accounts(scope, [value.initiator_id for value in values], wanted, "initiator")
        awarded = await _awarded(scope, values, wanted)
        awards = await _awards(scope, values, wanted)
        pages = await _entry_pages(scope, [value.id for value in values], wanted.calls("entries"))
        statements = await _statements(scope, [Subject("bounty", value.id) for value in values], wanted)
        pictures = await references(scope, values, wanted["references"]) if "references" in wanted else {}
        findings = await hold_findings(scope, values, wanted["findings"]) if "findings" in wanted else {}
        return [
            cls(
                id=global_id(cls.PREFIX, value.id),
                kind=value.kind,
                title=value.title,
                brief=value.brief,
                status=value.status,
                mature=value.mature,
                depicts_real_person=value.depicts_real_person,
                initiator=cast("Account", initiators.get(value.initiator_id)),  # only missing when not selected
                pot=Credits(value.pot),
                backer_count=value.backer_count,
                entry_count=value.entry_count,
                awarded_entry=awarded.get(value.awarded_entry_id) if value.awarded_entry_id else None,
                awards=awards.get(value.id, []),
                auto_award=value.auto_award,
                extended_at=value.extended_at,
                payouts_stopped=value.payouts_stopped_at is not None,
                created_at=value.created_at,
                closes_at=value.closes_at,
                judged_by=value.judged_by,
                statement_of_reasons=statements.get(Subject("bounty", value.id)),
                references=pictures.get(value.id, []),
                held_at=value.held_at,
                findings=findings.get(value.id, []),
                entry_pages=pages[value.id],
            )
            for value in values
        ]

    @classmethod
    async def by_ids(cls, scope: Scope, ids: Sequence[UUID], wanted: Wanted) -> dict[UUID, Self]:
        """Load bounties that the scope may see."""
        found = await bounties.bounties_by_ids(scope, ids)
        return dict(zip(found, await cls.of_many(scope, list(found.values()), wanted), strict=True))


@loadable
@strawberry.type(description="What an author offers for a bounty.")
class BountyEntry(Node):
    """An entry, seen by its author, the initiator and moderators."""

    PREFIX: ClassVar[str] = "entry"

    bounty: Bounty
    author: Account
    note: str
    status: EntryStatus
    scan: Scan = strawberry.field(description="What validation says of all its files together.")
    submitted_at: datetime | None
    outcome: Outcome | None = strawberry.field(
        description="Null to everyone until the bounty is awarded to this entry; from then on, only to the initiator."
    )
    previews: list[EntryPreview] = strawberry.field(
        description="To its author, and, once it is in the running, to the initiator those that are clean."
    )
    files: list[EntryFile] = strawberry.field(
        description="To its author alone; nobody else is told what they are called."
    )
    case_files: list[CaseFile] = strawberry.field(
        description="To the moderator who holds the claim of a case about it or about its bounty; empty otherwise."
    )
    files_erased_at: datetime | None = strawberry.field(
        description="When all its files were deleted for good, by its author or 30 days after it did not win."
    )
    statement_of_reasons: StatementOfReasons | None = strawberry.field(
        description="Why it is held or blocked; to its author and moderators, null otherwise."
    )
    read_pages: strawberry.Private[ReadPages]

    @strawberry.field(
        description="Each link that was given for its files and each download: its author sees all of them, the "
        "initiator, and a moderator who looked into one for a case, their own, and nobody else any."
    )
    def reads(self, first: int = 20, after: Cursor | None = strawberry.UNSET) -> OutcomeReadConnection:
        """Give the page that was loaded with the entry."""
        return self.read_pages[call_key(first=first, after=after)]

    @classmethod
    async def of_many(cls, scope: Scope, values: Sequence[bounties.BountyEntry], wanted: Wanted) -> list[Self]:
        """Say entries with what is selected below them, in a number of statements that does not grow."""
        ids = [value.id for value in values]
        authors = await _accounts(scope, [value.author_id for value in values], wanted, "author")
        parents = await _parents(scope, values, wanted)
        scans = await entry_scans(scope, ids, wanted["scan"]) if "scan" in wanted else {}
        outcomes = await outcomes_of(scope, values, wanted["outcome"]) if "outcome" in wanted else {}
        files = await own_files(scope, values, wanted["files"]) if "files" in wanted else {}
        in_hand = await case_files(scope, values) if "caseFiles" in wanted else {}
        previews = await previews_of(scope, values, wanted["previews"]) if "previews" in wanted else {}
        reads = await read_pages(scope, ids, wanted.calls("reads"))
        statements = await _statements(scope, [Subject("entry", entry_id) for entry_id in ids], wanted)
        return [
            cls(
                id=global_id(cls.PREFIX, value.id),
                bounty=cast("Bounty", parents.get(value.bounty_id)),  # only missing when not selected
                author=cast("Account", authors.get(value.author_id)),
                note=value.note,
                status=value.status,
                scan=cast("Scan", scans.get(value.id)),
                submitted_at=value.submitted_at,
                outcome=outcomes.get(value.id),
                previews=previews.get(value.id, []),
                files=files.get(value.id, []),
                case_files=in_hand.get(value.id, []),
                files_erased_at=value.files_erased_at,
                read_pages=reads[value.id],
                statement_of_reasons=statements.get(Subject("entry", value.id)),
            )
            for value in values
        ]

    @classmethod
    async def by_ids(cls, scope: Scope, ids: Sequence[UUID], wanted: Wanted) -> dict[UUID, Self]:
        """Load entries that the scope may see."""
        found = await bounties.entries_by_ids(scope, ids)
        return dict(zip(found, await cls.of_many(scope, list(found.values()), wanted), strict=True))


@strawberry.type(description="What an awarded entry got of the pot.")
class BountyAward:
    """What an awarded entry got of the pot."""

    entry: BountyEntry
    percent: int
    amount: Credits


@strawberry.type(description="An entry and its place in the list.")
class BountyEntryEdge:
    """An entry in a list."""

    node: BountyEntry
    cursor: Cursor


@strawberry.type(description="A page of entries, newest first.")
class BountyEntryConnection:
    """A page of entries."""

    edges: list[BountyEntryEdge]
    page_info: PageInfo
    total_count: int = strawberry.field(description="How many entries of this bounty the viewer may see.")

    @classmethod
    async def of_pages(
        cls, scope: Scope, pages: Mapping[BountyId, Page[bounties.BountyEntry]], wanted: Wanted
    ) -> dict[BountyId, Self]:
        """Say the pages of several bounties; all their entries are filled together."""
        entries = [entry for page in pages.values() for entry in page.items]
        said = iter(await BountyEntry.of_many(scope, entries, wanted["edges"]["node"]))
        return {
            bounty_id: cls(
                edges=edges(BountyEntryEdge, page, [next(said) for _ in page.items]),
                page_info=page_info(page),
                total_count=page.total or 0,
            )
            for bounty_id, page in pages.items()
        }


_EntryPages = dict[tuple[tuple[str, object], ...], BountyEntryConnection]


@strawberry.type(description="A bounty and its place in the list.")
class BountyEdge:
    """A bounty in a list."""

    node: Bounty
    cursor: Cursor


@strawberry.type(description="A page of bounties.")
class BountyConnection:
    """A page of bounties."""

    edges: list[BountyEdge]
    page_info: PageInfo
    total_count: int

    @classmethod
    async def of(cls, scope: Scope, page: Page[bounties.Bounty], wanted: Wanted) -> Self:
        """Say a page."""
        nodes = await Bounty.of_many(scope, page.items, wanted["edges"]["node"])
        return cls(
            edges=edges(BountyEdge, page, nodes),
            page_info=page_info(page),
            total_count=page.total or 0,
        )


async def _accounts(scope: Scope, ids: Sequence[UUID], wanted: Wanted, name: str) -> dict[UUID, Account]:
    """Load the accounts behind a field of a whole page at once, where the field is selected."""
    return await Account.by_ids(scope, list(dict.fromkeys(ids)), wanted[name]) if name in wanted else {}


async def _awarded(
    scope: Scope, values: Sequence[bounties.Bounty], wanted: Wanted
) -> dict[EntryId | UUID, BountyEntry]:
    """Load the winning entries of a page that the scope may see, where they are selected."""
    ids = [value.awarded_entry_id for value in values if value.awarded_entry_id]
    if not ids or "awardedEntry" not in wanted:
        return {}
    return dict(await BountyEntry.by_ids(scope, ids, wanted["awardedEntry"]))


async def _awards(scope: Scope, values: Sequence[bounties.Bounty], wanted: Wanted) -> dict[BountyId, list[BountyAward]]:
    """Load the awards of a page that the scope may see with their entries, where they are selected."""
    ids = [value.id for value in values if value.awarded_entry_id]
    if not ids or "awards" not in wanted:
        return {}
    found = await bounties.awards_of(scope, ids)
    named = [award.entry_id for awards in found.values() for award in awards]
    entries = await BountyEntry.by_ids(scope, named, wanted["awards"]["entry"]) if "entry" in wanted["awards"] else {}
    return {
        bounty_id: [
            BountyAward(
                entry=cast("BountyEntry", entries.get(award.entry_id)),  # only missing when not selected
                percent=award.percent,
                amount=Credits(award.amount),
            )
            for award in awards
        ]
        for bounty_id, awards in found.items()
    }


async def _parents(scope: Scope, values: Sequence[bounties.BountyEntry], wanted: Wanted) -> dict[UUID, Bounty]:
    """Load the bounties of a page of entries at once, where they are selected."""
    ids = list(dict.fromkeys(value.bounty_id for value in values))
    return await Bounty.by_ids(scope, ids, wanted["bounty"]) if "bounty" in wanted else {}


async def _statements(scope: Scope, subjects: Sequence[Subject], wanted: Wanted) -> dict[Subject, StatementOfReasons]:
    """Load the statements in force on a page of subjects, where they are selected."""
    if "statementOfReasons" not in wanted:
        return {}
    found = await reasons.statements_by_subject(scope, subjects)
    said = await StatementOfReasons.of_many(scope, list(found.values()), wanted["statementOfReasons"])
    return dict(zip(found, said, strict=True))


async def _entry_pages(scope: Scope, ids: Sequence[BountyId], calls: Sequence[Call]) -> dict[BountyId, "_EntryPages"]:
    """Load every page of entries that is asked for, each for all bounties at once."""
    pages: dict[BountyId, _EntryPages] = {bounty_id: {} for bounty_id in ids}
    for call in calls:
        asked = ask(call.arguments["first"], call.arguments.get("after"), width=1)
        found = await bounties.entry_pages(scope, ids, asked, total="totalCount" in call.wanted)
        for bounty_id, said in (await BountyEntryConnection.of_pages(scope, found, call.wanted)).items():
            pages[bounty_id][call.key] = said
    return pages
