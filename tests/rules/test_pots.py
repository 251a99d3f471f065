"""How a pot is divided: whole credits, none lost, none made, and everybody within a credit of their exact part."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.bounties.pot.pots import Payment, Pledge, consolation, divided, movements
from domain.kernel.ids import AccountId, BountyId, Credits, PledgeId, Subject, new_id
from domain.ledger import Purse, Reason

SUBJECT = Subject("bounty", BountyId(new_id()))


def pledge(backer: AccountId, amount: int) -> Pledge:
    """A pledge of a backer's."""
    return Pledge(PledgeId(new_id()), backer, Credits(amount))


def people(number: int) -> list[AccountId]:
    """Some accounts."""
    return [AccountId(new_id()) for _ in range(number)]


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (100, [50, 50], [50, 50]),
        (100, [33, 33, 34], [33, 33, 34]),
        (10, [33, 33, 34], [3, 3, 4]),
        (101, [50, 50], [51, 50]),  # the same remainder: the earlier gets the credit
        (7, [10] * 10, [1, 1, 1, 1, 1, 1, 1, 0, 0, 0]),
        (0, [1, 2], [0, 0]),
        (5, [1, 1, 3], [1, 1, 3]),
        (1_000_000_000, [1, 99], [10_000_000, 990_000_000]),
    ],
)
def test_a_pot_is_divided_by_the_largest_remainder(total: int, weights: list[int], parts: list[int]) -> None:
    assert divided(total, weights) == parts


@given(st.integers(0, 10**9), st.lists(st.integers(1, 10**9), min_size=1, max_size=12))
def test_no_part_is_a_credit_away_from_its_exact_share_and_none_is_lost(total: int, weights: list[int]) -> None:
    parts = divided(total, weights)

    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1


@pytest.mark.parametrize(
    ("pot", "authors", "percent", "each"), [(1000, 2, 10, 50), (1005, 3, 10, 33), (19, 2, 10, 0), (50, 0, 10, 0)]
)
def test_authors_share_a_part_of_a_pot_that_is_called_off(pot: int, authors: int, percent: int, each: int) -> None:
    paid = consolation(pot, people(authors), percent)

    assert [payment.amount for payment in paid] == ([each] * authors if each else [])
    assert {payment.reason for payment in paid} <= {Reason.BOUNTY_CANCEL_SHARE}


def test_without_payments_every_pledge_goes_back_to_its_own_backer() -> None:
    first, second = people(2)
    pledges = [pledge(first, 30), pledge(second, 20), pledge(first, 10)]

    moved = movements(pledges, [], SUBJECT)

    assert [(each.amount, each.debit, each.credit, each.reason) for each in moved] == [
        (each.amount, each.purse, Purse.account(each.backer_id), Reason.BOUNTY_REFUND) for each in pledges
    ]


def test_what_payments_leave_goes_back_in_proportion_to_what_each_has_pledged() -> None:
    first, second, author = people(3)
    pledges = [pledge(first, 60), pledge(second, 30), pledge(first, 10)]

    moved = movements(pledges, [Payment(author, Credits(10), Reason.BOUNTY_CANCEL_SHARE)], SUBJECT)

    came = {
        to: sum(each.amount for each in moved if each.credit == Purse.account(to)) for to in (first, second, author)
    }
    assert came == {first: 63, second: 27, author: 10}


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 1000)), min_size=1, max_size=8),
    st.lists(st.integers(0, 400), max_size=4),
)
def test_every_purse_of_a_pledge_ends_empty_whatever_is_paid(pledged: list[tuple[int, int]], paid: list[int]) -> None:
    backers, pot = people(4), sum(amount for _, amount in pledged)
    pledges = [pledge(backers[who], amount) for who, amount in pledged]
    while sum(paid) > pot:
        paid = paid[1:]
    payments = [Payment(author, Credits(n), Reason.BOUNTY_AWARD) for author, n in zip(people(4), paid, strict=False)]

    moved = movements(pledges, payments, SUBJECT)

    assert {each.id: sum(m.amount for m in moved if m.debit == each.purse) for each in pledges} == {
        each.id: each.amount for each in pledges
    }
    for payment in payments:
        assert sum(m.amount for m in moved if m.credit == Purse.account(payment.to)) == payment.amount
    for backer in {each.backer_id for each in pledges}:
        back = sum(m.amount for m in moved if m.credit == Purse.account(backer))
        own = sum(each.amount for each in pledges if each.backer_id == backer)
        assert abs(back - Fraction(own * (pot - sum(paid)), pot)) < 1
