"""The vault's door over HTTP: for whom it opens, what it gives, and what it writes down."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from starlette.applications import Starlette

from countenance.settings import Settings
from countenance.vault.sealed_format import CHUNK
from domain import accounts, bounties, resources
from domain.kernel.clock import HandClock
from domain.kernel.findings import Verdict
from domain.kernel.ports import Policy, Ports
from domain.kernel.scope import Scope
from domain.kernel.wire import MetadataText
from tests import fakes, serving
from tests.actions.bounties import accepted, followed, opened, submitted, uploaded, validated
from tests.counting import counted
from tests.serving import Api
from tests.vault.world import (
    Awarded,
    Member,
    awarded,
    file_of_entry,
    link_to,
    sealed_file_of,
    some_member,
    some_moderator,
)

MODEL = os.urandom(2 * CHUNK + 777)

ENTRY = """
query ($id: ID!) { node(id: $id) { ... on BountyEntry {
  outcome { files { name downloadUrl } }
  files { name sizeBytes sha256 erasedAt }
  filesErasedAt
  reads { totalCount edges { node { kind reader { handle } fileName firstByte lastByte complete } } }
} } }
"""
DELETE = """
mutation ($id: ID!) { entryDeleteFiles(entryId: $id) { __typename
  ... on EntryDeleteFilesSuccess { entry {
    filesErasedAt files { name erasedAt downloadUrl } outcome { files { name } } } }
  ... on ConflictError { message state } ... on NotAllowedError { message } } }
"""


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0))


@pytest.fixture
async def world(ports: Ports, tmp_path: Path) -> Awarded:
    """An awarded bounty, whose file is larger than a chunk."""
    return await awarded(ports, tmp_path, MODEL)


@pytest.fixture
async def server(app: Starlette, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a real server."""
    async with serving.served(app, settings) as url, httpx.AsyncClient(base_url=url) as http:
        yield http


def _id(entry: Any) -> str:
    return f"entry_{entry.id.hex}"


async def _downloads(db: asyncpg.Pool) -> list[tuple[int, int, int | None]]:
    rows = await db.fetch("SELECT first_byte, last_byte, sent_bytes FROM outcome_download ORDER BY id")
    return [tuple(row) for row in rows]


async def test_the_initiator_reads_what_they_bought_and_the_author_sees_each_read(
    client: Api, db: asyncpg.Pool, world: Awarded
) -> None:
    link = await link_to(world.initiator, world.entry)

    whole = await client.http.get(link, headers=world.initiator.headers)
    part = await client.http.get(link, headers={**world.initiator.headers, "range": "bytes=5-9"})

    assert (whole.status_code, whole.content) == (200, MODEL)
    assert whole.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert whole.headers["cache-control"] == "private, no-store"
    assert (part.status_code, part.content) == (206, MODEL[5:10])
    assert await _downloads(db) == [(0, len(MODEL) - 1, len(MODEL)), (5, 9, 5)]
    seen = (await client.data(ENTRY, {"id": _id(world.entry)}, token=world.author.token))["node"]
    reader = {"handle": world.initiator.scope.require_actor().handle}
    name = (await file_of_entry(world.entry)).name
    common = {"reader": reader, "fileName": name}
    assert seen["reads"]["totalCount"] == 3
    assert [edge["node"] for edge in seen["reads"]["edges"]] == [
        {"kind": "DOWNLOAD", **common, "firstByte": 5.0, "lastByte": 9.0, "complete": True},
        {"kind": "DOWNLOAD", **common, "firstByte": 0.0, "lastByte": len(MODEL) - 1, "complete": True},
        {"kind": "LINK", **common, "firstByte": None, "lastByte": None, "complete": None},
    ]


