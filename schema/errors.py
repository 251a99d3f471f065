"""Refusals as the contract says them: one type a refusal, each a member of the unions it can come out of."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol, Self

import strawberry

from domain.kernel import refusals
from domain.kernel.refusals import ErrorCode
from schema.context import Info
from schema.findings import Finding, findings_of
from schema.scalars import Credits

strawberry.enum(ErrorCode, description="Why something was refused.")


@strawberry.interface(
    description="Every refusal a person can cause. Old clients survive new members by selecting this interface."
)
class UserError:
    """What every refusal says."""

    code: ErrorCode
    message: str = strawberry.field(description="One sentence for a person: what was refused and what to do instead.")


class _Error(Protocol):
    @classmethod
    def of(cls, refusal: Any) -> Self: ...


@strawberry.type(description="Nobody is signed in, and this needs somebody.")
class SignInRequiredError(UserError):
    """Nobody is signed in."""

    @classmethod
    def of(cls, refusal: refusals.SignInRequired) -> Self:
        """Say the refusal."""
        return cls(code=refusal.code, message=refusal.message)


@strawberry.type(description="The one who asks may not do this.")
class NotAllowedError(UserError):
    """The one who asks may not."""

    @classmethod
    def of(cls, refusal: refusals.NotAllowed) -> Self:
        """Say the refusal."""
        return cls(code=refusal.code, message=refusal.message)


@strawberry.type(description="There is no such thing, or the one who asks may not know of it.")
class NotFoundError(UserError):
    """There is no such thing."""

    @classmethod
    def of(cls, refusal: refusals.NotFound) -> Self:
        """Say the refusal."""
        return cls(code=refusal.code, message=refusal.message)


@strawberry.type(description="`field` is the input field at fault, dotted from the argument's name.")
class InvalidInputError(UserError):
    """An input field is at fault."""

    field: str

    @classmethod
    def of(cls, refusal: refusals.InvalidInput) -> Self:
        """Say the refusal."""
        return cls(code=refusal.code, message=refusal.message, field=refusal.field)


@strawberry.type(description="The thing is no longer in a state that allows this; `state` is the state it is in.")
class ConflictError(UserError):
    """The thing is in the wrong state."""

    state: str

    @classmethod
    def of(cls, refusal: refusals.Conflict) -> Self:
        """Say the refusal."""
        return cls(code=refusal.code, message=refusal.message, state=refusal.state)


@strawberry.type(description="The purse holds less than this needs.")
class NotEnoughCreditsError(UserError):
    """The purse holds too little."""

    needed: Credits
    held: Credits

    @classmethod
    def of(cls, refusal: refusals.NotEnoughCredits) -> Self:
        """Say the refusal."""
        return cls(
            code=refusal.code, message=refusal.message, needed=Credits(refusal.needed), held=Credits(refusal.held)
        )


@strawberry.type(description="A resource or a text was refused because it reproduces a real person who is protected.")
class LikenessRefusedError(UserError):
    """It reproduces a protected person."""

    findings: list[Finding]

    @classmethod
    def of(cls, refusal: refusals.LikenessRefused) -> Self:
        """Say the refusal; the finding's person stays unsaid here, whoever asks."""
        return cls(code=refusal.code, message=refusal.message, findings=findings_of(refusal.findings))


@strawberry.type(
    description="A content policy other than likeness refused it. `policy` names the rule and its version."
)
class PolicyRefusedError(UserError):
    """A content policy refused it."""

    policy: str

    @classmethod
    def of(cls, refusal: refusals.PolicyRefused) -> Self:
        """Say the refusal."""
        return cls(code=refusal.code, message=refusal.message, policy=refusal.policy)


@strawberry.type(description="Too often; wait and try again.")
class RateLimitedError(UserError):
    """Too often."""

    retry_after_seconds: int

    @classmethod
    def of(cls, refusal: refusals.RateLimited) -> Self:
        """Say the refusal."""
        return cls(code=refusal.code, message=refusal.message, retry_after_seconds=refusal.retry_after_seconds)


@strawberry.type(description="The account is suspended, until `until` or for good.")
class SuspendedError(UserError):
    """The account is suspended."""

    until: datetime | None

    @classmethod
    def of(cls, refusal: refusals.Suspended) -> Self:
        """Say the refusal."""
        return cls(code=refusal.code, message=refusal.message, until=refusal.until)


ERRORS: dict[type[refusals.Refusal], type[_Error]] = {
    refusals.SignInRequired: SignInRequiredError,
    refusals.NotAllowed: NotAllowedError,
    refusals.NotFound: NotFoundError,
    refusals.InvalidInput: InvalidInputError,
    refusals.Conflict: ConflictError,
    refusals.NotEnoughCredits: NotEnoughCreditsError,
    refusals.LikenessRefused: LikenessRefusedError,
    refusals.PolicyRefused: PolicyRefusedError,
    refusals.RateLimited: RateLimitedError,
    refusals.Suspended: SuspendedError,
}


class RefusalHandler:
    """Turns one kind of refusal into its type, in every union that has it as a member."""

    def __init__(self, refusal: type[refusals.Refusal], error: type[_Error], told: Callable[[str], None]) -> None:
        self.exception_type = refusal
        self.error_type = error
        self._told = told

    def handle(self, exception: Any, *, field: object, info: Info) -> Any:
        """Say the refusal."""
        self._told(exception.code.value)
        return self.error_type.of(exception)


def refusal_handlers(told: Callable[[str], None]) -> Sequence[RefusalHandler]:
    """Give a handler for each kind of refusal; `told` hears the code of each one that is said."""
    return [RefusalHandler(refusal, error, told) for refusal, error in ERRORS.items()]
