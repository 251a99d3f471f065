"""Claims as their claimants and moderators see them through the API; and that no face ever comes out of it."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from countenance.sealing import Seal
from domain import likeness
from domain.kernel.ports import Policy, Ports
from domain.kernel.scope import Actor, Role, Scope
from tests import factories
from tests.actions.bounties import followed
from tests.claiming import a_descriptor, filed, solved
from tests.counting import counted
from tests.resourcing import NAME, adopted, published
from tests.serving import Api

Acting = Callable[[Actor], Scope]

CLAIM = """
  id caseCode status receivedAt dueAt overdue decidedAt consent
  affected { action at findings { signal verdict detail person { displayName } }
    subject { __typename id ... on Resource { title } } }
  statementOfReasons { decisionFacts groundExplanation automatedDecision }
  details { source complete personName aliases relation contactEmail locations explanation signature
    faceCount joined notes }
"""
ERROR = "... on UserError { code message }"
FILE = f"""
mutation ($input: LikenessClaimInput!, $proof: String) {{ said: likenessClaimFile(input: $input, proof: $proof) {{
  __typename ... on LikenessClaimFileSuccess {{ pin claim {{ {CLAIM} }} }} {ERROR}
  ... on InvalidInputError {{ field }} ... on RateLimitedError {{ retryAfterSeconds }} }} }}
"""
OPEN = f"query ($code: String!, $pin: String!) {{ said: likenessClaim(caseCode: $code, pin: $pin) {{ {CLAIM} }} }}"
WITHDRAW = f"""
mutation ($code: String!, $pin: String!) {{ said: likenessClaimWithdraw(caseCode: $code, pin: $pin) {{
  __typename ... on LikenessClaimWithdrawSuccess {{ claim {{ {CLAIM} }} }} {ERROR} }} }}
"""
DECIDE = f"""
mutation ($id: ID!, $uphold: Boolean!) {{
  said: likenessClaimDecide(input: {{claimId: $id, uphold: $uphold, explanation: "We looked at it."}}) {{
  __typename ... on LikenessClaimDecideSuccess {{ registryVersion claim {{ {CLAIM} }} }} {ERROR} }} }}
"""
LIST = f"""
query ($filter: LikenessClaimFilter, $first: Int! = 20) {{ said: likenessClaims(filter: $filter, first: $first) {{
  totalCount pageInfo {{ hasNextPage }} edges {{ node {{ {CLAIM} }} }} }} }}
