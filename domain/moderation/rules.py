"""What a case and an appeal may be, and what may be decided."""

from datetime import datetime
from enum import StrEnum

from domain.kernel.refusals import InvalidInput


class CaseStatus(StrEnum):
    """Where a case stands."""

    OPEN = "OPEN"
    CLAIMED = "CLAIMED"
    DECIDED = "DECIDED"


class Decision(StrEnum):
    """What a moderator may decide."""

    NO_ACTION = "NO_ACTION"
    LABEL_MATURE = "LABEL_MATURE"
    HOLD = "HOLD"
    REMOVE = "REMOVE"
    RESTORE = "RESTORE"


class AppealStatus(StrEnum):
    """Where an appeal stands. UPHELD: the decision stays. OVERTURNED: it falls."""

    OPEN = "OPEN"
    UPHELD = "UPHELD"
    OVERTURNED = "OVERTURNED"


def check_span(start: datetime, end: datetime) -> None:
    """Check the span of time of a report. Raises InvalidInput."""
    if start >= end:
        raise InvalidInput("A span of time ends after it begins: `to` must be later than `from`.", field="to")


def share(part: int, whole: int) -> float | None:
    """Give a part as a share from 0 to 1; None of nothing."""
    return part / whole if whole else None
