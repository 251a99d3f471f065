"""What happens to the registry and to claims."""

from collections.abc import Iterable
from dataclasses import dataclass

from domain.kernel.facts import Fact
from domain.kernel.ids import AccountId, ClaimId, PersonId


@dataclass(frozen=True, slots=True)
class RegistryChanged(Fact):
    """The registry came to a new version; `person_ids` are those whose entry is new, changed or gone."""

    version: int
    person_ids: tuple[PersonId, ...]

    def topics(self) -> Iterable[str]:
        """Go to everything that holds a snapshot."""
        return ("registry",)


@dataclass(frozen=True, slots=True)
class ClaimFact(Fact):
    """Something that happened to a claim. Moderators may follow it."""

    claim_id: ClaimId

    def topics(self) -> Iterable[str]:
        """Tell the feed of claims."""
        return ("claims",)


@dataclass(frozen=True, slots=True)
class ClaimReceived(ClaimFact):
    """A claim came in, or one that came by e-mail was completed: it is to be looked into."""


@dataclass(frozen=True, slots=True)
class ClaimLookedInto(ClaimFact):
    """What the claim names was looked at, and what agreed with it is held."""


@dataclass(frozen=True, slots=True)
class ClaimEscalated(ClaimFact):
    """So many per cent of the time to decide a claim are over: 50, 80, or 100 when it is overdue."""

    percent: int


@dataclass(frozen=True, slots=True)
class ClaimDecided(ClaimFact):
    """A moderator upheld or rejected a claim. `account_id` is the claimant's, where they have one."""

    status: str
    account_id: AccountId | None = None

    def topics(self) -> Iterable[str]:
        """Tell the feed of claims, and the claimant."""
        return (*ClaimFact.topics(self), *((f"inbox:{self.account_id}",) if self.account_id else ()))


@dataclass(frozen=True, slots=True)
class ClaimWithdrawn(ClaimFact):
    """A claimant withdrew a claim, which stood at `before`: what it restricted is to be restored."""

    before: str
