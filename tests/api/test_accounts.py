"""Accounts through the API: signing up, in and out, and who may look into whose purse."""

from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from domain import ledger, reasons
from domain.kernel.ids import Credits, Subject
from domain.kernel.scope import Role
from domain.kernel.work import work
from domain.ledger import Movement, Purse, Reason
from schema.node import global_id
from tests.counting import counted
from tests.factories import member, signed_in
from tests.rules.test_reasons import WHOLE
from tests.serving import Api

PASSWORD = "correct horse battery"
SIGN_UP = """
mutation ($input: SignUpInput!) {
  signUp(input: $input) {
    __typename
    ... on SignUpSuccess {
      session { token expiresAt account { id handle role createdAt purse { available escrowed } } }
    }
    ... on InvalidInputError { code message field }
    ... on ConflictError { code state }
  }
}
"""
SIGN_IN = """
mutation ($input: SignInInput!) {
  signIn(input: $input) { __typename ... on SignInSuccess { session { token } } ... on UserError { code message } }
}
"""
SIGN_OUT = "mutation { signOut { __typename ... on SignOutSuccess { ok } ... on UserError { code } } }"
VIEWER = "{ viewer { handle } }"


def _input(**changes: str) -> dict[str, Any]:
    return {"input": {"handle": "aldebaran", "email": "a@example.org", "password": PASSWORD, **changes}}


async def test_signing_up_shows_the_token_once_and_the_viewer_from_then_on(client: Api) -> None:
    session = (await client.data(SIGN_UP, _input()))["signUp"]["session"]

    account = session["account"]
    assert (account["handle"], account["role"]) == ("aldebaran", "MEMBER")
    assert account["purse"] == {"available": 0, "escrowed": 0}, "the grant comes with the reaction, a moment later"
    assert await client.data(VIEWER, token=session["token"]) == {"viewer": {"handle": "aldebaran"}}
    client.http.cookies.clear()
    assert await client.data(VIEWER) == {"viewer": None}


async def test_the_browser_gets_a_cookie_that_scripts_can_not_read(client: Api) -> None:
    answer = await client.post({"query": SIGN_UP, "variables": _input()})

    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("countenance_session=cnt_")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


async def test_refusals_of_signing_up_are_members_of_its_union(client: Api) -> None:
    await client.data(SIGN_UP, _input())

    taken = await client.data(SIGN_UP, _input(email="b@example.org"))
    bad = await client.data(SIGN_UP, _input(password="short"))

    assert taken["signUp"] == {"__typename": "ConflictError", "code": "CONFLICT", "state": "HANDLE_TAKEN"}
    assert bad["signUp"] == {
        "__typename": "InvalidInputError",
        "code": "INVALID_INPUT",
        "message": "A password has 10 to 200 characters.",
        "field": "input.password",
    }


async def test_signing_in_and_out(client: Api) -> None:
    await signed_in("vega", email="vega@example.org", password=PASSWORD)
    given = {"input": {"email": "VEGA@example.org", "password": PASSWORD}}

    token = (await client.data(SIGN_IN, given))["signIn"]["session"]["token"]
    client.http.cookies.clear()

    assert await client.data(VIEWER, token=token) == {"viewer": {"handle": "vega"}}
    assert (await client.data(SIGN_OUT, token=token))["signOut"] == {"__typename": "SignOutSuccess", "ok": True}
    assert await client.data(VIEWER, token=token) == {"viewer": None}
    assert (await client.data(SIGN_OUT))["signOut"] == {"__typename": "SignInRequiredError", "code": "SIGN_IN_REQUIRED"}


async def test_a_wrong_password_is_a_not_allowed_error(client: Api) -> None:
    answer = await client.data(SIGN_IN, {"input": {"email": "nobody@example.org", "password": PASSWORD}})

    assert answer["signIn"] == {
        "__typename": "NotAllowedError",
        "code": "NOT_ALLOWED",
        "message": "The e-mail address or the password is wrong.",
    }


PURSES = "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Account { handle purse { available } } } }"


async def test_a_purse_is_seen_by_its_account_and_moderators_alone(client: Api) -> None:
    ann, bea, judge = await signed_in("ann"), await signed_in("bea"), await signed_in("judge", role=Role.MODERATOR)
    ids = [global_id("account", each.account.id) for each in (ann, bea)]

    async def seen(token: str) -> list[Any]:
        answer = await client.data(PURSES, {"ids": ids}, token=token)
        return [node["purse"] and node["purse"]["available"] for node in answer["nodes"]]

    assert await seen(ann.token) == [0, None]
    assert await seen(judge.token) == [0, 0]
    assert await seen("") == [None, None]


ENTRY = """
fragment Entry on LedgerEntry { id amount reason balanceAfter subject { id ... on Account { handle } } }
"""
TWO_PAGES = (
    ENTRY
    + """
query ($after: Cursor) {
  viewer {
    purse {
      available escrowed
      newest: entries(first: 1) { edges { cursor node { ...Entry } } pageInfo { hasNextPage endCursor } }
      rest: entries(first: 5, after: $after) { edges { node { amount } } pageInfo { hasNextPage hasPreviousPage } }
    }
  }
}
"""
)


