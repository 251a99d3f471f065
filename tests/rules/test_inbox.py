"""What an account is told of claims, in one sentence each."""

from domain.kernel.ids import AccountId, ClaimId, ResourceId, Subject, new_id
from domain.likeness import ClaimDecided
from domain.resources import ResourceChanged
from schema.inbox import NOTICES, InboxKind
from tests.factories import system_scope


def test_an_uploader_hears_that_a_claim_holds_their_resource() -> None:
    resource_id, owner_id = ResourceId(new_id()), AccountId(new_id())
    held = ResourceChanged(resource_id, owner_id, "HELD", before="PUBLISHED", cause="CLAIM")

    notice = NOTICES[ResourceChanged](system_scope(), held)

    assert f"inbox:{owner_id}" in held.topics()
    assert notice is not None
    assert (notice.kind, notice.subject) == (InboxKind.RESOURCE_DECIDED, Subject("resource", resource_id))
    assert "the claim of somebody who says that it reproduces them" in notice.message


def test_a_claimant_hears_of_the_decision() -> None:
    claim_id, account_id = ClaimId(new_id()), AccountId(new_id())
    decided = ClaimDecided(claim_id, "REJECTED", account_id)

    notice = NOTICES[ClaimDecided](system_scope(), decided)

    assert f"inbox:{account_id}" in decided.topics()
    assert not any("inbox" in topic for topic in ClaimDecided(claim_id, "REJECTED").topics())
    assert notice is not None
    assert (notice.kind, notice.subject) == (InboxKind.CLAIM_DECIDED, Subject("claim", claim_id))
    assert notice.message.startswith("Your claim is rejected.")
