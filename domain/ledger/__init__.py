"""The ledger: every credit that ever moved, in balanced journal entries that are never changed."""

from domain.ledger.actions import balance, grant_to_new_account, transfer, transfers
from domain.ledger.audits import escrowed_in_all
from domain.ledger.reads import entries_by_ids, entries_of_accounts, purses_of_accounts
from domain.ledger.values import Entry, Movement, Purse, PurseKind, PurseState, Reason

__all__ = [
    "Entry",
    "Movement",
    "Purse",
    "PurseKind",
    "PurseState",
    "Reason",
    "balance",
    "entries_by_ids",
    "entries_of_accounts",
    "escrowed_in_all",
    "grant_to_new_account",
    "purses_of_accounts",
    "transfer",
    "transfers",
]
