"""Reading resources and their files: batched, visible to the scope, one statement a call."""

import json
from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import asyncpg

from domain.kernel import searching
from domain.kernel.findings import Finding, Verdict
from domain.kernel.ids import AccountId, FileId, ResourceId
from domain.kernel.paging import Page, PageAsk, page_of, uuid_part
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch, fetch_one
from domain.kernel.work import Work
from domain.resources.facts import ResourceChanged
from domain.resources.passing import marks_in
from domain.resources.rules import hash_candidates, standing
from domain.resources.values import (
    HashAlgorithm,
    Holder,
    Resource,
    ResourceFilter,
    ResourceKind,
    ResourceStatus,
    Scan,
    StoredFile,
)

VISIBLE = "(resource.status = 'PUBLISHED' OR $1::bool OR resource.owner_id = $2)"
"""Everybody sees what is published, owners their own, moderators all: $1 whether all, $2 the account."""

_RESOURCE = """
    resource.id, resource.kind, resource.title, resource.description, resource.trigger_words, resource.owner_id,
    resource.status, resource.mature, resource.depicts_real_person, resource.findings, resource.created_at,
    resource.published_at, resource.source_path, resource.credited_to_id, resource.let_pass
"""

_FILES = """
    SELECT f.id, f.holder_kind, f.holder_id, f.name, f.size_bytes, f.format, f.sha256, f.blob_key,
        (SELECT k.destroyed_at FROM vault_key k WHERE k.id = f.vault_key_id) AS erased_at, s.sha256 AS scanned_sha256,
        (SELECT jsonb_object_agg(h.algorithm, h.value) FROM file_hash h WHERE h.file_id = f.id) AS hashes,
        coalesce(s.verdict, 'PENDING') AS verdict, coalesce(s.findings, '[]') AS findings, s.started_at,
        s.finished_at, s.error,
        CASE WHEN s.status = 'DONE' THEN
            greatest(s.registry_version, (SELECT done FROM sweep WHERE name = 'files')) ELSE 0 END AS registry_version
    FROM stored_file f LEFT JOIN scan s ON s.file_id = f.id
"""

_TSQUERY = searching.TSQUERY.format("$7")


async def resources_by_ids(scope: Scope, ids: Sequence[UUID]) -> dict[ResourceId, Resource]:
    """Give the resources that are there and that the scope may see."""
    if not ids:
        return {}
    rows = await fetch(
        f"SELECT {_RESOURCE} FROM resource WHERE id = ANY($3::uuid[]) AND {VISIBLE}",  # noqa: S608 - constants of this module
        sees_all(scope),
        scope.account_id,
        list(ids),
    )
    return {resource.id: resource for resource in map(resource_of, rows)}


async def list_resources(
    scope: Scope, wanted: ResourceFilter, asked: PageAsk, *, with_total: bool = False
) -> Page[Resource]:
    """Give a page of resources, newest first; the total, by a second statement, only where it is asked for."""
    matching = f"""
        FROM resource WHERE {VISIBLE}
        AND ($3::text IS NULL OR resource.kind = $3) AND ($4::text IS NULL OR resource.status = $4)
        AND ($5::uuid IS NULL OR resource.owner_id = $5) AND ($6::bool OR NOT resource.mature)
        AND ($7::text IS NULL OR resource.words @@ {_TSQUERY})
    """
    arguments = (
        sees_all(scope),
        scope.account_id,
        wanted.kind,
        wanted.status,
        wanted.owner_id,
        wanted.mature,
        None if wanted.search is None else await searching.understood(wanted.search),
    )
    rows = await fetch(
        f"SELECT {_RESOURCE} {matching} AND ($8::uuid IS NULL OR resource.id < $8) ORDER BY resource.id DESC LIMIT $9",
        *arguments,
        uuid_part(asked, 0),
        asked.first + 1,
    )
    resources = [resource_of(row) for row in rows]
    keys = [(resource.id.hex,) for resource in resources]
    counted = await fetch_one(f"SELECT count(*) AS n {matching}", *arguments) if with_total else None
    return page_of(resources, keys, asked, total=counted["n"] if counted else None)


async def resource_by_hash(scope: Scope, algorithm: HashAlgorithm, value: str) -> Resource | None:
    """Find the published resource that has a file with this hash; of several the one published first."""
    candidates = hash_candidates(algorithm, value)
    if not candidates:
        return None
    row = await fetch_one(
        f"""
        SELECT {_RESOURCE} FROM file_hash
        JOIN stored_file ON stored_file.id = file_hash.file_id AND stored_file.holder_kind = 'resource'
        JOIN resource ON resource.id = stored_file.holder_id
        WHERE file_hash.algorithm = $1 AND file_hash.value = ANY($2::text[]) AND resource.status = 'PUBLISHED'
        ORDER BY resource.published_at, resource.id LIMIT 1
        """,  # noqa: S608 - as above
        algorithm,
        list(candidates),
    )
    return resource_of(row) if row else None


