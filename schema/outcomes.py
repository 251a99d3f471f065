"""What the initiator of an awarded bounty bought."""

from collections.abc import Sequence
from uuid import UUID

import strawberry

from domain import bounties
from domain.kernel.ids import EntryId
from domain.kernel.scope import Scope
from schema.resources import Resource
from schema.scalars import Sha256
from schema.wanted import Wanted


@strawberry.type(description="One file of what was bought.")
class OutcomeFile:
    """One file of what was bought."""

    name: str
    size_bytes: float
    sha256: Sha256
    download_url: str = strawberry.field(description="Expires; every read is recorded.")


@strawberry.type(
    description="What the initiator bought. "
    "Private until they publish it, and publishing passes the same policies as any resource."
)
class Outcome:
    """What the initiator bought."""

    files: list[OutcomeFile]
    published_resource: Resource | None = strawberry.field(
        description="What the initiator made of it; validated, and public once it is PUBLISHED."
    )


async def outcomes_of(scope: Scope, entries: Sequence[bounties.BountyEntry], wanted: Wanted) -> dict[EntryId, Outcome]:
    """Say the outcomes that open for the scope; URLs are made, and recorded, only where they are selected."""
    found = await bounties.outcomes(scope, entries, urls="downloadUrl" in wanted["files"])
    published = [outcome.published_resource_id for outcome in found.values() if outcome.published_resource_id]
    resources: dict[UUID, Resource] = {}
    if published and "publishedResource" in wanted:
        resources = await Resource.by_ids(scope, published, wanted["publishedResource"])
    return {entry_id: _outcome(outcome, resources) for entry_id, outcome in found.items()}


def _outcome(outcome: bounties.Outcome, resources: dict[UUID, Resource]) -> Outcome:
    files = [
        OutcomeFile(
            name=file.name,
            size_bytes=float(file.size_bytes),
            sha256=Sha256(file.sha256),
            download_url=file.download_url or "",
        )
        for file in outcome.files
    ]
    published = outcome.published_resource_id
    return Outcome(files=files, published_resource=resources.get(published) if published else None)
