"""The likeness registry, and the claims that people make for it.

The registry says who is protected, under which names, and what they allow, at a version that only grows. A claim is
anyone's request to be protected; upheld, it becomes a part of the registry, and withdrawn, it leaves no trace there.
"""

from domain.likeness.actions import block_file, change, register, withdraw
from domain.likeness.affecting import (
    held_by_claim,
    held_findings,
    lock_for_hold,
    look_into,
    looked_into,
    note_affected,
    note_looked_at,
)
from domain.likeness.claim_reads import (
    ClaimFilter,
    affected_by,
    claims_about,
    claims_by_ids,
    face_counts,
    joined_counts,
    list_claims,
)
from domain.likeness.claim_rules import case_code_of, mailed_claim
from domain.likeness.clockwork import tick
from domain.likeness.concerning import claimants, pointed_at
from domain.likeness.deciding import decide_claim, withdraw_claim
from domain.likeness.facts import (
    ClaimDecided,
    ClaimEscalated,
    ClaimFact,
    ClaimLookedInto,
    ClaimReceived,
    ClaimWithdrawn,
    RegistryChanged,
)
from domain.likeness.figures import ClaimCounts, claims_between
from domain.likeness.filing import complete_claim, file_claim, open_claim
from domain.likeness.holding import OF_THE_HOUSE, notes_on_claims
from domain.likeness.kept import deal_with, kept_by_ids, list_kept, open_from_kept, throttle_counts
from domain.likeness.kept import sweep as sweep_kept
from domain.likeness.letters import letter_failed, letter_sent, take_letters, unreached
from domain.likeness.mailing import Message, TakenIn, known_message, take_in
from domain.likeness.proofs import challenge
from domain.likeness.reads import (
    changed_persons,
    list_persons,
    load_change,
    load_snapshot,
    persons_by_ids,
    registry_version,
    snapshot_at,
)
from domain.likeness.values import (
    Affected,
    AffectedAction,
    Challenge,
    Claim,
    ClaimDraft,
    ClaimRelation,
    ClaimSource,
    ClaimStatus,
    Filed,
    KeptMessage,
    Letter,
    LookInto,
    MailedClaim,
    Registered,
    ThrottleCount,
)

__all__ = [
    "OF_THE_HOUSE",
    "Affected",
    "AffectedAction",
    "Challenge",
    "Claim",
    "ClaimCounts",
    "ClaimDecided",
    "ClaimDraft",
    "ClaimEscalated",
    "ClaimFact",
    "ClaimFilter",
    "ClaimLookedInto",
    "ClaimReceived",
    "ClaimRelation",
    "ClaimSource",
    "ClaimStatus",
    "ClaimWithdrawn",
    "Filed",
    "KeptMessage",
    "Letter",
    "LookInto",
    "MailedClaim",
    "Message",
    "Registered",
    "RegistryChanged",
    "TakenIn",
    "ThrottleCount",
    "affected_by",
    "block_file",
    "case_code_of",
    "challenge",
    "change",
    "changed_persons",
    "claimants",
    "claims_about",
    "claims_between",
    "claims_by_ids",
    "complete_claim",
    "deal_with",
    "decide_claim",
    "face_counts",
    "file_claim",
    "held_by_claim",
    "held_findings",
    "joined_counts",
    "kept_by_ids",
    "known_message",
    "letter_failed",
    "letter_sent",
    "list_claims",
    "list_kept",
    "list_persons",
    "load_change",
    "load_snapshot",
    "lock_for_hold",
    "look_into",
    "looked_into",
    "mailed_claim",
    "note_affected",
    "note_looked_at",
    "notes_on_claims",
    "open_claim",
    "open_from_kept",
    "persons_by_ids",
    "pointed_at",
    "register",
    "registry_version",
    "snapshot_at",
    "sweep_kept",
    "take_in",
    "take_letters",
    "throttle_counts",
    "tick",
    "unreached",
    "withdraw",
    "withdraw_claim",
]
