"""The likeness registry, and the claims that people make for it.

The registry says who is protected, under which names, and what they allow, at a version that only grows. A claim is
anyone's request to be protected; upheld, it becomes a part of the registry, and withdrawn, it leaves no trace there.
"""

from domain.likeness.actions import block_file, change, register, withdraw
from domain.likeness.affecting import held_by_claim, look_into, looked_into, note_affected
from domain.likeness.claim_reads import (
    ClaimFilter,
    Intake,
    affected_by,
    claims_about,
    claims_by_ids,
    face_counts,
    joined_counts,
    kept_messages,
    list_claims,
)
from domain.likeness.clockwork import tick
from domain.likeness.deciding import decide_claim, withdraw_claim
from domain.likeness.facts import (
    ClaimDecided,
    ClaimEscalated,
    ClaimLookedInto,
    ClaimReceived,
    ClaimWithdrawn,
    RegistryChanged,
)
from domain.likeness.figures import ClaimCounts, claims_between
from domain.likeness.filing import complete_claim, file_claim, open_claim
from domain.likeness.letters import letter_failed, letter_sent, take_letters
from domain.likeness.mailing import Message, TakenIn, known_message, mailed_claim, take_in
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
    Letter,
    LookInto,
    MailedClaim,
    Registered,
)

__all__ = [
    "Affected",
    "AffectedAction",
    "Challenge",
    "Claim",
    "ClaimCounts",
    "ClaimDecided",
    "ClaimDraft",
    "ClaimEscalated",
    "ClaimFilter",
    "ClaimLookedInto",
    "ClaimReceived",
    "ClaimRelation",
    "ClaimSource",
    "ClaimStatus",
    "ClaimWithdrawn",
    "Filed",
    "Intake",
    "Letter",
    "LookInto",
    "MailedClaim",
    "Message",
    "Registered",
    "RegistryChanged",
    "TakenIn",
    "affected_by",
    "block_file",
    "challenge",
    "change",
    "changed_persons",
    "claims_about",
    "claims_between",
    "claims_by_ids",
    "complete_claim",
    "decide_claim",
    "face_counts",
    "file_claim",
    "held_by_claim",
    "joined_counts",
    "kept_messages",
    "known_message",
    "letter_failed",
    "letter_sent",
    "list_claims",
    "list_persons",
    "load_change",
    "load_snapshot",
    "look_into",
    "looked_into",
    "mailed_claim",
    "note_affected",
    "open_claim",
    "persons_by_ids",
    "register",
    "registry_version",
    "snapshot_at",
    "take_in",
    "take_letters",
    "tick",
    "withdraw",
    "withdraw_claim",
]
