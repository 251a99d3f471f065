"""Resources through the real database: drafts, uploads, submission, removal, lists."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from domain import reasons, resources
from domain.kernel.clock import HandClock
from domain.kernel.findings import Signal, Verdict
from domain.kernel.ids import Subject
from domain.kernel.paging import ask, cursor
from domain.kernel.refusals import Conflict, InvalidInput, LikenessRefused, NotAllowed, NotFound, PolicyRefused
from domain.kernel.scope import Actor, Scope
from domain.kernel.work import work
from domain.registry.snapshot import Consent
from domain.resources import HashAlgorithm, Holder, Judge, ResourceFilter, ResourceKind, ResourceStatus, WrongContents
from tests.factories import member, moderator
from tests.resourcing import (
    NAME,
    a_draft,
    drafted,
    file_of,
    filled,
    inspection,
    published,
    registered,
    scanned,
    spooled,
    submitted,
    the,
    uploaded,
)

Acting = Callable[[Actor], Scope]


async def told(db: asyncpg.Pool, kind: str) -> list[str]:
    rows = await db.fetch("SELECT body ->> 'status' AS status FROM fact WHERE kind = $1 ORDER BY id", kind)
    return [row["status"] for row in rows]


async def test_a_draft_is_its_owners_alone(acting: Acting, nobody: Scope) -> None:
    owner, other = acting(await member()), acting(await member())

    resource_id = await drafted(owner, trigger_words=("wash",))

    resource = await the(owner, resource_id)
    assert (resource.title, resource.trigger_words) == ("Watercolour", ("wash",))
    assert (resource.status, resource.owner_id) == (ResourceStatus.DRAFT, owner.account_id)
    assert await resources.resources_by_ids(other, [resource_id]) == {}
    assert await resources.resources_by_ids(nobody, [resource_id]) == {}
    assert resource_id in await resources.resources_by_ids(acting(await moderator()), [resource_id])


@pytest.mark.parametrize(
    "where", [{"title": f"{NAME} style"}, {"description": f"trained on {NAME}"}, {"trigger_words": (NAME,)}]
)
async def test_a_draft_that_names_a_protected_person_is_refused_and_not_written(
    db: asyncpg.Pool, acting: Acting, where: dict[str, object]
) -> None:
    owner = acting(await member())
    person, _ = await registered(owner)

    with pytest.raises(LikenessRefused) as refused:
        await drafted(owner, **where)

    [finding] = refused.value.findings
    assert (finding.signal, finding.verdict, finding.person_id) == (
        Signal.NAME_IN_TEXT,
        Verdict.BLOCKED,
        person.id,
    )
    assert NAME not in finding.detail
    assert await db.fetchval("SELECT count(*) FROM resource") == 0


async def test_a_named_creator_may_draft_what_others_may_not(acting: Acting) -> None:
    creator, other = acting(await member()), acting(await member())
    await registered(creator, consent=Consent.NAMED_CREATORS, creators=[creator.account_id])

    resource_id = await drafted(creator, title=NAME)

    assert (await the(creator, resource_id)).title == NAME
    with pytest.raises(LikenessRefused):
        await drafted(other, title=NAME)


async def test_a_mature_resource_of_a_real_person_is_refused(db: asyncpg.Pool, acting: Acting) -> None:
    owner = acting(await member())

    with pytest.raises(PolicyRefused):
        await drafted(owner, mature=True, depicts_real_person=True)

    assert await db.fetchval("SELECT count(*) FROM resource") == 0


async def test_a_file_is_stored_once_its_bytes_have_arrived(acting: Acting) -> None:
    owner = acting(await member())
    resource_id = await drafted(owner)

    await uploaded(owner, resource_id, b"some weights")

    file = await file_of(resource_id)
    assert (file.name, file.size_bytes, file.scan.verdict) == ("a.safetensors", 12, Verdict.PENDING)
    assert file.sha256 == hashlib.sha256(b"some weights").hexdigest()
    assert await owner.ports.blobs.get(file.blob_key) == b"some weights"


async def test_an_upload_completes_once_whoever_asks_again(acting: Acting) -> None:
    owner = acting(await member())
    resource_id = await drafted(owner)
    upload = await resources.begin_upload(
        owner, Holder("resource", resource_id), file_name="a.safetensors", size_bytes=3
    )

    first = await resources.complete_upload(owner, upload.id, spooled(owner, b"abc"))
    again = await resources.complete_upload(owner, upload.id, spooled(owner, b"abc"))

    assert first == again == (await file_of(resource_id)).id


async def test_other_bytes_than_announced_are_refused_and_nothing_is_stored(db: asyncpg.Pool, acting: Acting) -> None:
    owner = acting(await member())
    resource_id = await drafted(owner)
    upload = await resources.begin_upload(
        owner, Holder("resource", resource_id), file_name="a.safetensors", size_bytes=3, sha256="ab" * 32
    )

    with pytest.raises(WrongContents):
        await resources.complete_upload(owner, upload.id, spooled(owner, b"abc"))

    assert await db.fetchval("SELECT count(*) FROM stored_file") == 0
    assert await db.fetchval("SELECT status FROM upload") == "REFUSED"
    assert await owner.ports.blobs.size(f"files/{upload.id.hex}") is None


async def test_only_the_owner_uploads_submits_and_removes(acting: Acting) -> None:
    owner, other = acting(await member()), acting(await member())
    hidden, shown = await drafted(owner), await published(owner)

    for resource_id, refusal in ((hidden, NotFound), (shown, NotAllowed)):
        with pytest.raises(refusal):
            await resources.begin_upload(other, Holder("resource", resource_id), file_name="a", size_bytes=1)
        with pytest.raises(refusal):
            await resources.submit(other, resource_id)
        with pytest.raises(refusal):
            await resources.remove(other, resource_id)

    assert (await the(owner, hidden)).status is ResourceStatus.DRAFT
    assert (await the(owner, shown)).status is ResourceStatus.PUBLISHED


async def test_what_is_submitted_takes_no_file_any_more(db: asyncpg.Pool, acting: Acting) -> None:
    owner = acting(await member())
    resource_id = await drafted(owner)
    await uploaded(owner, resource_id)
    late = await resources.begin_upload(owner, Holder("resource", resource_id), file_name="b", size_bytes=3)

    await resources.submit(owner, resource_id)

    with pytest.raises(Conflict) as begun:
        await resources.begin_upload(owner, Holder("resource", resource_id), file_name="c", size_bytes=1)
    with pytest.raises(Conflict):
        await resources.complete_upload(owner, late.id, spooled(owner, b"abc"))
    assert begun.value.state == "SCANNING"
    assert await db.fetchval("SELECT count(*) FROM stored_file") == 1
    assert await owner.ports.blobs.size(f"files/{late.id.hex}") is None


async def test_an_entry_that_was_submitted_takes_no_file_either(acting: Acting) -> None:
    owner = acting(await member())
    entry = Holder("entry", (await drafted(owner)))
    await filled(owner, entry, b"first")
    async with work(owner.now) as w:
        assert await resources.request_scans(w, entry) == 1

    with pytest.raises(Conflict) as refused:
        await resources.open_upload(owner, entry, file_name="b", size_bytes=1)

    assert refused.value.state == "SUBMITTED"


async def test_submitting_twice_is_a_conflict(db: asyncpg.Pool, acting: Acting) -> None:
    owner = acting(await member())
    resource_id = await submitted(owner)

    with pytest.raises(Conflict) as refused:
        await resources.submit(owner, resource_id)

    assert refused.value.state == "SCANNING"
    assert await db.fetchval("SELECT count(*) FROM scan") == 1
    assert await told(db, "ResourceChanged") == ["SCANNING"]


async def test_a_draft_without_a_complete_file_is_not_submitted(db: asyncpg.Pool, acting: Acting) -> None:
    owner = acting(await member())
    resource_id = await drafted(owner)
    await resources.begin_upload(owner, Holder("resource", resource_id), file_name="a", size_bytes=1)

    with pytest.raises(Conflict) as refused:
        await resources.submit(owner, resource_id)

    assert refused.value.state == "DRAFT"
    assert await told(db, "ResourceChanged") == []


async def test_its_owner_removes_a_resource_without_a_statement(db: asyncpg.Pool, acting: Acting) -> None:
    owner = acting(await member())
    resource_id = await published(owner)

    await resources.remove(owner, resource_id)

    assert (await the(owner, resource_id)).status is ResourceStatus.REMOVED
    assert await reasons.statements_by_subject(owner, [Subject("resource", resource_id)]) == {}
    assert await told(db, "ResourceChanged") == ["SCANNING", "PUBLISHED", "REMOVED"]
    with pytest.raises(Conflict):
        await resources.remove(owner, resource_id)


async def test_a_moderator_removes_a_resource_with_a_statement(acting: Acting, nobody: Scope) -> None:
    owner = acting(await member())
    resource_id = await published(owner)

    await resources.remove(acting(await moderator()), resource_id)

    found = await reasons.statements_by_subject(owner, [Subject("resource", resource_id)])
    [statement] = found.values()
    assert statement.automated_decision is reasons.Automation.NOT_AUTOMATED
    assert statement.visibility == (reasons.Visibility.REMOVED,)
    assert await resources.resources_by_ids(nobody, [resource_id]) == {}


async def test_lists_show_each_what_they_may_see(acting: Acting, nobody: Scope) -> None:
    owner, judge = acting(await member()), acting(await moderator())
    draft = await drafted(owner)
    shown = await published(owner)
    mature = await published(owner, b"other weights", mature=True)

    async def seen(scope: Scope, **wanted: object) -> list[object]:
        page = await resources.list_resources(scope, ResourceFilter(**wanted), ask(20, None, width=1), with_total=True)  # type: ignore[arg-type]
        assert page.total == len(page.items)
        return [resource.id for resource in page.items]

    assert await seen(nobody) == [shown]
    assert await seen(nobody, mature=True) == [mature, shown]
    assert await seen(owner) == [shown, draft]
    assert await seen(judge, mature=True) == [mature, shown, draft]
    assert await seen(judge, status=ResourceStatus.DRAFT) == [draft]
    assert await seen(judge, kind=ResourceKind.CHECKPOINT) == []
    assert await seen(nobody, owner_id=judge.account_id) == []


async def test_a_search_finds_words_in_every_text(acting: Acting, nobody: Scope) -> None:
    owner = acting(await member())
    boats = await published(owner, b"1", title="Boats at dusk", description="Harbour light")
    words = await published(owner, b"2", title="Meadow", trigger_words=("sunflower",))

    async def found(search: str) -> list[object]:
        page = await resources.list_resources(nobody, ResourceFilter(search=search), ask(20, None, width=1))
        return [resource.id for resource in page.items]

    assert await found("BOATS") == [boats]
    assert await found("harbour dusk") == [boats]
    assert await found("sunflower or boats") == [words, boats]
    assert await found("boats -harbour") == []
    assert await found('"; DROP TABLE resource --') == []


async def test_pages_go_on_after_a_cursor_whatever_is_added(acting: Acting, nobody: Scope) -> None:
    owner = acting(await member())
    ids = [await published(owner, bytes([n])) for n in range(5)]

    first = await resources.list_resources(nobody, ResourceFilter(), ask(2, None, width=1))
    await published(owner, b"new")
    second = await resources.list_resources(nobody, ResourceFilter(), ask(2, cursor(first.keys[-1]), width=1))
    last = await resources.list_resources(nobody, ResourceFilter(), ask(2, cursor(second.keys[-1]), width=1))

    assert [resource.id for page in (first, second, last) for resource in page.items] == ids[::-1]
    assert (first.has_next, second.has_next, last.has_next) == (True, True, False)
    assert first.total is None
    with pytest.raises(InvalidInput):
        await resources.list_resources(nobody, ResourceFilter(), ask(2, cursor((7,)), width=1))


async def test_a_published_file_is_found_by_any_of_its_hashes(acting: Acting, nobody: Scope) -> None:
    owner = acting(await member())
    resource_id = await published(owner, b"12345678 and tensors")
    hidden = await submitted(owner, b"hidden")
    file, secret = await file_of(resource_id), await file_of(hidden)

    found = {
        algorithm: await resources.resource_by_hash(nobody, algorithm, digits.upper())
        for algorithm, digits in file.hashes.items()
    }

    assert {resource.id for resource in found.values() if resource} == {resource_id}
    assert set(found) == {HashAlgorithm.SHA256, HashAlgorithm.AUTOV2, HashAlgorithm.AUTOV3, HashAlgorithm.CRC32}
    assert await resources.resource_by_hash(nobody, HashAlgorithm.SHA256, secret.sha256) is None
    assert await resources.resource_by_hash(nobody, HashAlgorithm.SHA256, "not a hash") is None


async def test_a_published_resource_is_usable_and_a_declared_one_is_not(acting: Acting) -> None:
    owner = acting(await member())
    plain = await published(owner, b"1")
    declared = await published(owner, b"2", depicts_real_person=True)
    mature = await published(owner, b"3", mature=True)
    draft = await drafted(owner)

    uses = await resources.usable(owner, [plain, declared, mature, draft])

    assert uses[plain].allowed
    assert uses[plain].model is not None
    assert uses[plain].model.sha256 == hashlib.sha256(b"1").hexdigest()
    assert [reason.signal for reason in uses[declared].reasons] == [Signal.DECLARED]
    assert [reason.signal for reason in uses[mature].reasons] == [Signal.MATURE_CONTENT]
    assert [uses[each].allowed for each in (declared, mature, draft)] == [False, False, False]
    assert [uses[each].model for each in (declared, mature, draft)] == [None, None, None]
    assert (await the(owner, declared)).status is ResourceStatus.PUBLISHED


async def test_an_upload_that_nobody_finishes_expires(acting: Acting, clock: HandClock, system: Scope) -> None:
    owner = acting(await member())
    resource_id = await drafted(owner)
    upload = await resources.begin_upload(owner, Holder("resource", resource_id), file_name="a", size_bytes=1)
    assert await resources.expire_uploads(system) == 0
    assert await resources.over_among([upload.id]) == set()

    clock.turn(timedelta(seconds=owner.ports.policy.upload_seconds))

    assert (await resources.own_upload(owner, upload.id)).status is resources.UploadStatus.EXPIRED
    assert await resources.expire_uploads(system) == 1
    assert await resources.over_among([upload.id]) == {upload.id}
    with pytest.raises(Conflict):
        await resources.complete_upload(owner, upload.id, spooled(owner, b"a"))


async def test_a_file_that_could_not_be_read_gives_way_to_a_new_one(db: asyncpg.Pool, acting: Acting) -> None:
    owner = acting(await member())
    resource_id = await submitted(owner, b"broken")
    [order] = await resources.claim_scans(owner.ports, "w", 1)
    await resources.record_inspection(
        Scope.of_system(owner.ports), inspection(owner, order, error="The file ends within its header.")
    )
    broken = await file_of(resource_id)
    assert (await the(owner, resource_id)).status is ResourceStatus.DRAFT
    assert (broken.scan.verdict, broken.scan.error) == (Verdict.FAILED, "The file ends within its header.")

    await uploaded(owner, resource_id, b"whole", name="b.safetensors")
    await resources.submit(owner, resource_id)
    await scanned(owner)

    assert (await the(owner, resource_id)).status is ResourceStatus.PUBLISHED
    assert (await file_of(resource_id)).name == "b.safetensors"
    assert await owner.ports.blobs.size(broken.blob_key) is None


async def test_an_operator_publishes_a_checkpoint_in_place(acting: Acting, system: Scope, nobody: Scope) -> None:
    owner = await member()
    asked = replace(a_draft(), kind=ResourceKind.CHECKPOINT, title="Starter")
    first = await resources.add_checkpoint(
        system, Path("/models/starter"), asked, owner_id=owner.account_id, sha256="ab" * 32, size_bytes=10
    )
    again = await resources.add_checkpoint(
        system, Path("/models/starter"), asked, owner_id=owner.account_id, sha256="cd" * 32, size_bytes=11
    )

    assert first == again
    use = (await resources.usable(nobody, [first]))[first]
    assert use.allowed
    assert use.model is not None
    assert (use.model.source_path, use.model.sha256, use.model.format) == (
        "/models/starter",
        "cd" * 32,
        "diffusers-tar",
    )
    with pytest.raises(NotAllowed):
        await resources.add_checkpoint(
            acting(owner), Path("/x"), asked, owner_id=owner.account_id, sha256="ab" * 32, size_bytes=1
        )


async def test_an_outcome_is_published_with_the_files_of_its_entry(acting: Acting) -> None:
    author, buyer = acting(await member()), acting(await member())
    entry = Holder("entry", (await drafted(author)))
    await filled(author, entry, b"the outcome")

    [original] = (await resources.files_of([entry]))[entry]
    copies = await resources.copy_out(buyer, [original])
    async with work(buyer.now) as w:
        resource_id = await resources.publish_outcome(
            w,
            buyer,
            a_draft(title="Bought"),
            judge=Judge(buyer),
            copies=copies,
            owner_id=buyer.require_actor().account_id,
            credited_to=author.require_actor().account_id,
        )
    await scanned(buyer)

    copy = await file_of(resource_id)
    assert (await the(buyer, resource_id)).status is ResourceStatus.PUBLISHED
    assert (await the(buyer, resource_id)).credited_to_id == author.account_id
    assert (copy.sha256, copy.blob_key) == (original.sha256, copies[original.id])
    assert await buyer.ports.blobs.get(copy.blob_key) == b"the outcome"
    assert b"the outcome" not in await buyer.ports.blobs.get(original.blob_key)
