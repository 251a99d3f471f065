"""GraphQL over HTTP: what a request may be, and what each kind of answer says."""

import httpx
import pytest

from countenance import callers
from tests import factories
from tests.serving import Api

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"


async def test_a_query_is_answered(client: Api) -> None:
    response = await client.post({"query": "{ __typename }"})

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/graphql-response+json; charset=utf-8"
    assert response.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    ("accept", "given"),
    [
        (GRAPHQL, GRAPHQL),
        (JSON, JSON),
        ("*/*", JSON),
        ("application/*", GRAPHQL),
        (f"{JSON}, {GRAPHQL}", JSON),
        (f"{JSON};q=0.5, {GRAPHQL}", GRAPHQL),
        (f"{GRAPHQL};q=0, {JSON}", JSON),
        (f"text/html, {JSON};charset=utf-8", JSON),
        (f"{GRAPHQL};q=much, {JSON}", JSON),
    ],
)
async def test_the_client_chooses_the_media_type(client: Api, accept: str, given: str) -> None:
    response = await client.post({"query": "{ __typename }"}, headers={"accept": accept})

    assert response.status_code == 200
    assert response.headers["content-type"] == f"{given}; charset=utf-8"


async def test_no_media_type_of_ours_is_406(client: Api) -> None:
    response = await client.post({"query": "{ __typename }"}, headers={"accept": "text/html"})

    assert response.status_code == 406
    assert "accept one of them" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ('"{ __typename }"', "Send a JSON object with `query`, and `variables` and `operationName` where needed."),
        ("1", "Send a JSON object with `query`, and `variables` and `operationName` where needed."),
        ("null", "Send a JSON object with `query`, and `variables` and `operationName` where needed."),
        ("[]", "Batching is not supported: send one operation a request."),
        ('[{"query": "{ __typename }"}]', "Batching is not supported: send one operation a request."),
        ("{", "The body is not valid JSON."),
        ("", "The body is not valid JSON."),
        ("[" * 5000, "The body is not valid JSON."),
        ("{}", "`query` must be the text of a GraphQL document."),
        ('{"query": 1}', "`query` must be the text of a GraphQL document."),
        ('{"query": "{a}", "variables": []}', "`variables` must be an object or null."),
        ('{"query": "{a}", "operationName": 1}', "`operationName` must be a string or null."),
        ('{"query": "{a}", "extensions": "x"}', "`extensions` must be an object or null."),
    ],
)
async def test_what_is_no_request_is_400_and_one_sentence(client: Api, body: str, sentence: str) -> None:
    response = await client.http.post("/graphql", content=body, headers={"content-type": JSON})

    assert response.status_code == 400
    assert response.json() == {"errors": [{"message": sentence}]}


@pytest.mark.parametrize(
    "content_type", ["text/plain", "multipart/form-data; boundary=x", "", "application/json; charset=latin1"]
)
async def test_only_json_in_utf_8_is_read(client: Api, content_type: str) -> None:
    response = await client.http.post(
        "/graphql", content='{"query":"{ __typename }"}', headers={"content-type": content_type}
    )

    assert response.status_code == 415


async def test_a_body_over_one_mebibyte_is_413(client: Api) -> None:
    response = await client.post({"query": "#" * (1024 * 1024)})

    assert response.status_code == 413


