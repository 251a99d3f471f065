"""Accounts and their sessions: who somebody is, and how they prove it."""

from domain.accounts.actions import create, sign_in, sign_out, sign_up, sweep_sessions
from domain.accounts.facts import AccountOpened, SessionEnded
from domain.accounts.independence import (
    CONCERNED,
    NOBODY,
    Parties,
    add_payment_credential,
    linked,
    require_unconcerned,
)
from domain.accounts.passwords import check_password, hash_password
from domain.accounts.reads import (
    account_by_handle,
    accounts_by_ids,
    actors_by_sessions,
    authenticate,
    live_session,
    moderators,
)
from domain.accounts.values import Account, LiveSession, SignedIn

__all__ = [
    "CONCERNED",
    "NOBODY",
    "Account",
    "AccountOpened",
    "LiveSession",
    "Parties",
    "SessionEnded",
    "SignedIn",
    "account_by_handle",
    "accounts_by_ids",
    "actors_by_sessions",
    "add_payment_credential",
    "authenticate",
    "check_password",
    "create",
    "hash_password",
    "linked",
    "live_session",
    "moderators",
    "require_unconcerned",
    "sign_in",
    "sign_out",
    "sign_up",
    "sweep_sessions",
]
