"""What leaves the bounties context: frozen values, never rows."""

from dataclasses import dataclass
from datetime import datetime

from domain.bounties.rules import BountyKind, BountyStatus, EntryStatus
from domain.kernel.ids import AccountId, BountyId, Credits, EntryId, FileId, ResourceId


@dataclass(frozen=True, slots=True)
class Bounty:
    """A bounty as everybody may see it, but for `awarded_entry_id`, which is shown only to those who see the entry.

    `pot` is the sum of all pledges, also after it was paid out or given back; `entry_count` counts the entries that
    are in the running: submitted, not withdrawn, not blocked.
    """

    id: BountyId
    kind: BountyKind
    title: str
    brief: str
    status: BountyStatus
    mature: bool
    depicts_real_person: bool
    initiator_id: AccountId
    pot: Credits
    backer_count: int
    entry_count: int
    awarded_entry_id: EntryId | None
    created_at: datetime
    closes_at: datetime
    judged_by: datetime


@dataclass(frozen=True, slots=True)
class BountyEntry:
    """An entry, with what is needed of its bounty to say who may see what of it."""

    id: EntryId
    bounty_id: BountyId
    initiator_id: AccountId
    author_id: AccountId
    note: str
    status: EntryStatus
    awarded: bool
    created_at: datetime
    submitted_at: datetime | None
    published_resource_id: ResourceId | None


@dataclass(frozen=True, slots=True)
class OutcomeFile:
    """One file that the initiator bought. `download_url` is None where no URL was asked for."""

    id: FileId
    name: str
    size_bytes: int
    sha256: str
    download_url: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the initiator bought, and the resource that they made of it, if they published it."""

    entry_id: EntryId
    files: tuple[OutcomeFile, ...]
    published_resource_id: ResourceId | None


@dataclass(frozen=True, slots=True)
class BountyFilter:
    """Which bounties are wanted; None asks nothing. Mature ones are shown only where `mature` is true."""

    status: BountyStatus | None = None
    kind: BountyKind | None = None
    search: str | None = None
    mature: bool = False
    initiator_id: AccountId | None = None
    min_pot: Credits | None = None


@dataclass(frozen=True, slots=True)
class BountyTerms:
    """What an initiator asks for, on which terms, and the first pledge."""

    kind: BountyKind
    title: str
    brief: str
    pledge: Credits
    closes_at: datetime
    mature: bool = False
    depicts_real_person: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """What the transparency report says of bounties in a span of time."""

    bounties_opened: int
    bounties_depicting_real_people: int
    entries_submitted: int
    entries_to_real_person_bounties: int
