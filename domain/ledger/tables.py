"""The tables of the ledger: purses, journal entries, and the postings that move balances."""

from piccolo.columns import UUID, BigInt, BigSerial, ForeignKey, Text, Timestamptz, Varchar
from piccolo.columns.base import OnDelete
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table

from domain.kernel.ids import new_id


class PurseRow(Table, tablename="purse"):
    """A balance. Only a posting changes it: a trigger refuses anything else."""

    id = UUID(primary_key=True, default=new_id)
    kind = Varchar(length=10)
    belongs_to = UUID(default=None, help_text="An account, a pledge or a job; nil for house and mint.")
    holder_id = UUID(null=True, default=None, help_text="The account whose credits they are or were.")
    balance = BigInt(default=0)


class JournalRow(Table, tablename="journal_entry"):
    """A balanced set of postings, written once under a key that is never used again."""

    id = UUID(primary_key=True, default=new_id)
    key = Text(unique=True)
    at = Timestamptz(default=TimestamptzNow())


class PostingRow(Table, tablename="posting"):
    """One leg of a journal entry. `no` orders the legs of a purse; `balance_after` is filled in by a trigger."""

    id = UUID(primary_key=True, default=new_id)
    no = BigSerial()
    entry_id = ForeignKey(references=JournalRow, on_delete=OnDelete.restrict, null=False)
    purse_id = ForeignKey(references=PurseRow, on_delete=OnDelete.restrict, null=False)
    amount = BigInt()
    reason = Varchar(length=30)
    subject_kind = Varchar(length=20, null=True, default=None)
    subject_id = UUID(null=True, default=None)
    balance_after = BigInt(null=True, default=None)