async def _grant(account_id: Any, amount: int, key: str) -> None:
    about = Subject("account", account_id)
    async with work() as w:
        await ledger.transfers(
            w, [Movement(Credits(amount), Purse.mint(), Purse.account(account_id), Reason.GRANT, about)], key=key
        )


async def test_entries_are_paged_and_aliased_pages_do_not_mix(client: Api) -> None:
    ann = await signed_in("ann")
    for amount in (10, 20, 30):
        await _grant(ann.account.id, amount, f"grant:{amount}")

    purse = (await client.data(TWO_PAGES, token=ann.token))["viewer"]["purse"]

    [edge] = purse["newest"]["edges"]
    assert (purse["available"], purse["escrowed"]) == (60, 0)
    assert {key: edge["node"][key] for key in ("amount", "reason", "balanceAfter")} == {
        "amount": 30,
        "reason": "GRANT",
        "balanceAfter": 60,
    }
    assert edge["node"]["subject"] == {"id": global_id("account", ann.account.id), "handle": "ann"}
    assert purse["newest"]["pageInfo"] == {"hasNextPage": True, "endCursor": edge["cursor"]}
    assert [each["node"]["amount"] for each in purse["rest"]["edges"]] == [30, 20, 10]
    below = (await client.data(TWO_PAGES, {"after": edge["cursor"]}, token=ann.token))["viewer"]["purse"]["rest"]
    assert [each["node"]["amount"] for each in below["edges"]] == [20, 10]
    assert below["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": True}


async def test_an_entry_is_a_node_for_its_holder(client: Api) -> None:
    ann, bea = await signed_in("ann"), await signed_in("bea")
    await _grant(ann.account.id, 10, "grant")
    purse = (await client.data(TWO_PAGES, token=ann.token))["viewer"]["purse"]
    entry = purse["newest"]["edges"][0]["node"]["id"]
    one = "query ($id: ID!) { node(id: $id) { ... on LedgerEntry { amount } } }"

    assert await client.data(one, {"id": entry}, token=ann.token) == {"node": {"amount": 10}}
    assert await client.data(one, {"id": entry}, token=bea.token) == {"node": None}
    assert await client.data(one, {"id": entry}) == {"node": None}


@pytest.mark.parametrize("arguments", ["first: 0", "first: 101", 'after: "x"', 'after: "WyJ4Il0"'])
async def test_bad_paging_is_refused_in_one_sentence(client: Api, arguments: str) -> None:
    ann = await signed_in("ann")
    document = f"{{ viewer {{ purse {{ entries({arguments}) {{ edges {{ cursor }} }} }} }} }}"

    answer = await client.ask(document, token=ann.token)

    [error] = answer["errors"]
    assert ("`first`" if arguments.startswith("first") else "cursor") in error["message"]
    assert answer.get("data") in (None, {"viewer": None})


LEDGERS = (
    ENTRY
    + """
query ($ids: [ID!]!, $first: Int!) {
  nodes(ids: $ids) {
    ... on Account { handle purse { available entries(first: $first) { edges { node { ...Entry } } } } }
  }
}
"""
)


async def test_reading_many_ledgers_takes_as_many_statements_as_reading_one(client: Api, db: asyncpg.Pool) -> None:
    judge = await signed_in("judge", role=Role.MODERATOR)
    people = [await member() for _ in range(8)]
    for each in people:
        for n in range(4):
            await _grant(each.account_id, 5, f"grant:{each.account_id}:{n}")
    ids = [global_id("account", each.account_id) for each in people]

    async def statements(ids: list[Any], first: int) -> list[str]:
        with counted(db) as heard:
            answer = await client.data(LEDGERS, {"ids": ids, "first": first}, token=judge.token)
        assert [len(node["purse"]["entries"]["edges"]) for node in answer["nodes"]] == [first] * len(ids)
        return heard

    few, many = await statements(ids[:1], 1), await statements(ids, 4)

    assert len(few) == len(many) == 5, "session, accounts, purses, entries, the entries' subjects"


async def test_a_statement_of_reasons_is_a_node_for_whom_it_concerns(client: Api) -> None:
    ann, bea = await signed_in("ann"), await signed_in("bea")
    async with work() as w:
        statement = replace(WHOLE, owner_id=ann.account.id)
        await reasons.state(w, statement)
    given = {"id": global_id("statement", statement.id)}
    one = """query ($id: ID!) { node(id: $id) { ... on StatementOfReasons {
        puid decisionVisibility decisionFacts decisionGround groundExplanation contentType category sourceType
        automatedDetection automatedDecision contentDate applicationDate } } }"""

    said = (await client.data(one, given, token=ann.token))["node"]

    assert said == {
        "puid": statement.puid,
        "decisionVisibility": ["DECISION_VISIBILITY_CONTENT_DISABLED"],
        "decisionFacts": statement.facts,
        "decisionGround": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "groundExplanation": statement.explanation,
        "contentType": ["CONTENT_TYPE_SYNTHETIC_MEDIA"],
        "category": "STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS",
        "sourceType": "SOURCE_VOLUNTARY",
        "automatedDetection": True,
        "automatedDecision": "AUTOMATED_DECISION_FULLY",
        "contentDate": "2026-11-22T00:00:00Z",
        "applicationDate": "2026-11-22T00:00:00Z",
    }
    assert await client.data(one, given, token=bea.token) == {"node": None}
    assert await client.data(one, given) == {"node": None}
