"""Previews of an entry: who uploads, what becomes of the picture, and to whom it is shown."""

import io
import secrets
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from PIL import Image

from countenance.vault.pictures import drawn
from domain import bounties, resources
from domain.bounties import BountyEntry
from domain.kernel.clock import HandClock
from domain.kernel.findings import Finding, Signal, Verdict
from domain.kernel.ports import Policy, Ports
from domain.kernel.refusals import Conflict, InvalidInput, NotAllowed
from domain.kernel.scope import Scope
from tests.actions.bounties import accepted, followed, opened, uploaded, validated
from tests.serving import Api
from tests.vault.world import Member, some_member

SHOWN = """
query ($id: ID!) { node(id: $id) { ... on BountyEntry { status previews { verdict error width height url } } } }
"""


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0))


def a_picture(size: tuple[int, int] = (1200, 900)) -> bytes:
    """A picture that compresses to something one can search for."""
    out = io.BytesIO()
    Image.new("RGB", size, (200, 30, 90)).save(out, "PNG")
    return out.getvalue()


async def shown(member: Member, entry: BountyEntry, folder: Path, picture: bytes) -> None:
    """Upload a preview of a draft."""
    name = f"{secrets.token_hex(8)}.png"
    path = folder / name
    path.write_bytes(picture)
    upload = await bounties.begin_preview(member.scope, entry.id, file_name=name, size_bytes=len(picture))
    await resources.complete_upload(member.scope, upload.id, path)


async def _draft(ports: Ports, folder: Path, previews: int = 1) -> tuple[Member, Member, BountyEntry]:
    """The initiator, the author, and a draft with a model and previews."""
    initiator, author = await some_member(ports), await some_member(ports)
    entry = await bounties.draft_entry(author.scope, (await opened(initiator.scope)).id)
    await uploaded(author.scope, entry.id, folder)
    for _ in range(previews):
        await shown(author, entry, folder, a_picture())
    return initiator, author, entry


def _stored(ports: Ports) -> list[str]:
    """The names of what lies in the blob folder."""
    folder = Path(ports.blobs._folder)  # type: ignore[attr-defined]
    return [path.name for path in folder.iterdir() if path.name.startswith(("files__", "previews__"))]


async def _seen(client: Api, member: Member, entry: BountyEntry) -> Any:
    node = (await client.data(SHOWN, {"id": f"entry_{entry.id.hex}"}, token=member.token))["node"]
    return node["previews"] if node else None


async def test_a_preview_is_examined_drawn_and_shown_to_author_and_initiator_alone(
    client: Api, ports: Ports, system: Scope, db: asyncpg.Pool, tmp_path: Path
) -> None:
    initiator, author, entry = await _draft(ports, tmp_path)
    [original] = await db.fetch("SELECT blob_key FROM stored_file WHERE holder_kind = 'preview'")
    in_draft = await _seen(client, initiator, entry)
    await bounties.submit_entry(author.scope, entry.id)
    orders = await resources.claim_scans(ports, "validator", 5)
    await db.execute("UPDATE scan SET status = 'QUEUED', lease_until = NULL, leased_by = NULL")
    await validated(ports)

    drew = [await bounties.draw_previews(system, drawn) for _ in range(2)]
    await resources.delete_doomed(system)

    assert in_draft == []
    assert sorted(order.sample for order in orders) == [False, True]
    assert drew == [1, 0]
    assert await ports.blobs.size(original["blob_key"]) is None
    theirs = await _seen(client, initiator, entry)
    assert [(each["verdict"], each["width"], each["height"]) for each in theirs] == [("CLEAN", 512, 384)]
    url = theirs[0]["url"].removeprefix("http://testserver")
    picture = await client.http.get(url, headers=initiator.headers)
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/webp")
    assert Image.open(io.BytesIO(picture.content)).size == (512, 384)
    assert picture.headers["cache-control"] == "private, no-store"
    foreign = [await client.http.get(url, headers=each) for each in (author.headers, {})]
    assert [answer.status_code for answer in foreign] == [403, 403]
    assert (await _seen(client, author, entry))[0]["url"] is not None
    assert await _seen(client, await some_member(ports), entry) is None
    assert await db.fetchval("SELECT count(*) FROM outcome_read") == 0


async def test_a_preview_that_shows_somebody_protected_holds_the_entry_and_is_not_shown(
    client: Api, ports: Ports, system: Scope, tmp_path: Path
) -> None:
    initiator, author, entry = await _draft(ports, tmp_path)
    await bounties.submit_entry(author.scope, entry.id)
    face = Finding(Signal.FACE_IN_SAMPLE, Verdict.HELD, "a face like that of a protected person")

    for order in await resources.claim_scans(ports, "validator", 5):
        await _answered(ports, order, findings=(face,) if order.sample else ())
    await followed(ports)

    assert (await bounties.entries_by_ids(author.scope, [entry.id]))[entry.id].status == "HELD"
    assert await bounties.draw_previews(system, drawn) == 0
    assert await _seen(client, initiator, entry) == []
    assert [each["verdict"] for each in await _seen(client, author, entry)] == ["HELD"]


