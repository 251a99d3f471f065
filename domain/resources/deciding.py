"""What a moderator's decision on a case does to a resource, in the work of whoever decides.

The registry is held first where it is asked, then the lock of the resource's files is taken, and then its row.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from domain import reasons
from domain.kernel.ids import AccountId, ResourceId
from domain.kernel.refusals import Conflict, NotFound
from domain.kernel.scope import Scope
from domain.kernel.work import Work
from domain.registry.matching import Matcher
from domain.resources import statements
from domain.resources.actions import take_down
from domain.resources.facts import ResourceChanged
from domain.resources.holders import lock_holder
from domain.resources.passing import marks_of, unexamined
from domain.resources.reads import files_in, resource_of
from domain.resources.settling import settle
from domain.resources.values import Cause, Holder, Resource, ResourceStatus


@dataclass(frozen=True, slots=True)
class Decidable:
    """A resource that is locked for a decision, and how it stands.

    `restricted` says that a moderator holds it already, `for_claim` that an open claim does; `marks` name what holds it
    until a person has looked, and was not let pass before; `unexamined` says that a file of it could not be examined.
    """

    resource: Resource
    restricted: bool
    for_claim: bool
    unexamined: bool
    marks: Sequence[str]


async def lock_for_decision(w: Work, resource_id: ResourceId) -> Decidable:
    """Lock a resource that is to be decided about. Raises NotFound."""
    await lock_holder(w, Holder("resource", resource_id))
    row = await w.one("SELECT * FROM resource WHERE id = $1 FOR UPDATE", resource_id)
    if row is None:
        raise NotFound("There is no resource with this id.")
    resource, files = resource_of(row), await files_in(w, resource_id)
    removed = resource.status is ResourceStatus.REMOVED
    return Decidable(
        resource,
        restricted=row["moderator_hold"] is not None and not removed,
        for_claim=row["cause"] == Cause.CLAIM,
        unexamined=any(unexamined(file) for file in files),
        marks=marks_of(resource, files),
    )


async def parties_of(w: Work, resource_id: ResourceId) -> frozenset[AccountId]:
    """Give who owns a resource, and who made it."""
    row = await w.one("SELECT * FROM resource WHERE id = $1", resource_id)
    return resource_of(row).parties if row else frozenset()


async def hold(w: Work, scope: Scope, subject: Decidable, *, explanation: str) -> None:
    """Hold a resource until a moderator lifts that; its owner is told why."""
    resource = subject.resource
    await w.execute("UPDATE resource SET status = 'HELD', moderator_hold = $2 WHERE id = $1", resource.id, explanation)
    await reasons.state(w, statements.of_hold(resource, explanation, at=scope.now))
    w.tell(
        ResourceChanged(
            resource.id, resource.owner_id, ResourceStatus.HELD, before=resource.status, cause=Cause.MODERATOR
        )
    )


async def remove_by_decision(w: Work, scope: Scope, subject: Decidable, *, explanation: str) -> None:
    """Take a resource down for good; its owner is told why."""
    await take_down(w, subject.resource, Cause.MODERATOR)
    await reasons.state(w, statements.of_removal(subject.resource, explanation, at=scope.now))


async def restore(w: Work, scope: Scope, subject: Decidable, matcher: Matcher) -> None:
    """Lift a moderator's hold, and let pass what a person had to look at; what blocks is never let pass.

    The caller holds the registry of `matcher`. Raises Conflict where that holds the resource for something newer.
    """
    resource = subject.resource
    await w.execute(
        "UPDATE resource SET let_pass = let_pass || $2::jsonb, moderator_hold = NULL WHERE id = $1",
        resource.id,
        json.dumps(list(subject.marks)),
    )
    reached = await settle(w, scope, resource.id, matcher, rejudged=True, decided=True)
    if reached is not ResourceStatus.PUBLISHED and resource.status is not ResourceStatus.BLOCKED:
        raise Conflict(
            "The registry has just changed what stands against this resource: look at its findings again.",
            state=resource.status,
        )
