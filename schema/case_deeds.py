"""What is asked of cases and appeals, and what comes back."""

from datetime import datetime
from typing import Annotated

import strawberry

from domain.moderation import Decision
from schema.errors import (
    ConflictError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    PolicyRefusedError,
    RateLimitedError,
    SignInRequiredError,
)
from schema.moderation import Appeal, ModerationCase


@strawberry.input(description="A decision on a case, with its reasons.")
class CaseDecisionInput:
    """A decision on a case."""

    case_id: strawberry.ID
    decision: Decision
    explanation: str
    strike: bool = False


@strawberry.input(description="A decision to look at again.")
class AppealFileInput:
    """An appeal to file."""

    subject_id: strawberry.ID = strawberry.field(
        description="The resource, bounty, entry, report or claim whose decision is appealed."
    )
    explanation: str


@strawberry.input(description="A decision on an appeal, with the answer to whoever filed it.")
class AppealDecisionInput:
    """A decision on an appeal."""

    appeal_id: strawberry.ID
    overturn: bool
    answer: str


@strawberry.type(description="The case is the moderator's for a while.")
class CaseClaimSuccess:
    """The case is claimed."""

    case: ModerationCase


@strawberry.type(description="The case is open to every moderator again.")
class CaseReleaseSuccess:
    """The case is released."""

    case: ModerationCase


@strawberry.type(description="The case is decided.")
class CaseDecideSuccess:
    """The case is decided."""

    case: ModerationCase


@strawberry.type(
    description="The file opens for this account alone, for a short time, and only while it holds the case's claim. "
    "The author of an entry sees that it was opened, by whom, for which case and why."
)
class CaseOpenFileSuccess:
    """The file opens."""

    case: ModerationCase
    url: str
    expires_at: datetime


@strawberry.type(description="The appeal is filed.")
class AppealFileSuccess:
    """The appeal is filed."""

    appeal: Appeal


@strawberry.type(description="The appeal is decided.")
class AppealDecideSuccess:
    """The appeal is decided."""

    appeal: Appeal


CaseClaimResult = Annotated[
    CaseClaimSuccess | SignInRequiredError | NotAllowedError | NotFoundError | ConflictError,
    strawberry.union("CaseClaimResult"),
]
CaseReleaseResult = Annotated[
    CaseReleaseSuccess | SignInRequiredError | NotAllowedError | NotFoundError | ConflictError,
    strawberry.union("CaseReleaseResult"),
]
CaseDecideResult = Annotated[
    CaseDecideSuccess
    | SignInRequiredError
    | NotAllowedError
    | NotFoundError
    | ConflictError
    | InvalidInputError
    | PolicyRefusedError,
    strawberry.union("CaseDecideResult"),
]
CaseOpenFileResult = Annotated[
    CaseOpenFileSuccess
    | SignInRequiredError
    | NotAllowedError
    | NotFoundError
    | ConflictError
    | InvalidInputError
    | RateLimitedError,
    strawberry.union("CaseOpenFileResult"),
]
AppealFileResult = Annotated[
    AppealFileSuccess
    | SignInRequiredError
    | NotAllowedError
    | NotFoundError
    | ConflictError
    | InvalidInputError
    | RateLimitedError,
    strawberry.union("AppealFileResult"),
]
AppealDecideResult = Annotated[
    AppealDecideSuccess | SignInRequiredError | NotAllowedError | NotFoundError | ConflictError | InvalidInputError,
    strawberry.union("AppealDecideResult"),
]
