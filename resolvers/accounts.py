"""Accounts: who am I; sign up, in and out."""

import strawberry

from domain import accounts
from domain.accounts import SignedIn
from domain.kernel.scope import Actor
from schema.accounts import (
    Account,
    Session,
    SignInInput,
    SignInResult,
    SignInSuccess,
    SignOutResult,
    SignOutSuccess,
    SignUpInput,
    SignUpResult,
    SignUpSuccess,
)
from schema.context import Info, SetCookie
from schema.wanted import Wanted


@strawberry.type
class AccountsQuery:
    """Who am I."""

    @strawberry.field(description="The signed-in account; null to anyone else.")
    async def viewer(self, info: Info) -> Account | None:
        """Load the account of the one who asks."""
        scope = info.context.scope
        if scope.account_id is None:
            return None
        found = await Account.by_ids(scope, [scope.account_id], Wanted.of(info))
        return found.get(scope.account_id)


@strawberry.type
class AccountsMutation:
    """Sign up, in and out."""

    @strawberry.mutation(description="Open an account and sign in.")
    async def sign_up(self, info: Info, input: SignUpInput) -> SignUpResult:  # noqa: A002 - the contract's argument
        """Open an account; new members get their first credits a moment later."""
        signed = await accounts.sign_up(
            info.context.scope, handle=input.handle, email=input.email, password=input.password
        )
        return SignUpSuccess(session=await _session(info, signed, "SignUpSuccess"))

    @strawberry.mutation(description="Open a session.")
    async def sign_in(self, info: Info, input: SignInInput) -> SignInResult:  # noqa: A002 - the contract's argument
        """Open a session."""
        signed = await accounts.sign_in(info.context.scope, email=input.email, password=input.password)
        return SignInSuccess(session=await _session(info, signed, "SignInSuccess"))

    @strawberry.mutation(description="End the session; its live connections close within seconds.")
    async def sign_out(self, info: Info) -> SignOutResult:
        """End the session."""
        await accounts.sign_out(info.context.scope)
        info.context.cookies.append(SetCookie(token=None))
        return SignOutSuccess(ok=True)


async def _session(info: Info, signed: SignedIn, success: str) -> Session:
    """Say a new session to the one who opened it, and have the browser keep it."""
    info.context.cookies.append(SetCookie(token=signed.token, expires_at=signed.expires_at))
    account = signed.account
    themselves = info.context.scope.as_(Actor(account.id, account.handle, account.role, signed.session_id))
    return await Session.of(themselves, signed, Wanted.of(info).on(success)["session"])
