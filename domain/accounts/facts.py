"""What happened to accounts and sessions."""

from collections.abc import Iterable
from dataclasses import dataclass

from domain.kernel.facts import Fact
from domain.kernel.ids import AccountId, SessionId


@dataclass(frozen=True, slots=True)
class AccountOpened(Fact):
    """Somebody has signed up, or an operator has made an account."""

    account_id: AccountId


@dataclass(frozen=True, slots=True)
class SessionEnded(Fact):
    """A session was signed out; live sockets that use it must close."""

    session_id: SessionId
    account_id: AccountId

    def topics(self) -> Iterable[str]:
        """Tell those who follow the session itself."""
        return (f"session:{self.session_id}",)
