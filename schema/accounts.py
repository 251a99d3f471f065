"""Accounts, sessions, and the results of signing up, in and out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, ClassVar, Self
from uuid import UUID

import strawberry

from domain import accounts
from domain.kernel.scope import Role, Scope
from schema.errors import (
    ConflictError,
    InvalidInputError,
    NotAllowedError,
    RateLimitedError,
    SignInRequiredError,
    SuspendedError,
)
from schema.ledger import Purse
from schema.node import Node, global_id, loadable, one
from schema.wanted import Wanted

strawberry.enum(Role, description="What an account is trusted with.")


@loadable
@strawberry.type(description="Somebody with a handle.")
class Account(Node):
    """Somebody with a handle."""

    PREFIX: ClassVar[str] = "account"

    handle: str
    role: Role
    created_at: datetime
    purse: Purse | None = strawberry.field(
        description="Only the account itself and moderators see it; null to everyone else."
    )

    @classmethod
    async def of_many(cls, scope: Scope, values: Sequence[accounts.Account], wanted: Wanted) -> list[Self]:
        """Say accounts, with the purses that are selected and that the scope may see."""
        ids = [value.id for value in values]
        purses = await Purse.of_accounts(scope, ids, wanted["purse"]) if "purse" in wanted else {}
        return [
            cls(
                id=global_id(cls.PREFIX, value.id),
                handle=value.handle,
                role=value.role,
                created_at=value.created_at,
                purse=purses.get(value.id),
            )
            for value in values
        ]

    @classmethod
    async def by_ids(cls, scope: Scope, ids: Sequence[UUID], wanted: Wanted) -> dict[UUID, Self]:
        """Load accounts; everybody may see them."""
        values = await accounts.accounts_by_ids(ids)
        return dict(zip(values, await cls.of_many(scope, list(values.values()), wanted), strict=True))


@strawberry.input(description="A new account. The handle is public, the e-mail address is not.")
class SignUpInput:
    """A new account."""

    handle: str
    email: str
    password: str


@strawberry.input(description="Who signs in.")
class SignInInput:
    """Who signs in."""

    email: str
    password: str


@strawberry.type(
    description="`token` is a bearer token for API clients and for `connection_init`; "
    "browsers also get an HttpOnly cookie."
)
class Session:
    """A session that was just opened."""

    token: str
    expires_at: datetime
    account: Account

    @classmethod
    async def of(cls, scope: Scope, signed: accounts.SignedIn, wanted: Wanted) -> Self:
        """Say a session, seen by the one who opened it."""
        account = await one(Account, scope, signed.account, wanted["account"])
        return cls(token=signed.token, expires_at=signed.expires_at, account=account)


@strawberry.type(description="The account is open and signed in.")
class SignUpSuccess:
    """The account is open and signed in."""

    session: Session


@strawberry.type(description="Signed in.")
class SignInSuccess:
    """Signed in."""

    session: Session


@strawberry.type(description="Signed out; live connections of the session close.")
class SignOutSuccess:
    """Signed out."""

    ok: bool


SignUpResult = Annotated[
    SignUpSuccess | InvalidInputError | ConflictError | RateLimitedError, strawberry.union("SignUpResult")
]
SignInResult = Annotated[
    SignInSuccess | NotAllowedError | SuspendedError | RateLimitedError, strawberry.union("SignInResult")
]
SignOutResult = Annotated[SignOutSuccess | SignInRequiredError, strawberry.union("SignOutResult")]