async def test_a_query_may_come_by_get_and_a_mutation_may_not(client: Api) -> None:
    query = await client.http.get(
        "/graphql", params={"query": "query($a: Boolean!) { __typename @include(if: $a) }", "variables": '{"a": true}'}
    )
    mutation = await client.http.get("/graphql", params={"query": "mutation { signOut { __typename } }"})

    assert (query.status_code, query.json()) == (200, {"data": {"__typename": "Query"}})
    assert (mutation.status_code, mutation.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_other_methods_are_405(client: Api, method: str) -> None:
    response = await client.http.request(method, "/graphql")

    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


async def test_a_document_that_is_not_valid_is_400_only_for_the_newer_media_type(client: Api) -> None:
    newer = await client.post({"query": "{ nothing }"})
    older = await client.post({"query": "{ nothing }"}, headers={"accept": JSON})

    assert (newer.status_code, older.status_code) == (400, 200)
    assert newer.json() == older.json()
    assert "data" not in newer.json()
    assert newer.json()["errors"][0]["message"] == "Cannot query field 'nothing' on type 'Query'."


async def test_several_operations_need_a_name(client: Api) -> None:
    query = "query A { __typename } query B { a: __typename }"
    nameless = await client.post({"query": query})
    unknown = await client.post({"query": query, "operationName": "C"})
    named = await client.post({"query": query, "operationName": "B"})

    assert nameless.status_code == 400
    assert nameless.json()["errors"][0]["message"].startswith("This document has several operations")
    assert unknown.json()["errors"][0]["message"] == "This document has no operation named 'C'."
    assert named.json() == {"data": {"a": "Query"}}


async def test_a_subscription_needs_a_stream(client: Api) -> None:
    response = await client.post({"query": "subscription { bountyFeed { cursor } }"})

    assert response.status_code == 400
    assert response.json()["errors"][0]["message"].startswith("Subscribe over a WebSocket")


async def test_a_refusal_in_a_query_says_its_code_and_field(client: Api) -> None:
    answer = await client.ask("query ($n: Int!) { bounties(first: $n) { totalCount } }", {"n": 0})

    [error] = answer["errors"]
    assert error["message"] == "`first` must be from 1 to 100."
    assert error["extensions"] == {"code": "INVALID_INPUT", "field": "first"}


async def test_nodes_bounds_its_ids(client: Api) -> None:
    answer = await client.ask("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["x"] * 101})
    few = await client.data("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["x", "account_" + "0" * 32]})

    assert answer["errors"][0]["extensions"] == {"code": "INVALID_INPUT", "field": "ids"}
    assert few == {"nodes": [None, None]}


class TestCookies:
    """The session cookie is for browsers, and for our own pages only."""

    SIGN_IN = """
    mutation { signIn(input: {email: "aldebaran@example.org", password: "a long password"}) {
      __typename ... on SignInSuccess { session { token account { handle } } } } }
    """

    async def test_signing_in_sets_a_cookie_that_scripts_cannot_read_and_signing_out_deletes_it(
        self, client: Api
    ) -> None:
        await factories.signed_in("aldebaran", password="a long password")

        signed_in = await client.post({"query": self.SIGN_IN})
        cookie = signed_in.headers["set-cookie"]
        viewer = await client.post({"query": "{ viewer { handle } }"})
        signed_out = await client.post({"query": "mutation { signOut { __typename } }"})
        after = await client.post({"query": "{ viewer { handle } }"})

        assert cookie.startswith("countenance_session=")
        assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
        assert "Secure" not in cookie
        assert viewer.json() == {"data": {"viewer": {"handle": "aldebaran"}}}
        assert "Max-Age=0" in signed_out.headers["set-cookie"]
        assert after.json() == {"data": {"viewer": None}}

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({}, 200),
            ({"origin": "http://testserver"}, 200),
            ({"sec-fetch-site": "same-origin"}, 200),
            ({"origin": "https://evil.example"}, 403),
            ({"origin": "null"}, 403),
            ({"origin": "http://testserver.evil.example"}, 403),
            ({"sec-fetch-site": "cross-site"}, 403),
        ],
    )
    async def test_a_page_of_another_origin_cannot_use_it(
        self, client: Api, headers: dict[str, str], status: int
    ) -> None:
        someone = await factories.signed_in("aldebaran")
        client.http.cookies.set("countenance_session", someone.token)

        response = await client.post({"query": "mutation { signOut { __typename } }"}, headers=headers)

        assert response.status_code == status
        client.http.cookies.clear()
        still = await client.data("{ viewer { handle } }", token=someone.token)
        assert still == {"viewer": None if status == 200 else {"handle": "aldebaran"}}

    async def test_a_bearer_token_works_from_anywhere(self, client: Api) -> None:
        someone = await factories.signed_in("aldebaran")

        response = await client.post(
            {"query": "{ viewer { handle } }"}, token=someone.token, headers={"origin": "https://elsewhere.example"}
        )

        assert response.json() == {"data": {"viewer": {"handle": "aldebaran"}}}

    async def test_a_token_that_is_none_of_ours_is_nobody(self, client: Api) -> None:
        for token in ("x", "x" * 5000, "\u00e9"):
            response = await client.http.post(
                "/graphql",
                json={"query": "{ viewer { handle } }"},
                headers=httpx.Headers({"authorization": f"Bearer {token}"}, encoding="utf-8"),
            )
            assert response.json() == {"data": {"viewer": None}}


async def test_a_failure_outside_the_resolvers_is_an_answer_too(client: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object) -> None:
        raise ConnectionRefusedError("the database at 10.0.0.7 is away")

    monkeypatch.setattr(callers, "authenticate", away)

    response = await client.post({"query": "{ __typename }"}, token="somebody's")

    assert response.status_code == 500
    assert "10.0.0.7" not in response.text
    assert response.json()["errors"][0]["extensions"]["code"] == "INTERNAL"


async def test_answers_are_nobodys_to_keep(client: Api) -> None:
    response = await client.post({"query": "{ __typename }"})

    assert (response.headers["cache-control"], response.headers["x-content-type-options"]) == ("no-store", "nosniff")
