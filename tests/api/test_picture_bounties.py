"""A bounty for a picture through the API, from its opening to the download of what was bought."""

import io
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from PIL import Image

from domain.kernel.ports import Policy, Ports
from tests.actions.bounties import validated
from tests.serving import ORIGIN, Api
from tests.vault.world import Member, some_member

OPEN = """
mutation ($input: BountyOpenInput!) { bountyOpen(input: $input) { ... on BountyOpenSuccess { bounty { id kind } } } }
"""
DRAFT = """
mutation ($input: EntryDraftInput!) { entryDraft(input: $input) { ... on EntryDraftSuccess { entry { id } } } }
"""
BEGIN = """
mutation ($input: UploadBeginInput!) { uploadBegin(input: $input) { __typename
  ... on UploadBeginSuccess { ticket { url maxSizeBytes } } ... on InvalidInputError { field } } }
"""
SUBMIT = """
mutation ($id: ID!) { entrySubmit(entryId: $id) { ... on EntrySubmitSuccess { entry { status } } } }
"""
SCAN = """
query ($id: ID!) { node(id: $id) { ... on BountyEntry { status scan { verdict } } } }
"""
AWARD = """
mutation ($bounty: ID!, $entry: ID!) { bountyAward(bountyId: $bounty, entryId: $entry) {
  ... on BountyAwardSuccess { bounty { status } entry { outcome { files { name downloadUrl } } } } } }
"""
PUBLISH = """
mutation ($id: ID!) { outcomePublish(entryId: $id, input: { kind: LORA, title: "Lighthouse" }) { __typename
  ... on ConflictError { state message } } }
"""


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test."""
    return replace(ports, policy=Policy(signup_grant=0))


def a_picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (320, 200), (40, 120, 200)).save(out, "WEBP")
    return out.getvalue()


async def begun(client: Api, ports: Ports) -> tuple[Member, Member, str, str]:
    """The initiator, the author, a bounty for a picture and a draft to it."""
    initiator, author = await some_member(ports), await some_member(ports)
    closes_at = (ports.clock.now() + timedelta(days=2)).isoformat()
    asked = {"kind": "IMAGE", "title": "A lighthouse", "brief": "At dusk.", "pledge": 100, "closesAt": closes_at}
    opened = (await client.data(OPEN, {"input": asked}, token=initiator.token))["bountyOpen"]["bounty"]
    assert opened["kind"] == "IMAGE"
    drafted = await client.data(DRAFT, {"input": {"bountyId": opened["id"]}}, token=author.token)
    return initiator, author, opened["id"], drafted["entryDraft"]["entry"]["id"]


async def sent(client: Api, author: Member, entry: str, data: bytes) -> Any:
    """A file that has arrived whole; gives its ticket."""
    asked = {"entryId": entry, "fileName": "lighthouse.webp", "sizeBytes": len(data)}
    ticket = (await client.data(BEGIN, {"input": asked}, token=author.token))["uploadBegin"]["ticket"]
    headers = {"tus-resumable": "1.0.0", "upload-offset": "0", "content-type": "application/offset+octet-stream"}
    answer = await client.http.patch(
        ticket["url"].removeprefix(ORIGIN), content=data, headers={**author.headers, **headers}
    )
    assert answer.status_code == 204
    return ticket


async def test_a_picture_is_asked_for_handed_in_bought_and_downloaded(client: Api, ports: Ports) -> None:
    initiator, author, bounty, entry = await begun(client, ports)
    ticket = await sent(client, author, entry, a_picture())

    submitted = await client.data(SUBMIT, {"id": entry}, token=author.token)
    await validated(ports)
    scanned = await client.data(SCAN, {"id": entry}, token=initiator.token)
    awarded = (await client.data(AWARD, {"bounty": bounty, "entry": entry}, token=initiator.token))["bountyAward"]
    [bought] = awarded["entry"]["outcome"]["files"]
    link = bought["downloadUrl"].removeprefix(ORIGIN)
    downloads = [await client.http.get(link, headers=each.headers) for each in (initiator, author)]

    assert ticket["maxSizeBytes"] == float(ports.policy.max_sample_bytes)
    assert submitted["entrySubmit"]["entry"]["status"] == "SCANNING"
    assert scanned["node"] == {"status": "ACCEPTED", "scan": {"verdict": "CLEAN"}}
    assert (awarded["bounty"]["status"], bought["name"]) == ("AWARDED", "lighthouse.webp")
    assert (downloads[0].status_code, downloads[0].content) == (200, a_picture())
    assert downloads[1].status_code == 403


async def test_a_picture_that_was_bought_is_not_published_as_a_model(
    client: Api, ports: Ports, db: asyncpg.Pool
) -> None:
    initiator, author, bounty, entry = await begun(client, ports)
    await sent(client, author, entry, a_picture())
    await client.data(SUBMIT, {"id": entry}, token=author.token)
    await validated(ports)
    await client.data(AWARD, {"bounty": bounty, "entry": entry}, token=initiator.token)

    refused = await client.data(PUBLISH, {"id": entry}, token=initiator.token)

    assert refused["outcomePublish"] == {
        "__typename": "ConflictError",
        "state": "NOT_A_RESOURCE",
        "message": "Only models are published as resources: this bounty asked for pictures.",
    }
    assert await db.fetchval("SELECT count(*) FROM resource") == 0


async def test_what_is_too_large_for_a_picture_is_refused_where_its_upload_begins(
    client: Api, ports: Ports, db: asyncpg.Pool
) -> None:
    _, author, _, entry = await begun(client, ports)
    asked = {"entryId": entry, "fileName": "a.png", "sizeBytes": ports.policy.max_sample_bytes + 1}

    refused = await client.data(BEGIN, {"input": asked}, token=author.token)

    assert refused["uploadBegin"] == {"__typename": "InvalidInputError", "field": "input.sizeBytes"}
    assert await db.fetchval("SELECT count(*) FROM upload") == 0
