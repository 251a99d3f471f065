"""Compact tables: whatever was put in under a key is found there, and nothing else."""

from array import array
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from domain.registry.hashed import Filter, Rows, Table
from domain.registry.planting import pair_key

KEYS = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)
NUMBERS = st.integers(0, 2**31 - 1)


@given(st.lists(st.tuples(KEYS, st.integers(0, 2**32 - 1)), max_size=200), st.lists(KEYS, max_size=20))
def test_a_table_gives_the_values_of_a_key_in_the_order_in_which_they_came(
    rows: list[tuple[int, int]], others: list[int]
) -> None:
    gathered, wanted = Rows(), defaultdict(list)
    for key, value in rows:
        gathered.add(key, value)
        wanted[key].append(value)
    asked = [*wanted, *others]

    found = {asked[place]: values for place, values in Table(gathered).find(asked)}

    assert found == {key: values[:64] for key, values in wanted.items()}


@given(st.lists(KEYS, max_size=200), st.lists(KEYS, max_size=20))
def test_a_filter_never_denies_what_is_there(keys: list[int], others: list[int]) -> None:
    known = Filter(array("q", keys))

    assert [known.may_have_any([*others, key]) for key in keys] == [True] * len(keys)
    assert known.may_have_any([]) is False


def test_a_filter_denies_nearly_all_that_is_not_there() -> None:
    drawn = [hash(str(number)) for number in range(20_000)]
    known = Filter(array("q", drawn[:10_000]))

    assert sum(known.may_have_any([key]) for key in drawn[10_000:]) < 1_000


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_the_key_of_two_words_is_theirs_in_this_order_alone(one: int, other: int, third: int, fourth: int) -> None:
    assert (pair_key(one, other) == pair_key(third, fourth)) is ((one, other) == (third, fourth))
    assert -(2**63) <= pair_key(one, other) < 2**63
