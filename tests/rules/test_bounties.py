"""The rules of bounties: which steps may be taken, what may be pledged, what follows from validation."""

from datetime import timedelta

import pytest

from domain.bounties import offers, rules
from domain.bounties.rules import BountyKind, BountyStatus, EntryStatus, Step
from domain.kernel.findings import Verdict
from domain.kernel.ids import AccountId, Credits, new_id
from domain.kernel.ports import Policy
from domain.kernel.refusals import Conflict, InvalidInput, NotAllowed, PolicyRefused
from tests.fakes import at

OPEN, JUDGING, AWARDED, REFUNDED, CANCELLED = BountyStatus
NOON = at("2026-03-01T12:00:00+00:00")


@pytest.mark.parametrize(
    ("step", "allowed"),
    [
        (Step.PLEDGE, {OPEN: OPEN}),
        (Step.DRAFT, {OPEN: OPEN}),
        (Step.SUBMIT, {OPEN: OPEN}),
        (Step.WITHDRAW, {status: status for status in BountyStatus}),
        (Step.CLOSE, {OPEN: JUDGING}),
        (Step.AWARD, {OPEN: AWARDED, JUDGING: AWARDED}),
        (Step.REFUND, {JUDGING: REFUNDED}),
        (Step.CANCEL, {OPEN: CANCELLED, JUDGING: CANCELLED}),
        (Step.PUBLISH, {AWARDED: AWARDED}),
        (Step.CHANGE, {OPEN: OPEN}),
        (Step.EXTEND, {OPEN: OPEN}),
        (Step.SPLIT, {OPEN: AWARDED, JUDGING: AWARDED}),
        (Step.STOP, {status: status for status in BountyStatus}),
        (Step.RESUME, {status: status for status in BountyStatus}),
    ],
)
@pytest.mark.parametrize("status", list(BountyStatus))
def test_each_step_is_taken_only_from_where_the_table_allows(
    step: Step, allowed: dict[BountyStatus, BountyStatus], status: BountyStatus
) -> None:
    if status in allowed:
        assert rules.after(step, status) is allowed[status]
        return

    with pytest.raises(Conflict) as refused:
        rules.after(step, status)

    assert refused.value.state == status


def test_final_statuses_are_never_left() -> None:
    final = {AWARDED, REFUNDED, CANCELLED}

    left = {
        (step, status)
        for step, table in rules.STEPS.items()
        for status, reached in table.items()
        if status in final and reached is not status
    }

    assert left == set()


@pytest.mark.parametrize(
    ("status", "now", "stands"),
    [
        (OPEN, NOON - timedelta(seconds=1), OPEN),
        (OPEN, NOON, JUDGING),
        (OPEN, NOON + timedelta(days=7), REFUNDED),
        (JUDGING, NOON + timedelta(days=7) - timedelta(seconds=1), JUDGING),
        (JUDGING, NOON + timedelta(days=7), REFUNDED),
        (AWARDED, NOON + timedelta(days=8), AWARDED),
        (CANCELLED, NOON + timedelta(days=8), CANCELLED),
    ],
)
def test_a_deadline_counts_before_the_clock_has_written_it_down(
    status: BountyStatus, now: object, stands: BountyStatus
) -> None:
    judged_by = rules.judged_by(NOON, Policy(judging_seconds=7 * 24 * 3600))

    found = rules.status_at(status, closes_at=NOON, judged_by=judged_by, now=now)  # type: ignore[arg-type]

    assert found is stands


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=90)])
def test_a_bounty_stays_open_from_an_hour_to_ninety_days(ahead: timedelta) -> None:
    offers.check_closing(NOON + ahead, NOON)


@pytest.mark.parametrize(
    "ahead", [timedelta(minutes=59, seconds=59), timedelta(days=90, seconds=1), timedelta(0), timedelta(days=-1)]
)
def test_other_deadlines_are_refused(ahead: timedelta) -> None:
    with pytest.raises(InvalidInput) as refused:
        offers.check_closing(NOON + ahead, NOON)

    assert refused.value.field == "input.closesAt"


