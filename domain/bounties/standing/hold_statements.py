"""Statements of reasons for bounties that are out of public sight, and for entries that a claim holds."""

from datetime import datetime

from domain.bounties.standing.holds import Hold, ReviewStatus
from domain.kernel.findings import Verdict
from domain.kernel.ids import AccountId, Subject
from domain.reasons import MAX_FACTS, Automation, Category, Ground, Keyword, Source, Statement, Visibility

_MOST_FACTS = 2500


def of_hold(subject: Subject, owner_id: AccountId, hold: Hold, *, content_date: datetime, at: datetime) -> Statement:
    """State why a bounty is held: by the registry, for a claim, by a moderator, or until one has looked at it."""
    of_registry, for_claim = bool(hold.of_registry), hold.for_claim and not hold.of_registry
    if hold.by_moderator is not None and not of_registry and not for_claim:
        return of_moderator(subject, owner_id, Verdict.HELD, hold.by_moderator, content_date=content_date, at=at)
    return Statement(
        subject=subject,
        owner_id=owner_id,
        facts=_facts(hold),
        ground=Ground.INCOMPATIBLE_CONTENT,
        ground_reference="Likeness policy" if of_registry or for_claim else "Bounty policy",
        explanation=_NAMED if of_registry else _CLAIMED if for_claim else _RISKY,
        category=Category.CYBER_VIOLENCE,
        keywords=(Keyword.DEEPFAKE,),
        source=Source.NOTICE if for_claim else Source.OWN_INITIATIVE,
        automated_detection=True,
        automated_decision=Automation.FULLY,
        content_date=content_date,
        application_date=at,
        visibility=(Visibility.DISABLED,),
    )


def of_refusal(
    subject: Subject, owner_id: AccountId, hold: Hold, explanation: str, *, content_date: datetime, at: datetime
) -> Statement:
    """State why a moderator refused to list a bounty."""
    found = "; ".join(finding.detail for finding in hold.reasons)
    return Statement(
        subject=subject,
        owner_id=owner_id,
        facts=(
            f"This bounty waited for a review, because of this: {found[:_MOST_FACTS]}. A moderator looked at it and "
            "did not list it. It is called off, and every pledge went back to its backer."
        ),
        ground=Ground.INCOMPATIBLE_CONTENT,
        ground_reference="Bounty policy",
        explanation=explanation,
        category=Category.CYBER_VIOLENCE,
        source=Source.OWN_INITIATIVE,
        automated_detection=True,
        automated_decision=Automation.PARTIALLY,
        content_date=content_date,
        application_date=at,
        visibility=(Visibility.REMOVED,),
    )


def of_moderator(
    subject: Subject,
    owner_id: AccountId,
    restriction: Verdict,
    explanation: str,
    *,
    content_date: datetime,
    at: datetime,
) -> Statement:
    """State why a moderator holds a bounty or an entry, or blocks an entry for good.

    Every case is opened by what the product itself has noticed, so that is how it was detected.
    """
    return Statement(
        subject=subject,
        owner_id=owner_id,
        facts=_MODERATED[restriction],
        ground=Ground.INCOMPATIBLE_CONTENT,
        ground_reference="Bounty policy",
        explanation=explanation,
        category=Category.OTHER_VIOLATION,
        source=Source.OWN_INITIATIVE,
        automated_detection=True,
        automated_decision=Automation.NOT_AUTOMATED,
        content_date=content_date,
        application_date=at,
        visibility=(Visibility.DISABLED,),
    )


def of_claimed_entry(subject: Subject, owner_id: AccountId, *, content_date: datetime, at: datetime) -> Statement:
    """State that an entry is held because somebody claims that it reproduces them, and it names them."""
    return Statement(
        subject=subject,
        owner_id=owner_id,
        facts="Somebody claims that this entry reproduces them, or a child of theirs, and the name stands in its note "
        "or its files. It is held until a moderator has decided the claim, within 48 hours.",
        ground=Ground.INCOMPATIBLE_CONTENT,
        ground_reference="Likeness policy",
        explanation=_CLAIMED,
        category=Category.CYBER_VIOLENCE,
        keywords=(Keyword.DEEPFAKE,),
        source=Source.NOTICE,
        automated_detection=True,
        automated_decision=Automation.FULLY,
        content_date=content_date,
        application_date=at,
        visibility=(Visibility.DISABLED,),
    )


def _facts(hold: Hold) -> str:
    found = "; ".join(finding.detail for finding in hold.reasons)[:_MOST_FACTS]
    said = [f"Its texts and pictures were examined, and this was found: {found}."] if found else []
    if hold.for_claim:
        said.append(
            "Somebody claims that this bounty asks for their likeness, or a child's of theirs, and it names them."
        )
    if hold.review is ReviewStatus.WAITING:
        said.append("A moderator has to look at it before it is listed.")
    seen_by = "Only who is in it already and moderators see it; it can be cancelled at any time."
    if hold.by_moderator is not None:
        seen_by += f" A moderator holds it as well: {hold.by_moderator}"
    return " ".join([*said, seen_by])[:MAX_FACTS]


_MODERATED = {
    Verdict.HELD: "A moderator looked at this in a case and holds it: nothing goes on with it until that ends, and a "
    "moderator looks at it again within 48 hours.",
    Verdict.BLOCKED: "A moderator looked at this entry in a case and blocked it: it can't be awarded, and what was "
    "awarded does not open.",
}
_NAMED = (
    "A real person who is registered with us has not allowed that their likeness is asked for. A bounty that names "
    "such a person is held, and out of public sight, for as long as that is so; its initiator may cancel it."
)
_CLAIMED = (
    "What names a person who has just claimed that it reproduces them is held while a moderator looks at the claim, "
    "because the harm of waiting would fall on that person alone. If the claim is rejected or withdrawn, it is free at "
    "once."
)
_RISKY = (
    "A bounty that shows signs of asking for the likeness of a private person is looked at by a moderator before "
    "anybody else sees it. The findings name the signs. Its initiator may cancel it at any time."
)
