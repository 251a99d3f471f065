"""What is said of a resource that is to be made, and which of them a list shows."""

import strawberry

from domain import resources
from domain.kernel.ids import AccountId
from domain.kernel.text import clean
from domain.resources import ResourceKind, ResourceStatus
from schema.accounts import Account
from schema.node import id_of

_MAX_SEARCH = 200


@strawberry.input(description="Which resources a list shows; mature ones only when asked for.")
class ResourceFilter:
    """Which resources a list shows."""

    kind: ResourceKind | None = strawberry.UNSET
    status: ResourceStatus | None = strawberry.UNSET
    owner_id: strawberry.ID | None = strawberry.UNSET
    search: str | None = strawberry.UNSET
    mature: bool | None = False

    def read(self) -> resources.ResourceFilter:
        """Read the filter. Raises InvalidInput, and NotFound for an owner's id that is none."""
        search = clean(self.search, "filter.search", _MAX_SEARCH) if self.search else None
        return resources.ResourceFilter(
            kind=self.kind or None,
            status=self.status or None,
            owner_id=AccountId(id_of(self.owner_id, Account)) if self.owner_id else None,
            search=search or None,
            mature=bool(self.mature),
        )


@strawberry.input(description="What a member says of a resource before any file is there.")
class ResourceDraftInput:
    """What a member says of a resource."""

    kind: ResourceKind
    title: str
    description: str = ""
    trigger_words: list[str] = strawberry.field(default_factory=list)
    mature: bool = False
    depicts_real_person: bool = False

    def read(self) -> resources.ResourceDraft:
        """Read the draft."""
        return resources.ResourceDraft(
            kind=self.kind,
            title=self.title,
            description=self.description,
            trigger_words=tuple(self.trigger_words),
            mature=self.mature,
            depicts_real_person=self.depicts_real_person,
        )
