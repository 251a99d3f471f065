"""Kept e-mails through the API: a moderator's list, and what is done about them."""

from dataclasses import replace
from typing import Any

import asyncpg

from countenance.intake import take_in
from domain.kernel.clock import HandClock
from domain.kernel.ports import Ports
from domain.kernel.scope import Role, Scope
from schema.node import global_id
from tests import factories
from tests.actions.test_claims import Full
from tests.actions.test_kept_messages import FROM_A_LIST, MAIL
from tests.counting import counted
from tests.serving import Api

LIST = """
query ($first: Int! = 20, $claim: ID) { said: keptMessages(first: $first, claimId: $claim) {
  totalCount pageInfo { hasNextPage } throttled { onDay rule addresses times }
  edges { node { id receivedAt sender subject text links problem dealtAt attachments { name mediaType size }
    claim { id details { personName unreached } } } } } }
"""
OPEN = """
mutation ($input: KeptMessageOpenInput!) { said: keptMessageOpen(input: $input) {
  __typename ... on KeptMessageOpenSuccess { claim { id details { contactEmail complete } } }
  ... on UserError { code message } } }
"""
DEAL = """
mutation ($id: ID!) { said: keptMessageDealWith(messageId: $id) {
  __typename ... on KeptMessageDealWithSuccess { message { id text dealtAt } } ... on UserError { code } } }
"""


async def said(client: Api, document: str, token: str = "", **variables: Any) -> Any:
    return (await client.data(document, variables, token=token))["said"]


async def judge() -> str:
    return (await factories.signed_in(role=Role.MODERATOR)).token


async def test_a_moderator_lists_opens_and_deals_with_kept_messages(
    client: Api, clock: HandClock, nobody: Scope
) -> None:
    await take_in(nobody, b"nothing")
    await take_in(nobody, FROM_A_LIST)
    token = await judge()

    listed = await said(client, LIST, token)
    newest, oldest = [edge["node"] for edge in listed["edges"]]
    opened = await said(client, OPEN, token, input={"messageId": newest["id"]})
    dealt = await said(client, DEAL, token, id=oldest["id"])

    assert (listed["totalCount"], listed["throttled"]) == (2, [])
    assert (newest["sender"], newest["subject"], newest["claim"]) == ("aldebaran@example.org", "Please stop", None)
    assert (oldest["text"], oldest["problem"]) == ("", "This message does not say who sent it.")
    assert opened["claim"]["details"] == {"contactEmail": "aldebaran@example.org", "complete": False}
    assert dealt["message"]["id"] == oldest["id"]
    assert dealt["message"]["dealtAt"] is not None
    assert (await said(client, LIST, token))["totalCount"] == 0
    [belonging] = (await said(client, LIST, token, claim=opened["claim"]["id"]))["edges"]
    assert belonging["node"]["claim"]["details"]["unreached"] is False


async def test_nobody_else_sees_or_does_anything(client: Api, db: asyncpg.Pool, nobody: Scope) -> None:
    await take_in(nobody, FROM_A_LIST)
    message = global_id("message", await db.fetchval("SELECT id FROM intake_message"))
    member = (await factories.signed_in()).token

    lists = [await said(client, LIST), await said(client, LIST, member)]
    node = await client.data("query ($id: ID!) { node(id: $id) { id } }", {"id": message}, token=member)
    refused = [
        (await said(client, OPEN, "", input={"messageId": message}))["code"],
        (await said(client, OPEN, member, input={"messageId": message}))["code"],
        (await said(client, DEAL, member, id=message))["code"],
        (await said(client, DEAL, await judge(), id="claim_" + "0" * 32))["code"],
    ]

    assert (lists, node) == ([None, None], {"node": None})
    assert refused == ["SIGN_IN_REQUIRED", "NOT_ALLOWED", "NOT_ALLOWED", "NOT_FOUND"]
    assert await db.fetchval("SELECT dealt_at FROM intake_message") is None


async def test_a_page_of_any_length_takes_the_same_number_of_statements(
    client: Api, db: asyncpg.Pool, nobody: Scope, ports: Ports
) -> None:
    full = replace(nobody, ports=replace(ports, limiter=Full("claim-mail")))
    token = await judge()
    for number in range(5):
        await take_in(full, MAIL.replace(b"<1@", f"<{number}@".encode()))

    with counted(db) as short:
        await said(client, LIST, token, first=1)
    with counted(db) as long:
        listed = await said(client, LIST, token, first=5)

    assert len(listed["edges"]) == 5
    assert [(each["rule"], each["addresses"], each["times"]) for each in listed["throttled"]] == [("claim-mail", 1, 5)]
    assert len(short) == len(long)
