"""What happens to cases, as the event log tells it."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from domain.kernel.facts import Fact


@dataclass(frozen=True, slots=True)
class CaseFact(Fact):
    """Something happened to a case; moderators may follow it."""

    case_id: UUID

    def topics(self) -> Iterable[str]:
        """Tell the feed of cases."""
        return ("cases",)


@dataclass(frozen=True, slots=True)
class CaseOpened(CaseFact):
    """A case was opened."""


@dataclass(frozen=True, slots=True)
class CaseChanged(CaseFact):
    """Something joined a case, or a file was opened for it."""


@dataclass(frozen=True, slots=True)
class CaseClaimed(CaseFact):
    """A moderator took a case for a while, or for a while longer."""


@dataclass(frozen=True, slots=True)
class CaseReleased(CaseFact):
    """A moderator gave a case back."""


@dataclass(frozen=True, slots=True)
class CaseDecided(CaseFact):
    """A case was decided."""
