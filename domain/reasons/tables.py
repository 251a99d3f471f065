"""The tables of the reasons context."""

from piccolo.columns import UUID, Array, Boolean, Text, Timestamptz, Varchar
from piccolo.table import Table

from domain.kernel.ids import new_id


class StatementRow(Table, tablename="statement"):
    """A statement of reasons. It is never rewritten; `withdrawn_at` says when the restriction ended."""

    id = UUID(primary_key=True, default=new_id)
    subject_kind = Varchar(length=20)
    subject_id = UUID(default=None)
    owner_id = UUID(null=True, default=None, help_text="The account that is restricted.")
    decision_visibility = Array(base_column=Text())
    decision_monetary = Text(null=True, default=None)
    decision_provision = Text(null=True, default=None)
    decision_account = Text(null=True, default=None)
    decision_facts = Text()
    decision_ground = Text()
    ground_reference = Text()
    ground_explanation = Text()
    also_illegal = Boolean(default=False)
    content_type = Array(base_column=Text())
    category = Text()
    keywords = Array(base_column=Text())
    content_date = Timestamptz(default=None)
    application_date = Timestamptz(default=None)
    source_type = Text()
    automated_detection = Boolean(default=False)
    automated_decision = Text()
    withdrawn_at = Timestamptz(null=True, default=None)
