"""Movements become legs that add up to zero, and nobody spends what they don't have."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.ids import AccountId, Credits, JobId, PledgeId, Subject
from domain.kernel.refusals import NotEnoughCredits
from domain.ledger import Movement, Purse, Reason
from domain.ledger.rules import Leg, legs_of, purses_of, require_funds

ANN, BEA = AccountId(UUID(int=1)), AccountId(UUID(int=2))
PURSES = [
    Purse.account(ANN),
    Purse.account(BEA),
    Purse.pledge(PledgeId(UUID(int=3)), holder=ANN),
    Purse.job(JobId(UUID(int=3)), holder=BEA),
    Purse.house(),
    Purse.mint(),
]
MOVEMENTS = st.builds(
    lambda amount, pair, reason: Movement(Credits(amount), pair[0], pair[1], reason),
    st.integers(0, 1_000_000_000),
    st.permutations(PURSES),
    st.sampled_from(Reason),
)


@given(st.lists(MOVEMENTS, max_size=20))
def test_legs_add_up_to_zero_and_gains_come_first(movements: list[Movement]) -> None:
    legs = legs_of(movements)

    assert sum(leg.amount for leg in legs) == 0
    assert all(leg.amount != 0 for leg in legs)
    assert [leg.amount < 0 for leg in legs] == sorted(leg.amount < 0 for leg in legs)


def test_movements_of_one_purse_for_one_reason_are_one_leg() -> None:
    bounty = Subject("bounty", UUID(int=9))
    pledges = [Purse.pledge(PledgeId(UUID(int=n)), holder=ANN) for n in (11, 12)]

    legs = legs_of(
        Movement(Credits(amount), pledge, Purse.account(BEA), Reason.BOUNTY_AWARD, bounty)
        for amount, pledge in zip((30, 12), pledges, strict=True)
    )

    assert legs == [
        Leg(Purse.account(BEA), 42, Reason.BOUNTY_AWARD, bounty),
        Leg(pledges[0], -30, Reason.BOUNTY_AWARD, bounty),
        Leg(pledges[1], -12, Reason.BOUNTY_AWARD, bounty),
    ]


def test_movements_of_nothing_are_no_legs() -> None:
    assert legs_of([Movement(Credits(0), Purse.mint(), Purse.account(ANN), Reason.GRANT)]) == []


def test_purses_are_locked_in_one_order_and_the_shared_ones_last() -> None:
    legs = [Leg(purse, 1, Reason.GRANT, None) for purse in PURSES]

    assert purses_of(legs) == purses_of(reversed(legs))
    assert purses_of(legs)[-2:] == [Purse.house(), Purse.mint()]


@given(st.integers(0, 100), st.integers(1, 100))
def test_an_account_spends_what_it_has_and_no_more(held: int, amount: int) -> None:
    legs = legs_of([Movement(Credits(amount), Purse.account(ANN), Purse.house(), Reason.GENERATION_CHARGE)])
    balances = {Purse.account(ANN): held, Purse.house(): 0}
    if amount <= held:
        require_funds(legs, balances)
        return

    with pytest.raises(NotEnoughCredits) as refused:
        require_funds(legs, balances)

    assert (refused.value.needed, refused.value.held) == (amount, held)
    assert refused.value.message == f"This needs {amount} credits and the purse holds {held}."


def test_the_mint_and_the_house_may_owe() -> None:
    for source in (Purse.mint(), Purse.house()):
        legs = legs_of([Movement(Credits(5), source, Purse.account(ANN), Reason.GRANT)])
        require_funds(legs, {source: 0, Purse.account(ANN): 0})


def test_what_comes_in_and_goes_out_at_once_is_netted() -> None:
    legs = legs_of(
        [
            Movement(Credits(10), Purse.mint(), Purse.account(ANN), Reason.GRANT),
            Movement(Credits(4), Purse.account(ANN), Purse.account(BEA), Reason.BOUNTY_AWARD),
        ]
    )

    require_funds(legs, {Purse.mint(): 0, Purse.account(ANN): 0, Purse.account(BEA): 0})


@pytest.mark.parametrize("amount", [-1, 1_000_000_001])
def test_no_movement_is_negative_or_boundless(amount: int) -> None:
    with pytest.raises(ValueError, match="A movement is of 0 to 1000000000 credits"):
        Movement(Credits(amount), Purse.mint(), Purse.account(ANN), Reason.GRANT)


def test_no_movement_stays_in_one_purse() -> None:
    with pytest.raises(ValueError, match="two purses"):
        Movement(Credits(1), Purse.mint(), Purse.mint(), Reason.GRANT)
