"""What happens to cases, as the event log tells it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID

from domain.kernel.facts import Fact


@dataclass(frozen=True, slots=True)
class CaseFact(Fact):
    """Something happened to a case; moderators may follow it.

    `before` is the status that the case had, of a new one OPEN; what an earlier release told does not say it.
    `holder_id` is who held its claim then, or holds it since. `reached` is the status that such a fact leads to, where
    it leads to another.
    """

    reached: ClassVar[str] = ""

    case_id: UUID
    before: str = field(default="", kw_only=True)
    holder_id: UUID | None = field(default=None, kw_only=True)

    @property
    def statuses(self) -> tuple[str, ...]:
        """The status before this and the one since; none where that is not known."""
        return (self.before, self.reached or self.before) if self.before else ()

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

    reached: ClassVar[str] = "CLAIMED"


@dataclass(frozen=True, slots=True)
class CaseReleased(CaseFact):
    """A moderator gave a case back."""

    reached: ClassVar[str] = "OPEN"


@dataclass(frozen=True, slots=True)
class CaseDecided(CaseFact):
    """A case was decided."""

    reached: ClassVar[str] = "DECIDED"
