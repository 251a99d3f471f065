"""Scans through the real database: the queue, its leases and fence, what is recorded, what is given back."""

import asyncio
from collections.abc import Callable
from uuid import UUID

import asyncpg
import pytest

from domain import reasons, resources
from domain.kernel.findings import Finding, Signal, Verdict
from domain.kernel.ids import Subject
from domain.kernel.scope import Actor, Scope
from domain.kernel.wire import ActorLost, ClusterFault, ClusterUnavailable, MetadataText, SourceUnreachable
from domain.registry.snapshot import Consent
from domain.resources import Holder, ResourceStatus
from tests.factories import member
from tests.resourcing import (
    NAME,
    adopted,
    drafted,
    file_of,
    inspection,
    published,
    registered,
    scanned,
    submitted,
    the,
    uploaded,
)

Acting = Callable[[Actor], Scope]


async def expire_leases(db: asyncpg.Pool) -> None:
    await db.execute("UPDATE scan SET lease_until = now() - interval '1 second' WHERE status = 'RUNNING'")


async def be_patient(db: asyncpg.Pool) -> None:
    await db.execute("UPDATE scan SET not_before = now() WHERE status = 'QUEUED'")


async def test_a_clean_scan_publishes(db: asyncpg.Pool, acting: Acting) -> None:
    owner = acting(await member())
    resource_id = await submitted(owner, b"weights")

    [order] = await scanned(owner, MetadataText("ss_output_name", "watercolour"))

    resource, file = await the(owner, resource_id), await file_of(resource_id)
    assert (order.attempt, order.file_name, order.size_bytes) == (1, "a.safetensors", 7)
    assert (resource.status, resource.published_at) == (ResourceStatus.PUBLISHED, owner.now)
    assert (file.scan.verdict, file.scan.findings, file.format) == (Verdict.CLEAN, (), "safetensors")
    assert file.scan.started_at is not None
    assert file.scan.finished_at is not None
    facts = await db.fetch("SELECT kind, body ->> 'verdict' AS verdict, topics FROM fact ORDER BY id")
    assert [(fact["kind"], fact["verdict"]) for fact in facts][-2:] == [
        ("FileScanned", "CLEAN"),
        ("ResourceChanged", None),
    ]
    assert f"resource:{resource_id}" in facts[-1]["topics"]


async def test_a_name_in_the_metadata_blocks_with_a_statement(acting: Acting, nobody: Scope) -> None:
    owner = acting(await member())
    person, version = await registered(owner)
    resource_id = await submitted(owner)

    await scanned(owner, MetadataText("ss_tag_frequency", f"10_{NAME}"))

    [finding] = (await file_of(resource_id)).scan.findings
    found = await reasons.statements_by_subject(owner, [Subject("resource", resource_id)])
    [statement] = found.values()
    assert (await the(owner, resource_id)).status is ResourceStatus.BLOCKED
    assert (finding.signal, finding.verdict, finding.person_id) == (
        Signal.NAME_IN_METADATA,
        Verdict.BLOCKED,
        person.id,
    )
    assert (await file_of(resource_id)).scan.registry_version == version
    assert (statement.automated_detection, statement.automated_decision) == (True, reasons.Automation.FULLY)
    assert "ss_tag_frequency" in statement.facts
    assert NAME not in statement.facts
    assert await resources.resources_by_ids(nobody, [resource_id]) == {}


async def test_a_name_in_the_file_name_blocks_too(acting: Acting) -> None:
    owner = acting(await member())
    await registered(owner)
    resource_id = await drafted(owner)
    await uploaded(owner, resource_id, name="test_person_aldebaran_v2.safetensors")
    await resources.submit(owner, resource_id)

    await scanned(owner)

    assert (await the(owner, resource_id)).status is ResourceStatus.BLOCKED


async def test_a_named_creator_is_published(acting: Acting) -> None:
    owner = acting(await member())
    await registered(owner, consent=Consent.NAMED_CREATORS, creators=[owner.account_id])

    resource_id = await published(owner, b"weights", MetadataText("ss_output_name", NAME))

    assert (await the(owner, resource_id)).status is ResourceStatus.PUBLISHED
    assert (await file_of(resource_id)).scan.findings == ()