async def test_nobody_else_sees_files_or_reads(client: Api, ports: Ports, world: Awarded) -> None:
    await link_to(world.initiator, world.entry)
    moderator = await some_moderator(ports)

    theirs = (await client.data(ENTRY, {"id": _id(world.entry)}, token=moderator.token))["node"]
    initiators = (await client.data(ENTRY, {"id": _id(world.entry)}, token=world.initiator.token))["node"]

    assert (theirs["outcome"], theirs["files"], theirs["reads"]) == (None, [], {"totalCount": 0, "edges": []})
    assert initiators["files"] == []
    assert initiators["reads"]["totalCount"] >= 1


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ({"range": f"bytes={CHUNK - 2}-{CHUNK + 1}"}, 206, slice(CHUNK - 2, CHUNK + 2)),
        ({"range": f"bytes={2 * CHUNK}-"}, 206, slice(2 * CHUNK, None)),
        ({"range": "bytes=-3"}, 206, slice(-3, None)),
        ({"range": "bytes=0-0,5-6"}, 200, slice(None)),
        ({"range": "bytes=9-3"}, 200, slice(None)),
        ({"range": "lines=1-2"}, 200, slice(None)),
        ({"range": "bytes=0-3", "if-range": '"another"'}, 200, slice(None)),
        ({"range": f"bytes={len(MODEL)}-"}, 416, slice(0, 0)),
        ({"range": "bytes=-0"}, 416, slice(0, 0)),
    ],
)
async def test_a_range_is_a_part(
    client: Api, db: asyncpg.Pool, world: Awarded, *, asked: dict[str, str], status: int, part: slice
) -> None:
    link = await link_to(world.initiator, world.entry)

    answer = await client.http.get(link, headers={**world.initiator.headers, **asked})

    assert answer.status_code == status
    if status == 416:
        assert answer.headers["content-range"] == f"bytes */{len(MODEL)}"
        assert await _downloads(db) == []
    else:
        assert answer.content == MODEL[part]
        assert answer.headers["content-length"] == str(len(answer.content))
        assert len(await _downloads(db)) == 1


async def test_a_download_is_resumed_for_the_same_version_only(client: Api, world: Awarded) -> None:
    link = await link_to(world.initiator, world.entry)
    head = await client.http.head(link, headers=world.initiator.headers)

    etag = head.headers["etag"]
    rest = await client.http.get(link, headers={**world.initiator.headers, "range": "bytes=1000-", "if-range": etag})

    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(MODEL)))
    assert etag == f'"{(await file_of_entry(world.entry)).sha256}"'
    assert (rest.status_code, rest.content) == (206, MODEL[1000:])
    assert rest.headers["content-range"] == f"bytes 1000-{len(MODEL) - 1}/{len(MODEL)}"


async def test_a_link_opens_for_its_account_alone_and_not_without_a_session(
    client: Api, ports: Ports, db: asyncpg.Pool, world: Awarded
) -> None:
    link = await link_to(world.initiator, world.entry)
    moderator = await some_moderator(ports)

    answers = [await client.http.get(link, headers=each.headers) for each in (world.author, moderator)]
    nobody = await client.http.get(link)
    await accounts.sign_out(world.initiator.scope)
    signed_out = await client.http.get(link, headers=world.initiator.headers)

    assert [answer.status_code for answer in (*answers, nobody, signed_out)] == [403, 403, 403, 403]
    assert answers[0].text == "This link works only for the account it was made for; sign in as that account."
    assert all(MODEL[:16] not in answer.content for answer in (*answers, nobody, signed_out))
    assert await _downloads(db) == []


async def test_a_link_is_over_after_five_minutes_and_can_not_be_bent(
    client: Api, clock: HandClock, world: Awarded
) -> None:
    link = await link_to(world.initiator, world.entry)
    other = await link_to(world.initiator, world.entry)

    bent = link.split("?")[0] + "?" + other.split("?")[1]
    later = link.replace("expires=", "expires=9")
    answers = [
        await client.http.get(each, headers=world.initiator.headers)
        for each in (bent, later, link.split("?")[0], link[:-1] + "x", "/vault/reads/x?expires=1&sig=")
    ]
    clock.turn(timedelta(seconds=299))
    in_time = await client.http.get(link, headers={**world.initiator.headers, "range": "bytes=0-3"})
    clock.turn(timedelta(seconds=1))
    too_late = await client.http.get(link, headers=world.initiator.headers)

    assert [answer.status_code for answer in answers] == [403] * 5
    assert in_time.content == MODEL[:4]
    assert too_late.status_code == 403
    assert too_late.text == "This link is not valid or no longer valid; ask for a new one."


async def test_a_link_that_was_given_opens_nothing_once_the_entry_is_blocked(
    client: Api, ports: Ports, db: asyncpg.Pool, tmp_path: Path
) -> None:
    initiator, author = await some_member(ports), await some_member(ports)
    entry = await submitted(author.scope, await opened(initiator.scope), tmp_path)
    await validated(ports, texts=[MetadataText("ss_output_name", "test_person_aldebaran_v2")])
    await bounties.award(initiator.scope, entry.bounty_id, to=entry.id)
    link = await link_to(initiator, entry)
    await db.execute("UPDATE scan SET verdict = 'BLOCKED'")

    by_its_file = await client.http.get(link, headers=initiator.headers)
    await db.execute("UPDATE scan SET verdict = 'CLEAN'")
    await db.execute("UPDATE bounty_entry SET status = 'BLOCKED'")
    by_itself = await client.http.get(link, headers=initiator.headers)
    await db.execute("UPDATE bounty_entry SET status = 'ACCEPTED'")
    again = await client.http.get(link, headers=initiator.headers)

    assert [by_its_file.status_code, by_itself.status_code, again.status_code] == [403, 403, 200]
    assert by_itself.text == "This file does not open for you any more."


