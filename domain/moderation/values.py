"""What leaves the moderation context: frozen values."""

from dataclasses import dataclass
from datetime import datetime

from domain.kernel.ids import Credits


@dataclass(frozen=True, slots=True)
class Transparency:
    """What the platform did from `start` to `end` (exclusive), in figures that anybody may read."""

    start: datetime
    end: datetime
    bounties_opened: int
    bounties_depicting_real_people: int
    entries_submitted: int
    real_person_entry_share: float | None
    generations_refused: int
    claims_received: int = 0
    claims_upheld: int = 0
    claims_overdue: int = 0
    median_hours_to_claim_decision: float | None = None
    reports_filed: int = 0
    reports_upheld: int = 0
    rewards_paid: Credits = Credits(0)
    appeals_filed: int = 0
    appeals_overturned: int = 0
