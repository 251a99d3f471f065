"""What leaves the likeness context: frozen values, never rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.kernel.findings import Finding
from domain.kernel.ids import AccountId, ClaimId, PersonId, Subject
from domain.registry.claimed import Claimed
from domain.registry.snapshot import Consent, Person


@dataclass(frozen=True, slots=True)
class Registered:
    """A registered person as moderators see them; `faces` is how many descriptors are enrolled."""

    person: Person
    registered_at: datetime
    faces: int = 0


class ClaimRelation(StrEnum):
    """What the claimant is to the person."""

    SELF = "SELF"
    PARENT_OR_GUARDIAN = "PARENT_OR_GUARDIAN"
    AGENT = "AGENT"
    ESTATE = "ESTATE"


class ClaimStatus(StrEnum):
    """Where a claim stands."""

    RECEIVED = "RECEIVED"
    VERIFYING = "VERIFYING"
    UPHELD = "UPHELD"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"


class ClaimSource(StrEnum):
    """How a claim came in."""

    FORM = "FORM"
    EMAIL = "EMAIL"


class AffectedAction(StrEnum):
    """What became of a thing that a claim is about."""

    NONE = "NONE"
    HELD = "HELD"
    DISABLED = "DISABLED"
    REMOVED = "REMOVED"
    RESTORED = "RESTORED"


@dataclass(frozen=True, slots=True)
class ClaimDraft:
    """A claim as it is filed. Descriptors are 128 numbers each; they appear in no representation."""

    person_name: str
    relation: ClaimRelation
    contact_email: str
    explanation: str
    good_faith: bool
    signature: str
    aliases: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    consent: Consent = Consent.DENY_ALL
    creators: tuple[str, ...] = ()
    """Handles or ids of the accounts that a NAMED_CREATORS consent names."""
    face_descriptors: tuple[tuple[float, ...], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class MailedClaim:
    """What could be read of a claim that came by e-mail."""

    person_name: str
    contact_email: str
    explanation: str
    locations: tuple[str, ...] = ()
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim as moderators and whoever holds its PIN see it."""

    id: ClaimId
    case_code: str
    source: ClaimSource
    status: ClaimStatus
    complete: bool
    person_name: str
    aliases: tuple[str, ...]
    name_key: str
    about: ClaimId
    relation: ClaimRelation | None
    contact_email: str
    account_id: AccountId | None
    locations: tuple[str, ...]
    explanation: str
    consent: Consent
    creators: tuple[AccountId, ...]
    signature: str
    received_at: datetime
    due_at: datetime
    decided_at: datetime | None
    withdrawn_at: datetime | None
    person_id: PersonId | None

    @property
    def open(self) -> bool:
        """Whether it is still to be decided."""
        return self.status in (ClaimStatus.RECEIVED, ClaimStatus.VERIFYING)

    @property
    def subject(self) -> Subject:
        """What a statement of reasons about it is about."""
        return Subject("claim", self.id)


@dataclass(frozen=True, slots=True)
class Filed:
    """A claim that was just filed, with the PIN that is shown this once."""

    claim: Claim
    pin: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Affected:
    """What became of one thing under a claim. `before` is what it was: its status, and whatever restoring needs."""

    subject: Subject
    action: AffectedAction
    findings: tuple[Finding, ...]
    at: datetime
    before: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LookInto:
    """What is to be looked at for a claim: the things that it names, and how its person is looked for.

    `notes` are told to the claimant and to moderators: what can't be compared, and which names hold nothing.
    """

    claim_id: ClaimId
    claimed: Claimed
    subjects: tuple[Subject, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Challenge:
    """A puzzle: find a `nonce` such that SHA256 of `token:nonce` begins with `bits` zero bits."""

    token: str
    bits: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter to be sent; `attempt` counts from 1."""

    id: UUID
    recipient: str
    subject: str
    body: str = field(repr=False)
    in_reply_to: str | None
    created_at: datetime
    attempt: int


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """An e-mail that opened no claim by itself, with why; `claim_id` is the claim that it belongs to or has opened."""

    id: UUID
    claim_id: ClaimId | None
    sender: str
    subject: str
    text: str = field(repr=False)
    person_name: str
    links: tuple[str, ...]
    attachments: tuple[Mapping[str, Any], ...]
    message_id: str | None
    problem: str
    blob_key: str | None
    received_at: datetime
    dealt_at: datetime | None


@dataclass(frozen=True, slots=True)
class ThrottleCount:
    """How many addresses were told to wait on one day under one rule, and how often."""

    on_day: date
    rule: str
    addresses: int
    times: int
