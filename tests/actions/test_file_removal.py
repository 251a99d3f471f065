"""Files are taken out of a draft: one that can't be read stands in nobody's way."""

import hashlib
from collections.abc import Callable
from uuid import UUID

import asyncpg
import pytest

from domain import resources
from domain.kernel.ids import FileId
from domain.kernel.refusals import Conflict, NotAllowed, NotFound, Refusal, SignInRequired
from domain.kernel.scope import Actor, Scope
from domain.resources import Holder, ResourceStatus
from tests.actions.test_samples import sample, with_sample
from tests.factories import member
from tests.resourcing import file_of, inspection, published, scanned, the

Acting = Callable[[Actor], Scope]


async def unreadable_sample(owner: Scope) -> tuple[UUID, FileId]:
    """A draft again, because its sample could not be read; and the sample."""
    resource_id = await with_sample(owner)
    await resources.submit(owner, resource_id)
    for order in await resources.claim_scans(owner.ports, "w", 10):
        error = "This picture can't be read." if order.sample else None
        await resources.record_inspection(Scope.of_system(owner.ports), inspection(owner, order, error=error))
    [shown] = (await resources.files_of([Holder("sample", resource_id)]))[Holder("sample", resource_id)]
    return resource_id, shown.id


async def test_a_sample_that_cant_be_read_is_taken_out_and_the_resource_goes_its_way(
    db: asyncpg.Pool, acting: Acting
) -> None:
    owner = acting(await member())
    resource_id, shown = await unreadable_sample(owner)
    status = (await the(owner, resource_id)).status

    draft = await resources.remove_file(owner, shown)
    await sample(owner, resource_id, b"another picture")
    await resources.submit(owner, resource_id)
    await scanned(owner)

    assert (status, draft) == (ResourceStatus.DRAFT, resource_id)
    assert (await the(owner, resource_id)).status is ResourceStatus.PUBLISHED
    shown_now = (await resources.files_of([Holder("sample", resource_id)]))[Holder("sample", resource_id)]
    assert [file.sha256 for file in shown_now] == [hashlib.sha256(b"another picture").hexdigest()]
    assert await db.fetchval("SELECT count(*) FROM stored_file WHERE id = $1", shown) == 0
    assert await db.fetchval("SELECT count(*) FROM doomed_blob") == 1


async def test_what_is_left_is_examined_again(db: asyncpg.Pool, acting: Acting) -> None:
    owner = acting(await member())
    resource_id, shown = await unreadable_sample(owner)

    await resources.remove_file(owner, shown)
    forgotten = await db.fetchval("SELECT count(*) FROM scan")
    await resources.submit(owner, resource_id)
    orders = await scanned(owner)

    assert forgotten == 0
    assert [(order.file_name, order.sample) for order in orders] == [("a.safetensors", False)]
    assert (await the(owner, resource_id)).status is ResourceStatus.PUBLISHED


async def test_a_file_is_taken_out_of_a_draft_of_ones_own_only(db: asyncpg.Pool, nobody: Scope, acting: Acting) -> None:
    owner, other = acting(await member()), acting(await member())
    _, shown = await unreadable_sample(owner)
    public = (await file_of(await published(owner, b"1"))).id
    before = await db.fetch("SELECT * FROM stored_file ORDER BY id")
    cases: list[tuple[Scope, FileId, type[Refusal]]] = [
        (nobody, shown, SignInRequired),
        (other, shown, NotFound),
        (other, public, NotAllowed),
        (owner, public, Conflict),
        (owner, FileId(UUID(int=5)), NotFound),
    ]

    for scope, file_id, refusal in cases:
        with pytest.raises(refusal):
            await resources.remove_file(scope, file_id)

    assert await db.fetch("SELECT * FROM stored_file ORDER BY id") == before
    assert await db.fetchval("SELECT count(*) FROM doomed_blob") == 0
