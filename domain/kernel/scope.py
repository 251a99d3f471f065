"""Who asks, from where, and through which ports: the first argument of every deed and every read."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from domain.kernel.ids import AccountId, SessionId
from domain.kernel.ports import Ports
from domain.kernel.redress import NO_APPEAL
from domain.kernel.refusals import NotAllowed, SignInRequired, Suspended


class Role(StrEnum):
    """What an account is trusted with; each includes nothing of the others but what the rules say."""

    MEMBER = "MEMBER"
    TRUSTED_FLAGGER = "TRUSTED_FLAGGER"
    MODERATOR = "MODERATOR"
    ADMIN = "ADMIN"


@dataclass(frozen=True, slots=True)
class Actor:
    """The signed-in account as it was read from the database for this request or this event."""

    account_id: AccountId
    handle: str
    role: Role
    session_id: SessionId | None = None
    suspended: bool = False
    suspended_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """The authority of one request or one event. `actor` is None for anyone not signed in.

    A scope is made fresh for each request and each event of a live feed, so that a role that was taken away or a
    session that ended counts at once. `address` is the network address for rate limits. `system` is the product
    itself: reactions, deadlines and the operator's command line. A reaction's `request_id` names its fact.
    """

    ports: Ports
    actor: Actor | None = None
    address: str = ""
    request_id: str = ""
    system: bool = False

    @property
    def now(self) -> datetime:
        """The time by the injected clock."""
        return self.ports.clock.now()

    @property
    def account_id(self) -> AccountId | None:
        """The signed-in account's id, or None."""
        return self.actor.account_id if self.actor else None

    @property
    def is_moderator(self) -> bool:
        """True for moderators and administrators."""
        return self.actor is not None and self.actor.role in (Role.MODERATOR, Role.ADMIN)

    def require_actor(self) -> Actor:
        """Give the signed-in account. Raises SignInRequired."""
        if self.actor is None:
            raise SignInRequired
        return self.actor

    def require_active(self) -> Actor:
        """Give the signed-in account if it may act. Raises SignInRequired, Suspended."""
        actor = self.require_actor()
        if actor.suspended:
            raise Suspended(
                f"Your account is suspended; the statement of reasons says why. {NO_APPEAL}",
                until=actor.suspended_until,
            )
        return actor

    def require_moderator(self) -> Actor:
        """Give the signed-in moderator. Raises SignInRequired, NotAllowed."""
        actor = self.require_actor()
        if not self.is_moderator:
            raise NotAllowed("Only moderators may do this.")
        return actor

    def as_(self, actor: Actor | None) -> Self:
        """Give the same scope for another authority."""
        return replace(self, actor=actor, system=False)

    @classmethod
    def of_system(cls, ports: Ports) -> Self:
        """Make the scope of the product itself."""
        return cls(ports=ports, system=True)
