"""What may be done to what an entry keeps in the vault, and what comes back."""

from typing import Annotated

import strawberry

from schema.bounties import BountyEntry
from schema.errors import ConflictError, NotAllowedError, NotFoundError, SignInRequiredError


@strawberry.type(description="The key of the entry's files is destroyed: nobody can read them any more.")
class EntryDeleteFilesSuccess:
    """The files are gone."""

    entry: BountyEntry


EntryDeleteFilesResult = Annotated[
    EntryDeleteFilesSuccess | SignInRequiredError | NotAllowedError | NotFoundError | ConflictError,
    strawberry.union("EntryDeleteFilesResult"),
]
