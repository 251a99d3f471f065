"""Files in the vault: sealed when they arrive, taken out to be published, erased for good, and their keys rotated."""

import asyncio
import hashlib
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from countenance.vault.sealed_format import CHUNK
from domain import bounties, resources
from domain.bounties import BountyStatus, EntryStatus
from domain.kernel.clock import HandClock
from domain.kernel.findings import Verdict
from domain.kernel.ids import new_id
from domain.kernel.ports import Policy, Ports
from domain.kernel.refusals import Conflict, NotAllowed
from domain.kernel.scope import Scope
from domain.kernel.wire import MetadataText
from domain.registry.snapshot import Person, Snapshot
from domain.resources import Holder, ResourceDraft, ResourceKind
from tests import fakes
from tests.actions.bounties import accepted, followed, opened, somebody, submitted, told, uploaded, validated
from tests.fakes import VAULT_KEYS
from tests.sweeping import swept
from tests.vault.world import file_of_entry, sealed_file_of

LORA = ResourceDraft(ResourceKind.LORA, "Watercolour lighthouses")
TEXT = b"the quick brown fox jumps over the lazy dog. " * 50_000
KEPT = timedelta(days=30)


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0))


async def _keys(db: asyncpg.Pool) -> list[tuple[int, bool]]:
    rows = await db.fetch("SELECT master, wrapped IS NULL AS gone FROM vault_key ORDER BY id")
    return [tuple(row) for row in rows]


def _stored(ports: Ports) -> list[bytes]:
    """Everything that lies in the blob folder."""
    folder = Path(ports.blobs._folder)  # type: ignore[attr-defined]
    return [path.read_bytes() for path in folder.glob("files__*")]


async def test_an_entrys_files_are_sealed_under_one_key_and_nothing_lies_in_the_clear(
    ports: Ports, db: asyncpg.Pool, tmp_path: Path
) -> None:
    author, bounty = await somebody(ports), await opened(await somebody(ports))
    entry = await bounties.draft_entry(author, bounty.id)

    first = await uploaded(author, entry.id, tmp_path, TEXT)
    second = await uploaded(author, entry.id, tmp_path, TEXT)

    sealed = await resources.sealed_files([first, second])
    assert len({file.key.id for file in sealed.values()}) == 1
    assert sealed[first].key.holder_id == entry.id
    assert len(_stored(ports)) == 2
    assert not any(TEXT[at : at + 9] in stored for stored in _stored(ports) for at in range(45))
    assert ports.vault is not None
    for file in sealed.values():
        assert b"".join([piece async for piece in ports.vault.open(file)]) == TEXT
    assert [row["sha256"] for row in await db.fetch("SELECT sha256 FROM stored_file")] == [
        hashlib.sha256(TEXT).hexdigest()
    ] * 2
    assert await db.fetchval("SELECT count(*) FROM doomed_blob") == 0


async def test_the_database_itself_refuses_a_file_of_an_entry_in_the_clear(db: asyncpg.Pool, ports: Ports) -> None:
    author = await somebody(ports)
    insert = (
        "INSERT INTO stored_file (id, holder_kind, holder_id, account_id, mature, name, size_bytes, sha256, blob_key,"
        " created_at) VALUES ($1, 'entry', $1, $2, false, 'a', 1, $3, 'files/a', now())"
    )

    with pytest.raises(asyncpg.RaiseError, match="stored sealed or not at all"):
        await db.execute(insert, new_id(), author.account_id, "ab" * 32)

    assert await db.fetchval("SELECT count(*) FROM stored_file") == 0


async def test_first_files_that_come_together_share_the_key(ports: Ports, db: asyncpg.Pool, tmp_path: Path) -> None:
    author, bounty = await somebody(ports), await opened(await somebody(ports))
    entry = await bounties.draft_entry(author, bounty.id)

    await asyncio.gather(*(uploaded(author, entry.id, tmp_path) for _ in range(5)))

    assert await _keys(db) == [(1, False)]


async def test_a_store_that_breaks_leaves_the_upload_to_be_finished_later(
    ports: Ports, db: asyncpg.Pool, tmp_path: Path
) -> None:
    author, bounty = await somebody(ports), await opened(await somebody(ports))
    entry = await bounties.draft_entry(author, bounty.id)
    path = tmp_path / "model"
    path.write_bytes(TEXT)
    upload = await bounties.begin_upload(author, entry.id, file_name="a.safetensors", size_bytes=len(TEXT))
    broken = replace(author, ports=replace(ports, blobs=_Broken(tmp_path), vault=fakes.a_vault(_Broken(tmp_path))))

    with pytest.raises(OSError, match="no room"):
        await resources.complete_upload(broken, upload.id, path)
    before = await db.fetchval("SELECT count(*) FROM stored_file")
    await resources.complete_upload(author, upload.id, path)

    assert before == 0
    assert (await file_of_entry(entry)).sha256 == hashlib.sha256(TEXT).hexdigest()
    assert await db.fetchval("SELECT count(*) FROM doomed_blob") == 0


