"""Nobody decides what concerns them, through the API: each mutation of a moderator answers with the same refusal."""

from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from domain.kernel.ports import Policy, Ports
from tests.actions.concerned import claimed, world_of
from tests.counting import digests
from tests.serving import Api
from tests.vault.world import some_moderator

SAYS = "__typename ... on UserError { code message } ... on ConflictError { state }"
DEEDS = {
    "bountyCancel": 'bountyCancel(bountyId: "%(bounty)s")',
    "bountyReview": 'bountyReview(bountyId: "%(bounty)s", decision: LIST, explanation: "It is a cat.")',
    "caseClaim": 'caseClaim(caseId: "%(case)s")',
    "caseDecide": 'caseDecide(input: {caseId: "%(case)s", decision: RESTORE, explanation: "It is a cat."})',
    "likenessClaimDecide": 'likenessClaimDecide(input: {claimId: "%(claim)s", uphold: true, explanation: "It is me."})',
    "resourceRemove": 'resourceRemove(resourceId: "%(resource)s")',
}
REFUSED = {
    "__typename": "NotAllowedError",
    "code": "NOT_ALLOWED",
    "message": "This concerns you, or an account that is linked with yours: another moderator has to decide it.",
}


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """Nobody gets credits but by the test, and accounts are compared."""
    return replace(ports, policy=Policy(signup_grant=0), marks_key=b"a key of 32 bytes, for the tests")


@pytest.mark.parametrize("deed", list(DEEDS))
async def test_a_moderator_decides_nothing_about_what_they_have_claimed(
    client: Api, db: asyncpg.Pool, ports: Ports, tmp_path: Path, deed: str
) -> None:
    world, judge = await world_of(db, ports, tmp_path), await some_moderator(ports)
    world.claim = await claimed(judge.scope, world.claim.locations)
    await world.waits_for(judge.scope)
    before = await digests(db)

    said = await client.data(f"mutation {{ said: {DEEDS[deed] % world.names} {{ {SAYS} }} }}", token=judge.token)

    assert said["said"] == REFUSED
    assert await digests(db) == before


async def test_a_review_past_the_case_of_another_moderator_is_a_conflict(
    client: Api, db: asyncpg.Pool, ports: Ports, tmp_path: Path
) -> None:
    world, holder, other = await world_of(db, ports, tmp_path), await some_moderator(ports), await some_moderator(ports)
    await world.waits_for(holder.scope)
    review = f"mutation {{ said: {DEEDS['bountyReview'] % world.names} {{ {SAYS} }} }}"

    refused = await client.data(review, token=other.token)
    allowed = await client.data(review, token=holder.token)

    assert (refused["said"]["__typename"], refused["said"]["state"]) == ("ConflictError", "CLAIMED")
    assert allowed["said"] == {"__typename": "BountyReviewSuccess"}
