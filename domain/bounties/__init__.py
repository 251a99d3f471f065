"""Bounties: somebody asks for a model and puts up a pot; others enter; one entry wins, or every pledge goes back.

The outcome opens for the initiator of the awarded bounty alone. All deeds and reads take the scope of who asks; the
clock calls what ends in `_due`, the relay `entry_scanned` and `outcome_published`.
"""

from domain.bounties.actions import open_bounty, pledge
from domain.bounties.entries import begin_upload, draft_entry, entry_scanned, submit_entry, withdraw_entry
from domain.bounties.facts import (
    BountyAwarded,
    BountyCancelled,
    BountyChanged,
    BountyClosed,
    BountyDecided,
    BountyExtended,
    BountyFact,
    BountyHidden,
    BountyOpened,
    BountyPledged,
    BountyRefunded,
    BountyShown,
    BountySplit,
    EntryDecided,
    EntryFilesErased,
    EntrySubmitted,
    EntryWithdrawn,
    EscrowMismatch,
    InitiatorReminded,
    News,
    OutcomePublished,
    SelfDealingRefused,
    StakeholderTold,
)
from domain.bounties.listing import KEY_WIDTH, bounty_page, checked_filter, matching_bounties
from domain.bounties.pot.awarding import award, split
from domain.bounties.pot.cancelling import cancel
from domain.bounties.pot.judging import auto_award_due, close_due, refund_due, remind_due
from domain.bounties.pot.reconciling import Proof, reconcile, resume
from domain.bounties.reads import awards_of, bounties_by_ids, counts_between, entries_by_ids, entry_pages
from domain.bounties.rules import BountyKind, BountyOrder, BountyStatus, EntryStatus
from domain.bounties.standing.claims import LookedAt, look_at_bounty, look_at_entry, release_bounty, release_entry
from domain.bounties.standing.hold_reads import bounties_to_review, entry_findings, hold_findings, registry_findings
from domain.bounties.standing.holds import Review
from domain.bounties.standing.references import (
    begin_reference,
    draw_references,
    reference_scanned,
    references_of,
    remove_reference,
)
from domain.bounties.standing.reviewing import review
from domain.bounties.standing.sweeping import sweep_bounties, sweep_notes
from domain.bounties.terms import change_terms, extend
from domain.bounties.values import (
    Award,
    Books,
    Bounty,
    BountyEntry,
    BountyFilter,
    BountyReference,
    BountyTerms,
    Counts,
    Drawn,
    EntryFile,
    EntryPreview,
    Outcome,
    OutcomeFile,
    OutcomeRead,
    OutcomeReadKind,
    Share,
    TermsChange,
)
from domain.bounties.vault.contents import contents_of
from domain.bounties.vault.downloads import OpenedFile, download_began, download_ended, open_read, read_pages
from domain.bounties.vault.erasing import delete_files, erase_due
from domain.bounties.vault.outcomes import outcomes, own_files
from domain.bounties.vault.previews import begin_preview, draw_previews, open_preview, previews_of
from domain.bounties.vault.publishing import outcome_published, publish_outcome
from domain.bounties.wording import learn_words

__all__ = [
    "KEY_WIDTH",
    "Award",
    "Books",
    "Bounty",
    "BountyAwarded",
    "BountyCancelled",
    "BountyChanged",
    "BountyClosed",
    "BountyDecided",
    "BountyEntry",
    "BountyExtended",
    "BountyFact",
    "BountyFilter",
    "BountyHidden",
    "BountyKind",
    "BountyOpened",
    "BountyOrder",
    "BountyPledged",
    "BountyReference",
    "BountyRefunded",
    "BountyShown",
    "BountySplit",
    "BountyStatus",
    "BountyTerms",
    "Counts",
    "Drawn",
    "EntryDecided",
    "EntryFile",
    "EntryFilesErased",
    "EntryPreview",
    "EntryStatus",
    "EntrySubmitted",
    "EntryWithdrawn",
    "EscrowMismatch",
    "InitiatorReminded",
    "LookedAt",
    "News",
    "OpenedFile",
    "Outcome",
    "OutcomeFile",
    "OutcomePublished",
    "OutcomeRead",
    "OutcomeReadKind",
    "Proof",
    "Review",
    "SelfDealingRefused",
    "Share",
    "StakeholderTold",
    "TermsChange",
    "auto_award_due",
    "award",
    "awards_of",
    "begin_preview",
    "begin_reference",
    "begin_upload",
    "bounties_by_ids",
    "bounties_to_review",
    "bounty_page",
    "cancel",
    "change_terms",
    "checked_filter",
    "close_due",
    "contents_of",
    "counts_between",
    "delete_files",
    "download_began",
    "download_ended",
    "draft_entry",
    "draw_previews",
    "draw_references",
    "entries_by_ids",
    "entry_findings",
    "entry_pages",
    "entry_scanned",
    "erase_due",
    "extend",
    "hold_findings",
    "learn_words",
    "look_at_bounty",
    "look_at_entry",
    "matching_bounties",
    "open_bounty",
    "open_preview",
    "open_read",
    "outcome_published",
    "outcomes",
    "own_files",
    "pledge",
    "previews_of",
    "publish_outcome",
    "read_pages",
    "reconcile",
    "reference_scanned",
    "references_of",
    "refund_due",
    "registry_findings",
    "release_bounty",
    "release_entry",
    "remind_due",
    "remove_reference",
    "resume",
    "review",
    "split",
    "submit_entry",
    "sweep_bounties",
    "sweep_notes",
    "withdraw_entry",
]
