"""The tables of the bounties context."""

from piccolo.columns import UUID, BigInt, Boolean, ForeignKey, Text, Timestamptz, Varchar
from piccolo.columns.base import OnDelete
from piccolo.table import Table

from domain.kernel.ids import new_id


class BountyRow(Table, tablename="bounty"):
    """A bounty. `pot` and `backer_count` sum up its pledges and change with them, under the row's lock."""

    id = UUID(primary_key=True, default=new_id)
    kind = Varchar(length=20)
    title = Text()
    brief = Text()
    status = Varchar(length=20)
    mature = Boolean()
    depicts_real_person = Boolean()
    initiator_id = UUID(default=None)
    pot = BigInt()
    backer_count = BigInt()
    awarded_entry_id = UUID(null=True, default=None)
    created_at = Timestamptz(default=None)
    closes_at = Timestamptz(default=None)
    judged_by = Timestamptz(default=None)


class PledgeRow(Table, tablename="bounty_pledge"):
    """Credits that one account has put into one bounty; they lie in the escrow purse of the pledge's own id."""

    id = UUID(primary_key=True, default=new_id)
    bounty_id = ForeignKey(BountyRow, null=False, on_delete=OnDelete.restrict)
    backer_id = UUID(default=None)
    amount = BigInt()
    pledged_at = Timestamptz(default=None)


class EntryRow(Table, tablename="bounty_entry"):
    """What an author offers. `submitted_at` is null while it is a draft."""

    id = UUID(primary_key=True, default=new_id)
    bounty_id = ForeignKey(BountyRow, null=False, on_delete=OnDelete.restrict)
    author_id = UUID(default=None)
    note = Text()
    status = Varchar(length=20)
    created_at = Timestamptz(default=None)
    submitted_at = Timestamptz(null=True, default=None)
    published_resource_id = UUID(null=True, default=None)


class StepRow(Table, tablename="bounty_step"):
    """One step in the life of a bounty, never changed afterwards. `actor_id` is null where the clock decided."""

    id = UUID(primary_key=True, default=new_id)
    bounty_id = ForeignKey(BountyRow, null=False, on_delete=OnDelete.restrict)
    at = Timestamptz(default=None)
    actor_id = UUID(null=True, default=None)
    step = Varchar(length=20)
    from_status = Varchar(length=20, null=True, default=None)
    to_status = Varchar(length=20)
    entry_id = ForeignKey(EntryRow, null=True, on_delete=OnDelete.restrict)
    amount = BigInt(null=True, default=None)


class OutcomeReadRow(Table, tablename="outcome_read"):
    """A download URL that was given out for one file of an awarded entry."""

    id = UUID(primary_key=True, default=new_id)
    entry_id = ForeignKey(EntryRow, null=False, on_delete=OnDelete.restrict)
    file_id = UUID(default=None)
    account_id = UUID(default=None)
    issued_at = Timestamptz(default=None)
    expires_at = Timestamptz(default=None)
