"""Whoever keeps a list by the events of a feed has what a query gives, whatever happens in whatever order."""

from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from domain.bounties import (
    BountyAwarded,
    BountyCancelled,
    BountyClosed,
    BountyFact,
    BountyPledged,
    BountyRefunded,
    BountyStatus,
    EntryWithdrawn,
)
from domain.bounties.rules import STEPS, Step
from domain.kernel.facts import Fact
from domain.kernel.ids import AccountId, new_id
from domain.moderation import CaseClaimed, CaseDecided, CaseFact, CaseFilter, CaseOpened, CaseReleased, CaseStatus
from domain.resources import ResourceChanged
from tests.fakes import at

ADA, BEN = AccountId(new_id()), AccountId(new_id())
NOW = at("2026-03-08T12:30:00+00:00")


def _bounty_fact(step: Step, before: BountyStatus) -> BountyFact:
    named = new_id()
    match step:
        case Step.PLEDGE:
            return BountyPledged(named, pledge_id=new_id(), backer_id=new_id(), amount=1, before=before)
        case Step.WITHDRAW:
            return EntryWithdrawn(named, entry_id=new_id(), before=before)
        case Step.CLOSE:
            return BountyClosed(named, before=before)
        case Step.AWARD:
            return BountyAwarded(named, new_id(), author_id=new_id(), initiator_id=new_id(), before=before)
        case Step.REFUND:
            return BountyRefunded(named, before=before)
        case _:
            return BountyCancelled(named, before=before)


_STEPS = [Step.PLEDGE, Step.WITHDRAW, Step.CLOSE, Step.AWARD, Step.REFUND, Step.CANCEL]


@given(st.lists(st.sampled_from(_STEPS), max_size=8), st.sampled_from(BountyStatus))
def test_a_list_of_bounties_in_one_status_never_goes_stale(steps: list[Step], wanted: BountyStatus) -> None:
    status, listed = BountyStatus.OPEN, wanted is BountyStatus.OPEN

    for step in steps:
        reached = STEPS[step].get(status)
        if reached is None:
            continue
        fact, status = _bounty_fact(step, status), reached
        if fact.stood(wanted):
            listed = status is wanted

        assert listed == (status is wanted)


_DEEDS = st.sampled_from(["claim", "release", "decide"])
_FILTERS = st.builds(
    CaseFilter,
    status=st.sampled_from([None, *CaseStatus]),
    mine=st.sampled_from([None, True, False]),
    overdue=st.sampled_from([None, True, False]),
)


def _case_fact(deed: str, by: AccountId, before: CaseStatus) -> CaseFact:
    told = {"claim": CaseClaimed, "release": CaseReleased, "decide": CaseDecided}[deed]
    return told(new_id(), before=before, holder_id=by)


@given(st.lists(st.tuples(_DEEDS, st.sampled_from([ADA, BEN])), max_size=8), _FILTERS, st.booleans())
def test_a_list_of_cases_never_goes_stale(deeds: list[tuple[str, AccountId]], wanted: CaseFilter, late: bool) -> None:
    due_at = NOW - timedelta(hours=1) if late else NOW + timedelta(hours=1)

    def wants(status: str, holder_id: UUID | None) -> bool:
        return wanted.lets_through(CaseStatus(status), holder_id, due_at=due_at, now=NOW, viewer_id=ADA)

    status, holder = CaseStatus.OPEN, None
    opened = CaseOpened(new_id(), before=status)
    listed = any(wants(each, opened.holder_id) for each in opened.statuses)
    for deed, by in deeds:
        if status is CaseStatus.DECIDED or (deed != "claim" and holder is not by) or holder not in (None, by):
            continue
        fact = _case_fact(deed, by, status)
        status, holder = CaseStatus(fact.reached), by if deed == "claim" else None
        if any(wants(each, fact.holder_id) for each in fact.statuses):
            listed = wants(status, holder)

        assert listed == wants(status, holder)


def test_what_an_earlier_release_told_is_read_and_may_have_been_in_any_list() -> None:
    bounty = Fact.read("BountyCancelled", {"bounty_id": str(new_id())})
    case = Fact.read("CaseClaimed", {"case_id": str(new_id())})

    assert isinstance(bounty, BountyCancelled)
    assert all(bounty.stood(status) for status in BountyStatus)
    assert isinstance(case, CaseClaimed)
    assert (case.statuses, case.holder_id) == ((), None)


def test_a_resource_was_public_where_it_was_or_is_published() -> None:
    def public(before: str, status: str) -> bool:
        return ResourceChanged(new_id(), ADA, status, before=before).public  # type: ignore[arg-type]

    assert [public("PUBLISHED", "REMOVED"), public("SCANNING", "PUBLISHED"), public("HELD", "BLOCKED")] == [
        True,
        True,
        False,
    ]