async def test_an_author_reads_their_own_file_until_it_wins(client: Api, ports: Ports, tmp_path: Path) -> None:
    initiator, author = await some_member(ports), await some_member(ports)
    entry = await accepted(author.scope, await opened(initiator.scope), tmp_path, MODEL)
    link = await link_to(author, entry)

    mine = await client.http.get(link, headers=author.headers)
    theirs = await client.http.get(link, headers=initiator.headers)
    await bounties.award(initiator.scope, entry.bounty_id, to=entry.id)
    sold = await client.http.get(link, headers=author.headers)

    assert (mine.status_code, mine.content) == (200, MODEL)
    assert (theirs.status_code, sold.status_code) == (403, 403)
    [own] = (await bounties.own_files(author.scope, [await _seen(author, entry)], urls=True))[entry.id]
    assert own.download_url is None


async def _seen(member: Member, entry: Any) -> Any:
    return (await bounties.entries_by_ids(member.scope, [entry.id]))[entry.id]


async def test_what_was_held_is_not_given_back_by_withdrawing_it(ports: Ports, tmp_path: Path) -> None:
    author = await some_member(ports)
    entry = await submitted(author.scope, await opened((await some_member(ports)).scope), tmp_path)
    await validated(ports, Verdict.HELD)
    await bounties.withdraw_entry(author.scope, entry.id)

    [own] = (await bounties.own_files(author.scope, [await _seen(author, entry)], urls=True))[entry.id]

    assert own.download_url is None


async def test_a_reader_who_goes_away_has_not_read_it_all(
    server: httpx.AsyncClient, ports: Ports, db: asyncpg.Pool, tmp_path: Path
) -> None:
    large = os.urandom(64 * CHUNK)
    world = await awarded(ports, tmp_path, large)
    link = await link_to(world.initiator, world.entry)

    async with server.stream("GET", link, headers=world.initiator.headers) as answer:
        async for _ in answer.aiter_bytes(65_536):
            break

    async with asyncio.timeout(10):
        while await db.fetchval("SELECT count(*) FROM outcome_download WHERE ended_at IS NOT NULL") == 0:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    [(first, last, sent)] = await _downloads(db)
    assert (first, last) == (0, len(large) - 1)
    assert sent is not None
    assert sent < len(large)


async def test_an_inspector_reads_by_the_link_of_its_scan_and_no_other(
    client: Api, ports: Ports, system: Scope, clock: HandClock, tmp_path: Path
) -> None:
    author = await some_member(ports)
    entry = await submitted(author.scope, await opened((await some_member(ports)).scope), tmp_path, MODEL)
    [order] = await resources.claim_scans(ports, "validator", 5)
    link = order.source_url.removeprefix("http://testserver")

    read = await client.http.get(link)
    part = await client.http.get(link, headers={"range": "bytes=8-15"})
    await resources.renew_scan(order.scan_id, order.attempt, "validator")
    other_attempt = await client.http.get(link.replace(f"/{order.attempt}?", f"/{order.attempt + 1}?"))
    clock.turn(timedelta(minutes=5))
    late = await client.http.get(link)
    clock.turn(-timedelta(minutes=5))
    await bounties.withdraw_entry(author.scope, entry.id)
    await bounties.delete_files(author.scope, entry.id)
    over = await client.http.get(link)

    assert order.source_url.startswith(f"http://testserver/vault/scans/{order.scan_id.hex}/1?expires=")
    assert (read.status_code, read.content) == (200, MODEL)
    assert (part.status_code, part.content) == (206, MODEL[8:16])
    assert [answer.status_code for answer in (other_attempt, late, over)] == [403, 403, 403]


