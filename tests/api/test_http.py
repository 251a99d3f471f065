"""GraphQL over HTTP: what a request may be, and what each kind of answer says."""

from tests.serving import Api


async def test_a_query_is_answered(client: Api) -> None:
    response = await client.post({"query": "{ __typename }"})

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/graphql-response+json; charset=utf-8"
    assert response.json() == {"data": {"__typename": "Query"}}
