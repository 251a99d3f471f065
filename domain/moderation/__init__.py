"""Moderation: cases about bounties, entries and resources, a moderator's look into files for one, public figures.

What happens opens cases (`note`); moderators claim, decide and release them. Appeals come later.
"""

from domain.moderation.actions import claim_case, decide_appeal, file_appeal, release_case
from domain.moderation.case_reads import (
    KEY_WIDTH,
    case_page,
    cases_by_ids,
    claims_of,
    findings_of,
    histories,
    told_to_followers,
)
from domain.moderation.concerning import decide_claim, remove_resource
from domain.moderation.deciding import decide_case
from domain.moderation.facts import CaseChanged, CaseClaimed, CaseDecided, CaseFact, CaseOpened, CaseReleased
from domain.moderation.logs import verify, verify_all
from domain.moderation.looking import files_in_hand, open_file, open_read
from domain.moderation.opening import note
from domain.moderation.reads import transparency
from domain.moderation.resource_files import open_resource_read
from domain.moderation.reviewing import review_bounty
from domain.moderation.rules import AppealStatus, CaseStatus, Cause, Decision, EventKind
from domain.moderation.values import Case, CaseEvent, CaseFilter, Told, Transparency

__all__ = [
    "KEY_WIDTH",
    "AppealStatus",
    "Case",
    "CaseChanged",
    "CaseClaimed",
    "CaseDecided",
    "CaseEvent",
    "CaseFact",
    "CaseFilter",
    "CaseOpened",
    "CaseReleased",
    "CaseStatus",
    "Cause",
    "Decision",
    "EventKind",
    "Told",
    "Transparency",
    "case_page",
    "cases_by_ids",
    "claim_case",
    "claims_of",
    "decide_appeal",
    "decide_case",
    "decide_claim",
    "file_appeal",
    "files_in_hand",
    "findings_of",
    "histories",
    "note",
    "open_file",
    "open_read",
    "open_resource_read",
    "release_case",
    "remove_resource",
    "review_bounty",
    "told_to_followers",
    "transparency",
    "verify",
    "verify_all",
]
