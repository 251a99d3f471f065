"""The statements of reasons behind restricted resources."""

from collections.abc import Sequence
from datetime import datetime

from domain.kernel.findings import Finding, Signal
from domain.kernel.ids import Subject
from domain.reasons import Automation, Category, Ground, Keyword, Source, Statement, Visibility
from domain.resources.values import Resource, ResourceStatus

_MOST_FACTS = 4000


def of_scan(
    resource: Resource, status: ResourceStatus, findings: Sequence[Finding], errors: Sequence[str], *, at: datetime
) -> Statement:
    """State why validation held or blocked a resource, decided by machine alone."""
    unsafe = all(finding.signal is Signal.UNSAFE_FORMAT for finding in findings)
    found = "; ".join([*(finding.detail for finding in findings), *errors])
    if status is ResourceStatus.HELD:
        happened = "It is held until a moderator has looked at it."
    else:
        happened = "It is blocked: nobody else sees it and the generator does not use it."
    return Statement(
        subject=Subject("resource", resource.id),
        owner_id=resource.owner_id,
        visibility=(Visibility.DISABLED,),
        facts=f"Validation of this resource's texts and files found: {found[:_MOST_FACTS]}. {happened}",
        ground=Ground.INCOMPATIBLE_CONTENT,
        ground_reference="File safety policy" if unsafe else "Likeness policy",
        explanation=_UNSAFE if unsafe else _LIKENESS,
        category=Category.OTHER_VIOLATION if unsafe else Category.CYBER_VIOLENCE,
        keywords=() if unsafe else (Keyword.DEEPFAKE,),
        source=Source.OWN_INITIATIVE,
        automated_detection=True,
        automated_decision=Automation.FULLY,
        content_date=resource.created_at,
        application_date=at,
    )


def of_claim(resource: Resource, findings: Sequence[Finding], *, at: datetime) -> Statement:
    """State that a resource is held because somebody claims that it reproduces them, and their name is in it."""
    found = "; ".join(finding.detail for finding in findings) or "the name stands in it"
    return Statement(
        subject=Subject("resource", resource.id),
        owner_id=resource.owner_id,
        visibility=(Visibility.DISABLED,),
        facts=f"Somebody claims that this resource reproduces them, or a child of theirs, and what it says agrees: "
        f"{found[:_MOST_FACTS]}. It is held until a moderator has decided the claim, within 48 hours.",
        ground=Ground.INCOMPATIBLE_CONTENT,
        ground_reference="Likeness policy",
        explanation=_CLAIMED,
        category=Category.CYBER_VIOLENCE,
        keywords=(Keyword.DEEPFAKE,),
        source=Source.NOTICE,
        automated_detection=True,
        automated_decision=Automation.FULLY,
        content_date=resource.created_at,
        application_date=at,
    )


def of_hold(resource: Resource, explanation: str, *, at: datetime) -> Statement:
    """State that a moderator holds a resource, and why in the moderator's words.

    Every case is opened by what the product itself has noticed, so that is how it was detected.
    """
    return Statement(
        subject=Subject("resource", resource.id),
        owner_id=resource.owner_id,
        visibility=(Visibility.DISABLED,),
        facts="A moderator looked at this resource in a case and holds it: nobody else sees it and the generator does "
        "not use it until that ends, and a moderator looks at it again within 48 hours.",
        ground=Ground.INCOMPATIBLE_CONTENT,
        ground_reference="Community policies",
        explanation=explanation,
        category=Category.OTHER_VIOLATION,
        source=Source.OWN_INITIATIVE,
        automated_detection=True,
        automated_decision=Automation.NOT_AUTOMATED,
        content_date=resource.created_at,
        application_date=at,
    )


def of_removal(resource: Resource, explanation: str | None = None, *, at: datetime) -> Statement:
    """State that a moderator removed a resource, in the moderator's words where a case was decided."""
    return Statement(
        subject=Subject("resource", resource.id),
        owner_id=resource.owner_id,
        visibility=(Visibility.REMOVED,),
        facts="A moderator looked at this resource and removed it.",
        ground=Ground.INCOMPATIBLE_CONTENT,
        ground_reference="Community policies",
        explanation=explanation or _INCOMPATIBLE,
        category=Category.OTHER_VIOLATION,
        source=Source.OWN_INITIATIVE,
        automated_detection=explanation is not None,
        automated_decision=Automation.NOT_AUTOMATED,
        content_date=resource.created_at,
        application_date=at,
    )


_INCOMPATIBLE = "In the moderator's judgement the resource is not compatible with the policies of this community."
_LIKENESS = (
    "A real person who is registered with us has not allowed this use of their likeness. A resource that names such a "
    "person in its texts, its files' names or its training metadata, or that is a file known to reproduce one, may not "
    "be shared here."
)
_CLAIMED = (
    "A resource that names a person who has just claimed that it reproduces them is held while a moderator looks at "
    "the claim, because the harm of waiting would fall on that person alone. If the claim is rejected or withdrawn, "
    "the resource is given free at once."
)
_UNSAFE = (
    "Files that can run code when they are loaded, such as pickles, may not be shared here. Convert the weights to "
    "safetensors and upload that file."
)
