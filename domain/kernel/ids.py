"""Identities: one NewType a noun, and time-ordered UUIDs for new rows."""

import os
import time
from dataclasses import dataclass
from typing import NewType
from uuid import UUID

AccountId = NewType("AccountId", UUID)
SessionId = NewType("SessionId", UUID)
PurseEntryId = NewType("PurseEntryId", UUID)
ResourceId = NewType("ResourceId", UUID)
FileId = NewType("FileId", UUID)
UploadId = NewType("UploadId", UUID)
ScanId = NewType("ScanId", UUID)
PersonId = NewType("PersonId", UUID)
ClaimId = NewType("ClaimId", UUID)
BountyId = NewType("BountyId", UUID)
PledgeId = NewType("PledgeId", UUID)
EntryId = NewType("EntryId", UUID)
ReportId = NewType("ReportId", UUID)
CaseId = NewType("CaseId", UUID)
AppealId = NewType("AppealId", UUID)
JobId = NewType("JobId", UUID)
ImageId = NewType("ImageId", UUID)
StatementId = NewType("StatementId", UUID)

Credits = NewType("Credits", int)
"""A whole number of credits, 0 to 1_000_000_000."""


def new_id() -> UUID:
    """Make a UUID version 7 (RFC 9562): 48 bits of Unix milliseconds, 12 of their fraction, then random bits.

    Rows made later sort later, down to a quarter of a microsecond, so a primary key is also the keyset of "newest
    first".
    """
    millis, rest = divmod(time.time_ns(), 1_000_000)
    fraction = rest * 4096 // 1_000_000
    random = int.from_bytes(os.urandom(8), "big") >> 2
    return UUID(int=(millis & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | fraction << 64 | 0x2 << 62 | random)


@dataclass(frozen=True, slots=True)
class Subject:
    """What something is about: the kind, as it prefixes global ids (`bounty`, `resource`, `job`…), and the id."""

    kind: str
    id: UUID

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"
