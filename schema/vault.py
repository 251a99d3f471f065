"""What an entry keeps in the vault, as its author sees it: its files, and who was given or has read them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self, cast

import strawberry

from domain import bounties
from domain.bounties import OutcomeReadKind
from domain.kernel.findings import Verdict
from domain.kernel.ids import EntryId
from domain.kernel.paging import ask
from domain.kernel.scope import Scope
from schema.accounts import Account
from schema.node import global_id
from schema.paging import PageInfo, edges, page_info
from schema.scalars import Cursor, Sha256
from schema.wanted import Call, Wanted

strawberry.enum(OutcomeReadKind, description="LINK: a download link was given. DOWNLOAD: it was used.")


@strawberry.type(description="A file of an entry, as its author sees it.")
class EntryFile:
    """A file of an entry."""

    name: str
    size_bytes: float
    sha256: Sha256
    erased_at: datetime | None = strawberry.field(description="When its key was destroyed; nobody reads it after that.")
    download_url: str | None = strawberry.field(
        description="For its author's account alone, for a short time; null once the entry has won, while it is held "
        "or blocked, and when the file was erased. Every read is recorded."
    )


@strawberry.type(description="A picture that an author shows of an entry: small, and marked across.")
class EntryPreview:
    """A preview."""

    verdict: Verdict = strawberry.field(description="What validation says of the picture; only clean ones are shown.")
    error: str | None = strawberry.field(description="Why it could not be examined; null when it could.")
    width: int | None = strawberry.field(description="Null until it has been drawn.")
    height: int | None
    url: str | None = strawberry.field(
        description="For the viewer's account alone, for a short time; null until it has been drawn."
    )


@strawberry.type(description="That a download link was given for a file of an entry, or that one was used.")
class OutcomeRead:
    """A link that was given, or a use of it."""

    kind: OutcomeReadKind
    at: datetime
    reader: Account
    file_name: str = strawberry.field(description="Empty for a file of a draft that its author has deleted.")
    first_byte: float | None = strawberry.field(description="The first byte that was asked for; null for a LINK.")
    last_byte: float | None = strawberry.field(description="The last one, included.")
    complete: bool | None = strawberry.field(description="Whether all of it was sent; null for a LINK.")
    case_id: strawberry.ID | None = strawberry.field(
        description="The case for which a moderator looked into it; null for its author and for who bought it."
    )
    purpose: str | None = strawberry.field(description="Why the moderator did, in their words; null as `caseId` is.")

    @classmethod
    async def of_many(cls, scope: Scope, values: Sequence[bounties.OutcomeRead], wanted: Wanted) -> list[Self]:
        """Say reads; their readers are loaded together."""
        ids = list({value.reader_id for value in values})
        readers = await Account.by_ids(scope, ids, wanted["reader"]) if "reader" in wanted else {}
        return [
            cls(
                kind=value.kind,
                at=value.at,
                reader=cast("Account", readers.get(value.reader_id)),  # only missing when not selected
                file_name=value.file_name,
                first_byte=None if value.first_byte is None else float(value.first_byte),
                last_byte=None if value.last_byte is None else float(value.last_byte),
                complete=value.complete,
                case_id=global_id("case", value.case_id) if value.case_id else None,
                purpose=value.purpose,
            )
            for value in values
        ]


@strawberry.type(description="A read and its place in the list.")
class OutcomeReadEdge:
    """A read in a list."""

    node: OutcomeRead
    cursor: Cursor


@strawberry.type(description="A page of reads, newest first.")
class OutcomeReadConnection:
    """A page of reads."""

    edges: list[OutcomeReadEdge]
    page_info: PageInfo
    total_count: int


ReadPages = dict[tuple[tuple[str, object], ...], OutcomeReadConnection]


async def read_pages(scope: Scope, ids: Sequence[EntryId], calls: Sequence[Call]) -> dict[EntryId, ReadPages]:
    """Load every page of reads that is asked for, each for all entries at once."""
    pages: dict[EntryId, ReadPages] = {entry_id: {} for entry_id in ids}
    for call in calls:
        asked = ask(call.arguments["first"], call.arguments.get("after"), width=1)
        found = await bounties.read_pages(scope, ids, asked, total="totalCount" in call.wanted)
        every = [read for page in found.values() for read in page.items]
        nodes = iter(await OutcomeRead.of_many(scope, every, call.wanted["edges"]["node"]))
        for entry_id, page in found.items():
            said = [next(nodes) for _ in page.items]
            pages[entry_id][call.key] = OutcomeReadConnection(
                edges=edges(OutcomeReadEdge, page, said), page_info=page_info(page), total_count=page.total or 0
            )
    return pages


async def own_files(
    scope: Scope, entries: Sequence[bounties.BountyEntry], wanted: Wanted
) -> dict[EntryId, list[EntryFile]]:
    """Say the files of the scope's own entries; links are made, and recorded, only where they are selected."""
    found = await bounties.own_files(scope, entries, urls="downloadUrl" in wanted)
    return {entry_id: [_file(file) for file in files] for entry_id, files in found.items()}


async def previews_of(
    scope: Scope, entries: Sequence[bounties.BountyEntry], wanted: Wanted
) -> dict[EntryId, list[EntryPreview]]:
    """Say the previews that the scope is shown."""
    found = await bounties.previews_of(scope, entries, urls="url" in wanted)
    return {entry_id: [_preview(preview) for preview in previews] for entry_id, previews in found.items()}


def _preview(preview: bounties.EntryPreview) -> EntryPreview:
    return EntryPreview(
        verdict=preview.verdict, error=preview.error, width=preview.width, height=preview.height, url=preview.url
    )


def _file(file: bounties.EntryFile) -> EntryFile:
    return EntryFile(
        name=file.name,
        size_bytes=float(file.size_bytes),
        sha256=Sha256(file.sha256),
        erased_at=file.erased_at,
        download_url=file.download_url,
    )