async def test_an_unsafe_format_blocks_under_the_file_safety_policy(acting: Acting) -> None:
    owner = acting(await member())
    resource_id = await submitted(owner)

    await scanned(owner, findings=[Finding(Signal.UNSAFE_FORMAT, Verdict.BLOCKED, "a pickle can run code")])

    found = await reasons.statements_by_subject(owner, [Subject("resource", resource_id)])
    [statement] = found.values()
    assert (await the(owner, resource_id)).status is ResourceStatus.BLOCKED
    assert statement.ground_reference == "File safety policy"


async def test_what_a_file_says_of_itself_can_hold_any_character(acting: Acting) -> None:
    owner = acting(await member())
    resource_id = await submitted(owner)

    await scanned(
        owner,
        MetadataText("a\0b", "x\0\ud800y"),
        findings=[Finding(Signal.TENSOR_HASH, Verdict.CLEAN, "claims \0\ud800")],
    )

    assert (await the(owner, resource_id)).status is ResourceStatus.PUBLISHED
    [finding] = (await file_of(resource_id)).scan.findings
    assert finding.detail == "claims \ufffd?"


async def test_a_stored_file_that_is_not_the_uploaded_one_fails(acting: Acting) -> None:
    owner = acting(await member())
    resource_id = await submitted(owner, b"weights")
    [order] = await resources.claim_scans(owner.ports, "w", 1)
    await owner.ports.blobs.put((await file_of(resource_id)).blob_key, b"changed")

    await resources.record_inspection(Scope.of_system(owner.ports), inspection(owner, order))

    assert (await the(owner, resource_id)).status is ResourceStatus.DRAFT
    assert (await file_of(resource_id)).scan.verdict is Verdict.FAILED


async def test_a_resource_waits_for_its_last_scan(acting: Acting) -> None:
    owner = acting(await member())
    resource_id = await drafted(owner)
    await uploaded(owner, resource_id, b"1", name="a.safetensors")
    await uploaded(owner, resource_id, b"2", name="b.safetensors")
    await resources.submit(owner, resource_id)
    system = Scope.of_system(owner.ports)
    first, second = await resources.claim_scans(owner.ports, "w", 5)

    await resources.record_inspection(system, inspection(owner, first))
    between = (await the(owner, resource_id)).status
    await resources.record_inspection(system, inspection(owner, second))

    assert between is ResourceStatus.SCANNING
    assert (await the(owner, resource_id)).status is ResourceStatus.PUBLISHED


async def test_each_scan_is_claimed_by_one_worker(acting: Acting) -> None:
    owner = acting(await member())
    for n in range(6):
        await submitted(owner, bytes([n]))

    claims = await asyncio.gather(*(resources.claim_scans(owner.ports, f"w{n}", 2) for n in range(5)))

    ids = [order.scan_id for claim in claims for order in claim]
    assert len(ids) == len(set(ids)) == 6
    assert await resources.claim_scans(owner.ports, "late", 1) == []


async def test_a_lease_that_ran_out_is_claimed_again_and_the_late_answer_is_dropped(
    db: asyncpg.Pool, acting: Acting
) -> None:
    owner = acting(await member())
    resource_id = await submitted(owner)
    system = Scope.of_system(owner.ports)
    [first] = await resources.claim_scans(owner.ports, "dies", 1)
    assert await resources.renew_scan(first.scan_id, first.attempt, "dies")
    await expire_leases(db)

    [second] = await resources.claim_scans(owner.ports, "lives", 1)
    late = await resources.record_inspection(system, inspection(owner, first, MetadataText("k", NAME)))

    assert (second.scan_id, second.attempt) == (first.scan_id, 2)
    assert not late
    assert not await resources.renew_scan(first.scan_id, first.attempt, "dies")
    assert (await the(owner, resource_id)).status is ResourceStatus.SCANNING
    assert await resources.record_inspection(system, inspection(owner, second))
    assert (await the(owner, resource_id)).status is ResourceStatus.PUBLISHED
    assert await db.fetchval("SELECT losses FROM scan") == 0