@pytest.mark.parametrize(
    ("amount", "pot", "message"),
    [
        (9, 0, "A pledge is from 10 to 1000000 credits."),
        (1_000_001, 0, "A pledge is from 10 to 1000000 credits."),
        (20, 999_999_990, "A pot holds at most 1000000000 credits; pledge 10 or less."),
    ],
)
def test_pledges_outside_the_bounds_are_refused(amount: int, pot: int, message: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        offers.check_pledge(Credits(amount), pot, Policy(), "amount")

    assert (refused.value.message, refused.value.field) == (message, "amount")


def test_nothing_that_depicts_a_real_person_is_mature() -> None:
    offers.check_labels(mature=True, depicts_real_person=False)
    offers.check_labels(mature=False, depicts_real_person=True)

    with pytest.raises(PolicyRefused) as refused:
        offers.check_labels(mature=True, depicts_real_person=True)

    assert refused.value.policy == "real-person-mature/1"


def test_an_outcome_is_published_as_the_model_that_was_asked_for() -> None:
    rules.check_published_kind("LORA", BountyKind.LORA)

    with pytest.raises(InvalidInput) as another:
        rules.check_published_kind("CHECKPOINT", BountyKind.LORA)
    with pytest.raises(Conflict) as picture:
        rules.check_published_kind("LORA", BountyKind.IMAGE)

    assert (another.value.field, picture.value.state) == ("input.kind", "NOT_A_RESOURCE")


@pytest.mark.parametrize("status", [status for status in EntryStatus if status is not EntryStatus.ACCEPTED])
def test_only_an_accepted_entry_can_win(status: EntryStatus) -> None:
    with pytest.raises(Conflict) as refused:
        rules.check_award(status, [Verdict.CLEAN])

    assert refused.value.state == status
    assert not rules.may_win(status, [Verdict.CLEAN])


def test_an_accepted_entry_can_not_win_once_a_file_of_it_is_blocked() -> None:
    rules.check_award(EntryStatus.ACCEPTED, [Verdict.CLEAN])
    assert rules.may_win(EntryStatus.ACCEPTED, [Verdict.CLEAN])

    with pytest.raises(Conflict) as refused:
        rules.check_award(EntryStatus.ACCEPTED, [Verdict.CLEAN, Verdict.BLOCKED])

    assert refused.value.state == "BLOCKED"
    assert not rules.may_win(EntryStatus.ACCEPTED, [Verdict.CLEAN, Verdict.BLOCKED])


def test_nobody_enters_their_own_bounty() -> None:
    myself = AccountId(new_id())

    with pytest.raises(NotAllowed):
        rules.check_author(myself, myself)


@pytest.mark.parametrize(
    ("status", "verdicts", "reached"),
    [
        (EntryStatus.SCANNING, [Verdict.CLEAN, Verdict.CLEAN], EntryStatus.ACCEPTED),
        (EntryStatus.SCANNING, [Verdict.CLEAN, Verdict.PENDING], EntryStatus.SCANNING),
        (EntryStatus.SCANNING, [Verdict.HELD, Verdict.PENDING], EntryStatus.SCANNING),
        (EntryStatus.SCANNING, [Verdict.BLOCKED, Verdict.PENDING], EntryStatus.BLOCKED),
        (EntryStatus.SCANNING, [Verdict.CLEAN, Verdict.HELD], EntryStatus.HELD),
        (EntryStatus.SCANNING, [Verdict.CLEAN, Verdict.FAILED], EntryStatus.DRAFT),
        (EntryStatus.SCANNING, [], EntryStatus.SCANNING),
        (EntryStatus.ACCEPTED, [Verdict.BLOCKED], EntryStatus.BLOCKED),
        (EntryStatus.ACCEPTED, [Verdict.FAILED], EntryStatus.ACCEPTED),
        (EntryStatus.BLOCKED, [Verdict.CLEAN], EntryStatus.ACCEPTED),
        (EntryStatus.HELD, [Verdict.CLEAN], EntryStatus.ACCEPTED),
        (EntryStatus.DRAFT, [Verdict.CLEAN], EntryStatus.DRAFT),
        (EntryStatus.WITHDRAWN, [Verdict.CLEAN], EntryStatus.WITHDRAWN),
    ],
)
def test_an_entry_stands_as_its_files_allow(status: EntryStatus, verdicts: list[Verdict], reached: EntryStatus) -> None:
    assert rules.after_scan(status, verdicts) is reached
