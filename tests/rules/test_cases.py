"""What makes a case urgent, who may work on it, what may be decided, and how its log is chained."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.kernel.ids import AccountId
from domain.kernel.refusals import Conflict, InvalidInput, NotAllowed
from domain.moderation import rules
from domain.moderation.rules import CaseStatus, Cause, Decision, ResourceStands, Stands

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DUE = NOW + timedelta(hours=48)
ADA, BEN = AccountId(UUID(int=1)), AccountId(UUID(int=2))


def shown(*causes: Cause, pot: int = 0, now: datetime = NOW, due_at: datetime = DUE) -> float:
    return round(rules.priority(rules.rank(causes, pot=pot, due_at=due_at), now), 6)


def test_a_new_case_is_as_urgent_as_its_weightiest_cause_and_its_reach() -> None:
    assert shown(Cause.BOOKS) == 5
    assert shown(Cause.CLAIM) == 4
    assert shown(Cause.SELF_DEALING) == 3
    assert shown(Cause.VALIDATION) == 2
    assert shown(Cause.HOLD) == 1
    assert shown(Cause.VALIDATION, Cause.CLAIM, Cause.HOLD) == 5
    assert shown(Cause.VALIDATION, pot=999) == 3


def test_twelve_hours_of_waiting_weigh_as_much_as_a_point_of_severity() -> None:
    assert shown(Cause.VALIDATION, now=NOW + timedelta(hours=12)) == shown(Cause.SELF_DEALING)
    assert shown(Cause.VALIDATION, due_at=DUE - timedelta(hours=24)) == 4


def test_waiting_changes_the_priority_of_all_cases_alike_and_never_their_order() -> None:
    older = rules.rank([Cause.HOLD], pot=10, due_at=DUE - timedelta(hours=30))
    newer = rules.rank([Cause.SELF_DEALING], pot=10, due_at=DUE)

    later = [rules.priority(each, NOW + timedelta(days=9)) for each in (older, newer)]

    assert older > newer
    assert later[0] - later[1] == pytest.approx(older - newer)


@pytest.mark.parametrize(
    ("expires", "decided", "status"),
    [
        (None, None, CaseStatus.OPEN),
        (NOW + timedelta(seconds=1), None, CaseStatus.CLAIMED),
        (NOW, None, CaseStatus.OPEN),
        (None, NOW, CaseStatus.DECIDED),
    ],
)
def test_a_claim_that_has_run_out_is_none(
    expires: datetime | None, decided: datetime | None, status: CaseStatus
) -> None:
    assert rules.status_at(claim_expires_at=expires, decided_at=decided, now=NOW) is status


def test_a_case_is_claimed_by_one_at_a_time_and_renewed_by_the_same() -> None:
    rules.check_claim(CaseStatus.OPEN, None, ADA)
    rules.check_claim(CaseStatus.CLAIMED, ADA, ADA)
    for status in (CaseStatus.CLAIMED, CaseStatus.DECIDED):
        with pytest.raises(Conflict) as refused:
            rules.check_claim(status, BEN, ADA)
        assert refused.value.state == status


def test_only_who_holds_the_claim_goes_on() -> None:
    rules.check_holder(CaseStatus.CLAIMED, ADA, ADA)
    with pytest.raises(NotAllowed):
        rules.check_holder(CaseStatus.CLAIMED, BEN, ADA)
    for status in (CaseStatus.OPEN, CaseStatus.DECIDED):
        with pytest.raises(Conflict) as refused:
            rules.check_holder(status, None, ADA)
        assert refused.value.state == status


def test_a_bounty_is_reviewed_by_nobody_while_another_moderator_has_claimed_its_case() -> None:
    rules.check_review(CaseStatus.OPEN, None, ADA)
    rules.check_review(CaseStatus.CLAIMED, ADA, ADA)
    with pytest.raises(Conflict) as refused:
        rules.check_review(CaseStatus.CLAIMED, BEN, ADA)
    assert refused.value.state == "CLAIMED"


BOUNTY, WAITING, HELD_BOUNTY = Stands(), Stands(waits=True), Stands(restricted="HELD")
ACCEPTED, SCANNING = Stands("ACCEPTED"), Stands("SCANNING")
HELD, REMOVED = Stands("HELD", restricted="HELD"), Stands("BLOCKED", restricted="BLOCKED")
REFUSED, DRAFT = Stands("ACCEPTED", dealing=True), Stands("DRAFT")
FOUND, TURNED_DOWN = Stands("HELD", found=True), Stands(turned_down=True)

FITS = {
    "NO_ACTION": [BOUNTY, TURNED_DOWN, ACCEPTED, SCANNING, REMOVED, REFUSED, DRAFT, FOUND],
    "LABEL_MATURE": [],
    "HOLD": [BOUNTY, HELD_BOUNTY, ACCEPTED, HELD, REFUSED, FOUND],
    "REMOVE": [BOUNTY, WAITING, HELD_BOUNTY, ACCEPTED, SCANNING, HELD, REFUSED, FOUND],
    "RESTORE": [WAITING, HELD_BOUNTY, HELD, REMOVED, REFUSED, FOUND],
}


@pytest.mark.parametrize("decision", list(Decision))
@pytest.mark.parametrize(
    "stands",
    [BOUNTY, WAITING, HELD_BOUNTY, ACCEPTED, SCANNING, HELD, REMOVED, REFUSED, DRAFT, FOUND, TURNED_DOWN],
    ids=str,
)
def test_a_decision_fits_what_the_case_is_about_or_is_refused_in_a_sentence(decision: Decision, stands: Stands) -> None:
    if stands in FITS[decision]:
        rules.check_fit(decision, stands)
    else:
        with pytest.raises(InvalidInput) as refused:
            rules.check_fit(decision, stands)
        assert (refused.value.field, refused.value.message[-1]) == ("input.decision", ".")


FREE, BLOCKED, GONE = ResourceStands("PUBLISHED"), ResourceStands("BLOCKED"), ResourceStands("REMOVED")
NEAR, LOST = ResourceStands("HELD", found=True), ResourceStands("HELD", unexamined=True)
CLAIMED, KEPT = ResourceStands("HELD", for_claim=True, found=True), ResourceStands("HELD", restricted=True)
KEPT_AND_BLOCKED, KEPT_AND_CLAIMED = (
    ResourceStands("BLOCKED", restricted=True),
    ResourceStands("HELD", restricted=True, for_claim=True),
)

FITS_RESOURCES = {
    "NO_ACTION": [FREE, BLOCKED, GONE, CLAIMED],
    "HOLD": [FREE, NEAR, LOST, CLAIMED, KEPT, KEPT_AND_CLAIMED],
    "REMOVE": [FREE, BLOCKED, NEAR, LOST, CLAIMED, KEPT, KEPT_AND_BLOCKED, KEPT_AND_CLAIMED],
    "RESTORE": [NEAR, KEPT, KEPT_AND_BLOCKED],
}


@pytest.mark.parametrize("decision", list(FITS_RESOURCES))
@pytest.mark.parametrize(
    "stands", [FREE, BLOCKED, GONE, NEAR, LOST, CLAIMED, KEPT, KEPT_AND_BLOCKED, KEPT_AND_CLAIMED], ids=str
)
def test_a_decision_fits_how_a_resource_stands_or_is_refused_in_a_sentence(
    decision: str, stands: ResourceStands
) -> None:
    if stands in FITS_RESOURCES[decision]:
        rules.check_fit_of_resource(Decision(decision), stands)
    else:
        with pytest.raises(InvalidInput) as refused:
            rules.check_fit_of_resource(Decision(decision), stands)
        assert (refused.value.field, refused.value.message[-1]) == ("input.decision", ".")


def test_why_a_resource_is_not_restored_is_said() -> None:
    said = {}
    for stands in (CLAIMED, BLOCKED, LOST, FREE):
        with pytest.raises(InvalidInput) as refused:
            rules.check_fit_of_resource(Decision.RESTORE, stands)
        said[stands] = refused.value.message

    assert said == {
        CLAIMED: "An open claim holds this resource, and keeps holding it until it is decided: decide the claim first.",
        BLOCKED: "Validation blocks this resource, and what blocks is let pass by nobody; it is free when that ends.",
        LOST: "A file of this resource could not be examined, and what nobody has examined is not let pass.",
        FREE: "There is nothing to RESTORE here: nothing holds this resource until a person has looked.",
    }


@pytest.mark.parametrize("stands", [NEAR, FREE, GONE], ids=str)
def test_resources_are_not_labelled_yet(stands: ResourceStands) -> None:
    with pytest.raises(Conflict) as refused:
        rules.check_fit_of_resource(Decision.LABEL_MATURE, stands)

    assert refused.value.state == "NOT_YET"


def test_a_digest_depends_on_everything_that_the_event_says_and_on_the_one_before() -> None:
    event = {"case_id": UUID(int=7), "nth": 1, "at": NOW, "actor_id": ADA, "kind": "CLAIMED", "detail": "until noon"}
    others = {
        "case_id": UUID(int=8),
        "nth": 2,
        "at": NOW + timedelta(microseconds=1),
        "actor_id": None,
        "kind": "RELEASED",
        "detail": "until one",
    }

    digests = {rules.chained(rules.FIRST_DIGEST, **{**event, name: other}) for name, other in others.items()}
    digests |= {rules.chained(rules.FIRST_DIGEST, **event), rules.chained(bytes([1] * 32), **event)}

    assert len(digests) == len(others) + 2
    assert {len(digest) for digest in digests} == {32}
