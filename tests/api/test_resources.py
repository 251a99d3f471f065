"""Resources through the API: the deeds, what each viewer is told, and how many statements a read takes."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from domain import resources
from domain.kernel.ids import PersonId, UploadId
from domain.kernel.scope import Actor, Role, Scope
from domain.kernel.wire import MetadataText
from tests import factories
from tests.counting import counted
from tests.resourcing import NAME, drafted, file_of, published, registered, scanned, spooled, submitted, uploaded
from tests.serving import Api
from tests.sweeping import swept

Acting = Callable[[Actor], Scope]

DRAFT = """
mutation ($input: ResourceDraftInput!) {
  resourceDraft(input: $input) {
    __typename
    ... on ResourceDraftSuccess { resource { id status title triggerWords owner { handle } files { id } } }
    ... on UserError { code message }
    ... on InvalidInputError { field }
    ... on PolicyRefusedError { policy }
    ... on LikenessRefusedError { findings { signal verdict detail score person { id } } }
  }
}
"""
BEGIN = """
mutation ($input: UploadBeginInput!) {
  uploadBegin(input: $input) {
    __typename
    ... on UploadBeginSuccess { ticket { uploadId url expiresAt maxSizeBytes } }
    ... on UserError { code message }
    ... on InvalidInputError { field }
    ... on ConflictError { state }
  }
}
"""
SUBMIT = """
mutation ($id: ID!) {
  resourceSubmit(resourceId: $id) {
    __typename
    ... on ResourceSubmitSuccess { resource { status } }
    ... on ConflictError { state message }
  }
}
"""
FILE_REMOVE = """
mutation ($id: ID!) {
  resourceFileRemove(fileId: $id) {
    __typename
    ... on ResourceFileRemoveSuccess { resource { status files { id } } }
    ... on ConflictError { state }
  }
}
"""
RESOURCE = """
query ($id: ID!) {
  resource(id: $id) {
    status publishedAt
    files { name sizeBytes format hashes { algorithm value } scan { verdict findings { ...F } registryVersion error } }
    samples { name scan { verdict findings { ...F } } }
    generation { allowed reasons { ...F } }
    statementOfReasons { puid automatedDetection automatedDecision decisionVisibility decisionFacts }
  }
}
fragment F on Finding { signal verdict detail person { displayName aliases consent faceCount } }
"""
LIST = """
query ($first: Int!, $filter: ResourceFilter) {
  resources(first: $first, filter: $filter) {
    totalCount
    pageInfo { hasNextPage endCursor }
    edges { cursor node {
      id title owner { handle }
      files { hashes { value } scan { findings { person { displayName } } } }
      generation { allowed reasons { person { displayName } } }
      statementOfReasons { puid }
    } }
  }
}
"""


async def someone(acting: Acting, role: Role = Role.MEMBER) -> tuple[str, Scope]:
    """A token, and the scope of who holds it."""
    signed = await factories.signed_in(role=role)
    account = signed.account
    return signed.token, acting(Actor(account.id, account.handle, account.role, signed.session_id))


async def test_from_draft_to_publication(client: Api, acting: Acting) -> None:
    token, scope = await someone(acting)
    asked = {"kind": "LORA", "title": "Watercolour", "triggerWords": ["wash"]}

    drafted = (await client.data(DRAFT, {"input": asked}, token=token))["resourceDraft"]["resource"]
    begin = {"resourceId": drafted["id"], "fileName": "w.safetensors", "sizeBytes": 7}
    ticket = (await client.data(BEGIN, {"input": begin}, token=token))["uploadBegin"]["ticket"]
    upload_id = ticket["url"].rpartition("/")[2]
    await resources.complete_upload(scope, UploadId(UUID(hex=upload_id)), spooled(scope, b"weights"))
    submitting = (await client.data(SUBMIT, {"id": drafted["id"]}, token=token))["resourceSubmit"]
    again = (await client.data(SUBMIT, {"id": drafted["id"]}, token=token))["resourceSubmit"]
    await scanned(scope)
    shown = (await client.data(RESOURCE, {"id": drafted["id"]}))["resource"]

    assert drafted["status"] == "DRAFT"
    assert drafted["files"] == []
    assert ticket["uploadId"] == f"upload_{upload_id}"
    assert ticket["maxSizeBytes"] == scope.ports.policy.max_file_bytes
    assert submitting["resource"]["status"] == "SCANNING"
    assert (again["__typename"], again["state"]) == ("ConflictError", "SCANNING")
    assert shown["status"] == "PUBLISHED"
    assert shown["generation"] == {"allowed": True, "reasons": []}
    assert shown["statementOfReasons"] is None
    [file] = shown["files"]
    assert (file["name"], file["sizeBytes"], file["scan"]["verdict"]) == ("w.safetensors", 7, "CLEAN")
    assert {each["algorithm"] for each in file["hashes"]} == {"SHA256", "AUTOV2", "AUTOV3", "CRC32"}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"title": ""}, {"__typename": "InvalidInputError", "field": "input.title"}),
        ({"title": "a\u0000b"}, {"__typename": "InvalidInputError", "field": "input.title"}),
        ({"triggerWords": ["x"] * 51}, {"__typename": "InvalidInputError", "field": "input.triggerWords"}),
        (
            {"mature": True, "depictsRealPerson": True},
            {"__typename": "PolicyRefusedError", "policy": "real-person-mature/1"},
        ),
    ],
)
async def test_a_draft_is_refused_with_what_is_at_fault(
    db: asyncpg.Pool, client: Api, acting: Acting, changed: dict[str, Any], expected: dict[str, Any]
) -> None:
    token, _ = await someone(acting)

    answer = await client.data(DRAFT, {"input": {"kind": "LORA", "title": "Meadow", **changed}}, token=token)

    refused = answer["resourceDraft"]
    assert {key: refused[key] for key in expected} == expected
    assert refused["message"].endswith(".")
    assert await db.fetchval("SELECT count(*) FROM resource") == 0


async def test_a_draft_that_names_somebody_says_where_and_never_whom(client: Api, acting: Acting) -> None:
    token, scope = await someone(acting)
    await registered(scope)

    answer = await client.data(DRAFT, {"input": {"kind": "LORA", "title": f"{NAME} v2"}}, token=token)

    refused = answer["resourceDraft"]
    [finding] = refused["findings"]
    assert refused["code"] == "LIKENESS_REFUSED"
    assert (finding["signal"], finding["verdict"], finding["person"]) == ("NAME_IN_TEXT", "BLOCKED", None)
    assert NAME not in refused["message"] + finding["detail"]


async def test_somebody_must_be_signed_in_to_change_anything(client: Api) -> None:
    resource = "resource_" + "0" * 32

    answers = [
        (await client.data(DRAFT, {"input": {"kind": "LORA", "title": "x"}}))["resourceDraft"],
        (await client.data(BEGIN, {"input": {"resourceId": resource, "fileName": "x", "sizeBytes": 1}}))["uploadBegin"],
        (await client.data(SUBMIT, {"id": resource}))["resourceSubmit"],
    ]

    assert [answer["__typename"] for answer in answers] == ["SignInRequiredError"] * 3


@pytest.mark.parametrize("named", [{}, {"resourceId": "resource_" + "0" * 32, "entryId": "entry_" + "0" * 32}])
async def test_an_upload_is_for_one_thing(db: asyncpg.Pool, client: Api, acting: Acting, named: dict[str, str]) -> None:
    token, _ = await someone(acting)

    answer = await client.data(BEGIN, {"input": {**named, "fileName": "a", "sizeBytes": 1}}, token=token)

    assert answer["uploadBegin"]["__typename"] == "InvalidInputError"
    assert answer["uploadBegin"]["field"] == "input.resourceId"
    assert await db.fetchval("SELECT count(*) FROM upload") == 0


async def test_a_sample_picture_is_for_a_resource_and_has_a_limit_of_its_own(client: Api, acting: Acting) -> None:
    token, scope = await someone(acting)
    drafted = await client.data(DRAFT, {"input": {"kind": "LORA", "title": "Watercolour"}}, token=token)
    resource = {"resourceId": drafted["resourceDraft"]["resource"]["id"]}
    picture = {"fileName": "sample.png", "sizeBytes": 7, "purpose": "SAMPLE"}

    begun = (await client.data(BEGIN, {"input": {**resource, **picture}}, token=token))["uploadBegin"]
    entry = {"entryId": "entry_" + "0" * 32}
    refused = (await client.data(BEGIN, {"input": {**entry, **picture}}, token=token))["uploadBegin"]
    await resources.complete_upload(
        scope, UploadId(UUID(hex=begun["ticket"]["url"].rpartition("/")[2])), spooled(scope, b"picture")
    )
    shown = (await client.data(RESOURCE, {"id": resource["resourceId"]}, token=token))["resource"]

    assert begun["ticket"]["maxSizeBytes"] == 20 * 1024**2
    assert (refused["__typename"], refused["field"]) == ("InvalidInputError", "input.purpose")
    assert (shown["files"], [file["name"] for file in shown["samples"]]) == ([], ["sample.png"])


async def test_a_blocked_resource_explains_itself_to_its_owner_and_names_the_person_to_moderators(
    client: Api, acting: Acting
) -> None:
    token, scope = await someone(acting)
    moderator, _ = await someone(acting, Role.MODERATOR)
    await registered(scope, aliases=["Aldebaran T"])
    resource_id = await submitted(scope)
    await scanned(scope, MetadataText("ss_output_name", NAME))
    asked = {"id": f"resource_{resource_id.hex}"}

    theirs = (await client.data(RESOURCE, asked, token=token))["resource"]
    judged = (await client.data(RESOURCE, asked, token=moderator))["resource"]
    public = (await client.data(RESOURCE, asked))["resource"]

    assert public is None
    assert theirs["status"] == "BLOCKED"
    assert theirs["generation"]["allowed"] is False
    assert theirs["statementOfReasons"]["automatedDecision"] == "AUTOMATED_DECISION_FULLY"
    assert [finding["person"] for finding in theirs["generation"]["reasons"]] == [None]
    for finding in (*judged["files"][0]["scan"]["findings"], *judged["generation"]["reasons"]):
        assert finding["person"] == {
            "displayName": NAME,
            "aliases": ["Aldebaran T"],
            "consent": "DENY_ALL",
            "faceCount": 0,
        }


async def test_a_list_takes_as_many_statements_for_twenty_as_for_one(
    db: asyncpg.Pool, client: Api, acting: Acting
) -> None:
    token, scope = await someone(acting, Role.MODERATOR)
    for n in range(20):
        _, owner = await someone(acting)
        await published(owner, bytes([n]), MetadataText("ss_output_name", f"{NAME} {n}"))
    person, _ = await registered(scope)
    await swept(Scope.of_system(scope.ports))
    await client.data(LIST, {"first": 20, "filter": {}}, token=token)

    counts, pages = [], []
    for first in (1, 20):
        with counted(db) as statements:
            pages.append((await client.data(LIST, {"first": first, "filter": {}}, token=token))["resources"])
        counts.append(len(statements))

    assert [len(page["edges"]) for page in pages] == [1, 20]
    assert counts[0] == counts[1] <= 8
    assert pages[0]["totalCount"] == pages[1]["totalCount"] == 20
    assert (pages[0]["pageInfo"]["hasNextPage"], pages[1]["pageInfo"]["hasNextPage"]) == (True, False)
    node = pages[1]["edges"][7]["node"]
    assert node["files"][0]["scan"]["findings"][0]["person"]["displayName"] == person.name
    assert node["statementOfReasons"]["puid"].startswith("sor-")


async def test_a_list_reads_only_what_is_selected(db: asyncpg.Pool, client: Api, acting: Acting) -> None:
    _, scope = await someone(acting)
    await published(scope)
    plain = "{ resources { edges { node { title } } } }"
    await client.data(plain)

    with counted(db) as statements:
        answer = await client.data(plain)

    assert answer == {"resources": {"edges": [{"node": {"title": "Watercolour"}}]}}
    assert len(statements) == 1


async def test_a_list_is_filtered_and_paged(client: Api, acting: Acting) -> None:
    token, scope = await someone(acting)
    boats = await published(scope, b"1", title="Boats at dusk")
    await published(scope, b"2", title="Meadow", mature=True)
    owner = f"account_{scope.require_actor().account_id.hex}"

    async def ids(wanted: dict[str, Any]) -> list[str]:
        page = (await client.data(LIST, {"first": 10, "filter": wanted}, token=token))["resources"]
        assert page["totalCount"] == len(page["edges"])
        return [edge["node"]["title"] for edge in page["edges"]]

    assert await ids({"search": "dusk"}) == ["Boats at dusk"]
    assert await ids({"ownerId": owner}) == ["Boats at dusk"]
    assert await ids({"mature": True, "kind": "LORA"}) == ["Meadow", "Boats at dusk"]
    assert await ids({"status": "DRAFT"}) == []
    refused = await client.ask(LIST, {"first": 10, "filter": {"search": "x" * 201}})
    assert refused["errors"][0]["extensions"]["code"] == "INVALID_INPUT"
    assert boats


async def test_a_resource_is_found_by_its_hash_and_by_its_node(client: Api, acting: Acting) -> None:
    _, scope = await someone(acting)
    resource_id = await published(scope)
    file = await file_of(resource_id)
    document = """
    query ($hash: String!, $ids: [ID!]!) {
      resourceByHash(algorithm: SHA256, value: $hash) { id }
      nodes(ids: $ids) { id ... on ResourceFile { name scan { verdict } } ... on Resource { title } }
      none: resource(id: "bounty_1") { id }
    }
    """

    answer = await client.data(
        document,
        {"hash": f"0x{file.sha256.upper()}", "ids": [f"resource_{resource_id.hex}", f"file_{file.id.hex}"]},
    )

    assert answer["resourceByHash"] == {"id": f"resource_{resource_id.hex}"}
    assert answer["nodes"] == [
        {"id": f"resource_{resource_id.hex}", "title": "Watercolour"},
        {"id": f"file_{file.id.hex}", "name": "a.safetensors", "scan": {"verdict": "CLEAN"}},
    ]
    assert answer["none"] is None


async def test_a_registered_person_is_a_node_for_moderators_alone(client: Api, acting: Acting) -> None:
    token, scope = await someone(acting)
    moderator, _ = await someone(acting, Role.MODERATOR)
    person, _ = await registered(scope)
    asked = {"id": f"person_{PersonId(person.id).hex}"}
    document = "query ($id: ID!) { node(id: $id) { id ... on RegisteredPerson { displayName consent registeredAt } } }"

    seen = [(await client.data(document, asked, token=each))["node"] for each in (token, "", moderator)]

    assert seen[:2] == [None, None]
    assert (seen[2]["displayName"], seen[2]["consent"]) == (NAME, "DENY_ALL")


async def test_a_moderator_removes_and_the_owner_is_told_why(client: Api, acting: Acting) -> None:
    token, scope = await someone(acting)
    moderator, _ = await someone(acting, Role.MODERATOR)
    resource_id = await published(scope)
    remove = """
    mutation ($id: ID!) { resourceRemove(resourceId: $id) { __typename
      ... on ResourceRemoveSuccess { resource { status } } ... on ConflictError { state } } }
    """
    asked = {"id": f"resource_{resource_id.hex}"}

    first = (await client.data(remove, asked, token=moderator))["resourceRemove"]
    again = (await client.data(remove, asked, token=moderator))["resourceRemove"]
    told = (await client.data(RESOURCE, asked, token=token))["resource"]

    assert first["resource"]["status"] == "REMOVED"
    assert again == {"__typename": "ConflictError", "state": "REMOVED"}
    assert told["statementOfReasons"]["decisionVisibility"] == ["DECISION_VISIBILITY_CONTENT_REMOVED"]


async def test_a_file_is_taken_out_of_a_draft_and_not_out_of_what_is_published(client: Api, acting: Acting) -> None:
    token, owner = await someone(acting)
    draft = await drafted(owner)
    ids = [f"file_{(await uploaded(owner, draft)).hex}", f"file_{(await file_of(await published(owner, b'1'))).id.hex}"]

    answers = [
        (await client.data(FILE_REMOVE, {"id": each}, token=token))["resourceFileRemove"] for each in (*ids, ids[0])
    ]

    assert answers == [
        {"__typename": "ResourceFileRemoveSuccess", "resource": {"status": "DRAFT", "files": []}},
        {"__typename": "ConflictError", "state": "PUBLISHED"},
        {"__typename": "NotFoundError"},
    ]
