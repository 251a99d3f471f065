"""What leaves the bounties context: frozen values, never rows."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.bounties.rules import BountyKind, BountyStatus, EntryStatus
from domain.kernel.findings import Verdict
from domain.kernel.ids import AccountId, BountyId, CaseId, Credits, EntryId, FileId, ResourceId
from domain.resources import StoredFile


@dataclass(frozen=True, slots=True)
class Bounty:
    """A bounty as everybody may see it, but for `awarded_entry_id`, which is shown only to those who see the entry.

    `pot` is the sum of all pledges, also after it was paid out or given back; `entry_count` counts the entries that
    are in the running: submitted, not withdrawn, not blocked. `held_at` says since when it is out of public sight.
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
    held_at: datetime | None = None
    auto_award: bool = False
    extended_at: datetime | None = None
    payouts_stopped_at: datetime | None = None


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
    files_erased_at: datetime | None = None
    restricted: bool = False
    """Whether a moderator holds or blocks it, whatever its status is."""
    let_pass: frozenset[str] = frozenset()
    """The marks of findings that a moderator has looked at and let pass."""


@dataclass(frozen=True, slots=True)
class EntryFile:
    """One file of an entry, as its author sees it. Of an erased one everything is left but its bytes."""

    id: FileId
    name: str
    size_bytes: int
    sha256: str
    erased_at: datetime | None
    download_url: str | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """A preview as it was drawn: a small picture."""

    data: bytes = field(repr=False)
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class BountyReference:
    """A picture that an initiator shows of what they ask for; `id` is its file's. It has a size once it was drawn.

    `url` is None where none was asked for, and for a picture that is not shown.
    """

    id: FileId
    file: StoredFile
    width: int | None
    height: int | None
    url: str | None


@dataclass(frozen=True, slots=True)
class EntryPreview:
    """A picture that an author shows of an entry. Its size is None until it has been drawn, and so is `url`."""

    verdict: Verdict
    error: str | None
    width: int | None
    height: int | None
    url: str | None


class OutcomeReadKind(StrEnum):
    """What is written down of a file of an entry: that a link was given, or that it was used."""

    LINK = "LINK"
    DOWNLOAD = "DOWNLOAD"


@dataclass(frozen=True, slots=True)
class OutcomeRead:
    """A link that was given for a file of an entry, or a use of it. Bytes are counted from 0, the last one included.

    `case_id` and `purpose` say for which case a moderator looked into it, and why; None for everybody else's reads.
    """

    id: UUID
    kind: OutcomeReadKind
    at: datetime
    reader_id: AccountId
    file_name: str
    first_byte: int | None
    last_byte: int | None
    complete: bool | None
    case_id: CaseId | None = None
    purpose: str | None = None


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
class Told:
    """What a follower hears of a fact: the bounty as it stands now, or None where it is not among theirs any more."""

    bounty: Bounty | None


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
    auto_award: bool = False


@dataclass(frozen=True, slots=True)
class TermsChange:
    """The terms that an initiator wants otherwise; None leaves one as it is."""

    kind: BountyKind | None = None
    title: str | None = None
    brief: str | None = None
    closes_at: datetime | None = None
    mature: bool | None = None
    depicts_real_person: bool | None = None
    auto_award: bool | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """What part of a pot an initiator wants an entry to get, in whole percents."""

    entry_id: EntryId
    percent: int


@dataclass(frozen=True, slots=True)
class Award:
    """What an awarded entry got of the pot."""

    bounty_id: BountyId
    entry_id: EntryId
    percent: int
    amount: Credits


@dataclass(frozen=True, slots=True)
class Books:
    """What the books say of one bounty, or, without one, of all bounties together.

    `escrowed` lies in the purses of its pledges; `owed` should: its pledges while it runs, nothing once it has ended.
    `agree` tells whether every single purse holds what it should, and the pot is the sum of the pledges.
    """

    bounty_id: BountyId | None
    escrowed: int
    owed: int
    pledged: int
    pot: int
    agree: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """What the transparency report says of bounties in a span of time."""

    bounties_opened: int
    bounties_depicting_real_people: int
    entries_submitted: int
    entries_to_real_person_bounties: int