class _Broken(fakes.FolderBlobs):
    """A store whose disk is full."""

    async def put_stream(self, key: str, pieces: object) -> None:
        raise OSError("no room")


async def test_an_upload_that_never_became_a_file_leaves_no_blob(
    ports: Ports, system: Scope, clock: HandClock, db: asyncpg.Pool, tmp_path: Path
) -> None:
    author, bounty = await somebody(ports), await opened(await somebody(ports))
    entry = await bounties.draft_entry(author, bounty.id)
    await uploaded(author, entry.id, tmp_path)
    [kept] = await db.fetch("SELECT blob_key FROM stored_file")
    # A process that dies between the blob and its row leaves just this behind.
    await resources.announce(author, ["files/dead"])
    await ports.blobs.put("files/dead", b"sealed bytes")

    early = await resources.delete_doomed(system)
    clock.turn(timedelta(days=1))
    late = await resources.delete_doomed(system)

    assert (early, late) == (0, 1)
    assert await ports.blobs.size("files/dead") is None
    assert await ports.blobs.size(kept["blob_key"]) is not None


async def test_a_clean_verdict_on_other_bytes_accepts_and_awards_nothing(
    ports: Ports, db: asyncpg.Pool, tmp_path: Path
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator)
    entry = await accepted(author, bounty, tmp_path)
    other = await submitted(author, bounty, tmp_path)

    await db.execute("UPDATE scan SET sha256 = $1 WHERE status = 'DONE'", "ab" * 32)
    with pytest.raises(Conflict) as refused:
        await bounties.award(initiator, bounty.id, to=entry.id)
    [order] = await resources.claim_scans(ports, "validator", 5)
    answer = fakes_inspection(order, {"SHA256": "cd" * 32})
    assert await resources.record_inspection(Scope.of_system(ports), answer)
    await followed(ports)

    assert refused.value.state == "HELD"
    assert (await file_of_entry(entry)).verdict is Verdict.HELD
    assert (await file_of_entry(other)).scan.verdict is Verdict.FAILED
    assert (await bounties.entries_by_ids(author, [other.id]))[other.id].status is EntryStatus.DRAFT
    assert (await bounties.bounties_by_ids(initiator, [bounty.id]))[bounty.id].status is BountyStatus.OPEN
    assert await told("BountyAwarded") == 0


def fakes_inspection(order: object, hashes: dict[str, str]) -> object:
    """A clean answer to an order, about bytes with these hashes."""
    from tests.actions.bounties import _inspection

    return replace(_inspection(order, Verdict.CLEAN, (), (), None), hashes=hashes)  # type: ignore[arg-type]


async def test_a_newer_registry_judges_sealed_files_without_opening_them(
    ports: Ports, system: Scope, db: asyncpg.Pool, tmp_path: Path
) -> None:
    author = await somebody(ports)
    entry = await submitted(author, await opened(await somebody(ports)), tmp_path)
    await validated(ports, texts=[MetadataText("ss_output_name", "test_person_aldebaran_v2")])
    await ports.blobs.delete([(await file_of_entry(entry)).blob_key])
    snapshot = Snapshot(1, (Person(new_id(), "Test Person Aldebaran"),))
    system.ports.registry.adopt(snapshot)  # type: ignore[attr-defined]

    await swept(system)
    await followed(ports)

    assert (await bounties.entries_by_ids(author, [entry.id]))[entry.id].status is EntryStatus.BLOCKED
    assert await db.fetchval("SELECT count(*) FROM scan WHERE status <> 'DONE'") == 0


async def test_publishing_takes_the_files_out_of_the_vault_once(ports: Ports, db: asyncpg.Pool, tmp_path: Path) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    entry = await accepted(author, await opened(initiator), tmp_path, TEXT)
    await bounties.award(initiator, entry.bounty_id, to=entry.id)

    resource_id = await bounties.publish_outcome(initiator, entry.id, LORA)
    with pytest.raises(Conflict):
        await bounties.publish_outcome(initiator, entry.id, LORA)

    [copy] = (await resources.files_of([Holder("resource", resource_id)]))[Holder("resource", resource_id)]
    assert await ports.blobs.get(copy.blob_key) == TEXT
    assert copy.sha256 == hashlib.sha256(TEXT).hexdigest()
    assert (await resources.resources_by_ids(initiator, [resource_id]))[resource_id].credited_to_id == author.account_id
    assert len(_stored(ports)) == 2
    assert await db.fetchval("SELECT count(*) FROM resource") == 1


