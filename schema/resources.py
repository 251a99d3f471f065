"""Resources, their files and scans, and the results of the deeds on them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Self, cast
from uuid import UUID

import strawberry

from domain import bounties, reasons, resources
from domain.kernel.findings import Finding as FoundFinding
from domain.kernel.findings import Verdict, worst
from domain.kernel.ids import EntryId, Subject
from domain.kernel.paging import Page
from domain.kernel.scope import Scope
from domain.resources import HashAlgorithm, Holder, ResourceKind, ResourceStatus, StoredFile
from schema.accounts import Account
from schema.findings import Finding, findings_of
from schema.likeness import RegisteredPerson
from schema.node import Node, global_id, loadable
from schema.paging import PageInfo, edges, page_info
from schema.reasons import StatementOfReasons
from schema.scalars import Cursor
from schema.wanted import Wanted

strawberry.enum(ResourceKind, description="What a model is to the generator.")
strawberry.enum(
    ResourceStatus,
    description="DRAFT: no file yet. SCANNING: being validated. HELD: a person must look. "
    "REMOVED: taken down after publication.",
)
strawberry.enum(HashAlgorithm, description="The identifiers that model files are known by.")

Persons = Mapping[UUID, RegisteredPerson]


@strawberry.type(description="One hash of a file.")
class FileHash:
    """One hash of a file."""

    algorithm: HashAlgorithm
    value: str


@strawberry.type(description="What validation says of a file.")
class Scan:
    """What validation says of a file."""

    verdict: Verdict
    findings: list[Finding]
    registry_version: int = strawberry.field(
        description="The registry version that the verdict holds for; a newer registry re-validates by itself."
    )
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None = strawberry.field(
        description="Why the file could not be examined, in one sentence; null when it could."
    )

    @classmethod
    def of(cls, scans: Sequence[resources.Scan], persons: Persons) -> Self:
        """Say the scans of the files of one thing as one: the worst verdict, every finding, the oldest registry."""
        finished = [scan.finished_at for scan in scans if scan.finished_at]
        errors = [scan.error for scan in scans if scan.error]
        return cls(
            verdict=worst(scan.verdict for scan in scans) if scans else Verdict.PENDING,
            findings=findings_of([finding for scan in scans for finding in scan.findings], persons),
            registry_version=min((scan.registry_version for scan in scans), default=0),
            started_at=min((scan.started_at for scan in scans if scan.started_at), default=None),
            finished_at=max(finished) if finished and len(finished) == len(scans) else None,
            error=errors[0] if errors else None,
        )


@loadable
@strawberry.type(description="A complete file of a resource.")
class ResourceFile(Node):
    """A complete file of a resource."""

    PREFIX: ClassVar[str] = "file"

    name: str
    size_bytes: float
    format: str
    hashes: list[FileHash]
    scan: Scan

    @classmethod
    def of(cls, value: StoredFile, persons: Persons) -> Self:
        """Say a file."""
        return cls(
            id=global_id(cls.PREFIX, value.id),
            name=value.name,
            size_bytes=float(value.size_bytes),
            format=value.format,
            hashes=[FileHash(algorithm=each, value=digits) for each, digits in value.hashes.items()],
            scan=Scan.of([value.scan], persons),
        )

    @classmethod
    async def by_ids(cls, scope: Scope, ids: Sequence[UUID], wanted: Wanted) -> dict[UUID, Self]:
        """Load files of resources that the scope may see."""
        found = await resources.files_by_ids(scope, ids)
        findings = (finding for file in found.values() for finding in file.scan.findings)
        persons = await _persons(scope, findings, wanted["scan"]["findings"])
        return {each: cls.of(file, persons) for each, file in found.items()}


@strawberry.type(description="May the generator use it, and if not, why not.")
class GenerationPermission:
    """May the generator use it."""

    allowed: bool
    reasons: list[Finding]

    @classmethod
    def of(cls, value: resources.Permission, persons: Persons) -> Self:
        """Say a permission."""
        return cls(allowed=value.allowed, reasons=findings_of(value.reasons, persons))


@loadable
@strawberry.type(description="A model that a member shares.")
class Resource(Node):
    """A model that a member shares."""

    PREFIX: ClassVar[str] = "resource"

    kind: ResourceKind
    title: str
    description: str
    trigger_words: list[str]
    owner: Account
    credited_to: Account | None = strawberry.field(
        description="Who made it, where that is not its owner: the author of the bounty's entry that it was."
    )
    status: ResourceStatus
    mature: bool
    depicts_real_person: bool
    files: list[ResourceFile]
    samples: list[ResourceFile] = strawberry.field(
        description="Pictures that its owner shows of it, examined with it for faces and names."
    )
    generation: GenerationPermission
    statement_of_reasons: StatementOfReasons | None = strawberry.field(
        description="Why it was held, blocked or removed; null while it stands."
    )
    created_at: datetime
    published_at: datetime | None

    @classmethod
    async def of_many(cls, scope: Scope, values: Sequence[resources.Resource], wanted: Wanted) -> list[Self]:
        """Say resources, each selected relation by one statement for all of them."""
        owners = await _accounts(scope, [value.owner_id for value in values], wanted, "owner")
        credited = await _accounts(
            scope, [value.credited_to_id for value in values if value.credited_to_id], wanted, "creditedTo"
        )
        files = await _files(values, wanted)
        statements = await _statements(scope, values, wanted)
        allowed = {
            value.id: resources.permission(value, files[_holder(value)], files[_samples(value)]) for value in values
        }
        persons = await _persons_in(scope, files, list(allowed.values()), wanted)
        return [
            cls(
                id=global_id(cls.PREFIX, value.id),
                kind=value.kind,
                title=value.title,
                description=value.description,
                trigger_words=list(value.trigger_words),
                owner=cast("Account", owners.get(value.owner_id)),  # only missing when not selected
                credited_to=credited.get(value.credited_to_id) if value.credited_to_id else None,
                status=value.status,
                mature=value.mature,
                depicts_real_person=value.depicts_real_person,
                files=[ResourceFile.of(file, persons) for file in files[_holder(value)]],
                samples=[ResourceFile.of(file, persons) for file in files[_samples(value)]],
                generation=GenerationPermission.of(allowed[value.id], persons),
                statement_of_reasons=statements.get(Subject("resource", value.id)),
                created_at=value.created_at,
                published_at=value.published_at,
            )
            for value in values
        ]

    @classmethod
    async def by_ids(cls, scope: Scope, ids: Sequence[UUID], wanted: Wanted) -> dict[UUID, Self]:
        """Load resources that the scope may see."""
        values = await resources.resources_by_ids(scope, ids)
        return dict(zip(values, await cls.of_many(scope, list(values.values()), wanted), strict=True))


async def entry_scans(scope: Scope, entry_ids: Sequence[UUID], wanted: Wanted) -> dict[UUID, Scan]:
    """Say, for each bounty entry, the scans of its files as one; PENDING while it has none."""
    files = await bounties.contents_of([EntryId(each) for each in entry_ids])
    findings = (finding for own in files.values() for file in own for finding in file.scan.findings)
    persons = await _persons(scope, findings, wanted["findings"])
    return {entry_id: Scan.of([file.scan for file in own], persons) for entry_id, own in files.items()}


def _holder(value: resources.Resource) -> Holder:
    return Holder("resource", value.id)


def _samples(value: resources.Resource) -> Holder:
    return Holder("sample", value.id)


async def _accounts(scope: Scope, ids: Iterable[UUID], wanted: Wanted, name: str) -> Mapping[UUID, Account]:
    """Load the accounts behind a field of a whole page at once, where the field is selected."""
    asked = list(set(ids)) if name in wanted else []
    return await Account.by_ids(scope, asked, wanted[name]) if asked else {}


async def _files(values: Sequence[resources.Resource], wanted: Wanted) -> Mapping[Holder, Sequence[StoredFile]]:
    holders = [holder for value in values for holder in (_holder(value), _samples(value))]
    if not wanted.any("files", "samples", "generation"):
        return dict.fromkeys(holders, ())
    return await resources.files_of(holders)


async def _statements(
    scope: Scope, values: Sequence[resources.Resource], wanted: Wanted
) -> Mapping[Subject, StatementOfReasons]:
    if "statementOfReasons" not in wanted:
        return {}
    found = await reasons.statements_by_subject(scope, [Subject("resource", value.id) for value in values])
    said = await StatementOfReasons.of_many(scope, list(found.values()), wanted["statementOfReasons"])
    return dict(zip(found, said, strict=True))


async def _persons_in(
    scope: Scope,
    files: Mapping[Holder, Sequence[StoredFile]],
    allowed: Sequence[resources.Permission],
    wanted: Wanted,
) -> Persons:
    """Load the persons that the selected findings are about, from whichever place selects them."""
    places = (
        wanted["files"]["scan"]["findings"],
        wanted["samples"]["scan"]["findings"],
        wanted["generation"]["reasons"],
    )
    selected = next((place for place in places if "person" in place), None)
    if selected is None:
        return {}
    found = [finding for own in files.values() for file in own for finding in file.scan.findings]
    return await _persons(scope, [*found, *(finding for each in allowed for finding in each.reasons)], selected)


async def _persons(scope: Scope, findings: Iterable[FoundFinding], wanted: Wanted) -> Persons:
    """Load the persons of findings; moderators alone get any, and anybody else costs no statement."""
    ids = {finding.person_id for finding in findings if finding.person_id}
    return await RegisteredPerson.by_ids(scope, list(ids), wanted["person"]) if ids and "person" in wanted else {}


@strawberry.type(description="A resource and its place in the list.")
class ResourceEdge:
    """A resource in a list."""

    node: Resource
    cursor: Cursor


@strawberry.type(description="A page of resources.")
class ResourceConnection:
    """A page of resources."""

    edges: list[ResourceEdge]
    page_info: PageInfo
    total_count: int

    @classmethod
    async def of(cls, scope: Scope, page: Page[resources.Resource], wanted: Wanted) -> Self:
        """Say a page."""
        nodes = await Resource.of_many(scope, page.items, wanted["edges"]["node"]) if "edges" in wanted else []
        return cls(
            edges=edges(ResourceEdge, page, nodes) if "edges" in wanted else [],
            page_info=page_info(page),
            total_count=page.total or 0,
        )
