"""What happens to the registry."""

from collections.abc import Iterable
from dataclasses import dataclass

from domain.kernel.facts import Fact
from domain.kernel.ids import PersonId


@dataclass(frozen=True, slots=True)
class RegistryChanged(Fact):
    """The registry came to a new version; `person_ids` are those whose entry is new, changed or gone."""

    version: int
    person_ids: tuple[PersonId, ...]

    def topics(self) -> Iterable[str]:
        """Go to everything that holds a snapshot."""
        return ("registry",)
