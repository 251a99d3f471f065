"""Deeds of moderators about claims and resources: nobody does them about what concerns them.

Claims and resources know nothing of each other, so moderation says who stands on the other side. What things belong to
never changes, so it is read before the deed's own work.
"""

from collections.abc import Sequence
from uuid import UUID

from domain import bounties, generation, likeness, resources
from domain.accounts import Parties
from domain.kernel.ids import BountyId, ClaimId, ResourceId, Subject
from domain.kernel.scope import Scope
from domain.kernel.work import work


async def decide_claim(
    scope: Scope, claim_id: ClaimId, *, uphold: bool, explanation: str
) -> tuple[likeness.Claim, int]:
    """Uphold or reject a claim, unless the moderator filed it or has a stake in what it points at.

    Raises SignInRequired, NotAllowed, NotFound, InvalidInput, Conflict.
    """
    scope.require_moderator()
    concerned = await _owners(scope, await likeness.pointed_at(scope, claim_id))
    return await likeness.decide_claim(scope, claim_id, uphold=uphold, explanation=explanation, concerned=concerned)


async def remove_resource(scope: Scope, resource_id: ResourceId) -> None:
    """Take a resource down: its owner, or a moderator who has no claim about it and no part in it.

    Raises SignInRequired, NotFound, NotAllowed, Conflict.
    """
    scope.require_actor()
    async with work(scope.now) as w:
        claimants = await likeness.claimants(w, [Subject("resource", resource_id)])
    await resources.remove(scope, resource_id, concerned=claimants)


async def _owners(scope: Scope, subjects: Sequence[Subject]) -> Parties:
    """Give whose things are; of bounties, and of entries in them, everybody who has a stake in the bounty."""
    system = Scope.of_system(scope.ports)
    found = await resources.resources_by_ids(system, _ids(subjects, "resource"))
    accounts = {account_id for resource in found.values() for account_id in resource.parties}
    accounts |= await generation.owners_of(jobs=_ids(subjects, "job"), images=_ids(subjects, "image"))
    entries = await bounties.entries_by_ids(system, _ids(subjects, "entry"))
    bounty_ids = [*_ids(subjects, "bounty"), *(entry.bounty_id for entry in entries.values())]
    async with work(scope.now) as w:
        stakes = await bounties.parties_of(w, [BountyId(each) for each in bounty_ids])
    return stakes.joined(Parties(accounts=frozenset(accounts)))


def _ids(subjects: Sequence[Subject], kind: str) -> list[UUID]:
    return [subject.id for subject in subjects if subject.kind == kind]
