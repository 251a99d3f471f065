"""What the generator asks: may these resources be used now, and where are their weights."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from domain.kernel.beside import beside_loop
from domain.kernel.ids import ResourceId
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch
from domain.kernel.wire import ModelRef
from domain.registry.matching import Matcher
from domain.resources.keeping import FACTS_SQL, facts_of
from domain.resources.reads import files_of, resources_by_ids
from domain.resources.rules import examine, examine_own_texts, permission
from domain.resources.values import Holder, Resource, StoredFile, Usable

_URL_SECONDS = 6 * 3600


async def usable(scope: Scope, ids: Sequence[UUID]) -> dict[ResourceId, Usable]:
    """Say of each resource that the scope may see whether the generator may use it, and give its weights if so.

    The registry of this moment counts: where stored findings are older, the stored texts are judged again here.
    """
    found = await resources_by_ids(scope, ids)
    files = await files_of([holder for each in found for holder in _holders(each)])
    matcher = scope.ports.registry.matcher
    files = await _up_to_date(scope, files, matcher)
    own_findings = await beside_loop(lambda: {each.id: examine_own_texts(each, matcher) for each in found.values()})
    in_place = {each.id for each in found.values() if each.in_place}
    sources = await _in_place(in_place) if in_place else {}
    uses = {}
    for each in found.values():
        resource = replace(each, findings=own_findings[each.id])
        own, samples = (files[holder] for holder in _holders(each.id))
        allowed = permission(resource, own, samples)
        model = (sources.get(each.id) or await _stored(scope, resource, own)) if allowed.allowed else None
        uses[each.id] = Usable(resource, allowed.allowed, allowed.reasons, model)
    return uses


def _holders(resource_id: UUID) -> tuple[Holder, Holder]:
    """Name what holds the files of a resource: its model, and its samples."""
    return Holder("resource", resource_id), Holder("sample", resource_id)


async def _up_to_date(
    scope: Scope, files: dict[Holder, list[StoredFile]], matcher: Matcher
) -> dict[Holder, list[StoredFile]]:
    """Judge the files again whose scans hold for an older registry than this process has."""
    version = matcher.snapshot.version
    behind = [file.id for own in files.values() for file in own if file.scan.registry_version < version]
    if not behind:
        return files
    rows = await fetch(
        f"SELECT {FACTS_SQL} FROM scan JOIN stored_file f ON f.id = scan.file_id"  # noqa: S608 - a constant of ours
        " WHERE f.id = ANY($1::uuid[]) AND scan.status = 'DONE'",
        behind,
    )
    examined = await beside_loop(
        lambda: {row["file_id"]: examine(facts_of(row, scope.ports.sealer), matcher) for row in rows}
    )

    def renewed(file: StoredFile) -> StoredFile:
        now = examined.get(file.id)
        return replace(file, scan=replace(file.scan, verdict=now.verdict, findings=now.findings)) if now else file

    return {holder: [renewed(file) for file in own] for holder, own in files.items()}


async def _in_place(ids: set[ResourceId]) -> dict[ResourceId, ModelRef]:
    rows = await fetch(
        "SELECT id, source_path, source_sha256, source_bytes FROM resource WHERE id = ANY($1::uuid[])", list(ids)
    )
    return {
        ResourceId(row["id"]): ModelRef(
            resource_id=row["id"],
            url="",
            sha256=row["source_sha256"],
            size_bytes=row["source_bytes"],
            format="safetensors" if row["source_path"].endswith(".safetensors") else "diffusers-tar",
            source_path=row["source_path"],
        )
        for row in rows
    }


async def _stored(scope: Scope, resource: Resource, files: Sequence[StoredFile]) -> ModelRef:
    """Refer to the first file: the weights; any others are variants that the owner added after it."""
    file = files[0]
    return ModelRef(
        resource_id=resource.id,
        url=await scope.ports.blobs.signed_url(file.blob_key, seconds=_URL_SECONDS),
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        format="safetensors",
    )
