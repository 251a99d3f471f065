"""The statements of reasons behind decided claims."""

from datetime import datetime

from domain.likeness.values import Claim, ClaimStatus
from domain.reasons import Automation, Category, Ground, Keyword, Source, Statement, Visibility
from domain.registry.snapshot import Consent


def of_decision(claim: Claim, explanation: str, *, at: datetime) -> Statement:
    """State why a moderator upheld or rejected a claim. It never names the person: others may come to read it."""
    upheld = claim.status is ClaimStatus.UPHELD
    return Statement(
        subject=claim.subject,
        owner_id=claim.account_id,
        visibility=(Visibility.DISABLED,) if upheld else (Visibility.OTHER,),
        facts=f"A claim about the reproduction of a person's likeness, received on "
        f"{claim.received_at:%Y-%m-%d %H:%M} UTC, was decided by a moderator. {_FOLLOWS[_of(claim)]}",
        ground=Ground.INCOMPATIBLE_CONTENT,
        ground_reference="Likeness policy",
        explanation=explanation,
        category=Category.DATA_PROTECTION_AND_PRIVACY,
        keywords=(Keyword.DEEPFAKE,) if upheld else (),
        source=Source.NOTICE,
        automated_detection=False,
        automated_decision=Automation.NOT_AUTOMATED,
        content_date=claim.received_at,
        application_date=at,
    )


def _of(claim: Claim) -> Consent | None:
    return claim.consent if claim.status is ClaimStatus.UPHELD else None


_FOLLOWS = {
    None: "Nothing is restricted because of it; what was held meanwhile is given free.",
    Consent.DENY_ALL: "The person is registered, and nothing that reproduces them may be shared or used here.",
    Consent.NAMED_CREATORS: "The person is registered, and only the creators whom they named may share and use what "
    "reproduces them.",
    Consent.SAFE_FOR_WORK_ONLY: "The person is registered, and nothing mature that reproduces them may be shared or "
    "used here.",
}
