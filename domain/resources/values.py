"""What leaves the resources context: frozen values, never rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from domain.kernel.findings import Finding, Verdict
from domain.kernel.ids import AccountId, FileId, ResourceId, UploadId
from domain.kernel.wire import ModelRef


class ResourceKind(StrEnum):
    """What a model is to the generator."""

    CHECKPOINT = "CHECKPOINT"
    LORA = "LORA"
    EMBEDDING = "EMBEDDING"


class ResourceStatus(StrEnum):
    """DRAFT: not submitted. SCANNING: being validated. HELD: a person must look. REMOVED: taken down."""

    DRAFT = "DRAFT"
    SCANNING = "SCANNING"
    HELD = "HELD"
    PUBLISHED = "PUBLISHED"
    BLOCKED = "BLOCKED"
    REMOVED = "REMOVED"


class Cause(StrEnum):
    """Who brought a resource into a restricted status; only what a scan restricted can a later scan restore."""

    SCAN = "SCAN"
    OWNER = "OWNER"
    MODERATOR = "MODERATOR"
    CLAIM = "CLAIM"
    """A claim that is still to be decided; when it is, the scan's word counts again."""


class HashAlgorithm(StrEnum):
    """The identifiers that model files are known by."""

    SHA256 = "SHA256"
    AUTOV1 = "AUTOV1"
    AUTOV2 = "AUTOV2"
    AUTOV3 = "AUTOV3"
    CRC32 = "CRC32"
    BLAKE3 = "BLAKE3"


class UploadStatus(StrEnum):
    """OPEN takes bytes; COMPLETE became a file; EXPIRED and ENDED were given up; REFUSED had the wrong contents."""

    OPEN = "OPEN"
    COMPLETE = "COMPLETE"
    EXPIRED = "EXPIRED"
    ENDED = "ENDED"
    REFUSED = "REFUSED"


PICTURES = ("sample", "preview", "reference")
"""The kinds of holders whose files are always pictures, which are looked at for faces. An entry's may be."""


@dataclass(frozen=True, slots=True)
class Holder:
    """What a file belongs to: a resource as model or sample, a bounty as reference, an entry as its work or preview."""

    kind: Literal["resource", "sample", "entry", "preview", "reference"]
    id: UUID


@dataclass(frozen=True, slots=True)
class ResourceDraft:
    """What a member says of a resource before any file is there."""

    kind: ResourceKind
    title: str
    description: str = ""
    trigger_words: tuple[str, ...] = ()
    mature: bool = False
    depicts_real_person: bool = False


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource as it stands. `findings` are about its own texts."""

    id: ResourceId
    kind: ResourceKind
    title: str
    description: str
    trigger_words: tuple[str, ...]
    owner_id: AccountId
    status: ResourceStatus
    mature: bool
    depicts_real_person: bool
    findings: tuple[Finding, ...]
    created_at: datetime
    published_at: datetime | None
    credited_to_id: AccountId | None
    """Who made it, where that is not its owner."""
    in_place: bool
    """Whether an operator added its weights on the nodes, so that it has no files here."""
    let_pass: frozenset[str] = frozenset()
    """Marks of the findings that a moderator has looked at and let pass."""

    @property
    def parties(self) -> frozenset[AccountId]:
        """Who has a part in it: its owner, and who made it."""
        return frozenset(each for each in (self.owner_id, self.credited_to_id) if each)


@dataclass(frozen=True, slots=True)
class Scan:
    """What is known of a file's contents. `error` is a sentence on why it could not be examined."""

    verdict: Verdict
    findings: tuple[Finding, ...]
    registry_version: int
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None
    sha256: str | None
    """Of the bytes that the verdict is about; None while there is none."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A complete file. `hashes` maps an algorithm to lower-case hex; empty until it was scanned.

    Of a file in the vault that was erased everything is left but its bytes.
    """

    id: FileId
    holder: Holder
    name: str
    size_bytes: int
    format: str
    sha256: str
    blob_key: str
    erased_at: datetime | None
    hashes: Mapping[HashAlgorithm, str]
    scan: Scan

    @property
    def verdict(self) -> Verdict:
        """What validation says of the very bytes that are stored; where it was of others, a person has to look."""
        on_others = self.scan.verdict is Verdict.CLEAN and self.scan.sha256 != self.sha256
        return Verdict.HELD if on_others else self.scan.verdict


@dataclass(frozen=True, slots=True)
class Upload:
    """A resumable upload as the upload endpoint needs it."""

    id: UploadId
    holder: Holder
    file_name: str
    size_bytes: int
    expected_sha256: str | None
    picture: bool
    """Whether it is to be a picture, and not a model."""
    status: UploadStatus
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ResourceFilter:
    """Which resources a list shows; mature ones only when asked for."""

    kind: ResourceKind | None = None
    status: ResourceStatus | None = None
    owner_id: AccountId | None = None
    search: str | None = None
    mature: bool = False


@dataclass(frozen=True, slots=True)
class Permission:
    """May the generator use a resource, and what stands against it."""

    allowed: bool
    reasons: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Usable:
    """A resource as the generator asks for it: whether it may be used, what stands against it, and its weights."""

    resource: Resource
    allowed: bool
    reasons: tuple[Finding, ...]
    model: ModelRef | None