async def files_of(holders: Sequence[Holder]) -> dict[Holder, list[StoredFile]]:
    """Give the complete files of each holder, oldest first. Who may see a holder may see what is said of its files."""
    if not holders:
        return {}
    rows = await fetch(
        f"""
        {_FILES} JOIN unnest($1::text[], $2::uuid[]) AS asked(kind, id)
            ON f.holder_kind = asked.kind AND f.holder_id = asked.id
        ORDER BY f.id
        """,
        [holder.kind for holder in holders],
        [holder.id for holder in holders],
    )
    found: dict[Holder, list[StoredFile]] = {holder: [] for holder in holders}
    for row in rows:
        file = _file_of(row)
        found[file.holder].append(file)
    return found


async def files_in(w: Work, resource_id: UUID) -> list[StoredFile]:
    """Give the model files and the samples of a resource whose lock the caller holds, oldest first."""
    rows = await w.fetch(
        f"{_FILES} WHERE f.holder_kind IN ('resource', 'sample') AND f.holder_id = $1 ORDER BY f.id", resource_id
    )
    return [_file_of(row) for row in rows]


async def findings_of_resources(scope: Scope, ids: Sequence[ResourceId]) -> dict[ResourceId, tuple[Finding, ...]]:
    """Give what stands against the texts, the files and the samples of resources that the scope may see."""
    found = await resources_by_ids(scope, ids)
    kinds: tuple[Literal["resource"], Literal["sample"]] = ("resource", "sample")
    files = await files_of([Holder(kind, each) for each in found for kind in kinds])
    return {
        each: standing(
            [
                *resource.findings,
                *(finding for kind in kinds for file in files[Holder(kind, each)] for finding in file.scan.findings),
            ]
        )
        for each, resource in found.items()
    }


async def files_by_ids(scope: Scope, ids: Sequence[UUID]) -> dict[FileId, StoredFile]:
    """Give files of resources that the scope may see; the files of entries are not given out one by one."""
    if not ids:
        return {}
    rows = await fetch(
        f"""
        {_FILES} JOIN resource ON f.holder_kind IN ('resource', 'sample') AND resource.id = f.holder_id
        WHERE f.id = ANY($3::uuid[]) AND {VISIBLE}
        """,
        sees_all(scope),
        scope.account_id,
        list(ids),
    )
    return {file.id: file for file in map(_file_of, rows)}


def sees_all(scope: Scope) -> bool:
    """Whether the scope sees resources in every status."""
    return scope.system or scope.is_moderator


def hears(scope: Scope, fact: ResourceChanged) -> bool:
    """Whether the scope is told of a change: it sees the resource always, or everybody could before or can since."""
    return fact.public or sees_all(scope) or scope.account_id == fact.owner_id


def resource_of(row: asyncpg.Record) -> Resource:
    """Read a row of the resource table."""
    return Resource(
        id=ResourceId(row["id"]),
        kind=ResourceKind(row["kind"]),
        title=row["title"],
        description=row["description"],
        trigger_words=tuple(row["trigger_words"]),
        owner_id=AccountId(row["owner_id"]),
        status=ResourceStatus(row["status"]),
        mature=row["mature"],
        depicts_real_person=row["depicts_real_person"],
        findings=findings_in(row["findings"]),
        created_at=row["created_at"],
        published_at=row["published_at"],
        credited_to_id=AccountId(row["credited_to_id"]) if row["credited_to_id"] else None,
        in_place=row["source_path"] is not None,
        let_pass=marks_in(row["let_pass"]),
    )


def findings_in(stored: str) -> tuple[Finding, ...]:
    """Read findings as they are stored."""
    return tuple(Finding.from_json(row) for row in json.loads(stored))


def _file_of(row: asyncpg.Record) -> StoredFile:
    hashes = json.loads(row["hashes"]) if row["hashes"] else {}
    return StoredFile(
        id=FileId(row["id"]),
        holder=Holder(row["holder_kind"], row["holder_id"]),
        name=row["name"],
        size_bytes=row["size_bytes"],
        format=row["format"],
        sha256=row["sha256"],
        blob_key=row["blob_key"],
        erased_at=row["erased_at"],
        hashes={HashAlgorithm(algorithm): value for algorithm, value in sorted(hashes.items())},
        scan=Scan(
            verdict=Verdict(row["verdict"]),
            findings=findings_in(row["findings"]),
            registry_version=row["registry_version"],
            started_at=row["started_at"],
            finished_at=row["finished_at"],
            error=row["error"],
            sha256=row["scanned_sha256"],
        ),
    )