async def test_a_file_that_kills_its_validator_three_times_is_held(db: asyncpg.Pool, acting: Acting) -> None:
    owner = acting(await member())
    resource_id = await submitted(owner)
    system = Scope.of_system(owner.ports)

    statuses = []
    for _ in range(3):
        await be_patient(db)
        [order] = await resources.claim_scans(owner.ports, "w", 1)
        await resources.scan_faulted(system, order, ActorLost("gone"))
        statuses.append((await the(owner, resource_id)).status)

    assert statuses == [ResourceStatus.SCANNING, ResourceStatus.SCANNING, ResourceStatus.HELD]
    scan = (await file_of(resource_id)).scan
    assert scan.verdict is Verdict.HELD
    assert scan.error is not None
    found = await reasons.statements_by_subject(owner, [Subject("resource", resource_id)])
    assert [statement.visibility for statement in found.values()] == [(reasons.Visibility.DISABLED,)]
    assert await resources.claim_scans(owner.ports, "w", 1) == []


@pytest.mark.parametrize("fault", [SourceUnreachable("no"), ClusterUnavailable("no")])
async def test_what_is_not_the_files_doing_does_not_count(
    db: asyncpg.Pool, acting: Acting, fault: ClusterFault
) -> None:
    owner = acting(await member())
    resource_id = await submitted(owner)
    system = Scope.of_system(owner.ports)

    for _ in range(5):
        await be_patient(db)
        [order] = await resources.claim_scans(owner.ports, "w", 1)
        await resources.scan_faulted(system, order, fault)
        assert await resources.claim_scans(owner.ports, "w", 1) == []

    assert await db.fetchval("SELECT losses FROM scan") == 0
    wait = await db.fetchval("SELECT extract(epoch FROM not_before - now()) FROM scan")
    assert 25 < wait <= 30
    assert (await the(owner, resource_id)).status is ResourceStatus.SCANNING


async def test_a_registry_that_is_being_applied_is_waited_for(db: asyncpg.Pool, acting: Acting) -> None:
    owner = acting(await member())
    resource_id = await submitted(owner)
    [order] = await resources.claim_scans(owner.ports, "w", 1)
    await db.execute("INSERT INTO revalidation (id, announced) VALUES (1, 1)")

    recording = asyncio.create_task(
        resources.record_inspection(
            Scope.of_system(owner.ports), inspection(owner, order, MetadataText("ss_output_name", NAME))
        )
    )
    await asyncio.sleep(0.1)
    before = (await the(owner, resource_id)).status
    await registered(owner)
    await recording

    assert before is ResourceStatus.SCANNING
    assert (await the(owner, resource_id)).status is ResourceStatus.BLOCKED


async def test_a_process_that_never_hears_of_the_registry_gives_the_scan_back(
    db: asyncpg.Pool, acting: Acting, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = acting(await member())
    await submitted(owner)
    [order] = await resources.claim_scans(owner.ports, "w", 1)
    await db.execute("INSERT INTO revalidation (id, announced) VALUES (1, 1)")
    monkeypatch.setattr("domain.resources.scans._PATIENCE", (0.01,))

    recorded = await resources.record_inspection(Scope.of_system(owner.ports), inspection(owner, order))

    assert not recorded
    assert await db.fetchval("SELECT status FROM scan") == "QUEUED"
    assert await db.fetchval("SELECT losses FROM scan") == 0


async def test_a_scan_of_an_entrys_file_tells_and_settles_no_resource(db: asyncpg.Pool, acting: Acting) -> None:
    from domain.kernel.work import work
    from tests.resourcing import filled

    owner = acting(await member())
    entry = Holder("entry", UUID(int=7))
    file_id = await filled(owner, entry, b"weights")
    async with work() as w:
        await resources.request_scans(w, entry)

    await scanned(owner)

    row = await db.fetchrow("SELECT body FROM fact WHERE kind = 'FileScanned'")
    assert row is not None
    assert str(file_id) in row["body"]
    assert '"holder_kind": "entry"' in row["body"]
    await adopted(owner)


async def test_what_a_validator_that_was_behind_held_is_judged_by_the_newest_registry(acting: Acting) -> None:
    owner = acting(await member())
    resource_id = await submitted(owner)
    behind = Finding(Signal.NAME_IN_METADATA, Verdict.HELD, "file: the registry was not known to be the newest")

    await scanned(owner, findings=[behind])

    assert (await the(owner, resource_id)).status is ResourceStatus.PUBLISHED
    assert (await file_of(resource_id)).scan.findings == ()
