"""The tables of the moderation context."""

from piccolo.columns import (
    UUID,
    Array,
    Bytea,
    DoublePrecision,
    ForeignKey,
    Integer,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.columns.base import OnDelete
from piccolo.table import Table

from domain.kernel.ids import new_id


class CaseRow(Table, tablename="moderation_case"):
    """One question to decide about one subject, of which at most one is undecided. Its log is in `case_event`.

    `rank` orders cases by urgency, see `rules.rank`; `bounty_id` is the bounty that the subject is or belongs to. A
    claim whose time is over is none, whatever stands here. Nobody has decided a case that closed by itself.
    """

    id = UUID(primary_key=True, default=new_id)
    subject_kind = Varchar(length=20)
    subject_id = UUID(default=None)
    bounty_id = UUID(null=True, default=None)
    causes = Array(base_column=Text())
    rank = DoublePrecision()
    opened_at = Timestamptz(default=None)
    due_at = Timestamptz(default=None)
    claimed_by = UUID(null=True, default=None)
    claim_expires_at = Timestamptz(null=True, default=None)
    decided_at = Timestamptz(null=True, default=None)
    decided_by = UUID(null=True, default=None)
    decision = Varchar(length=20, null=True, default=None)
    events = Integer(default=0, help_text="How many events its log has.")
    digest = Bytea(help_text="The digest of the last of them.")


class CaseReadRow(Table, tablename="case_read"):
    """A link to a file of a resource that a moderator was given for a case."""

    id = UUID(primary_key=True, default=new_id)
    case_id = ForeignKey(CaseRow, null=False, on_delete=OnDelete.restrict)
    file_id = UUID(default=None)
    account_id = UUID(default=None)
    purpose = Text()
    issued_at = Timestamptz(default=None)
    expires_at = Timestamptz(default=None)


class CaseEventRow(Table, tablename="case_event"):
    """One event of a case's log, chained to the one before by its digest. Only grows.

    `source` names the fact that it was written for, which writes it once; null for what a moderator did.
    """

    id = UUID(primary_key=True, default=new_id)
    case_id = ForeignKey(CaseRow, null=False, on_delete=OnDelete.restrict)
    nth = Integer()
    at = Timestamptz(default=None)
    actor_id = UUID(null=True, default=None)
    kind = Varchar(length=20)
    detail = Text()
    source = Varchar(length=60, null=True, default=None, unique=True)
    digest = Bytea()
