"""Sample pictures of a resource: examined with it, kept apart from its model, and judged anew without being read."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID, uuid4

import asyncpg
import numpy as np
import pytest

from countenance.sealing import Seal
from domain import likeness, reasons, resources
from domain.kernel.findings import Finding, Signal, Verdict
from domain.kernel.ids import ResourceId, Subject
from domain.kernel.ports import Ports
from domain.kernel.refusals import Conflict, InvalidInput, NotAllowed
from domain.kernel.scope import Actor, Scope
from domain.kernel.wire import InspectOrder
from domain.registry.faces import IN_SAMPLE, examine_faces, face_index, not_compared, packed
from domain.registry.snapshot import Consent, EnrolledFace, Person, Snapshot
from domain.resources import Holder, ResourceStatus
from tests.factories import member
from tests.fakes import HeldRegistry
from tests.resourcing import drafted, inspection, spooled, submitted, the, uploaded
from tests.sweeping import swept

Acting = Callable[[Actor], Scope]
RESEMBLES = "sample picture: it resembles an enrolled face, and a person must look"


def a_face(seed: int) -> bytes:
    numbers = np.random.default_rng(seed).normal(size=128)
    return packed(list(1.4 * numbers / np.linalg.norm(numbers)))


ALDEBARAN_SEEN, NOBODY_SEEN = a_face(1), a_face(2)


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """With a key to keep faces under."""
    return replace(ports, sealer=Seal("ab" * 32))


async def enrolled(scope: Scope, **allowing: object) -> tuple[Snapshot, Person]:
    """The next registry, in which somebody has a face; this process holds it."""
    before = await likeness.load_snapshot()
    person = replace(Person(uuid4(), "Test Person Aldebaran"), **allowing)
    version = scope.ports.registry.version + before.version + 1
    snapshot = Snapshot(version, (person,), faces=(EnrolledFace(person.id, ALDEBARAN_SEEN),))
    adopt(scope, snapshot)
    return snapshot, person


def adopt(scope: Scope, snapshot: Snapshot) -> None:
    held = scope.ports.registry
    assert isinstance(held, HeldRegistry)
    held.adopt(snapshot)


async def with_sample(scope: Scope, data: bytes = b"picture", **changed: object) -> ResourceId:
    """A draft with a model and a sample."""
    resource_id = await drafted(scope, **changed)
    await uploaded(scope, resource_id)
    await sample(scope, resource_id, data)
    return resource_id


async def sample(scope: Scope, resource_id: UUID, data: bytes = b"picture", *, name: str = "sample.png") -> None:
    upload = await resources.begin_upload(scope, Holder("sample", resource_id), file_name=name, size_bytes=len(data))
    await resources.complete_upload(scope, upload.id, spooled(scope, data))


async def examined(scope: Scope, *faces: bytes, findings: tuple[Finding, ...] = ()) -> list[InspectOrder]:
    """Every waiting scan done; the samples show `faces`."""
    orders = await resources.claim_scans(scope.ports, "worker-1", 100)
    for order in orders:
        seen, told = (faces, findings) if order.sample else ((), ())
        strict = [(IN_SAMPLE, face) for face in seen]
        index = face_index(scope.ports.registry.matcher.snapshot)
        told += tuple(examine_faces(index, strict, Signal.FACE_IN_SAMPLE, account=None, mature=True))
        found = replace(inspection(scope, order, findings=told), faces=seen)
        assert await resources.record_inspection(Scope.of_system(scope.ports), found)
    return orders


async def sample_findings(resource_id: UUID) -> list[tuple[Verdict, str, UUID | None]]:
    holder = Holder("sample", resource_id)
    [file] = (await resources.files_of([holder]))[holder]
    return [(finding.verdict, finding.detail, finding.person_id) for finding in file.scan.findings]


async def test_a_sample_is_examined_with_the_resource_and_is_not_its_model(acting: Acting) -> None:
    owner = acting(await member())
    resource_id = await with_sample(owner)

    await resources.submit(owner, resource_id)
    orders = await examined(owner, NOBODY_SEEN)

    [usable] = (await resources.usable(owner, [resource_id])).values()
    assert sorted((order.file_name, order.sample, order.hold_unexamined) for order in orders) == [
        ("a.safetensors", False, True),
        ("sample.png", True, True),
    ]
    assert (await the(owner, resource_id)).status is ResourceStatus.PUBLISHED
    assert usable.allowed
    assert usable.model is not None
    assert usable.model.size_bytes == len(b"weights")
    assert await sample_findings(resource_id) == []


async def test_an_enrolled_face_in_a_sample_holds_the_resource_with_a_statement(acting: Acting) -> None:
    owner = acting(await member())
    _, person = await enrolled(owner)
    resource_id = await with_sample(owner)

    await resources.submit(owner, resource_id)
    await examined(owner, ALDEBARAN_SEEN)

    [statement] = (await reasons.statements_by_subject(owner, [Subject("resource", resource_id)])).values()
    [usable] = (await resources.usable(owner, [resource_id])).values()
    assert (await the(owner, resource_id)).status is ResourceStatus.HELD
    assert await sample_findings(resource_id) == [(Verdict.HELD, RESEMBLES, person.id)]
    assert "resembles an enrolled face" in statement.facts
    assert person.name not in statement.facts
    assert not usable.allowed


async def test_a_later_enrolment_holds_what_is_published_and_a_withdrawal_restores_it(
    acting: Acting, system: Scope
) -> None:
    owner = acting(await member())
    shown, other = await with_sample(owner, b"1"), await with_sample(owner, b"2")
    await resources.submit(owner, shown)
    await examined(owner, ALDEBARAN_SEEN)
    await resources.submit(owner, other)
    await examined(owner, NOBODY_SEEN)

    snapshot, person = await enrolled(owner)
    touched = await swept(system)

    assert touched == 1
    assert await sample_findings(shown) == [(Verdict.HELD, RESEMBLES, person.id)]
    statuses = [(await the(owner, each)).status for each in (shown, other)]
    assert statuses == [ResourceStatus.HELD, ResourceStatus.PUBLISHED]
    withdrawn = Snapshot(snapshot.version + 1)
    adopt(owner, withdrawn)
    assert await swept(system) == 1
    assert (await the(owner, shown)).status is ResourceStatus.PUBLISHED
    assert await reasons.statements_by_subject(owner, [Subject("resource", shown)]) == {}


async def test_a_named_creator_may_show_the_person(acting: Acting) -> None:
    owner = acting(await member())
    await enrolled(owner, consent=Consent.NAMED_CREATORS, creators=(owner.account_id,))
    resource_id = await with_sample(owner)

    await resources.submit(owner, resource_id)
    await examined(owner, ALDEBARAN_SEEN)

    assert (await the(owner, resource_id)).status is ResourceStatus.PUBLISHED
    assert await sample_findings(resource_id) == []


async def test_what_could_not_be_compared_stays_held_under_every_registry(acting: Acting, system: Scope) -> None:
    owner = acting(await member())
    resource_id = await with_sample(owner)
    not_run = not_compared(Signal.FACE_IN_SAMPLE, IN_SAMPLE, hold=True)

    await resources.submit(owner, resource_id)
    await examined(owner, findings=(not_run,))
    await enrolled(owner)
    touched = await swept(system)

    assert touched == 0
    assert (await the(owner, resource_id)).status is ResourceStatus.HELD
    assert await sample_findings(resource_id) == [(Verdict.HELD, not_run.detail, None)]


async def test_faces_are_kept_sealed_and_go_with_the_next_scan(db: asyncpg.Pool, acting: Acting) -> None:
    owner = acting(await member())
    resource_id = await with_sample(owner)

    await resources.submit(owner, resource_id)
    await examined(owner, ALDEBARAN_SEEN)

    [kept] = await db.fetch("SELECT faces FROM scan WHERE faces IS NOT NULL")
    assert ALDEBARAN_SEEN not in kept["faces"]
    assert len(kept["faces"]) == len(ALDEBARAN_SEEN) + 12 + 16


async def test_without_a_key_no_face_is_kept(db: asyncpg.Pool, acting: Acting) -> None:
    scope = acting(await member())
    owner = replace(scope, ports=replace(scope.ports, sealer=None))
    resource_id = await with_sample(owner)

    await resources.submit(owner, resource_id)
    await examined(owner, ALDEBARAN_SEEN)

    assert await db.fetchval("SELECT count(*) FROM scan WHERE faces IS NOT NULL") == 0
    assert (await the(owner, resource_id)).status is ResourceStatus.PUBLISHED


async def test_a_sample_that_cannot_be_read_is_replaced(db: asyncpg.Pool, acting: Acting, system: Scope) -> None:
    owner = acting(await member())
    resource_id = await with_sample(owner)
    await resources.submit(owner, resource_id)
    for order in await resources.claim_scans(owner.ports, "worker-1", 100):
        error = "The picture cannot be read: it is damaged or cut off." if order.sample else None
        await resources.record_inspection(system, inspection(owner, order, error=error))
    assert (await the(owner, resource_id)).status is ResourceStatus.DRAFT

    await sample(owner, resource_id, b"another", name="another.png")
    await resources.submit(owner, resource_id)
    await examined(owner, NOBODY_SEEN)

    names = await db.fetch("SELECT name FROM stored_file WHERE holder_kind = 'sample'")
    assert [row["name"] for row in names] == ["another.png"]
    assert (await the(owner, resource_id)).status is ResourceStatus.PUBLISHED


async def test_samples_alone_are_no_resource(acting: Acting) -> None:
    owner = acting(await member())
    resource_id = await drafted(owner)
    await sample(owner, resource_id)

    with pytest.raises(Conflict, match="Upload a file first"):
        await resources.submit(owner, resource_id)

    assert (await the(owner, resource_id)).status is ResourceStatus.DRAFT


async def test_a_sample_may_be_no_larger_than_policy_says(db: asyncpg.Pool, acting: Acting) -> None:
    owner = acting(await member())
    resource_id = await drafted(owner)
    too_large = owner.ports.policy.max_sample_bytes + 1

    with pytest.raises(InvalidInput, match="A file may have at most 20971520 bytes"):
        await resources.begin_upload(owner, Holder("sample", resource_id), file_name="a.png", size_bytes=too_large)

    assert await db.fetchval("SELECT count(*) FROM upload") == 0


async def test_nobody_else_adds_a_sample(db: asyncpg.Pool, acting: Acting) -> None:
    owner, other = acting(await member()), acting(await member())
    resource_id = await submitted(owner)
    await examined(owner)

    with pytest.raises(NotAllowed):
        await resources.begin_upload(other, Holder("sample", resource_id), file_name="a.png", size_bytes=7)

    assert await db.fetchval("SELECT count(*) FROM upload WHERE holder_kind = 'sample'") == 0


async def test_removing_a_resource_ends_the_uploads_of_its_samples(db: asyncpg.Pool, acting: Acting) -> None:
    owner = acting(await member())
    resource_id = await drafted(owner)
    await resources.begin_upload(owner, Holder("sample", resource_id), file_name="a.png", size_bytes=7)

    await resources.remove(owner, resource_id)

    assert await db.fetchval("SELECT status FROM upload") == "ENDED"