async def test_what_is_damaged_is_not_published(
    ports: Ports, system: Scope, clock: HandClock, db: asyncpg.Pool, tmp_path: Path
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    entry = await accepted(author, await opened(initiator), tmp_path, os.urandom(CHUNK + 1))
    await bounties.award(initiator, entry.bounty_id, to=entry.id)
    file = await sealed_file_of(entry)
    await ports.blobs.put(file.blob_key, (await ports.blobs.get(file.blob_key))[:-1])

    with pytest.raises(Conflict) as refused:
        await bounties.publish_outcome(initiator, entry.id, LORA)

    assert refused.value.state == "DAMAGED"
    assert await db.fetchval("SELECT count(*) FROM resource") == 0
    clock.turn(timedelta(days=1))
    assert await resources.delete_doomed(system) == 1
    assert len(_stored(ports)) == 1


async def test_losing_files_are_erased_thirty_days_after_the_end_and_the_winners_are_kept(
    ports: Ports, system: Scope, clock: HandClock, db: asyncpg.Pool, tmp_path: Path
) -> None:
    initiator, author, loser = [await somebody(ports) for _ in range(3)]
    bounty = await opened(initiator)
    won, lost = await accepted(author, bounty, tmp_path), await accepted(loser, bounty, tmp_path)
    running = await accepted(loser, await opened(initiator), tmp_path)
    await bounties.award(initiator, bounty.id, to=won.id)

    clock.turn(KEPT - timedelta(seconds=1))
    early = await bounties.erase_due(system)
    clock.turn(timedelta(seconds=1))
    due = await bounties.erase_due(system)
    again = await bounties.erase_due(system)

    assert (early, due, again) == (0, 1, 0)
    assert (await file_of_entry(lost)).erased_at == system.now
    assert (await bounties.entries_by_ids(loser, [lost.id]))[lost.id].files_erased_at == system.now
    for kept in (won, running):
        assert (await file_of_entry(kept)).erased_at is None
    assert await told("EntryFilesErased") == 1
    gone = (await file_of_entry(lost)).blob_key
    assert await ports.blobs.size(gone) is not None
    assert await resources.delete_doomed(system) == 1
    assert await ports.blobs.size(gone) is None
    assert len(_stored(ports)) == 2
    with pytest.raises(asyncpg.RaiseError, match="does not come back"):
        await db.execute("UPDATE vault_key SET wrapped = 'x', destroyed_at = NULL WHERE destroyed_at IS NOT NULL")


@pytest.mark.parametrize("end", ["REFUNDED", "CANCELLED"])
async def test_no_file_outlives_a_bounty_that_nobody_won(
    ports: Ports, system: Scope, clock: HandClock, tmp_path: Path, end: str
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator)
    entry = await accepted(author, bounty, tmp_path)
    if end == "CANCELLED":
        await bounties.cancel(initiator, bounty.id)
    else:
        clock.turn(timedelta(days=9))
        await bounties.close_due(system)
        await bounties.refund_due(system)

    clock.turn(KEPT)

    assert await bounties.erase_due(system) == 1
    assert (await file_of_entry(entry)).erased_at == system.now


async def test_only_the_author_deletes_and_only_what_can_not_win(ports: Ports, tmp_path: Path) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator)
    entry, winner = await accepted(author, bounty, tmp_path), await accepted(author, bounty, tmp_path)

    with pytest.raises(NotAllowed):
        await bounties.delete_files(initiator, entry.id)
    with pytest.raises(Conflict) as running:
        await bounties.delete_files(author, entry.id)
    await bounties.award(initiator, bounty.id, to=winner.id)
    with pytest.raises(Conflict) as sold:
        await bounties.delete_files(author, winner.id)
    assert (await file_of_entry(entry)).erased_at is None
    done = await bounties.delete_files(author, entry.id)

    assert (running.value.state, sold.value.state) == ("ACCEPTED", "AWARDED")
    assert done.files_erased_at == author.now
    assert (await file_of_entry(winner)).erased_at is None
    assert await told("EntryFilesErased") == 1


async def test_a_draft_forgets_its_files_and_takes_others_under_a_new_key(
    ports: Ports, db: asyncpg.Pool, tmp_path: Path
) -> None:
    author, bounty = await somebody(ports), await opened(await somebody(ports))
    entry = await bounties.draft_entry(author, bounty.id)
    await uploaded(author, entry.id, tmp_path)
    late = await bounties.begin_upload(author, entry.id, file_name="b.safetensors", size_bytes=3)

    done = await bounties.delete_files(author, entry.id)

    assert (done.status, done.files_erased_at) == (EntryStatus.DRAFT, None)
    assert await db.fetchval("SELECT count(*) FROM stored_file") == 0
    with pytest.raises(Conflict):
        await resources.complete_upload(author, late.id, tmp_path / "nothing")
    await uploaded(author, entry.id, tmp_path)
    assert await _keys(db) == [(1, True), (1, False)]
    assert (await bounties.submit_entry(author, entry.id)).status is EntryStatus.SCANNING


