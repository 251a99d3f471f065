"""Fingerprints that an inspection leaves: a blocked file's copies are found by them, and no file is read again."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import asyncpg

from domain import likeness, resources
from domain.kernel.findings import Signal, Verdict
from domain.kernel.ids import PersonId, ResourceId
from domain.kernel.scope import Actor, Scope
from domain.resources import ResourceStatus
from gpu_cluster.inspector import Inspector
from tests.cluster.test_tensor_reader import factors_of, file_of, kohya
from tests.factories import member
from tests.resourcing import adopted, registered, submitted, the
from tests.resourcing import file_of as stored_file_of
from tests.sweeping import swept

Acting = Callable[[Actor], Scope]

ORIGINAL = file_of(kohya(factors_of(1)))
EDITED = file_of(kohya(factors_of(1)), {"title": "another header"})
CAST = file_of(kohya(factors_of(1), dtype="F16", alpha=1.0))
STRANGER = file_of(kohya(factors_of(2)))


async def inspected(owner: Scope, data: bytes) -> ResourceId:
    """A resource whose file was read by a real inspector."""
    resource_id = await submitted(owner, data)
    [order] = await resources.claim_scans(owner.ports, "worker-1", 100)
    path = Path(owner.ports.blobs._folder) / "inspected"  # type: ignore[attr-defined]
    path.write_bytes(data)
    inspection = Inspector(owner.ports.registry.matcher.snapshot).inspect_path(path)
    inspection = replace(inspection, scan_id=order.scan_id, attempt=order.attempt)
    assert await resources.record_inspection(Scope.of_system(owner.ports), inspection)
    return resource_id


async def statuses(scope: Scope, *ids: ResourceId) -> list[ResourceStatus]:
    return [(await the(scope, each)).status for each in ids]


async def test_an_inspection_leaves_a_fingerprint_by_content(db: asyncpg.Pool, acting: Acting) -> None:
    owner = acting(await member())

    one = await inspected(owner, ORIGINAL)
    await inspected(owner, EDITED)

    rows = await db.fetch("SELECT sha256, hashes ->> 'BLAKE3' AS blake3, tensors, sketch FROM file_fingerprint")
    assert len({row["sha256"] for row in rows}) == len({row["blake3"] for row in rows}) == 2
    assert (await stored_file_of(one)).sha256 in {row["sha256"] for row in rows}
    assert len({row["tensors"] for row in rows}) == len({row["sketch"] for row in rows}) == 1


async def test_blocking_one_file_reaches_its_copies_and_a_withdrawal_restores_them(
    db: asyncpg.Pool, acting: Acting, system: Scope
) -> None:
    owner = acting(await member())
    original, edited, cast, stranger = [await inspected(owner, data) for data in (ORIGINAL, EDITED, CAST, STRANGER)]
    person, _ = await registered(owner)
    before = await statuses(owner, original, edited, cast, stranger)

    sha256 = (await stored_file_of(original)).sha256
    await likeness.block_file(system, sha256=sha256, person_id=PersonId(person.id))
    await adopted(owner)
    await swept(system)
    after = await statuses(owner, original, edited, cast, stranger)
    found = [
        [(finding.signal, finding.verdict, finding.person_id) for finding in (await stored_file_of(each)).scan.findings]
        for each in (original, edited, cast, stranger)
    ]
    later = await inspected(owner, file_of(kohya(factors_of(1)), {"title": "uploaded later"}))
    await likeness.withdraw(system, PersonId(person.id))
    await adopted(owner)
    await swept(system)

    assert before == [ResourceStatus.PUBLISHED] * 4
    assert after == [ResourceStatus.BLOCKED, ResourceStatus.BLOCKED, ResourceStatus.HELD, ResourceStatus.PUBLISHED]
    assert found == [
        [(Signal.FILE_HASH, Verdict.BLOCKED, person.id)],
        [(Signal.TENSOR_HASH, Verdict.BLOCKED, person.id)],
        [(Signal.WEIGHT_SIMILARITY, Verdict.HELD, person.id)],
        [],
    ]
    assert await statuses(owner, original, edited, cast, stranger, later) == [ResourceStatus.PUBLISHED] * 5
    assert await db.fetchval("SELECT count(*) FROM file_fingerprint") == 5
