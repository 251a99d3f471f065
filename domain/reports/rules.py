"""What a report may be about and where it may stand."""

from enum import StrEnum


class ReportReason(StrEnum):
    """What somebody reports."""

    LIKENESS = "LIKENESS"
    MATURE_REAL_PERSON = "MATURE_REAL_PERSON"
    MATURE_UNLABELLED = "MATURE_UNLABELLED"
    SPAM = "SPAM"
    STOLEN = "STOLEN"
    ILLEGAL = "ILLEGAL"
    OTHER = "OTHER"


class ReportStatus(StrEnum):
    """Where a report stands."""

    OPEN = "OPEN"
    UPHELD = "UPHELD"
    REJECTED = "REJECTED"
