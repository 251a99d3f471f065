"""Refusals: what a person can cause, told as data. The API turns each into the contract's union member.

They are exceptions and therefore never frozen: `contextlib` must be able to set their traceback. Each gives one
sentence for a person by `message`: what was refused and what to do instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from domain.kernel.findings import Finding
from domain.kernel.ids import Credits


class ErrorCode(StrEnum):
    """The contract's error codes."""

    SIGN_IN_REQUIRED = "SIGN_IN_REQUIRED"
    NOT_ALLOWED = "NOT_ALLOWED"
    NOT_FOUND = "NOT_FOUND"
    INVALID_INPUT = "INVALID_INPUT"
    CONFLICT = "CONFLICT"
    NOT_ENOUGH_CREDITS = "NOT_ENOUGH_CREDITS"
    LIKENESS_REFUSED = "LIKENESS_REFUSED"
    POLICY_REFUSED = "POLICY_REFUSED"
    RATE_LIMITED = "RATE_LIMITED"
    SUSPENDED = "SUSPENDED"


@dataclass(eq=False)
class Refusal(Exception):
    """Something that a person asked for and did not get. Raise one of the kinds below."""

    code: ClassVar[ErrorCode]
    message: str

    def __str__(self) -> str:
        return self.message


@dataclass(eq=False)
class SignInRequired(Refusal):
    """Nobody is signed in, and this needs somebody."""

    code = ErrorCode.SIGN_IN_REQUIRED
    message: str = "Sign in to do this."


@dataclass(eq=False)
class NotAllowed(Refusal):
    """The one who asks may not, and may know that the thing is there."""

    code = ErrorCode.NOT_ALLOWED
    message: str = "You may not do this."


@dataclass(eq=False)
class NotFound(Refusal):
    """There is no such thing, or the one who asks may not know of it."""

    code = ErrorCode.NOT_FOUND
    message: str = "There is no such thing, or you may not see it."


@dataclass(eq=False)
class InvalidInput(Refusal):
    """An input field is at fault; `field` is dotted from the argument's name, such as `input.title`."""

    code = ErrorCode.INVALID_INPUT
    field: str = "input"


@dataclass(eq=False)
class Conflict(Refusal):
    """The thing is no longer in a state that allows this; `state` is the state it is in."""

    code = ErrorCode.CONFLICT
    state: str = ""


@dataclass(eq=False)
class NotEnoughCredits(Refusal):
    """The purse holds less than this needs."""

    code = ErrorCode.NOT_ENOUGH_CREDITS
    needed: Credits = Credits(0)
    held: Credits = Credits(0)


@dataclass(eq=False)
class LikenessRefused(Refusal):
    """A resource or a text reproduces a real person who is protected."""

    code = ErrorCode.LIKENESS_REFUSED
    findings: Sequence[Finding] = ()


@dataclass(eq=False)
class PolicyRefused(Refusal):
    """A content policy other than likeness refused it; `policy` names the rule and its version."""

    code = ErrorCode.POLICY_REFUSED
    policy: str = ""


@dataclass(eq=False)
class RegistryUnread(PolicyRefused):
    """The likeness registry can't be read, so nothing passes that would have to be checked against it."""

    message: str = (
        "The likeness registry can't be read just now, and nothing is taken in that was not checked against it: "
        "try again in a moment."
    )
    policy: str = "registry-current/1"


@dataclass(eq=False)
class RateLimited(Refusal):
    """Too often; wait `retry_after_seconds`."""

    code = ErrorCode.RATE_LIMITED
    retry_after_seconds: int = 1


@dataclass(eq=False)
class Suspended(Refusal):
    """The account is suspended, until `until` or for good."""

    code = ErrorCode.SUSPENDED
    until: datetime | None = None
