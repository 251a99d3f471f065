"""Resources: read, draft, upload, submit, remove, follow."""

from collections.abc import AsyncGenerator

import strawberry

from domain import bounties, moderation, resources
from domain.kernel.ids import FileId, ResourceId
from domain.kernel.paging import ask
from domain.kernel.refusals import NotFound
from domain.resources import HashAlgorithm
from schema.context import Info
from schema.node import id_of, one, parse_id
from schema.resource_feed import ResourceEvent
from schema.resource_inputs import ResourceDraftInput, ResourceFilter
from schema.resources import (
    Resource,
    ResourceConnection,
    ResourceFile,
)
from schema.scalars import Cursor
from schema.uploads import (
    ResourceDraftResult,
    ResourceDraftSuccess,
    ResourceFileRemoveResult,
    ResourceFileRemoveSuccess,
    ResourceRemoveResult,
    ResourceRemoveSuccess,
    ResourceSubmitResult,
    ResourceSubmitSuccess,
    UploadBeginInput,
    UploadBeginResult,
    UploadBeginSuccess,
    UploadTicket,
)
from schema.wanted import Wanted


@strawberry.type
class ResourcesQuery:
    """Reading resources."""

    @strawberry.field(description="A resource by its id; null when there is none or you may not see it.")
    async def resource(self, info: Info, id: strawberry.ID) -> Resource | None:  # noqa: A002 - the contract's argument
        """Load one resource."""
        named = parse_id(id)
        if named is None or named[0] != Resource.PREFIX:
            return None
        return await _resource(info, ResourceId(named[1]), Wanted.of(info))

    @strawberry.field(description="Resources that you may see, newest first.")
    async def resources(
        self,
        info: Info,
        filter: ResourceFilter | None = strawberry.UNSET,  # noqa: A002 - the contract's argument
        first: int = 20,
        after: Cursor | None = strawberry.UNSET,
    ) -> ResourceConnection:
        """Load a page of resources."""
        scope, wanted = info.context.scope, Wanted.of(info)
        page = await resources.list_resources(
            scope,
            (filter or ResourceFilter()).read(),
            ask(first, after or None, width=1),
            with_total="totalCount" in wanted,
        )
        return await ResourceConnection.of(scope, page, wanted)

    @strawberry.field(description="Finds a published file by any of its hashes.")
    async def resource_by_hash(self, info: Info, algorithm: HashAlgorithm, value: str) -> Resource | None:
        """Find the resource that has a file with this hash."""
        found = await resources.resource_by_hash(info.context.scope, algorithm, value)
        return await one(Resource, info.context.scope, found, Wanted.of(info)) if found else None


@strawberry.type
class ResourcesMutation:
    """What owners and moderators do to resources."""

    @strawberry.mutation(description="Write down a new resource; upload its files next, then submit it.")
    async def resource_draft(self, info: Info, input: ResourceDraftInput) -> ResourceDraftResult:  # noqa: A002 - the contract's argument
        """Write down a new resource."""
        drafted = await resources.draft(info.context.scope, input.read())
        return ResourceDraftSuccess(resource=await _changed(info, drafted, "ResourceDraftSuccess"))

    @strawberry.mutation(description="Begin a resumable upload to a draft of a resource or of a bounty entry.")
    async def upload_begin(self, info: Info, input: UploadBeginInput) -> UploadBeginResult:  # noqa: A002 - the contract's argument
        """Begin an upload to whichever draft is named."""
        begun = await bounties.begin_any_upload(info.context.scope, input.read())
        return UploadBeginSuccess(ticket=UploadTicket.of(info.context.scope, begun))

    @strawberry.mutation(description="Ask for validation of a draft and, if it comes out clean, publication.")
    async def resource_submit(self, info: Info, resource_id: strawberry.ID) -> ResourceSubmitResult:
        """Ask for validation."""
        submitted = _resource_id(resource_id)
        await resources.submit(info.context.scope, submitted)
        return ResourceSubmitSuccess(resource=await _changed(info, submitted, "ResourceSubmitSuccess"))

    @strawberry.mutation(description="Take a resource down: its owner, or a moderator whom it does not concern.")
    async def resource_remove(self, info: Info, resource_id: strawberry.ID) -> ResourceRemoveResult:
        """Take a resource down."""
        removed = _resource_id(resource_id)
        await moderation.remove_resource(info.context.scope, removed)
        return ResourceRemoveSuccess(resource=await _changed(info, removed, "ResourceRemoveSuccess"))

    @strawberry.mutation(description="Take a file or a sample out of a draft of your own, one that can't be read, say.")
    async def resource_file_remove(self, info: Info, file_id: strawberry.ID) -> ResourceFileRemoveResult:
        """Take a file out of a draft."""
        draft = await resources.remove_file(info.context.scope, FileId(id_of(file_id, ResourceFile)))
        return ResourceFileRemoveSuccess(resource=await _changed(info, draft, "ResourceFileRemoveSuccess"))


@strawberry.type
class ResourcesSubscription:
    """Following a resource."""

    @strawberry.subscription(
        description="A resource as it changes, for those who may see it, also when they no longer may."
    )
    async def resource_activity(
        self, info: Info, resource_id: strawberry.ID, after: Cursor | None = strawberry.UNSET
    ) -> AsyncGenerator[ResourceEvent, None]:
        """Follow one resource, as long as it is there: that it went out of sight is told by its id. Raises NotFound."""
        watched, wanted = _resource_id(resource_id), Wanted.of(info)
        if not await resources.resources_by_ids(info.context.scope, [watched]):
            raise NotFound("There is no resource with this id.")
        async for heard in info.context.feed.follow(info.context.scope, f"resource:{watched}", after or None):
            if event := await ResourceEvent.of(heard, watched, wanted):
                yield event


def _resource_id(raw: str) -> ResourceId:
    return ResourceId(id_of(raw, Resource))


async def _resource(info: Info, resource_id: ResourceId, wanted: Wanted) -> Resource | None:
    return (await Resource.by_ids(info.context.scope, [resource_id], wanted)).get(resource_id)


async def _changed(info: Info, resource_id: ResourceId, success: str) -> Resource:
    """Read a resource again after a deed on it."""
    resource = await _resource(info, resource_id, Wanted.of(info).on(success)["resource"])
    if resource is None:
        raise NotFound
    return resource
