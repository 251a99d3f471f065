"""Resources as they are followed."""

from typing import Self

import strawberry

from domain import resources
from domain.kernel.ids import ResourceId
from schema.context import Heard
from schema.feed import FeedEvent
from schema.node import global_id
from schema.resources import Resource
from schema.scalars import Cursor
from schema.wanted import Wanted


@strawberry.type(
    description="A change of a resource; `resource` is how it stands now, null to who can't see it any more."
)
class ResourceEvent(FeedEvent):
    """A change of a resource."""

    resource: Resource | None
    resource_id: strawberry.ID | None = strawberry.field(
        description="Which resource, also where `resource` is null because it is no longer public."
    )

    @classmethod
    async def of(cls, heard: Heard, resource_id: ResourceId, wanted: Wanted) -> Self | None:
        """Say what was heard, the resource read by the authority of this moment; None where it is not told."""
        at, cursor = heard.at, Cursor(heard.cursor)
        if heard.resync:
            return cls(cursor=cursor, at=at, resync=True, resource=None, resource_id=None)
        if not isinstance(heard.fact, resources.ResourceChanged) or not resources.hears(heard.scope, heard.fact):
            return None
        found = await Resource.by_ids(heard.scope, [resource_id], wanted["resource"])
        named = global_id(Resource.PREFIX, resource_id)
        return cls(cursor=cursor, at=at, resync=False, resource=found.get(resource_id), resource_id=named)
