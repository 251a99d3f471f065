"""Generations as their owners, moderators and strangers see them through GraphQL."""

from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from countenance.settings import Settings
from domain import accounts, generation
from domain.generation import Use
from domain.kernel.ids import ResourceId
from domain.kernel.ports import Ports
from domain.kernel.scope import Role, Scope
from schema.node import global_id
from tests import factories, fakes, serving
from tests.counting import counted
from tests.resourcing import NAME, registered
from tests.serving import Api
from tests.studio import Studio, claim_one, picture, studio
from tests.sweeping import swept

REQUEST = """
mutation ($input: GenerationInput!) { generationRequest(input: $input) {
    __typename
    ... on GenerationRequestSuccess { job {
        id status prompt queuePosition charged error refusal { detail } progress { step } images { id }
        checkpoint { id title owner { handle } }
    } }
    ... on UserError { code message }
    ... on InvalidInputError { field }
    ... on NotEnoughCreditsError { needed held }
} }
"""
JOBS = """
{ myGenerationJobs(first: 50) {
    edges { cursor node {
        id status queuePosition charged images { id url seed sha256 width } checkpoint { id title }
        refusal { signal person { displayName } } withheld { detail } statementOfReasons { puid }
    } }
    pageInfo { hasNextPage endCursor }
} }
"""


WITHHELD = """
{ myGenerationJobs(first: 50) { edges { node {
    status images { url } withheld { signal detail person { displayName } } statementOfReasons { decisionFacts }
} } } }
"""


@pytest.fixture
async def token(ports: Ports) -> str:
    """The session of a member with credits."""
    return (await factories.signed_in("painter", role=Role.MEMBER)).token


@pytest.fixture
async def given(ports: Ports, token: str) -> Studio:
    """What that member may draw with."""
    actor = await accounts.authenticate(ports, token)
    assert actor is not None
    made = await studio(ports)
    await factories.give(actor, 100)
    return Studio(actor, Scope(ports=ports, actor=actor), made.checkpoint, made.lora)


def asked(given: Studio, **change: Any) -> dict[str, Any]:
    """The variables of a small request."""
    wish = {
        "checkpointId": resource(given.checkpoint),
        "prompt": "a lighthouse",
        "width": 64,
        "height": 64,
        "steps": 4,
        "seed": 7,
    }
    return {"input": {**wish, **change}}


def resource(resource_id: ResourceId) -> str:
    """A resource's global id."""
    return global_id("resource", resource_id)


async def drawn(given: Studio, *, quantity: int = 1, **change: Any) -> str:
    """A job that has succeeded; gives its global id."""
    system = Scope.of_system(given.scope.ports)
    job_id = await generation.request(given.scope, given.wish(quantity=quantity, **change))
    claimed = await claim_one(given.scope.ports)
    await generation.start(system, claimed)
    for image in range(1, quantity + 1):
        await generation.keep_picture(system, claimed, picture(claimed, image=image))
    await generation.finish(system, claimed, fakes.finished(claimed.job_id, claimed.attempt))
    return global_id("job", job_id)


async def test_a_request_gives_the_job(client: Api, given: Studio, token: str) -> None:
    uses = [{"resourceId": resource(given.lora), "weight": 0.5}]

    answer = await client.data(REQUEST, asked(given, resources=uses, quantity=2), token=token)

    job = answer["generationRequest"]["job"]
    assert job == {
        "id": job["id"],
        "status": "QUEUED",
        "prompt": "a lighthouse",
        "queuePosition": 1,
        "charged": 0,
        "error": None,
        "refusal": None,
        "progress": None,
        "images": [],
        "checkpoint": {"id": resource(given.checkpoint), "title": "A checkpoint", "owner": job["checkpoint"]["owner"]},
    }
    assert await factories.available(given.actor) == 98


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"width": 65}, {"__typename": "InvalidInputError", "code": "INVALID_INPUT", "field": "input.width"}),
        ({"seed": 0.5}, {"__typename": "InvalidInputError", "code": "INVALID_INPUT", "field": "input.seed"}),
        ({"checkpointId": "job_" + "0" * 32}, {"__typename": "NotFoundError", "code": "NOT_FOUND"}),
        ({"steps": 150, "width": 1024, "height": 1024}, {"__typename": "NotEnoughCreditsError", "needed": 158}),
    ],
)
async def test_a_refusal_is_data_and_writes_nothing(
    client: Api, given: Studio, token: str, *, db: asyncpg.Pool, change: dict[str, Any], refusal: dict[str, Any]
) -> None:
    answer = await client.data(REQUEST, asked(given, **change), token=token)

    assert answer["generationRequest"].items() >= refusal.items()
    assert await db.fetchval("SELECT count(*) FROM generation_job") == 0
    assert await factories.available(given.actor) == 100


async def test_nobody_gets_a_sign_in_error_and_no_list(client: Api, given: Studio) -> None:
    refused = await client.data(REQUEST, asked(given))
    listed = await client.data(JOBS)

    assert refused["generationRequest"]["__typename"] == "SignInRequiredError"
    assert listed == {"myGenerationJobs": None}


async def test_a_quote_says_cost_and_queue(client: Api, given: Studio, token: str) -> None:
    document = """
    mutation ($input: GenerationInput!) { generationQuote(input: $input) { __typename
        ... on GenerationQuoteSuccess { quote { cost queueLength estimatedSeconds } } } }
    """

    answer = await client.data(document, asked(given, priority="HIGH", width=512, height=512, steps=25), token=token)

    assert answer["generationQuote"]["quote"] == {"cost": 14, "queueLength": 0, "estimatedSeconds": None}


