"""What the ledger speaks of: purses, movements between them, and the reasons of movements."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from domain.kernel.ids import AccountId, Credits, JobId, PledgeId, PurseEntryId, Subject

MAX_CREDITS = 1_000_000_000
_NOBODY = UUID(int=0)


class Reason(StrEnum):
    """Why credits moved; the contract's LedgerReason."""

    GRANT = "GRANT"
    BOUNTY_PLEDGE = "BOUNTY_PLEDGE"
    BOUNTY_AWARD = "BOUNTY_AWARD"
    BOUNTY_REFUND = "BOUNTY_REFUND"
    BOUNTY_CANCEL_SHARE = "BOUNTY_CANCEL_SHARE"
    REPORT_REWARD = "REPORT_REWARD"
    REWARD_CLAWBACK = "REWARD_CLAWBACK"
    GENERATION_HOLD = "GENERATION_HOLD"
    GENERATION_CHARGE = "GENERATION_CHARGE"
    GENERATION_RELEASE = "GENERATION_RELEASE"
    APPEAL_FEE = "APPEAL_FEE"
    APPEAL_FEE_RETURN = "APPEAL_FEE_RETURN"


class PurseKind(StrEnum):
    """Whose credits a purse holds. PLEDGE and JOB purses are in escrow for the account that holds them."""

    ACCOUNT = "ACCOUNT"
    PLEDGE = "PLEDGE"
    JOB = "JOB"
    HOUSE = "HOUSE"
    MINT = "MINT"


@dataclass(frozen=True, slots=True)
class Purse:
    """Where credits lie: of which account, pledge or job (`belongs_to`), and whose they are (`holder_id`)."""

    kind: PurseKind
    belongs_to: UUID
    holder_id: AccountId | None = None

    @classmethod
    def account(cls, account_id: AccountId) -> Self:
        """Give the purse that an account spends from."""
        return cls(PurseKind.ACCOUNT, account_id, account_id)

    @classmethod
    def pledge(cls, pledge_id: PledgeId, *, holder: AccountId) -> Self:
        """Give the escrow of one pledge to a bounty."""
        return cls(PurseKind.PLEDGE, pledge_id, holder)

    @classmethod
    def job(cls, job_id: JobId, *, holder: AccountId) -> Self:
        """Give the escrow of one generation."""
        return cls(PurseKind.JOB, job_id, holder)

    @classmethod
    def house(cls) -> Self:
        """Give the purse of the house: what generations were charged, and where rewards come from."""
        return cls(PurseKind.HOUSE, _NOBODY)

    @classmethod
    def mint(cls) -> Self:
        """Give the source of all credits; it stands below zero by what is in circulation."""
        return cls(PurseKind.MINT, _NOBODY)

    @property
    def may_owe(self) -> bool:
        """Tell whether the balance may go below zero."""
        return self.kind in (PurseKind.HOUSE, PurseKind.MINT)

    @property
    def rank(self) -> tuple[bool, str, UUID]:
        """Where it stands in the one order in which purses are locked: those that everybody shares come last."""
        return self.may_owe, self.kind.value, self.belongs_to


@dataclass(frozen=True, slots=True)
class Movement:
    """Credits that go from one purse to another. Raises ValueError for what no movement can be."""

    amount: Credits
    debit: Purse
    credit: Purse
    reason: Reason
    subject: Subject | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.amount <= MAX_CREDITS:
            raise ValueError(f"A movement is of 0 to {MAX_CREDITS} credits, not {self.amount}.")
        if self.debit == self.credit:
            raise ValueError("A movement needs two purses.")


@dataclass(frozen=True, slots=True)
class PurseState:
    """What an account can spend, and what it has in escrow."""

    account_id: AccountId
    available: Credits
    escrowed: Credits


@dataclass(frozen=True, slots=True)
class Entry:
    """One leg of a journal entry as the holder of the purse sees it; `no` orders the legs of a purse."""

    id: PurseEntryId
    no: int
    account_id: AccountId
    at: datetime
    amount: int
    reason: Reason
    balance_after: Credits
    subject: Subject | None
