"""Bounties that ask for pictures: what is handed in is examined as a picture, and won like any other work."""

import io
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from PIL import Image

from countenance.sealing import Seal
from domain import bounties, reasons, resources
from domain.bounties import BountyKind, EntryStatus, Share, TermsChange
from domain.kernel.findings import Signal, Verdict
from domain.kernel.ids import Subject
from domain.kernel.ports import Policy, Ports
from domain.kernel.refusals import Conflict, InvalidInput
from domain.kernel.scope import Scope
from domain.registry.snapshot import Snapshot
from domain.resources import ResourceDraft, ResourceKind
from tests.actions.bounties import accepted, followed, opened, somebody, submitted, uploaded, validated
from tests.actions.test_samples import ALDEBARAN_SEEN, NOBODY_SEEN, adopt, enrolled
from tests.resourcing import from_vault, inspection
from tests.vault.world import file_of_entry


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """With a key to keep faces under; nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0), sealer=Seal("ab" * 32))


def a_picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (320, 200), (40, 120, 200)).save(out, "PNG")
    return out.getvalue()


async def examined(scope: Scope, *faces: bytes, error: str | None = None) -> list[bool]:
    """Every waiting file was examined and what follows has happened; gives which were read as pictures."""
    orders = await resources.claim_scans(scope.ports, "worker-1", 100)
    for order in orders:
        found = inspection(scope, order, error=error, data=await from_vault(scope, order))
        assert await resources.record_inspection(Scope.of_system(scope.ports), replace(found, faces=faces))
    await followed(scope.ports)
    return [order.sample for order in orders]


async def status_of(scope: Scope, entry: bounties.BountyEntry) -> EntryStatus:
    return (await bounties.entries_by_ids(scope, [entry.id]))[entry.id].status


async def test_a_picture_is_handed_in_examined_as_one_and_wins(ports: Ports, tmp_path: Path) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator, kind=BountyKind.IMAGE)
    entry = await submitted(author, bounty, tmp_path, a_picture())

    as_pictures = await examined(author, NOBODY_SEEN)
    ended, won = await bounties.award(initiator, bounty.id, to=entry.id)
    [outcome] = (await bounties.outcomes(initiator, [won], urls=True)).values()

    file = await file_of_entry(entry)
    [sealed] = (await resources.sealed_files([file.id])).values()
    assert as_pictures == [True]
    assert (ended.kind, ended.status, won.status) == (BountyKind.IMAGE, "AWARDED", EntryStatus.ACCEPTED)
    assert [(each.id, each.sha256) for each in outcome.files] == [(file.id, file.sha256)]
    assert outcome.files[0].download_url is not None
    assert ports.vault is not None
    assert b"".join([piece async for piece in ports.vault.open(sealed)]) == a_picture()
    assert await bounties.outcomes(author, [won], urls=True) == {}


@pytest.mark.parametrize("kind", [kind for kind in BountyKind if kind is not BountyKind.IMAGE])
async def test_what_is_handed_in_for_a_model_is_examined_as_a_model(
    ports: Ports, tmp_path: Path, kind: BountyKind
) -> None:
    author = await somebody(ports)
    await submitted(author, await opened(await somebody(ports), kind=kind), tmp_path)

    as_pictures = await examined(author)

    assert as_pictures == [False]


async def test_terms_that_change_before_anybody_enters_change_what_is_examined(ports: Ports, tmp_path: Path) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator)
    changed = await bounties.change_terms(initiator, bounty.id, TermsChange(kind=BountyKind.IMAGE))
    await submitted(author, changed, tmp_path, a_picture())

    with pytest.raises(Conflict) as frozen:
        await bounties.change_terms(initiator, bounty.id, TermsChange(kind=BountyKind.LORA))

    assert frozen.value.state == "TERMS_FROZEN"
    assert await examined(author) == [True]


async def test_what_is_no_picture_gives_the_entry_back_and_another_takes_its_place(
    ports: Ports, tmp_path: Path
) -> None:
    author = await somebody(ports)
    bounty = await opened(await somebody(ports), kind=BountyKind.IMAGE)
    entry = await submitted(author, bounty, tmp_path, b"weights, not a picture")
    sentence = "This is not a picture in PNG, JPEG or WebP format: it is a safetensors file."

    await examined(author, error=sentence)
    failed, given_back = await file_of_entry(entry), await status_of(author, entry)
    await uploaded(author, entry.id, tmp_path, a_picture())
    await bounties.submit_entry(author, entry.id)
    again = await examined(author)

    assert (failed.verdict, failed.scan.error, given_back) == (Verdict.FAILED, sentence, EntryStatus.DRAFT)
    assert again == [True]
    assert await status_of(author, entry) is EntryStatus.ACCEPTED


async def test_an_enrolled_face_holds_the_entry_with_reasons_that_name_nobody(ports: Ports, tmp_path: Path) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    _, person = await enrolled(author)
    bounty = await opened(initiator, kind=BountyKind.IMAGE)
    entry = await submitted(author, bounty, tmp_path, a_picture())

    await examined(author, ALDEBARAN_SEEN)
    with pytest.raises(Conflict) as refused:
        await bounties.award(initiator, bounty.id, to=entry.id)

    [finding] = (await file_of_entry(entry)).scan.findings
    subject = Subject("entry", entry.id)
    statement = (await reasons.statements_by_subject(author, [subject]))[subject]
    assert (finding.signal, finding.verdict, finding.person_id) == (Signal.FACE_IN_SAMPLE, Verdict.HELD, person.id)
    assert (await status_of(author, entry), refused.value.state) == (EntryStatus.HELD, "HELD")
    assert "What reproduces a real person may be used only as that person allows" in statement.explanation
    assert person.name not in statement.facts + statement.explanation
    assert (await bounties.bounties_by_ids(initiator, [bounty.id]))[bounty.id].status == "OPEN"


async def test_a_face_that_is_enrolled_later_closes_what_was_bought_until_it_is_withdrawn(
    ports: Ports, db: asyncpg.Pool, tmp_path: Path
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator, kind=BountyKind.IMAGE)
    entry = await submitted(author, bounty, tmp_path, a_picture())
    await examined(author, ALDEBARAN_SEEN)
    await bounties.award(initiator, bounty.id, to=entry.id)
    kept = await db.fetchval("SELECT faces FROM scan")

    snapshot, _ = await enrolled(author)
    await followed(ports)
    during = (await bounties.entries_by_ids(initiator, [entry.id]))[entry.id]
    closed = await bounties.outcomes(initiator, [during], urls=True)
    adopt(author, Snapshot(snapshot.version + 1))
    await db.execute("UPDATE sweep SET done = 0")
    await followed(ports)
    after = (await bounties.entries_by_ids(initiator, [entry.id]))[entry.id]

    assert ALDEBARAN_SEEN not in kept
    assert (during.status, closed, after.status) == (EntryStatus.HELD, {}, EntryStatus.ACCEPTED)
    assert len((await bounties.outcomes(initiator, [after], urls=True))[entry.id].files) == 1


async def test_the_faces_go_with_the_files(ports: Ports, db: asyncpg.Pool, tmp_path: Path) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator, kind=BountyKind.IMAGE)
    entry = await submitted(author, bounty, tmp_path, a_picture())
    await examined(author, NOBODY_SEEN)
    before = await db.fetchval("SELECT faces IS NOT NULL FROM scan")
    await bounties.cancel(initiator, bounty.id)

    await bounties.delete_files(author, entry.id)

    assert (before, await db.fetchval("SELECT faces IS NOT NULL FROM scan")) == (True, False)
    assert await resources.sealed_files([(await file_of_entry(entry)).id]) == {}


async def test_a_pot_for_pictures_is_split_among_several(ports: Ports, tmp_path: Path) -> None:
    initiator, first, second = await somebody(ports), await somebody(ports), await somebody(ports)
    bounty = await opened(initiator, kind=BountyKind.IMAGE)
    entries = [await submitted(author, bounty, tmp_path, a_picture()) for author in (first, second)]
    await validated(ports)

    ended = await bounties.split(initiator, bounty.id, [Share(entries[0].id, 70), Share(entries[1].id, 30)])

    won = await bounties.entries_by_ids(initiator, [entry.id for entry in entries])
    assert ended.status == "AWARDED"
    assert set(await bounties.outcomes(initiator, list(won.values()), urls=False)) == {entry.id for entry in entries}


async def test_a_picture_is_no_resource_and_nothing_is_published(
    ports: Ports, db: asyncpg.Pool, tmp_path: Path
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator, kind=BountyKind.IMAGE)
    entry = await accepted(author, bounty, tmp_path, a_picture())
    await bounties.award(initiator, bounty.id, to=entry.id)

    with pytest.raises(Conflict) as refused:
        await bounties.publish_outcome(initiator, entry.id, ResourceDraft(ResourceKind.LORA, "Lighthouses"))

    assert refused.value.state == "NOT_A_RESOURCE"
    assert refused.value.message == "Only models are published as resources: this bounty asked for pictures."
    assert await db.fetchval("SELECT count(*) FROM resource") == 0
    assert await db.fetchval("SELECT count(*) FROM doomed_blob") == 0
    assert await db.fetchval("SELECT count(*) FROM stored_file") == 1


async def test_a_picture_is_as_large_as_a_sample_may_be(ports: Ports, db: asyncpg.Pool) -> None:
    author = await somebody(ports)
    picture = await bounties.draft_entry(author, (await opened(await somebody(ports), kind=BountyKind.IMAGE)).id)
    model = await bounties.draft_entry(author, (await opened(await somebody(ports))).id)
    size = ports.policy.max_sample_bytes

    with pytest.raises(InvalidInput) as refused:
        await bounties.begin_upload(author, picture.id, file_name="a.png", size_bytes=size + 1)
    largest = await bounties.begin_upload(author, picture.id, file_name="a.png", size_bytes=size)
    larger = await bounties.begin_upload(author, model.id, file_name="a.safetensors", size_bytes=size + 1)

    assert refused.value.field == "input.sizeBytes"
    assert (largest.picture, larger.picture) == (True, False)
    assert await db.fetchval("SELECT count(*) FROM upload") == 2


@pytest.mark.parametrize(("kind", "picture"), [("resource", True), ("sample", False), ("reference", False)])
async def test_the_database_knows_what_only_an_entry_may_choose(db: asyncpg.Pool, kind: str, *, picture: bool) -> None:
    insert = (
        "INSERT INTO stored_file (id, holder_kind, holder_id, account_id, mature, picture, name, size_bytes, sha256,"
        " blob_key, created_at) SELECT u, $1, u, u, false, $2, 'a', 1, repeat('ab', 32), 'files/a', now()"
        " FROM gen_random_uuid() u"
    )

    with pytest.raises(asyncpg.CheckViolationError, match="stored_file_picture"):
        await db.execute(insert, kind, picture)

    assert await db.fetchval("SELECT count(*) FROM stored_file") == 0
