"""A change of the registry applied to what is stored: blocked, restored, once, and past every race."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import asyncpg

from domain import backscan, likeness, reasons, resources
from domain.backscan import SWEEPS
from domain.kernel import sweeps
from domain.kernel.findings import Verdict
from domain.kernel.ids import PersonId, Subject
from domain.kernel.scope import Actor, Scope
from domain.kernel.wire import MetadataText
from domain.kernel.work import work
from domain.registry.lens import Lens
from domain.registry.snapshot import Consent
from domain.resources import Holder, ResourceStatus
from tests.factories import member, moderator
from tests.fakes import HeldRegistry
from tests.resourcing import (
    NAME,
    adopted,
    file_of,
    filled,
    inspection,
    published,
    registered,
    scanned,
    submitted,
    the,
)
from tests.sweeping import swept

Acting = Callable[[Actor], Scope]


async def test_a_registration_blocks_what_is_published_and_a_withdrawal_restores_just_that(
    db: asyncpg.Pool, acting: Acting, system: Scope
) -> None:
    owner = acting(await member())
    by_title = await published(owner, b"1", title="Aldebaran study", description=f"after {NAME}")
    by_metadata = await published(owner, b"2", MetadataText("ss_output_name", NAME))
    other = await published(owner, b"3", MetadataText("ss_output_name", "watercolour"))

    person, version = await registered(owner)
    assert await swept(system) == 2

    blocked = [(await the(owner, each)).status for each in (by_title, by_metadata, other)]
    assert blocked == [ResourceStatus.BLOCKED, ResourceStatus.BLOCKED, ResourceStatus.PUBLISHED]
    subjects = [Subject("resource", each) for each in (by_title, by_metadata)]
    assert set(await reasons.statements_by_subject(owner, subjects)) == set(subjects)
    assert [(await file_of(each)).scan.registry_version for each in (by_title, other)] == [version, version]
    assert [await sweeps.done(name) for name in SWEEPS] == [version] * len(SWEEPS)

    await likeness.withdraw(system, PersonId(person.id))
    await adopted(owner)
    assert await swept(system) == 2

    restored = [await the(owner, each) for each in (by_title, by_metadata)]
    assert [each.status for each in restored] == [ResourceStatus.PUBLISHED, ResourceStatus.PUBLISHED]
    assert [each.findings for each in restored] == [(), ()]
    assert await reasons.statements_by_subject(owner, subjects) == {}
    statuses = await db.fetch(
        "SELECT body ->> 'status' AS status FROM fact WHERE kind = 'ResourceChanged'"
        " AND body ->> 'resource_id' = $1 ORDER BY id",
        str(by_metadata),
    )
    assert [row["status"] for row in statuses] == ["SCANNING", "PUBLISHED", "BLOCKED", "PUBLISHED"]


async def test_what_a_person_decided_stands(acting: Acting, system: Scope) -> None:
    owner = acting(await member())
    removed = await published(owner, b"1", MetadataText("ss_output_name", NAME))
    await resources.remove(acting(await moderator()), removed)
    person, _ = await registered(owner)
    await swept(system)
    await likeness.withdraw(system, PersonId(person.id))
    await adopted(owner)

    await swept(system)

    assert (await the(owner, removed)).status is ResourceStatus.REMOVED


async def test_a_wider_consent_restores_and_a_narrower_one_blocks(acting: Acting, system: Scope) -> None:
    owner = acting(await member())
    person, _ = await registered(owner, consent=Consent.SAFE_FOR_WORK_ONLY)
    resource_id = await published(owner, b"1", MetadataText("ss_output_name", NAME))

    seen = [(await the(owner, resource_id)).status]
    for changed in (
        {"consent": Consent.DENY_ALL},
        {"consent": Consent.NAMED_CREATORS, "creators": [owner.account_id]},
        {"name": "Another Person Rigel", "consent": Consent.DENY_ALL},
    ):
        await likeness.change(system, PersonId(person.id), **changed)  # type: ignore[arg-type]
        await adopted(owner)
        await swept(system)
        seen.append((await the(owner, resource_id)).status)

    assert seen == [
        ResourceStatus.PUBLISHED,
        ResourceStatus.BLOCKED,
        ResourceStatus.PUBLISHED,
        ResourceStatus.PUBLISHED,
    ]


async def test_a_blocked_file_is_recognised_whatever_it_is_named(acting: Acting, system: Scope) -> None:
    owner = acting(await member())
    resource_id = await published(owner, b"weights of a person")
    person, _ = await registered(owner)
    assert await swept(system) == 0

    sha256 = (await file_of(resource_id)).sha256
    await likeness.block_file(system, sha256=sha256.upper(), person_id=PersonId(person.id))
    await adopted(owner)
    await swept(system)

    again = await published(owner, b"weights of a person", title="Innocent")
    assert (await the(owner, resource_id)).status is ResourceStatus.BLOCKED
    assert (await the(owner, again)).status is ResourceStatus.BLOCKED


async def test_the_same_registry_again_changes_nothing(db: asyncpg.Pool, acting: Acting, system: Scope) -> None:
    owner = acting(await member())
    await published(owner, b"1", MetadataText("ss_output_name", NAME))
    await registered(owner)
    await swept(system)
    facts = await db.fetchval("SELECT count(*) FROM fact")
    await db.execute("UPDATE sweep SET done = 0")

    assert await swept(system) == 0

    assert await db.fetchval("SELECT count(*) FROM fact") == facts


async def test_a_file_of_an_entry_is_judged_anew_and_told(db: asyncpg.Pool, acting: Acting, system: Scope) -> None:
    owner = acting(await member())
    entry = Holder("entry", UUID(int=9))
    await filled(owner, entry, b"weights")
    async with work() as w:
        await resources.request_scans(w, entry)
    await scanned(owner, MetadataText("ss_output_name", NAME))

    await registered(owner)
    await swept(system)

    [file] = (await resources.files_of([entry]))[entry]
    assert file.scan.verdict is Verdict.BLOCKED
    told = await db.fetch("SELECT body ->> 'verdict' AS verdict FROM fact WHERE kind = 'FileScanned' ORDER BY id")
    assert [row["verdict"] for row in told] == ["CLEAN", "BLOCKED"]


async def test_the_generator_is_refused_before_revalidation_has_come_round(acting: Acting) -> None:
    owner = acting(await member())
    by_title = await published(owner, b"1", description=f"after {NAME}")
    by_metadata = await published(owner, b"2", MetadataText("ss_output_name", NAME))

    person, _ = await registered(owner)
    uses = await resources.usable(owner, [by_title, by_metadata])

    assert [use.allowed for use in uses.values()] == [False, False]
    assert {reason.person_id for use in uses.values() for reason in use.reasons} == {person.id}


async def test_a_scan_that_ends_while_a_registry_is_applied_is_never_missed(acting: Acting, system: Scope) -> None:
    owner = acting(await member())
    ids = [await submitted(owner, bytes([n])) for n in range(12)]
    orders = await resources.claim_scans(owner.ports, "w", 12)
    texts = MetadataText("ss_output_name", NAME)
    await likeness.register(system, name=NAME)  # committed, and this process has not adopted it

    async def record() -> None:
        for order in orders:
            await resources.record_inspection(system, inspection(owner, order, texts))

    async def change() -> None:
        await asyncio.sleep(0.01)
        ahead = HeldRegistry(await likeness.load_snapshot())
        await swept(replace(system, ports=replace(system.ports, registry=ahead)))
        await adopted(owner)

    await asyncio.gather(record(), change())

    assert {(await the(owner, each)).status for each in ids} == {ResourceStatus.BLOCKED}


async def test_a_sweep_that_was_cut_off_goes_on_where_it_was(db: asyncpg.Pool, acting: Acting, system: Scope) -> None:
    owner = acting(await member())
    done, left = [await published(owner, bytes([n]), description=f"after {NAME}") for n in range(2)]
    _, version = await registered(owner)
    # A worker died behind the first of them, which it had found clean.
    await db.execute("INSERT INTO sweep (name, done, goal, after) VALUES ('resources', 0, $1, $2)", version, done)

    touched = await backscan.sweep(system, "resources", worker="another")

    assert touched == 1
    assert [(await the(owner, each)).status for each in (done, left)] == [
        ResourceStatus.PUBLISHED,
        ResourceStatus.BLOCKED,
    ]
    assert await db.fetchrow("SELECT done, goal, after, worker FROM sweep WHERE name = 'resources'") == (
        version,
        None,
        None,
        None,
    )


async def test_what_another_worker_sweeps_is_left_to_it_until_it_is_silent(
    db: asyncpg.Pool, acting: Acting, system: Scope
) -> None:
    owner = acting(await member())
    resource_id = await published(owner, b"1", description=f"after {NAME}")
    _, version = await registered(owner)
    assert await sweeps.take("resources", goal=version, worker="first") is not None

    meanwhile = await backscan.sweep(system, "resources", worker="second")
    status = (await the(owner, resource_id)).status
    await db.execute("UPDATE sweep SET lease_until = now() - interval '1 second'")
    later = await backscan.sweep(system, "resources", worker="second")

    assert (meanwhile, status) == (0, ResourceStatus.PUBLISHED)
    assert (later, (await the(owner, resource_id)).status) == (1, ResourceStatus.BLOCKED)


async def test_a_process_that_is_behind_sweeps_nothing(db: asyncpg.Pool, acting: Acting, system: Scope) -> None:
    owner = acting(await member())
    resource_id = await published(owner, b"1", description=f"after {NAME}")
    _, version = await registered(owner)
    await resources.announce_registry(system, version + 1)

    touched = await backscan.sweep(system, "resources", worker="behind")

    assert touched == 0
    assert (await the(owner, resource_id)).status is ResourceStatus.PUBLISHED
    assert await sweeps.done("resources") == 0
    assert await db.fetchval("SELECT worker FROM sweep WHERE name = 'resources'") is None


async def test_a_page_that_is_done_again_changes_nothing(db: asyncpg.Pool, acting: Acting, system: Scope) -> None:
    owner = acting(await member())
    await published(owner, b"1", MetadataText("ss_output_name", NAME), description=f"after {NAME}")
    await registered(owner)
    matcher = system.ports.registry.matcher
    seen = []

    for _ in range(2):
        found = [page.touched async for page in resources.sweep_texts(system, Lens(matcher, matcher), None)]
        seen.append((found, await db.fetchval("SELECT count(*) FROM fact")))

    assert [found for found, _ in seen] == [[1], [0]]
    assert seen[0][1] == seen[1][1]
