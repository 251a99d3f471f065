"""What leaves the accounts context."""

from dataclasses import dataclass
from datetime import datetime

from domain.kernel.ids import AccountId, SessionId
from domain.kernel.scope import Actor, Role


@dataclass(frozen=True, slots=True)
class Account:
    """An account as everybody may see it."""

    id: AccountId
    handle: str
    role: Role
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that was just opened. `token` is shown this once: only its hash is kept."""

    token: str
    session_id: SessionId
    expires_at: datetime
    account: Account


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A session that has not ended: who acts in it, and until when."""

    actor: Actor
    expires_at: datetime
