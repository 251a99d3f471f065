"""Keyset pages: cursors are opaque, bounded, and never an internal error."""

import base64
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.paging import PageAsk, ask, cursor, float_part, int_part, page_of, uuid_part
from domain.kernel.refusals import InvalidInput

KEYS = st.tuples(st.integers(), st.text(max_size=20), st.floats(allow_nan=False, allow_infinity=False))


@given(KEYS)
def test_a_cursor_reads_back_as_its_key(key: tuple[int, str, float]) -> None:
    assert ask(5, cursor(key), width=3) == PageAsk(5, key)


@given(st.text(max_size=60))
def test_any_text_is_a_cursor_or_an_invalid_input(text: str) -> None:
    try:
        asked = ask(20, text, width=1)
    except InvalidInput:
        return

    assert asked.after is not None
    assert len(asked.after) == 1


@pytest.mark.parametrize("first", [0, -1, 101, 2**31])
def test_a_page_has_1_to_100_rows(first: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        ask(first, None, width=1)

    assert (refused.value.field, refused.value.message) == ("first", "`first` must be from 1 to 100.")


@pytest.mark.parametrize("forged", ["[1,2]", "[true]", "[null]", "{}", "1", "[[1]]", '["a"', "", "[" * 10_000])
def test_a_forged_cursor_is_refused(forged: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        ask(20, base64.urlsafe_b64encode(forged.encode()).decode(), width=1)

    assert refused.value.field == "after"


def test_parts_of_another_type_are_refused() -> None:
    for forged in ("x", 1.5, 2**63):
        with pytest.raises(InvalidInput):
            int_part(PageAsk(20, (forged,)), 0)
    with pytest.raises(InvalidInput):
        uuid_part(PageAsk(20, (7,)), 0)

    for forged in ("x", float("nan"), float("inf"), 10**400):
        with pytest.raises(InvalidInput):
            float_part(PageAsk(20, (forged,)), 0)

    assert (float_part(PageAsk(20, (7,)), 0), float_part(PageAsk(20, (1.5,)), 0)) == (7.0, 1.5)
    assert float_part(PageAsk(20), 0) is None
    assert int_part(PageAsk(20, (7,)), 0) == 7
    assert uuid_part(PageAsk(20, (UUID(int=7).hex,)), 0) == UUID(int=7)
    assert uuid_part(PageAsk(20), 0) is None


def test_one_row_more_than_asked_for_means_a_next_page() -> None:
    keys = [(1,), (2,), (3,)]

    full = page_of(["a", "b", "c"], keys, PageAsk(2))
    last = page_of(["c"], keys[2:], PageAsk(2, (2,)))

    assert (full.items, full.keys, full.has_next, full.has_previous) == (["a", "b"], [(1,), (2,)], True, False)
    assert (last.items, last.keys, last.has_next, last.has_previous) == (["c"], [(3,)], False, True)
