"""What tests of resources begin with: files with known bytes, inspections of them, a registry that follows."""

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from domain import likeness, resources
from domain.kernel.findings import Finding, Verdict, worst
from domain.kernel.ids import FileId, ResourceId
from domain.kernel.scope import Scope
from domain.kernel.wire import Inspection, InspectOrder, MetadataText
from domain.registry.snapshot import Person
from domain.resources import Holder, Resource, ResourceDraft, ResourceKind, StoredFile
from tests.fakes import HeldRegistry

NAME = "Test Person Aldebaran"


def a_draft(**changed: object) -> ResourceDraft:
    """A LoRA of nobody."""
    return replace(ResourceDraft(kind=ResourceKind.LORA, title="Watercolour", description="Soft washes."), **changed)


async def drafted(scope: Scope, **changed: object) -> ResourceId:
    """A draft of the caller's own."""
    return await resources.draft(scope, a_draft(**changed))


async def uploaded(scope: Scope, resource_id: UUID, data: bytes = b"weights", *, name: str = "a.safetensors") -> FileId:
    """A complete file of a resource."""
    return await filled(scope, Holder("resource", resource_id), data, name=name)


async def filled(scope: Scope, holder: Holder, data: bytes, *, name: str = "a.safetensors") -> FileId:
    """A complete file of any holder."""
    begin = resources.begin_upload if holder.kind == "resource" else resources.open_upload
    upload = await begin(scope, holder, file_name=name, size_bytes=len(data))
    path = spooled(scope, data)
    return await resources.complete_upload(scope, upload.id, path)


def spooled(scope: Scope, data: bytes) -> Path:
    """Bytes that have arrived, in a file of their own."""
    path = Path(scope.ports.blobs._folder) / f"spooled-{hashlib.sha256(data).hexdigest()[:16]}"  # type: ignore[attr-defined]
    path.write_bytes(data)
    return path


async def submitted(scope: Scope, data: bytes = b"weights", **changed: object) -> ResourceId:
    """A resource that waits for its scan."""
    resource_id = await drafted(scope, **changed)
    await uploaded(scope, resource_id, data)
    await resources.submit(scope, resource_id)
    return resource_id


async def published(scope: Scope, data: bytes = b"weights", *texts: MetadataText, **changed: object) -> ResourceId:
    """A resource that came out clean."""
    resource_id = await submitted(scope, data, **changed)
    await scanned(scope, *texts)
    return resource_id


async def scanned(scope: Scope, *texts: MetadataText, findings: Sequence[Finding] = ()) -> list[InspectOrder]:
    """Every waiting scan done, by an inspector that found `texts` and `findings` in each file."""
    system = Scope.of_system(scope.ports)
    orders = await resources.claim_scans(scope.ports, "worker-1", 100)
    for order in orders:
        read = inspection(scope, order, *texts, findings=findings, data=await from_vault(scope, order))
        assert await resources.record_inspection(system, read)
    return orders


async def from_vault(scope: Scope, order: InspectOrder) -> bytes | None:
    """The bytes of a sealed file, as the vault's endpoint gives them to the inspector of this order."""
    file = await resources.file_for_scan(order.scan_id, order.attempt)
    if file is None or scope.ports.vault is None:
        return None
    return b"".join([piece async for piece in scope.ports.vault.open(file)])


def inspection(
    scope: Scope,
    order: InspectOrder,
    *texts: MetadataText,
    findings: Sequence[Finding] = (),
    error: str | None = None,
    verdict: Verdict | None = None,
    data: bytes | None = None,
) -> Inspection:
    """What an inspector says of the bytes that the order's URL stands for, or of `data`."""
    if data is None:
        key = order.source_url.removeprefix("fake-blob:").partition("?")[0]
        data = (Path(scope.ports.blobs._folder) / key.replace("/", "__")).read_bytes()  # type: ignore[attr-defined]
    sha256 = hashlib.sha256(data).hexdigest()
    found = Verdict.FAILED if error else worst(finding.verdict for finding in findings)
    return Inspection(
        scan_id=order.scan_id,
        attempt=order.attempt,
        verdict=verdict or found,
        findings=tuple(findings),
        format="safetensors",
        size_bytes=len(data),
        hashes={
            "SHA256": sha256,
            "AUTOV2": sha256[:10],
            "AUTOV3": hashlib.sha256(data[8:]).hexdigest()[:12],
            "CRC32": f"{zlib.crc32(data):08x}",
        },
        claimed_hashes={},
        texts=texts,
        registry_version=order.registry_version,
        seconds=0.01,
        error=error,
    )


async def registered(scope: Scope, name: str = NAME, **changed: object) -> tuple[Person, int]:
    """A registered person; the process holds the new registry, and nothing stored has been judged by it yet."""
    person, version = await likeness.register(Scope.of_system(scope.ports), name=name, **changed)  # type: ignore[arg-type]
    await adopted(scope)
    return person, version


async def adopted(scope: Scope) -> None:
    """Have the process hold the registry as it stands."""
    held = scope.ports.registry
    assert isinstance(held, HeldRegistry)
    held.adopt(await likeness.load_snapshot())


async def the(scope: Scope, resource_id: UUID) -> Resource:
    """A resource that is there."""
    return (await resources.resources_by_ids(scope, [resource_id]))[ResourceId(resource_id)]


async def file_of(resource_id: UUID) -> StoredFile:
    """The one file of a resource."""
    holder = Holder("resource", resource_id)
    [file] = (await resources.files_of([holder]))[holder]
    return file