"""
INPUT: dict[str, Any] = {
    "personName": NAME,
    "relation": "SELF",
    "contactEmail": "aldebaran@example.org",
    "explanation": "These models were made of my pictures.",
    "goodFaith": True,
    "signature": "T. P. Aldebaran",
}


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """With a key for faces and one for challenges."""
    return replace(ports, sealer=Seal("ab" * 32), proof_key=b"k" * 32, policy=Policy(claim_proof_bits=8))


async def somebody(acting: Acting, role: Role = Role.MEMBER) -> tuple[str, Scope]:
    """A token and the scope of whoever it is for."""
    signed = await factories.signed_in(role=role)
    account = signed.account
    return signed.token, acting(Actor(account.id, account.handle, account.role, signed.session_id))


async def puzzle(client: Api) -> dict[str, Any]:
    """A puzzle that is set to this client."""
    return (await client.data("{ likenessClaimChallenge { token bits } }"))["likenessClaimChallenge"]


async def said(client: Api, document: str, token: str = "", **variables: Any) -> Any:
    return (await client.data(document, variables, token=token))["said"]


async def test_a_claim_from_the_form_to_the_decision_and_back(client: Api, acting: Acting, system: Scope) -> None:
    _, owner = await somebody(acting)
    token, judge = await somebody(acting, Role.MODERATOR)
    resource_id = await published(owner, b"1", title=f"After {NAME}")
    location = f"resource_{resource_id.hex}"

    made = await said(
        client,
        FILE,
        input={**INPUT, "locations": [location], "aliases": ["Aldebaran T"]},
        proof=solved(**await puzzle(client)),
    )
    await followed(system.ports)
    code, pin = made["claim"]["caseCode"], made["pin"]
    verifying = await said(client, OPEN, code=code, pin=pin)
    decided = await said(client, DECIDE, token, id=made["claim"]["id"], uphold=True)
    await adopted(judge)
    await followed(system.ports)
    upheld = await said(client, OPEN, code=code, pin=pin)
    seen = (await said(client, LIST, token))["edges"][0]["node"]
    withdrawn = await said(client, WITHDRAW, code=code, pin=pin)
    await adopted(judge)
    await followed(system.ports)
    restored = await said(client, OPEN, code=code, pin=pin)

    assert made["__typename"] == "LikenessClaimFileSuccess"
    assert (made["claim"]["status"], made["claim"]["affected"]) == ("RECEIVED", [])
    assert made["claim"]["details"] == {
        "source": "FORM",
        "complete": True,
        "personName": NAME,
        "aliases": ["Aldebaran T"],
        "relation": "SELF",
        "contactEmail": "aldebaran@example.org",
        "locations": [location],
        "explanation": "These models were made of my pictures.",
        "signature": "T. P. Aldebaran",
        "faceCount": 0,
        "joined": 0,
        "notes": [],
    }
    assert verifying["status"] == "VERIFYING"
    [held] = verifying["affected"]
    assert (held["action"], held["subject"]) == ("HELD", {"__typename": "Withheld", "id": location})
    assert (decided["registryVersion"], decided["claim"]["status"]) == (1, "UPHELD")
    assert [item["action"] for item in upheld["affected"]] == ["DISABLED"]
    assert upheld["affected"][0]["findings"][0]["person"] is None
    assert upheld["statementOfReasons"]["groundExplanation"] == "We looked at it."
    assert seen["affected"][0]["subject"] == {"__typename": "Resource", "id": location, "title": f"After {NAME}"}
    assert seen["affected"][0]["findings"][0]["person"] == {"displayName": NAME}
    assert withdrawn["claim"]["status"] == "WITHDRAWN"
    assert restored["affected"][0]["action"] == "RESTORED"
    assert restored["affected"][0]["subject"]["__typename"] == "Resource", "it is public again"
    assert restored["statementOfReasons"] is None


async def test_a_claim_of_the_contract_alone_is_taken(client: Api) -> None:
    made = await said(client, FILE, input={**INPUT, "consent": "NAMED_CREATORS"})

    assert made["__typename"] == "LikenessClaimFileSuccess"
    assert made["claim"]["consent"] == "NAMED_CREATORS"
    assert len(made["pin"]) == 10


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"goodFaith": False}, "input.goodFaith"),
        ({"personName": "\u0301"}, "input.personName"),
        ({"personName": "x" * 10_000}, "input.personName"),
        ({"explanation": "a\u0000b"}, "input.explanation"),
        ({"contactEmail": "nobody"}, "input.contactEmail"),
        ({"faceDescriptors": [[0.1] * 129]}, "input.faceDescriptors"),
        ({"faceDescriptors": [[]]}, "input.faceDescriptors"),
        ({"creators": ["painter"]}, "input.creators"),
    ],
)
async def test_what_is_wrong_is_said_by_field(
    client: Api, db: asyncpg.Pool, changed: dict[str, Any], field: str
) -> None:
    refused = await said(client, FILE, input={**INPUT, **changed})

    assert (refused["__typename"], refused["field"]) == ("InvalidInputError", field)
    assert await db.fetchval("SELECT count(*) FROM likeness_claim") == 0


async def test_nobody_but_moderators_decides_or_lists(client: Api, db: asyncpg.Pool, acting: Acting) -> None:
    made = await said(client, FILE, input=INPUT)
    member, _ = await somebody(acting)
    claim_id = made["claim"]["id"]

    refused = [(await said(client, DECIDE, token, id=claim_id, uphold=True))["__typename"] for token in ("", member)]
    lists = [await said(client, LIST, token) for token in ("", member)]
    nodes = [
        await said(client, "query ($id: ID!) { said: node(id: $id) { id } }", token, id=claim_id)
        for token in ("", member)
    ]

    assert refused == ["SignInRequiredError", "NotAllowedError"]
    assert lists == [None, None]
    assert nodes == [None, None]
    assert await db.fetchval("SELECT status FROM likeness_claim") == "RECEIVED"


async def test_a_claim_of_the_contract_alone_is_taken_and_says_what_it_does_not_hold(
    client: Api, acting: Acting, system: Scope
) -> None:
    _, owner = await somebody(acting)
    resource_id = await published(owner, b"1", title=f"After {NAME}")

    made = await said(client, FILE, input={**INPUT, "locations": [f"resource_{resource_id.hex}"]})
    await followed(system.ports)
    verifying = await said(client, OPEN, code=made["claim"]["caseCode"], pin=made["pin"])

    assert (verifying["status"], [item["action"] for item in verifying["affected"]]) == ("VERIFYING", ["NONE"])
    [note] = verifying["details"]["notes"]
    assert note.startswith("It came without an account and without a proof of work")


async def test_a_signed_in_claimant_hears_of_the_decision(client: Api, db: asyncpg.Pool, acting: Acting) -> None:
    token, claimant = await somebody(acting)
    judge, _ = await somebody(acting, Role.MODERATOR)
    made = await said(client, FILE, token, input=INPUT)

    await said(client, DECIDE, judge, id=made["claim"]["id"], uphold=False)
    own = await said(client, "query ($id: ID!) { said: node(id: $id) { id } }", token, id=made["claim"]["id"])

    assert own == {"id": made["claim"]["id"]}
    topics = await db.fetchval("SELECT topics FROM fact WHERE kind = 'ClaimDecided'")
    assert f"inbox:{claimant.account_id}" in topics


async def test_wrong_pins_open_and_withdraw_nothing(client: Api, db: asyncpg.Pool) -> None:
    made = await said(client, FILE, input=INPUT)
    code = made["claim"]["caseCode"]

    opened = [await said(client, OPEN, code=each, pin="0123456789") for each in (code, "LC-2222-2222", "x")]
    withdrawn = await said(client, WITHDRAW, code=code, pin="0123456789")

    assert opened == [None, None, None]
    assert withdrawn["__typename"] == "NotFoundError"
    assert await db.fetchval("SELECT status FROM likeness_claim") == "RECEIVED"


async def test_no_face_comes_out_anywhere(
    client: Api, acting: Acting, db: asyncpg.Pool, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    face = a_descriptor(7)
    token, _ = await somebody(acting, Role.MODERATOR)
    caplog.set_level(0)

    with capture_logs() as logs:
        made = await said(client, FILE, input={**INPUT, "faceDescriptors": [list(face)]})
        await said(client, FILE, input={**INPUT, "faceDescriptors": [[*face, 1.0]]})
        upheld = await said(client, DECIDE, token, id=made["claim"]["id"], uphold=True)
    listed = await said(client, LIST, token)
    person_id = await db.fetchval("SELECT id FROM registered_person")
    person = await said(
        client,
        "query ($id: ID!) { said: node(id: $id) { ... on RegisteredPerson { displayName faceCount } } }",
        token,
        id=f"person_{person_id.hex}",
    )

    everything = str([made, upheld, listed, person, logs, caplog.text, *capfd.readouterr()])
    stored = "".join([str(dict(row)) for row in await db.fetch("SELECT body FROM fact")])
    assert made["claim"]["details"]["faceCount"] == 1
    assert person == {"displayName": NAME, "faceCount": 1}
    for value in face:
        assert f"{value:.6f}"[:7] not in everything
        assert f"{value:.6f}"[:7] not in stored


def test_the_schema_has_no_field_for_faces() -> None:
    schema = (Path(__file__).parents[2] / "schema" / "schema.graphql").read_text()

    assert [line.strip() for line in schema.splitlines() if "escriptor" in line and "[" in line] == [
        "faceDescriptors: [[Float!]!]! = []"
    ]


async def test_a_page_of_claims_takes_as_many_statements_as_one(
    client: Api, acting: Acting, nobody: Scope, system: Scope, db: asyncpg.Pool
) -> None:
    token, judge = await somebody(acting, Role.MODERATOR)
    _, owner = await somebody(acting)
    for number in range(4):
        resource_id = await published(owner, bytes([number]), title=f"After {NAME} {number}")
        made = await filed(nobody, locations=(f"resource_{resource_id.hex}",))
        await followed(system.ports)
        await likeness.decide_claim(judge, made.claim.id, uphold=False, explanation="x")
    await followed(system.ports)
    await said(client, LIST, token, first=4)

    with counted(db) as one:
        await said(client, LIST, token, first=1)
    with counted(db) as four:
        page = await said(client, LIST, token, first=4)

    assert len(page["edges"]) == page["totalCount"] == 4
    assert len(four) == len(one)
    assert len(one) <= 14


async def test_a_challenge_is_set_to_anybody(client: Api) -> None:
    challenge = (await client.data("{ likenessClaimChallenge { token bits expiresAt } }"))["likenessClaimChallenge"]

    assert challenge["bits"] == 8
    assert challenge["token"].count(".") == 3


@pytest.mark.parametrize("by_variable", [False, True])
async def test_no_error_repeats_a_face(client: Api, by_variable: bool) -> None:
    face = [round(0.1706 + at / 1000, 4) for at in range(128)]
    written = f'{{personName: "A", faceDescriptors: [{face}]}}'
    document = (
        "mutation ($input: LikenessClaimInput!) { likenessClaimFile(input: $input) { __typename } }"
        if by_variable
        else f"mutation {{ likenessClaimFile(input: {written}) {{ __typename }} }}"
    )

    answer = await client.ask(document, {"input": {"personName": "A", "faceDescriptors": [face]}})

    assert "0.17" not in json.dumps(answer)
    assert "to include required field 'relation', found: {" in answer["errors"][0]["message"]
