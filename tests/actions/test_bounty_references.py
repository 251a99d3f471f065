"""Reference pictures of a bounty: examined before anybody else sees them, drawn anew, and held for whom they show."""

import io
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from PIL import Image

from countenance.sealing import Seal
from countenance.vault.pictures import copied
from domain import bounties, likeness, resources
from domain.bounties import Bounty, BountyReference, Drawn
from domain.kernel.findings import Signal, Verdict
from domain.kernel.ids import FileId
from domain.kernel.ports import Policy, Ports
from domain.kernel.refusals import Conflict, NotAllowed, NotFound
from domain.kernel.scope import Scope
from domain.likeness import AffectedAction
from domain.registry.faces import packed
from domain.registry.snapshot import Consent, Snapshot
from tests.actions.bounties import followed, opened, some_moderator, somebody, submitted, told
from tests.actions.test_samples import ALDEBARAN_SEEN, NOBODY_SEEN, adopt, enrolled, examined
from tests.claiming import a_descriptor, filed
from tests.resourcing import inspection, spooled
from tests.sweeping import swept


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """With a key to keep faces under; nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0), sealer=Seal("ab" * 32))


def a_picture(width: int = 1600, height: int = 800) -> bytes:
    """A JPEG whose file says where it was taken."""
    said = Image.Exif()
    said[0x010E] = "taken at home"
    out = io.BytesIO()
    Image.new("RGB", (width, height), (200, 120, 40)).save(out, "JPEG", exif=said)
    return out.getvalue()


async def shown(scope: Scope, bounty: Bounty, data: bytes = b"", *, name: str = "boat.jpg") -> FileId:
    """A reference picture that has arrived."""
    data = data or a_picture()
    upload = await bounties.begin_reference(scope, bounty.id, file_name=name, size_bytes=len(data))
    return await resources.complete_upload(scope, upload.id, spooled(scope, data))


async def seen(scope: Scope, bounty: Bounty) -> list[BountyReference]:
    return list((await bounties.references_of(scope, [bounty], urls=True))[bounty.id])


async def now(scope: Scope, bounty: Bounty) -> Bounty | None:
    return (await bounties.bounties_by_ids(scope, [bounty.id])).get(bounty.id)


async def looked_at(scope: Scope, *faces: bytes, error: str | None = None) -> None:
    """Every waiting picture was examined, and what follows has happened."""
    if error is None:
        await examined(scope, *faces)
    else:
        for order in await resources.claim_scans(scope.ports, "worker-1", 100):
            assert await resources.record_inspection(
                Scope.of_system(scope.ports), inspection(scope, order, error=error)
            )
    await followed(scope.ports)


async def test_a_picture_is_shown_once_it_is_clean_and_drawn_anew(ports: Ports, nobody: Scope, system: Scope) -> None:
    initiator, moderator = await somebody(ports), await some_moderator(ports)
    bounty = await opened(initiator)

    file_id = await shown(initiator, bounty)
    waiting = [len(await seen(scope, bounty)) for scope in (initiator, moderator, nobody)]
    await looked_at(initiator, NOBODY_SEEN)
    undrawn = await seen(nobody, bounty)
    drawn = await bounties.draw_references(system, copied)
    [reference] = await seen(nobody, bounty)

    assert (waiting, undrawn, drawn) == ([1, 1, 0], [], 1)
    assert (reference.id, reference.width, reference.height) == (file_id, 1024, 512)
    assert reference.url is not None
    key = reference.url.removeprefix("fake-blob:").partition("?")[0]
    with Image.open(io.BytesIO(await ports.blobs.get(key))) as copy:
        assert (copy.format, dict(copy.getexif())) == ("WEBP", {})
    assert await bounties.draw_references(system, copied) == 0


async def test_the_picture_that_was_uploaded_is_deleted_when_it_has_been_drawn(
    db: asyncpg.Pool, ports: Ports, system: Scope
) -> None:
    initiator = await somebody(ports)
    await shown(initiator, await opened(initiator))
    original = await db.fetchval("SELECT blob_key FROM stored_file")
    await looked_at(initiator)

    await bounties.draw_references(system, copied)
    await resources.delete_doomed(system)

    assert await ports.blobs.size(original) is None
    assert await db.fetchval("SELECT blob_key FROM stored_file") == ""
    assert await db.fetchval("SELECT count(*) FROM bounty_reference") == 1


async def test_a_face_of_somebody_protected_holds_the_bounty_and_removing_the_picture_frees_it(
    ports: Ports, nobody: Scope, system: Scope
) -> None:
    initiator = await somebody(ports)
    _, person = await enrolled(initiator)
    bounty = await opened(initiator)
    file_id = await shown(initiator, bounty)

    await looked_at(initiator, ALDEBARAN_SEEN)
    held = await now(initiator, bounty)
    unseen = await now(nobody, bounty)
    [finding] = (await bounties.hold_findings(initiator, [bounty.id]))[bounty.id]
    await bounties.draw_references(system, copied)
    [own] = await seen(initiator, bounty)
    free = await bounties.remove_reference(initiator, file_id)

    assert held is not None
    assert (held.depicts_real_person, unseen) == (True, None)
    assert (finding.signal, finding.verdict, finding.person_id) == (Signal.FACE_IN_SAMPLE, Verdict.HELD, person.id)
    assert (own.url, own.file.verdict) == (None, Verdict.HELD)
    assert (free.held_at, free.depicts_real_person) == (None, False)
    assert await now(nobody, bounty) == free
    assert (await told("BountyHidden"), await told("BountyShown")) == (1, 1)
    assert await seen(initiator, bounty) == []


async def test_a_face_that_is_enrolled_later_hides_what_was_shown_and_its_withdrawal_shows_it_again(
    db: asyncpg.Pool, ports: Ports, nobody: Scope, system: Scope
) -> None:
    initiator = await somebody(ports)
    bounty = await opened(initiator)
    await shown(initiator, bounty)
    await looked_at(initiator, ALDEBARAN_SEEN)
    await bounties.draw_references(system, copied)
    before = await db.fetch("SELECT id, held_at, reference_findings::text, depicts_found FROM bounty")

    snapshot, _ = await enrolled(initiator)
    await swept(system)
    await followed(ports)
    during = await now(nobody, bounty)
    adopt(initiator, Snapshot(snapshot.version + 1))
    await db.execute("UPDATE sweep SET done = 0")
    await followed(ports)

    assert during is None
    assert await db.fetch("SELECT id, held_at, reference_findings::text, depicts_found FROM bounty") == before
    assert len(await seen(nobody, bounty)) == 1


async def test_a_picture_that_can_not_be_read_says_so_and_can_be_removed(
    ports: Ports, nobody: Scope, tmp_path: Path
) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator)
    file_id = await shown(initiator, bounty, b"no picture")

    await looked_at(initiator, error="This is no picture that can be read.")
    await submitted(author, bounty, tmp_path)
    [own] = await seen(initiator, bounty)
    others = await seen(nobody, bounty)
    after = await bounties.remove_reference(initiator, file_id)

    assert (own.file.verdict, own.file.scan.error) == (Verdict.FAILED, "This is no picture that can be read.")
    assert (others, after.held_at, await seen(initiator, bounty)) == ([], None, [])


async def test_what_authors_have_seen_stays(db: asyncpg.Pool, ports: Ports, tmp_path: Path) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator)
    file_id = await shown(initiator, bounty)
    await looked_at(initiator)
    await submitted(author, bounty, tmp_path)

    with pytest.raises(Conflict):
        await bounties.remove_reference(initiator, file_id)
    with pytest.raises(Conflict):
        await shown(initiator, bounty)

    assert await db.fetchval("SELECT count(*) FROM stored_file WHERE holder_kind = 'reference'") == 1


async def test_an_upload_that_was_begun_before_somebody_entered_does_not_arrive_after(ports: Ports) -> None:
    initiator, author = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator)
    data = a_picture()
    upload = await bounties.begin_reference(initiator, bounty.id, file_name="late.jpg", size_bytes=len(data))

    await bounties.draft_entry(author, bounty.id)
    with pytest.raises(Conflict):
        await resources.complete_upload(initiator, upload.id, spooled(initiator, data))

    assert await seen(initiator, bounty) == []


async def test_only_the_initiator_adds_and_removes_pictures_and_at_most_four(
    db: asyncpg.Pool, ports: Ports, nobody: Scope
) -> None:
    initiator, other = await somebody(ports), await somebody(ports)
    bounty = await opened(initiator)
    file_id = await shown(initiator, bounty)
    for number in range(3):
        await shown(initiator, bounty, name=f"boat-{number}.jpg")

    with pytest.raises(NotAllowed):
        await shown(other, bounty)
    with pytest.raises(NotAllowed):
        await bounties.remove_reference(other, file_id)
    with pytest.raises(Conflict) as refused:
        await shown(initiator, bounty, name="fifth.jpg")
    await bounties.remove_reference(initiator, file_id)
    with pytest.raises(NotFound):
        await bounties.remove_reference(initiator, file_id)

    assert refused.value.state == "TOO_MANY_PICTURES"
    assert await db.fetchval("SELECT count(*) FROM stored_file") == 3


async def test_a_picture_that_can_not_be_drawn_is_not_shown(ports: Ports, nobody: Scope, system: Scope) -> None:
    initiator = await somebody(ports)
    bounty = await opened(initiator)
    await shown(initiator, bounty)
    await looked_at(initiator)

    def fails(_: bytes) -> Drawn:
        raise ValueError

    assert await bounties.draw_references(system, fails) == 0
    assert await bounties.draw_references(system, copied) == 0
    assert await seen(nobody, bounty) == []


async def test_a_consent_to_the_initiator_covers_no_picture_because_others_make_what_it_shows(
    ports: Ports, nobody: Scope
) -> None:
    initiator = await somebody(ports)
    await enrolled(initiator, consent=Consent.NAMED_CREATORS, creators=(initiator.require_actor().account_id,))
    bounty = await opened(initiator)
    await shown(initiator, bounty)

    await looked_at(initiator, ALDEBARAN_SEEN)

    assert await now(nobody, bounty) is None


async def test_a_claimants_face_in_a_picture_holds_the_bounty_until_the_claim_is_over(
    ports: Ports, nobody: Scope, system: Scope
) -> None:
    initiator = await somebody(ports)
    bounty = await opened(initiator)
    face = a_descriptor(1)
    await shown(initiator, bounty)
    await looked_at(initiator, packed(face))
    await bounties.draw_references(system, copied)

    made = await filed(nobody, locations=(f"bounty_{bounty.id.hex}",), face_descriptors=(face,))
    await followed(ports)
    during = await now(nobody, bounty)
    [item] = (await likeness.affected_by([made.claim.id]))[made.claim.id]
    await likeness.withdraw_claim(nobody, made.claim.case_code, made.pin)
    await followed(ports)

    assert during is None
    assert (item.action, [finding.signal for finding in item.findings]) == (
        AffectedAction.HELD,
        [Signal.FACE_IN_SAMPLE],
    )
    assert await now(nobody, bounty) is not None
