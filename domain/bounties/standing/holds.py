"""What keeps a bounty or an entry back, and what may be done meanwhile. Pure: values in, values or refusals out."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from domain.bounties.rules import BountyStatus, Step
from domain.kernel.findings import Finding, Verdict
from domain.kernel.refusals import Conflict

HELD = "HELD"
"""The state that a refusal names while a bounty is held."""


class ReviewStatus(StrEnum):
    """Where a moderator's review of a bounty stands. LISTED and REFUSED are what was decided last."""

    WAITING = "WAITING"
    LISTED = "LISTED"
    REFUSED = "REFUSED"


class Review(StrEnum):
    """What a moderator decides about a bounty that waits for a review."""

    LIST = "LIST"
    REFUSE = "REFUSE"


class Standing(StrEnum):
    """How a bounty stands towards the public."""

    LISTED = "LISTED"
    WAITING = "WAITING"
    HELD = "HELD"
    REFUSED = "REFUSED"


class Row(Protocol):
    """What a row gives by the names of its columns."""

    def __getitem__(self, name: str, /) -> Any:
        """Give one column."""
        ...


@dataclass(frozen=True, slots=True)
class Hold:
    """Everything that may keep a bounty out of public sight, each for itself; it is held while anything does.

    `findings` are the registry's about its texts, `reference_findings` about its pictures, `review_findings` what a
    moderator has to look at, `by_moderator` why one holds it, in their words. `depicts` says that a registered name
    stands in its texts, or a registered face in its pictures, which labels a bounty and does not hold it.
    """

    findings: tuple[Finding, ...] = ()
    reference_findings: tuple[Finding, ...] = ()
    for_claim: bool = False
    review: ReviewStatus | None = None
    review_findings: tuple[Finding, ...] = ()
    by_moderator: str | None = None
    depicts: bool = False

    @property
    def held(self) -> bool:
        """Whether anything keeps it out of public sight."""
        return self.standing is not Standing.LISTED

    @property
    def standing(self) -> Standing:
        """Say how it stands: what a moderator decided for good comes first, then what the registry or a claim says."""
        if self.review is ReviewStatus.REFUSED:
            return Standing.REFUSED
        if self.of_registry or self.for_claim or self.by_moderator is not None:
            return Standing.HELD
        return Standing.WAITING if self.review is ReviewStatus.WAITING else Standing.LISTED

    @property
    def of_registry(self) -> tuple[Finding, ...]:
        """Give what the registry speaks against, in its texts and its pictures."""
        return (*self.findings, *self.reference_findings)

    @property
    def reasons(self) -> tuple[Finding, ...]:
        """Give what speaks against showing it now."""
        reviewed = self.review_findings if self.review in (ReviewStatus.WAITING, ReviewStatus.REFUSED) else ()
        return (*self.of_registry, *reviewed)


WAITS_WHILE_HELD = frozenset({Step.PLEDGE, Step.DRAFT, Step.SUBMIT, Step.AWARD, Step.SPLIT, Step.CHANGE, Step.EXTEND})
"""The steps that wait until a bounty is shown again.

Its end does not wait: credits go back, and authors take back what is theirs.
"""


def check_shown(*, held: bool) -> None:
    """Refuse to go on with a bounty that is out of public sight. Raises Conflict."""
    if held:
        raise Conflict(
            "This bounty is held, and out of public sight: until that ends it can only be cancelled.", state=HELD
        )


def check_review(hold: Hold, decision: Review, *, stands: BountyStatus) -> None:
    """Refuse to decide what does not wait, and to list what the registry speaks against. Raises Conflict."""
    if stands not in (BountyStatus.OPEN, BountyStatus.JUDGING):
        raise Conflict("This bounty has ended: there is nothing left to review.", state=stands)
    if hold.review is not ReviewStatus.WAITING:
        raise Conflict("This bounty does not wait for a review.", state=hold.standing)
    if decision is Review.LIST and hold.of_registry:
        raise Conflict(
            "The likeness registry speaks against this bounty: it can't be listed while it does.", state=HELD
        )
    if decision is Review.LIST and hold.for_claim:
        raise Conflict("A claim that names this bounty is not decided yet: decide it first.", state=HELD)
    if decision is Review.LIST and hold.by_moderator is not None:
        raise Conflict("A moderator holds this bounty: decide its case first.", state=HELD)


def verdicts_on_entry(
    note_findings: Iterable[Finding], *, for_claim: bool, restriction: Verdict | None = None
) -> list[Verdict]:
    """Give what an entry's note, open claims and a moderator say of it, beside its files.

    A note is only words about the files: a name in it holds the entry, for a person to look at, and does not block it.
    """
    found = [Verdict.HELD] if for_claim or any(note_findings) else []
    return [*found, restriction] if restriction else found


def hold_of(row: Row) -> Hold:
    """Read what a row of the table of bounties says."""
    return Hold(
        findings=findings_in(row["held_findings"]),
        reference_findings=findings_in(row["reference_findings"]),
        for_claim=row["held_for_claim"],
        review=ReviewStatus(row["review"]) if row["review"] else None,
        review_findings=findings_in(row["review_findings"]),
        by_moderator=row["moderator_hold"],
        depicts=row["depicts_found"],
    )


def findings_in(stored: str) -> tuple[Finding, ...]:
    """Read findings as they are stored."""
    return tuple(Finding.from_json(row) for row in json.loads(stored))


def findings_json(findings: Iterable[Finding]) -> str:
    """Write findings as they are stored."""
    return json.dumps([finding.to_json() for finding in findings])