async def test_erasing_a_file_that_is_being_scanned_ends_the_scan(
    ports: Ports, db: asyncpg.Pool, tmp_path: Path
) -> None:
    author = await somebody(ports)
    entry = await submitted(author, await opened(await somebody(ports)), tmp_path)
    [order] = await resources.claim_scans(ports, "validator", 5)

    await bounties.withdraw_entry(author, entry.id)
    await bounties.delete_files(author, entry.id)

    assert not await resources.record_inspection(
        Scope.of_system(ports),
        fakes_inspection(order, {}),  # type: ignore[arg-type]
    )
    assert await resources.claim_scans(ports, "validator", 5) == []
    assert await db.fetchval("SELECT count(*) FROM scan") == 0


async def test_a_rotation_rewraps_every_key_and_the_old_master_key_can_go(
    ports: Ports, system: Scope, db: asyncpg.Pool, tmp_path: Path
) -> None:
    author = await somebody(ports)
    bounty = await opened(await somebody(ports))
    entries = [await accepted(author, bounty, tmp_path, TEXT) for _ in range(3)]
    await bounties.withdraw_entry(author, entries[0].id)
    await bounties.delete_files(author, entries[0].id)
    before = await _wrapped(db)
    sealed = _stored(ports)
    both, new = f"2:{'22' * 32},{VAULT_KEYS}", f"2:{'22' * 32}"

    done = await resources.rewrap_keys(_with(system, both))
    again = await resources.rewrap_keys(_with(system, both))
    checked = await resources.check_keys(_with(system, new))

    assert (done.rewrapped, dict(done.unopened)) == (2, {})
    assert (again.rewrapped, dict(again.unopened)) == (0, {})
    assert (dict(checked.by_master), dict(checked.unopened)) == ({2: 2}, {})
    assert not before & await _wrapped(db)
    assert sorted(_stored(ports)) == sorted(sealed)
    vault = fakes.a_vault(ports.blobs, new)
    assert b"".join([piece async for piece in vault.open(await sealed_file_of(entries[1]))]) == TEXT


async def test_a_key_that_does_not_open_holds_up_no_other(
    ports: Ports, system: Scope, db: asyncpg.Pool, tmp_path: Path
) -> None:
    author = await somebody(ports)
    bounty = await opened(await somebody(ports))
    for _ in range(3):
        await accepted(author, bounty, tmp_path)
    ids: list[UUID] = [row["id"] for row in await db.fetch("SELECT id FROM vault_key ORDER BY id")]
    await db.execute("UPDATE vault_key SET wrapped = 'spoilt' WHERE id = $1", ids[0])
    await db.execute("UPDATE vault_key SET master = 9 WHERE id = $1", ids[1])

    done = await resources.rewrap_keys(_with(system, f"2:{'22' * 32},{VAULT_KEYS}"))

    assert done.rewrapped == 1
    assert sorted(done.unopened) == sorted(ids[:2])
    assert "master key 9, which VAULT_KEYS lacks" in done.unopened[ids[1]]
    assert [row[0] for row in await _keys(db)] == [1, 9, 2]


async def _wrapped(db: asyncpg.Pool) -> set[bytes]:
    rows = await db.fetch("SELECT wrapped FROM vault_key WHERE wrapped IS NOT NULL")
    return {bytes(row["wrapped"]) for row in rows}


def _with(scope: Scope, keys: str) -> Scope:
    """The same scope, on a server with other master keys."""
    return replace(scope, ports=replace(scope.ports, vault=fakes.a_vault(scope.ports.blobs, keys)))


async def test_files_of_an_earlier_release_are_sealed_by_the_clock(
    ports: Ports, system: Scope, db: asyncpg.Pool, tmp_path: Path
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    entry = await accepted(author, await opened(initiator), tmp_path, TEXT)
    await ports.blobs.put("files/old", TEXT)
    await db.execute("UPDATE stored_file SET blob_key = 'files/old', vault_key_id = NULL")

    without = await resources.seal_stored(replace(system, ports=replace(ports, vault=None)))
    done = [await resources.seal_stored(system) for _ in range(2)]
    await resources.delete_doomed(system)

    assert (without, done) == (0, [1, 0])
    file = await sealed_file_of(entry)
    assert ports.vault is not None
    assert b"".join([piece async for piece in ports.vault.open(file)]) == TEXT
    assert await ports.blobs.size("files/old") is None
    assert not any(TEXT[:45] in stored for stored in _stored(ports))
    assert await db.fetchval("SELECT count(*) FROM doomed_blob") == 0
