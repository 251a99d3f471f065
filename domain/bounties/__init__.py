"""Bounties: somebody asks for a model and puts up a pot; others enter; one entry wins, or every pledge goes back.

The outcome opens for the initiator of the awarded bounty alone. All deeds and reads take the scope of who asks; the
clock calls `close_due` and `refund_due`, the relay `entry_scanned` and `outcome_published`.
"""

from domain.bounties.actions import award, cancel, close_due, open_bounty, pledge, refund_due
from domain.bounties.entries import begin_upload, draft_entry, entry_scanned, submit_entry, withdraw_entry
from domain.bounties.facts import (
    BountyAwarded,
    BountyCancelled,
    BountyClosed,
    BountyFact,
    BountyOpened,
    BountyPledged,
    BountyRefunded,
    EntryDecided,
    EntrySubmitted,
    EntryWithdrawn,
    OutcomePublished,
)
from domain.bounties.listing import KEY_WIDTH, bounty_page, checked_filter, matching_bounties
from domain.bounties.outcomes import outcomes
from domain.bounties.publishing import outcome_published, publish_outcome
from domain.bounties.reads import bounties_by_ids, counts_between, entries_by_ids, entry_pages
from domain.bounties.rules import BountyKind, BountyOrder, BountyStatus, EntryStatus
from domain.bounties.values import Bounty, BountyEntry, BountyFilter, BountyTerms, Counts, Outcome, OutcomeFile

__all__ = [
    "KEY_WIDTH",
    "Bounty",
    "BountyAwarded",
    "BountyCancelled",
    "BountyClosed",
    "BountyEntry",
    "BountyFact",
    "BountyFilter",
    "BountyKind",
    "BountyOpened",
    "BountyOrder",
    "BountyPledged",
    "BountyRefunded",
    "BountyStatus",
    "BountyTerms",
    "Counts",
    "EntryDecided",
    "EntryStatus",
    "EntrySubmitted",
    "EntryWithdrawn",
    "Outcome",
    "OutcomeFile",
    "OutcomePublished",
    "award",
    "begin_upload",
    "bounties_by_ids",
    "bounty_page",
    "cancel",
    "checked_filter",
    "close_due",
    "counts_between",
    "draft_entry",
    "entries_by_ids",
    "entry_pages",
    "entry_scanned",
    "matching_bounties",
    "open_bounty",
    "outcome_published",
    "outcomes",
    "pledge",
    "publish_outcome",
    "refund_due",
    "submit_entry",
    "withdraw_entry",
]
