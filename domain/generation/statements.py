"""The statement of reasons behind pictures that are withheld after they were delivered."""

from collections.abc import Sequence
from datetime import datetime

from domain.kernel.findings import Finding
from domain.kernel.ids import AccountId, JobId, Subject
from domain.reasons import Automation, Category, Ground, Keyword, Source, Statement, Visibility

_MOST_FACTS = 4000


def of_withheld(
    job_id: JobId, owner_id: AccountId, findings: Sequence[Finding], *, drawn_at: datetime, at: datetime
) -> Statement:
    """State why the pictures of a finished job are withheld, decided by machine alone."""
    found = "; ".join(finding.detail for finding in findings)[:_MOST_FACTS]
    return Statement(
        subject=Subject("job", job_id),
        owner_id=owner_id,
        visibility=(Visibility.DISABLED,),
        facts=f"The words that these pictures were made from hold: {found}. They are withheld while that stands.",
        ground=Ground.INCOMPATIBLE_CONTENT,
        ground_reference="Likeness policy",
        explanation=_WITHHELD,
        category=Category.CYBER_VIOLENCE,
        keywords=(Keyword.DEEPFAKE,),
        source=Source.OWN_INITIATIVE,
        automated_detection=True,
        automated_decision=Automation.FULLY,
        content_date=drawn_at,
        application_date=at,
    )


_WITHHELD = (
    "A real person has registered with us after these pictures were made, or has changed what they allow, and has not "
    "allowed this use of their likeness. What names such a person is not delivered from then on. If the person is "
    "taken out of the register, or allows it, the pictures are given back as they were."
)
