"""What leaves the likeness context: frozen values, never rows."""

from dataclasses import dataclass
from datetime import datetime

from domain.registry.snapshot import Person


@dataclass(frozen=True, slots=True)
class Registered:
    """A registered person as moderators see them."""

    person: Person
    registered_at: datetime