async def _answered(ports: Ports, order: Any, *, findings: tuple[Finding, ...] = (), error: str | None = None) -> None:
    from domain.kernel.work import pool
    from tests.actions.bounties import _inspection

    sha256 = await pool().fetchval(
        "SELECT f.sha256 FROM scan JOIN stored_file f ON f.id = scan.file_id WHERE scan.id = $1", order.scan_id
    )
    verdict = Verdict.FAILED if error else Verdict.HELD if findings else Verdict.CLEAN
    answer = replace(_inspection(order, verdict, findings, (), error), hashes={"SHA256": sha256})
    assert await resources.record_inspection(Scope.of_system(ports), answer)


async def test_a_picture_that_can_not_be_read_is_told_and_counts_for_nothing(
    client: Api, ports: Ports, system: Scope, tmp_path: Path
) -> None:
    initiator, author, entry = await _draft(ports, tmp_path)
    await bounties.submit_entry(author.scope, entry.id)

    for order in await resources.claim_scans(ports, "validator", 5):
        await _answered(ports, order, error="This is no picture." if order.sample else None)
    await followed(ports)

    assert (await bounties.entries_by_ids(author.scope, [entry.id]))[entry.id].status == "ACCEPTED"
    assert await bounties.draw_previews(system, drawn) == 0
    assert await _seen(client, initiator, entry) == []
    assert [(each["verdict"], each["error"]) for each in await _seen(client, author, entry)] == [
        ("FAILED", "This is no picture.")
    ]


async def test_what_can_not_be_drawn_after_all_is_given_up_once(
    ports: Ports, system: Scope, db: asyncpg.Pool, tmp_path: Path
) -> None:
    _, author, entry = await _draft(ports, tmp_path, previews=0)
    await shown(author, entry, tmp_path, b"looked like a picture to the validator")
    await bounties.submit_entry(author.scope, entry.id)
    await validated(ports)

    drew = [await bounties.draw_previews(system, drawn) for _ in range(2)]

    assert drew == [0, 0]
    assert await resources.clean_pictures() == []
    assert await db.fetchval("SELECT count(*) FROM entry_preview") == 0


async def test_an_entry_has_four_previews_by_its_author_while_it_is_a_draft(ports: Ports, tmp_path: Path) -> None:
    initiator, author, entry = await _draft(ports, tmp_path, previews=3)
    begun = {"file_name": "late.png", "size_bytes": 10}
    await bounties.begin_preview(author.scope, entry.id, **begun)

    with pytest.raises(Conflict) as full:
        await bounties.begin_preview(author.scope, entry.id, **begun)
    with pytest.raises(NotAllowed):
        await bounties.begin_preview(initiator.scope, entry.id, **begun)
    with pytest.raises(InvalidInput):
        await bounties.begin_preview(
            author.scope,
            (await bounties.draft_entry(author.scope, entry.bounty_id)).id,
            file_name="large.png",
            size_bytes=ports.policy.max_sample_bytes + 1,
        )
    await bounties.submit_entry(author.scope, entry.id)
    with pytest.raises(Conflict) as submitted:
        await bounties.begin_preview(author.scope, entry.id, **begun)

    assert (full.value.state, submitted.value.state) == ("TOO_MANY_PREVIEWS", "SCANNING")


async def test_previews_go_with_the_files(
    client: Api, ports: Ports, system: Scope, clock: HandClock, *, db: asyncpg.Pool, tmp_path: Path
) -> None:
    initiator, author, entry = await _draft(ports, tmp_path)
    await bounties.submit_entry(author.scope, entry.id)
    await validated(ports)
    await bounties.draw_previews(system, drawn)
    [preview] = await _seen(client, initiator, entry)
    await bounties.cancel(initiator.scope, entry.bounty_id)
    clock.turn(timedelta(days=30))

    assert await bounties.erase_due(system) == 1
    await resources.delete_doomed(system)

    assert _stored(ports) == []
    assert await db.fetchval("SELECT count(*) FROM entry_preview") == 0
    gone = await client.http.get(preview["url"].removeprefix("http://testserver"), headers=initiator.headers)
    assert gone.status_code == 403


async def test_the_purpose_is_said_where_the_upload_begins(client: Api, ports: Ports, tmp_path: Path) -> None:
    _, author, entry = await _draft(ports, tmp_path, previews=0)
    begin = """
    mutation ($input: UploadBeginInput!) { uploadBegin(input: $input) { __typename
      ... on UploadBeginSuccess { ticket { maxSizeBytes } } ... on InvalidInputError { message } } }
    """
    asked = {"fileName": "a.png", "sizeBytes": 10, "purpose": "PREVIEW"}

    right = await client.data(begin, {"input": {**asked, "entryId": f"entry_{entry.id.hex}"}}, token=author.token)
    wrong = await client.data(begin, {"input": {**asked, "resourceId": f"resource_{'0' * 32}"}}, token=author.token)

    assert right["uploadBegin"]["ticket"] == {"maxSizeBytes": float(ports.policy.max_sample_bytes)}
    assert wrong["uploadBegin"]["message"] == "Previews belong to entries; a resource shows samples."
    assert await accepted(author.scope, await opened((await some_member(ports)).scope), tmp_path)
