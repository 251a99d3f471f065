"""The tables of the bounties context."""

from piccolo.columns import JSONB, UUID, BigInt, Boolean, ForeignKey, Integer, SmallInt, Text, Timestamptz, Varchar
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
    auto_award = Boolean(help_text="Promised: without a judgement the earliest good entry gets the pot.")
    extended_at = Timestamptz(null=True, default=None, help_text="When its one extension was made.")
    reminders = SmallInt(default=0, help_text="How many of the two reminders to judge are behind it.")
    payouts_stopped_at = Timestamptz(null=True, default=None, help_text="Since when its books have to be looked at.")
    depicts_found = Boolean(help_text="A registered name stands in its texts, whatever its initiator declares.")
    listed_at = Timestamptz(null=True, default=None, help_text="When it was first shown to everybody.")
    held_at = Timestamptz(null=True, default=None, help_text="Since when it is out of public sight, for any reason.")
    held_findings = JSONB(default="[]", help_text="What the registry says against its texts.")
    reference_findings = JSONB(default="[]", help_text="Which registered persons its reference pictures show.")
    held_for_claim = Boolean(help_text="A claim that is not decided yet names it, and its texts agree.")
    hold_statement_id = UUID(null=True, default=None, help_text="The statement of the reasons why it is held.")
    review = Varchar(length=10, null=True, default=None, help_text="Where a moderator's review stands.")
    review_findings = JSONB(default="[]", help_text="Why a moderator has to look at it.")
    moderator_hold = Text(null=True, default=None, help_text="Why a moderator holds it, in their words.")


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
    files_erased_at = Timestamptz(null=True, default=None, help_text="When the key of its files was destroyed.")
    note_findings = JSONB(default="[]", help_text="What the registry says against its note.")
    held_for_claim = Boolean(help_text="A claim that is not decided yet names it, and its note or files agree.")
    let_pass = JSONB(default="[]", help_text="The marks of findings that a moderator has looked at and let pass.")
    restriction = Varchar(length=10, null=True, default=None, help_text="HELD or BLOCKED by a moderator's decision.")
    restriction_reason = Text(null=True, default=None, help_text="Why, in the moderator's words.")


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


class AwardRow(Table, tablename="bounty_award"):
    """The grant: what an awarded entry got of the pot, and that its outcome opens for the initiator. Only grows."""

    id = UUID(primary_key=True, default=new_id)
    bounty_id = ForeignKey(BountyRow, null=False, on_delete=OnDelete.restrict)
    entry_id = ForeignKey(EntryRow, null=False, on_delete=OnDelete.restrict, unique=True)
    percent = SmallInt()
    amount = BigInt()
    awarded_at = Timestamptz(default=None)


class SelfDealingRow(Table, tablename="bounty_self_dealing"):
    """An entry that may not get anything of a pot, because its author and the initiator are not independent.

    `actor_id` is who tried to award it; null where the clock passed it over.
    """

    id = UUID(primary_key=True, default=new_id)
    bounty_id = ForeignKey(BountyRow, null=False, on_delete=OnDelete.restrict)
    entry_id = ForeignKey(EntryRow, null=False, on_delete=OnDelete.restrict, unique=True)
    actor_id = UUID(null=True, default=None)
    noticed_at = Timestamptz(default=None)


class DealingLiftRow(Table, tablename="bounty_dealing_lift"):
    """A moderator found that an entry's author and the initiator are linked by chance: it may win. Only grows."""

    id = UUID(primary_key=True, default=new_id)
    bounty_id = ForeignKey(BountyRow, null=False, on_delete=OnDelete.restrict)
    entry_id = ForeignKey(EntryRow, null=False, on_delete=OnDelete.restrict, unique=True)
    case_id = UUID(default=None)
    moderator_id = UUID(default=None)
    explanation = Text()
    lifted_at = Timestamptz(default=None)


class OutcomeReadRow(Table, tablename="outcome_read"):
    """A download URL that was given out for one file of an entry: to the initiator who bought it, to its author, or,
    with the case and what it is looked into for, to the moderator who works on that case.
    """

    id = UUID(primary_key=True, default=new_id)
    entry_id = ForeignKey(EntryRow, null=False, on_delete=OnDelete.restrict)
    file_id = UUID(default=None)
    account_id = UUID(default=None)
    issued_at = Timestamptz(default=None)
    expires_at = Timestamptz(default=None)
    case_id = UUID(null=True, default=None)
    purpose = Text(null=True, default=None)


class DownloadRow(Table, tablename="outcome_download"):
    """One use of a download URL: which bytes were asked for, and, at its end, how many of them were sent."""

    id = UUID(primary_key=True, default=new_id)
    read_id = ForeignKey(OutcomeReadRow, null=False, on_delete=OnDelete.restrict)
    at = Timestamptz(default=None)
    first_byte = BigInt()
    last_byte = BigInt()
    sent_bytes = BigInt(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)


class PreviewRow(Table, tablename="entry_preview"):
    """A small, marked picture of what an entry makes, drawn from an upload that is deleted then; sealed like files."""

    id = UUID(primary_key=True, default=new_id)
    entry_id = ForeignKey(EntryRow, null=False, on_delete=OnDelete.restrict)
    file_id = UUID(default=None, unique=True, help_text="The examined file that it was drawn from.")
    vault_key_id = UUID(default=None)
    blob_key = Text()
    size_bytes = BigInt()
    width = Integer()
    height = Integer()
    made_at = Timestamptz(default=None)


class ReferenceRow(Table, tablename="bounty_reference"):
    """The copy of a reference picture that is shown; `file_id` is the picture that was uploaded and examined."""

    id = UUID(primary_key=True, default=new_id)
    bounty_id = ForeignKey(BountyRow, null=False, on_delete=OnDelete.restrict)
    file_id = UUID(default=None, unique=True)
    blob_key = Text()
    width = Integer()
    height = Integer()
    drawn_at = Timestamptz(default=None)


class ReviewRow(Table, tablename="bounty_review"):
    """What a moderator decided about a bounty that had to be looked at. Only grows."""

    id = UUID(primary_key=True, default=new_id)
    bounty_id = ForeignKey(BountyRow, null=False, on_delete=OnDelete.restrict)
    moderator_id = UUID(default=None)
    decision = Varchar(length=10)
    explanation = Text()
    decided_at = Timestamptz(default=None)