async def test_bytes_that_were_swapped_in_the_store_fail_the_scan_and_are_never_given(
    client: Api, ports: Ports, tmp_path: Path
) -> None:
    author = await some_member(ports)
    entry = await submitted(author.scope, await opened((await some_member(ports)).scope), tmp_path, MODEL)
    file = await sealed_file_of(entry)
    sealed = await ports.blobs.get(file.blob_key)
    await ports.blobs.put(file.blob_key, sealed[:50] + bytes([sealed[50] ^ 1]) + sealed[51:])
    [order] = await resources.claim_scans(ports, "validator", 5)

    answer = await client.http.get(order.source_url.removeprefix("http://testserver"))
    await followed(ports)

    assert answer.status_code == 500
    assert answer.text == "This file is damaged where it is kept, so none of it is given out."
    scan = (await file_of_entry(entry)).scan
    assert (scan.verdict, scan.sha256) == (Verdict.FAILED, None)
    assert scan.error == "The stored file is not the one that was uploaded: its SHA256 differs. Upload it again."
    assert (await _seen(author, entry)).status == "DRAFT"


async def test_without_a_key_no_file_of_an_entry_is_taken_or_opened(
    client: Api, settings: Settings, ports: Ports, world: Awarded, tmp_path: Path
) -> None:
    link = await link_to(world.initiator, world.entry)
    without = replace(ports, vault=None)
    author = replace(world.author.scope, ports=without)
    draft = await bounties.draft_entry(author, (await opened(world.initiator.scope)).id)
    begin = (
        'mutation { uploadBegin(input: {fileName: "a", sizeBytes: 5, entryId: "%s"})'
        " { __typename ... on ConflictError { message state } } }"
    )

    async with serving.app_of(settings, without) as app, serving.api_of(app) as api:
        refused = (await api.data(begin % f"entry_{draft.id.hex}", token=world.author.token))["uploadBegin"]
        read = await api.http.get(link, headers=world.initiator.headers)

    assert refused == {
        "__typename": "ConflictError",
        "message": "This server can't keep the files of entries safe yet: its operator has to set VAULT_KEYS first.",
        "state": "NO_VAULT",
    }
    assert read.status_code == 403
    await uploaded(world.author.scope, draft.id, tmp_path)
    await bounties.submit_entry(world.author.scope, draft.id)
    assert await resources.claim_scans(without, "validator", 5) == []
    assert len(await resources.claim_scans(ports, "validator", 5)) == 1


async def test_a_key_that_the_server_lacks_is_said_and_nothing_is_lost(
    settings: Settings, ports: Ports, world: Awarded
) -> None:
    link = await link_to(world.initiator, world.entry)
    other = replace(ports, vault=fakes.a_vault(ports.blobs, f"2:{'22' * 32}"))

    async with serving.app_of(settings, other) as app, serving.api_of(app) as api:
        answer = await api.http.get(link, headers=world.initiator.headers)

    assert answer.status_code == 503
    assert answer.text == "This file can't be opened now: its key is to be restored by the server's operator."


async def test_deleted_files_are_still_spoken_of(client: Api, ports: Ports, db: asyncpg.Pool, tmp_path: Path) -> None:
    initiator, author = await some_member(ports), await some_member(ports)
    bounty = await opened(initiator.scope)
    entry = await accepted(author.scope, bounty, tmp_path, MODEL)
    link = await link_to(author, entry)
    file = await file_of_entry(entry)

    early = (await client.data(DELETE, {"id": _id(entry)}, token=author.token))["entryDeleteFiles"]
    foreign = (await client.data(DELETE, {"id": _id(entry)}, token=initiator.token))["entryDeleteFiles"]
    await bounties.withdraw_entry(author.scope, entry.id)
    done = (await client.data(DELETE, {"id": _id(entry)}, token=author.token))["entryDeleteFiles"]
    again = (await client.data(DELETE, {"id": _id(entry)}, token=author.token))["entryDeleteFiles"]

    assert (early["__typename"], early["state"]) == ("ConflictError", "ACCEPTED")
    assert foreign["__typename"] == "NotAllowedError"
    assert done["__typename"] == again["__typename"] == "EntryDeleteFilesSuccess"
    said = done["entry"]
    assert said["files"] == [{"name": file.name, "erasedAt": said["filesErasedAt"], "downloadUrl": None}]
    assert said["outcome"] is None
    read = await client.http.get(link, headers=author.headers)
    assert (read.status_code, read.text) == (404, "This file has been deleted.")
    seen = (await client.data(ENTRY, {"id": _id(entry)}, token=author.token))["node"]
    assert [edge["node"]["fileName"] for edge in seen["reads"]["edges"]] == [file.name]
    assert await db.fetchval("SELECT count(*) FROM vault_key WHERE wrapped IS NOT NULL") == 0


