"""Reading accounts and sessions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from domain.accounts.rules import is_suspended, token_hash
from domain.accounts.values import Account, LiveSession
from domain.kernel.ids import AccountId, SessionId
from domain.kernel.ports import Ports
from domain.kernel.scope import Actor, Role
from domain.kernel.sql import fetch, fetch_one

_SESSION = """
    SELECT session.id AS session_id, session.expires_at,
           account.id, account.handle, account.role, account.suspended_at, account.suspended_until
    FROM session JOIN account ON account.id = session.account_id
"""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a sign-in is judged by; it stays inside this context."""

    account: Account
    password_hash: str | None
    suspended_at: datetime | None
    suspended_until: datetime | None


async def accounts_by_ids(ids: Iterable[UUID]) -> dict[AccountId, Account]:
    """Give accounts by id; everybody may see them."""
    rows = await fetch("SELECT id, handle, role, created_at FROM account WHERE id = ANY($1::uuid[])", list(ids))
    return {AccountId(row["id"]): _account(row) for row in rows}


async def account_by_handle(handle: str) -> Account | None:
    """Give the account with a handle, in any case; everybody may see it."""
    row = await fetch_one("SELECT id, handle, role, created_at FROM account WHERE handle = $1", handle.lower())
    return _account(row) if row else None


async def moderators() -> list[AccountId]:
    """Name the accounts of moderators and administrators."""
    rows = await fetch("SELECT id FROM account WHERE role IN ('MODERATOR', 'ADMIN') ORDER BY id")
    return [AccountId(row["id"]) for row in rows]


async def authenticate(ports: Ports, token: str) -> Actor | None:
    """Give who acts under a bearer token; None when it is none of ours, signed out or expired."""
    session = await live_session(ports, token)
    return session.actor if session else None


async def live_session(ports: Ports, token: str) -> LiveSession | None:
    """Give the session of a bearer token with its end, for sockets that outlive a request; None as above."""
    hashed = token_hash(token)
    if hashed is None:
        return None
    now = ports.clock.now()
    row = await fetch_one(_SESSION + "WHERE session.token_hash = $1 AND session.expires_at > $2", hashed, now)
    return LiveSession(_actor(row, now), row["expires_at"]) if row else None


async def actors_by_sessions(ports: Ports, ids: Sequence[SessionId]) -> dict[SessionId, Actor]:
    """Give who acts in each session now, read fresh; a session that has ended is left out."""
    now = ports.clock.now()
    rows = await fetch(_SESSION + "WHERE session.id = ANY($1::uuid[]) AND session.expires_at > $2", list(ids), now)
    return {SessionId(row["session_id"]): _actor(row, now) for row in rows}


async def credentials_of(email: str) -> Credentials | None:
    """Give what a sign-in under this folded address is judged by."""
    if "\0" in email or not email.isprintable():
        return None
    row = await fetch_one(
        """
        SELECT id, handle, role, created_at, password_hash, suspended_at, suspended_until
        FROM account WHERE email = $1
        """,
        email,
    )
    if row is None:
        return None
    return Credentials(_account(row), row["password_hash"], row["suspended_at"], row["suspended_until"])


def _account(row: asyncpg.Record) -> Account:
    return Account(id=AccountId(row["id"]), handle=row["handle"], role=Role(row["role"]), created_at=row["created_at"])


def _actor(row: asyncpg.Record, now: datetime) -> Actor:
    suspended = is_suspended(row["suspended_at"], row["suspended_until"], now)
    return Actor(
        account_id=AccountId(row["id"]),
        handle=row["handle"],
        role=Role(row["role"]),
        session_id=SessionId(row["session_id"]),
        suspended=suspended,
        suspended_until=row["suspended_until"] if suspended else None,
    )