async def test_whoever_asks_for_too_many_quotes_is_asked_to_wait(
    settings: Settings, ports: Ports, given: Studio, token: str
) -> None:
    class Strict(fakes.NoLimits):
        """Allows no quotes."""

        async def hit(self, rule: str, key: str) -> int | None:
            return 7 if rule == "quote" else None

    document = """
    mutation ($input: GenerationInput!) { generationQuote(input: $input) { __typename
        ... on RateLimitedError { retryAfterSeconds } } }
    """

    async with serving.app_of(settings, replace(ports, limiter=Strict())) as app, serving.api_of(app) as api:
        answer = await api.data(document, asked(given), token=token)

    assert answer["generationQuote"] == {"__typename": "RateLimitedError", "retryAfterSeconds": 7}


async def test_cancelling_says_the_state_the_second_time(client: Api, given: Studio, token: str) -> None:
    job = global_id("job", await generation.request(given.scope, given.wish()))
    document = """
    mutation ($id: ID!) { generationCancel(jobId: $id) { __typename
        ... on GenerationCancelSuccess { job { status charged } } ... on ConflictError { state } } }
    """

    first = await client.data(document, {"id": job}, token=token)
    second = await client.data(document, {"id": job}, token=token)

    assert first["generationCancel"]["job"] == {"status": "CANCELLED", "charged": 0}
    assert second["generationCancel"] == {"__typename": "ConflictError", "state": "CANCELLED"}


async def test_a_job_is_its_owners_and_moderators_alone(client: Api, given: Studio, token: str) -> None:
    job = await drawn(given)
    tokens = {
        "owner": token,
        "moderator": (await factories.signed_in(role=Role.MODERATOR)).token,
        "member": (await factories.signed_in()).token,
        "nobody": "",
    }
    document = "query ($id: ID!) { generationJob(id: $id) { id images { url } } node(id: $id) { id } }"

    seen = {name: await client.data(document, {"id": job}, token=each) for name, each in tokens.items()}

    assert [name for name, found in seen.items() if found["generationJob"]] == ["owner", "moderator"]
    assert [name for name, found in seen.items() if found["node"]] == ["owner", "moderator"]
    urls = [seen[name]["generationJob"]["images"][0]["url"] for name in ("owner", "moderator")]
    assert f"audience={given.actor.account_id}" in urls[0]
    assert f"audience={given.actor.account_id}" not in urls[1]


async def test_a_list_of_jobs_takes_a_fixed_number_of_statements(
    client: Api, given: Studio, token: str, db: asyncpg.Pool
) -> None:
    await drawn(given, quantity=2)
    with counted(db) as few:
        await client.data(JOBS, token=token)
    for _ in range(4):
        await drawn(given, quantity=2)
    await generation.request(given.scope, given.wish(uses=(Use(given.lora),)))

    with counted(db) as many:
        answer = await client.data(JOBS, token=token)

    nodes = [edge["node"] for edge in answer["myGenerationJobs"]["edges"]]
    assert [node["status"] for node in nodes] == ["QUEUED"] + ["SUCCEEDED"] * 5
    assert [len(node["images"]) for node in nodes] == [0, 2, 2, 2, 2, 2]
    assert len(many) == len(few)


async def test_pages_of_jobs_follow_on(client: Api, given: Studio, token: str) -> None:
    ids = [global_id("job", await generation.request(given.scope, given.wish())) for _ in range(3)]
    document = """
    query ($after: Cursor) { myGenerationJobs(first: 2, after: $after) {
        edges { node { id } } pageInfo { hasNextPage hasPreviousPage endCursor } } }
    """

    first = (await client.data(document, token=token))["myGenerationJobs"]
    second = (await client.data(document, {"after": first["pageInfo"]["endCursor"]}, token=token))["myGenerationJobs"]

    assert [edge["node"]["id"] for edge in first["edges"] + second["edges"]] == ids[::-1]
    assert [page["pageInfo"]["hasNextPage"] for page in (first, second)] == [True, False]
    assert second["pageInfo"]["hasPreviousPage"]


async def test_the_cluster_shows_zeros_when_nobody_tells_of_it(client: Api, given: Studio) -> None:
    await generation.request(given.scope, given.wish())

    answer = await client.data("{ clusterStatus { nodes artists validators queued running registryVersion } }")

    assert answer["clusterStatus"] == {
        "nodes": 0,
        "artists": 0,
        "validators": 0,
        "queued": 1,
        "running": 0,
        "registryVersion": 0,
    }


async def test_withheld_pictures_say_why_and_name_nobody(client: Api, given: Studio, token: str) -> None:
    await drawn(given, prompt=f"a portrait of {NAME}")
    system = Scope.of_system(given.scope.ports)
    await registered(system)
    await swept(system)

    answer = await client.data(WITHHELD, token=token)

    [edge] = answer["myGenerationJobs"]["edges"]
    detail = "prompt: a registered name at characters 15–35"
    assert edge["node"] == {
        "status": "SUCCEEDED",
        "images": [],
        "withheld": [{"signal": "NAME_IN_TEXT", "detail": detail, "person": None}],
        "statementOfReasons": {
            "decisionFacts": f"The words that these pictures were made from hold: {detail}. "
            "They are withheld while that stands."
        },
    }