async def test_the_owner_of_what_was_published_says_who_made_it(client: Api, ports: Ports, world: Awarded) -> None:
    publish = """
    mutation ($id: ID!) { outcomePublish(entryId: $id, input: {kind: LORA, title: "Lighthouses"}) { __typename
      ... on OutcomePublishSuccess { resource { owner { handle } creditedTo { handle } } } } }
    """

    done = (await client.data(publish, {"id": _id(world.entry)}, token=world.initiator.token))["outcomePublish"]

    resource = done["resource"]
    assert resource["owner"]["handle"] == world.initiator.scope.require_actor().handle
    assert resource["creditedTo"]["handle"] == world.author.scope.require_actor().handle


async def test_whoever_downloads_too_often_is_asked_to_wait(
    settings: Settings, ports: Ports, db: asyncpg.Pool, world: Awarded
) -> None:
    class Strict(fakes.NoLimits):
        """Allows nothing from the vault."""

        async def hit(self, rule: str, key: str) -> int | None:
            return 7 if rule == "vault-read" else None

    link = await link_to(world.initiator, world.entry)

    async with serving.app_of(settings, replace(ports, limiter=Strict())) as app, serving.api_of(app) as api:
        answer = await api.http.get(link, headers=world.initiator.headers)

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert await _downloads(db) == []


async def test_what_turns_out_damaged_on_the_way_cuts_the_download_and_ends_the_scan(
    server: httpx.AsyncClient, ports: Ports, db: asyncpg.Pool, tmp_path: Path
) -> None:
    world = await awarded(ports, tmp_path, MODEL)
    entry = await submitted(world.author.scope, await opened(world.initiator.scope), tmp_path, MODEL)
    for sealed in (await sealed_file_of(world.entry), await sealed_file_of(entry)):
        stored = await ports.blobs.get(sealed.blob_key)
        await ports.blobs.put(sealed.blob_key, stored[:-1] + bytes([stored[-1] ^ 1]))
    [order] = await resources.claim_scans(ports, "validator", 5)
    given = bytearray()

    with pytest.raises(httpx.RemoteProtocolError):
        await _read_into(given, server, await link_to(world.initiator, world.entry), world.initiator.headers)
    with pytest.raises(httpx.RemoteProtocolError):
        await server.get(order.source_url.removeprefix("http://testserver"))

    assert bytes(given) == MODEL[: 2 * CHUNK]
    [(_, _, sent)] = await _downloads(db)
    assert sent == 2 * CHUNK
    assert (await file_of_entry(entry)).scan.verdict is Verdict.FAILED


async def _read_into(given: bytearray, server: httpx.AsyncClient, link: str, headers: dict[str, str]) -> None:
    async with server.stream("GET", link, headers=headers) as answer:
        async for piece in answer.aiter_bytes():
            given += piece


async def test_a_foreign_page_can_not_use_the_session_cookie(client: Api, db: asyncpg.Pool, world: Awarded) -> None:
    link = await link_to(world.initiator, world.entry)
    cookie = {"cookie": f"countenance_session={world.initiator.token}"}

    foreign = await client.http.get(link, headers={**cookie, "origin": "https://evil.example"})
    own = await client.http.get(link, headers={**cookie, "sec-fetch-site": "same-origin"})

    assert (foreign.status_code, own.status_code, own.content) == (403, 200, MODEL)
    assert len(await _downloads(db)) == 1


async def test_a_page_of_entries_with_all_that_they_keep_costs_the_same_statements_whatever_its_length(
    client: Api, ports: Ports, db: asyncpg.Pool, tmp_path: Path
) -> None:
    initiator, author = await some_member(ports), await some_member(ports)
    page = """
    query ($id: ID!) { bounty(id: $id) { entries(first: 50) { edges { node {
      files { name downloadUrl } filesErasedAt previews { verdict url }
      reads { totalCount edges { node { kind fileName reader { handle } } } } } } } } }
    """
    statements = []
    for length in (1, 6):
        bounty = await opened(initiator.scope)
        for _ in range(length):
            entry = await accepted(author.scope, bounty, tmp_path)
            await link_to(author, entry)
        with counted(db) as heard:
            said = await client.data(page, {"id": f"bounty_{bounty.id.hex}"}, token=author.token)
        edges = said["bounty"]["entries"]["edges"]
        assert [len(edge["node"]["files"]) for edge in edges] == [1] * length
        assert all(edge["node"]["files"][0]["downloadUrl"] for edge in edges)
        statements.append(len(heard))

    assert statements[0] == statements[1]
