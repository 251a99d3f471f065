"""Uploads, and the results of the deeds on resources."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Self

import strawberry

from domain import bounties, resources
from domain.kernel.ids import Subject
from domain.kernel.scope import Scope
from schema.bounties import Bounty, BountyEntry
from schema.errors import (
    ConflictError,
    InvalidInputError,
    LikenessRefusedError,
    NotAllowedError,
    NotFoundError,
    PolicyRefusedError,
    RateLimitedError,
    SignInRequiredError,
    SuspendedError,
)
from schema.node import id_of
from schema.resources import Resource
from schema.scalars import Sha256


@strawberry.type(
    description="A resumable upload that speaks tus 1.0: send PATCH requests to `url` with the bearer token."
)
class UploadTicket:
    """Where to send a file."""

    upload_id: strawberry.ID
    url: str
    expires_at: datetime
    max_size_bytes: float

    @classmethod
    def of(cls, scope: Scope, value: resources.Upload) -> Self:
        """Say an upload that has begun."""
        policy = scope.ports.policy
        return cls(
            upload_id=strawberry.ID(f"upload_{value.id.hex}"),
            url=f"{scope.ports.public_url}/uploads/{value.id.hex}",
            expires_at=value.expires_at,
            max_size_bytes=float(policy.max_sample_bytes if value.picture else policy.max_file_bytes),
        )


@strawberry.enum(description="What a file is for.")
class UploadPurpose(Enum):
    """What a file is for."""

    MODEL = strawberry.enum_value("MODEL", description="The model itself.")
    SAMPLE = strawberry.enum_value(
        "SAMPLE",
        description="A picture that a resource makes, in PNG, JPEG or WebP: examined with it for faces and names.",
    )
    PREVIEW = strawberry.enum_value(
        "PREVIEW",
        description="A picture that shows the initiator what an entry makes, of at most four: examined like a sample, "
        "then drawn small and marked; the picture itself is deleted.",
    )


@strawberry.input(description="A file for one thing: a resource's draft, a bounty's entry, or, as a picture, a bounty.")
class UploadBeginInput:
    """A file for a draft."""

    file_name: str
    size_bytes: float
    resource_id: strawberry.ID | None = strawberry.UNSET
    entry_id: strawberry.ID | None = strawberry.UNSET
    bounty_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="For a reference picture of one's own bounty (at most four; PNG, JPEG, WebP): examined as it "
        "comes, and shown to others when it came out clean.",
    )
    sha256: Sha256 | None = strawberry.UNSET
    purpose: UploadPurpose = UploadPurpose.MODEL

    def read(self) -> bounties.UploadAsk:
        """Read what is to be uploaded, and to what. Raises NotFound for an id that is none."""
        ids = ((Resource, self.resource_id), (BountyEntry, self.entry_id), (Bounty, self.bounty_id))
        return bounties.UploadAsk(
            named=tuple(Subject(node.PREFIX, id_of(named, node)) for node, named in ids if named),
            file_name=self.file_name,
            size_bytes=self.size_bytes,
            sha256=self.sha256 or None,
            purpose=bounties.UploadPurpose[self.purpose.name],
        )


@strawberry.type(description="The draft is written down.")
class ResourceDraftSuccess:
    """The draft is written down."""

    resource: Resource


@strawberry.type(description="The upload can begin.")
class UploadBeginSuccess:
    """The upload can begin."""

    ticket: UploadTicket


@strawberry.type(description="Asks for validation and, if it comes out clean, publication.")
class ResourceSubmitSuccess:
    """The resource is being validated."""

    resource: Resource


@strawberry.type(description="The resource is taken down.")
class ResourceRemoveSuccess:
    """The resource is taken down."""

    resource: Resource


@strawberry.type(description="The file is out of the draft.")
class ResourceFileRemoveSuccess:
    """The file is out of the draft."""

    resource: Resource


ResourceDraftResult = Annotated[
    ResourceDraftSuccess
    | SignInRequiredError
    | InvalidInputError
    | LikenessRefusedError
    | PolicyRefusedError
    | SuspendedError
    | RateLimitedError,
    strawberry.union("ResourceDraftResult"),
]
UploadBeginResult = Annotated[
    UploadBeginSuccess
    | SignInRequiredError
    | NotAllowedError
    | NotFoundError
    | InvalidInputError
    | ConflictError
    | SuspendedError
    | RateLimitedError,
    strawberry.union("UploadBeginResult"),
]
ResourceSubmitResult = Annotated[
    ResourceSubmitSuccess
    | SignInRequiredError
    | NotAllowedError
    | NotFoundError
    | ConflictError
    | SuspendedError
    | RateLimitedError,
    strawberry.union("ResourceSubmitResult"),
]
ResourceFileRemoveResult = Annotated[
    ResourceFileRemoveSuccess | SignInRequiredError | NotAllowedError | NotFoundError | ConflictError | SuspendedError,
    strawberry.union("ResourceFileRemoveResult"),
]
ResourceRemoveResult = Annotated[
    ResourceRemoveSuccess | SignInRequiredError | NotAllowedError | NotFoundError | ConflictError,
    strawberry.union("ResourceRemoveResult"),
]
