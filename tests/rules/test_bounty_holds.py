"""What keeps a bounty back: each cause for itself, and what may be done meanwhile."""

import pytest

from domain.bounties.rules import BountyStatus, Step
from domain.bounties.standing.holds import (
    WAITS_WHILE_HELD,
    Hold,
    Review,
    ReviewStatus,
    Standing,
    check_review,
    check_shown,
    verdicts_on_entry,
)
from domain.kernel.findings import Finding, Signal, Verdict
from domain.kernel.ids import new_id
from domain.kernel.refusals import Conflict

NAMED = Finding(Signal.NAME_IN_TEXT, Verdict.BLOCKED, "title: a registered name", None, new_id())
SHOWN = Finding(Signal.FACE_IN_SAMPLE, Verdict.HELD, "a face", 0.9, new_id())
RISKY = Finding(Signal.REQUEST_RISK, Verdict.HELD, "risk", 0.6)


@pytest.mark.parametrize(
    ("hold", "standing", "reasons"),
    [
        (Hold(), Standing.LISTED, ()),
        (Hold(depicts=True), Standing.LISTED, ()),
        (Hold(findings=(NAMED,)), Standing.HELD, (NAMED,)),
        (Hold(reference_findings=(SHOWN,)), Standing.HELD, (SHOWN,)),
        (Hold(for_claim=True), Standing.HELD, ()),
        (Hold(review=ReviewStatus.WAITING, review_findings=(RISKY,)), Standing.WAITING, (RISKY,)),
        (Hold(review=ReviewStatus.LISTED, review_findings=(RISKY,)), Standing.LISTED, ()),
        (Hold(review=ReviewStatus.REFUSED, review_findings=(RISKY,)), Standing.REFUSED, (RISKY,)),
        (
            Hold((NAMED,), (SHOWN,), review=ReviewStatus.WAITING, review_findings=(RISKY,)),
            Standing.HELD,
            (NAMED, SHOWN, RISKY),
        ),
    ],
)
def test_it_stands_as_the_gravest_of_its_causes_says(
    hold: Hold, standing: Standing, reasons: tuple[Finding, ...]
) -> None:
    assert (hold.standing, hold.held, hold.reasons) == (standing, standing is not Standing.LISTED, reasons)


def test_what_goes_on_with_a_bounty_waits_and_what_ends_it_does_not() -> None:
    ends = {Step.CLOSE, Step.CANCEL, Step.REFUND, Step.WITHDRAW, Step.PUBLISH}
    of_the_house = {Step.OPEN, Step.HOLD, Step.SHOW, Step.STOP, Step.RESUME}
    assert set(Step) - ends - of_the_house == WAITS_WHILE_HELD
    check_shown(held=False)
    with pytest.raises(Conflict) as refused:
        check_shown(held=True)
    assert refused.value.state == "HELD"


@pytest.mark.parametrize(
    ("hold", "decision", "stands", "state"),
    [
        (Hold(), Review.LIST, BountyStatus.OPEN, "LISTED"),
        (Hold(review=ReviewStatus.LISTED), Review.REFUSE, BountyStatus.OPEN, "LISTED"),
        (Hold(review=ReviewStatus.REFUSED), Review.LIST, BountyStatus.CANCELLED, "CANCELLED"),
        (Hold((NAMED,), review=ReviewStatus.WAITING), Review.LIST, BountyStatus.OPEN, "HELD"),
        (Hold((), (SHOWN,), review=ReviewStatus.WAITING), Review.LIST, BountyStatus.OPEN, "HELD"),
        (Hold(for_claim=True, review=ReviewStatus.WAITING), Review.LIST, BountyStatus.JUDGING, "HELD"),
    ],
)
def test_what_can_not_be_decided_is_refused(hold: Hold, decision: Review, stands: BountyStatus, state: str) -> None:
    with pytest.raises(Conflict) as refused:
        check_review(hold, decision, stands=stands)

    assert refused.value.state == state


def test_what_waits_is_decided_and_may_be_refused_whatever_the_registry_says() -> None:
    check_review(Hold(review=ReviewStatus.WAITING), Review.LIST, stands=BountyStatus.OPEN)
    check_review(Hold((NAMED,), review=ReviewStatus.WAITING), Review.REFUSE, stands=BountyStatus.JUDGING)


def test_a_name_in_a_note_holds_an_entry_and_never_blocks_it() -> None:
    assert verdicts_on_entry((), for_claim=False) == []
    assert verdicts_on_entry((NAMED,), for_claim=False) == [Verdict.HELD]
    assert verdicts_on_entry((), for_claim=True) == [Verdict.HELD]
