"""Statements of reasons for what is done to bounties and entries."""

from collections.abc import Iterable
from datetime import datetime

from domain.bounties.rules import EntryStatus
from domain.bounties.steps import LockedBounty
from domain.kernel.findings import Finding, Signal, Verdict
from domain.kernel.ids import AccountId, Subject
from domain.kernel.work import Work
from domain.reasons import Automation, Category, Ground, Keyword, Source, Statement, Visibility, state

_LIKENESS = {
    Signal.FILE_HASH,
    Signal.TENSOR_HASH,
    Signal.WEIGHT_SIMILARITY,
    Signal.NAME_IN_TEXT,
    Signal.NAME_IN_METADATA,
    Signal.DECLARED,
    Signal.FACE_IN_SAMPLE,
    Signal.FACE_IN_PROBE,
}
_MAX_FACTS = 5000


_CALLED_OFF = "A bounty that asks for what the policies do not allow is called off by a moderator."


async def state_cancellation(w: Work, bounty: LockedBounty, at: datetime, explanation: str = _CALLED_OFF) -> None:
    """State why a moderator called a bounty off, in the moderator's words where a case was decided."""
    await state(
        w,
        Statement(
            subject=bounty.subject,
            owner_id=bounty.initiator_id,
            facts=(
                "A moderator cancelled this bounty. What the authors of accepted entries did not get of the pot went "
                "back to the backers."
            ),
            ground=Ground.INCOMPATIBLE_CONTENT,
            ground_reference="Bounty policy",
            explanation=explanation,
            category=Category.OTHER_VIOLATION,
            source=Source.OWN_INITIATIVE,
            automated_detection=False,
            automated_decision=Automation.NOT_AUTOMATED,
            content_date=bounty.created_at,
            application_date=at,
            visibility=(Visibility.DISABLED,),
        ),
    )


async def state_verdict(
    w: Work,
    subject: Subject,
    owner_id: AccountId,
    status: EntryStatus,
    findings: Iterable[Finding],
    *,
    content_date: datetime,
    at: datetime,
) -> None:
    """State why validation holds or blocks an entry."""
    against = [finding for finding in findings if finding.verdict in (Verdict.HELD, Verdict.BLOCKED)]
    likeness = any(finding.signal in _LIKENESS for finding in against)
    blocked = status is EntryStatus.BLOCKED
    found = "\n".join(f"{finding.signal}: {finding.detail}" for finding in against) or "No single finding was named."
    outcome = "it can't be awarded" if blocked else "it can't be awarded until a person has looked"
    await state(
        w,
        Statement(
            subject=subject,
            owner_id=owner_id,
            facts=f"Validation of the entry's files found:\n{found}"[:_MAX_FACTS],
            ground=Ground.INCOMPATIBLE_CONTENT,
            ground_reference="Likeness policy" if likeness else "File safety policy",
            explanation=(
                f"What reproduces a real person may be used only as that person allows; {outcome}."
                if likeness
                else f"Only files that can be read safely and were validated may be passed on; {outcome}."
            ),
            category=Category.CYBER_VIOLENCE if likeness else Category.OTHER_VIOLATION,
            source=Source.OWN_INITIATIVE,
            automated_detection=True,
            automated_decision=Automation.FULLY,
            content_date=content_date,
            application_date=at,
            visibility=(Visibility.DISABLED,),
            keywords=(Keyword.DEEPFAKE,) if likeness else (),
        ),
    )
