"""Facts come back from JSON as they went in."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.facts import Fact
from domain.kernel.ids import AccountId


@dataclass(frozen=True, slots=True)
class EverythingHappened(Fact):
    """A fact with a field of every kind."""

    account_id: AccountId
    other: UUID | None
    at: datetime
    word: str
    number: int
    share: float
    yes: bool
    many: tuple[AccountId, ...]


@given(
    st.builds(
        EverythingHappened,
        account_id=st.uuids().map(AccountId),
        other=st.none() | st.uuids(),
        at=st.datetimes(timezones=st.just(UTC)),
        word=st.text(),
        number=st.integers(),
        share=st.floats(allow_nan=False),
        yes=st.booleans(),
        many=st.lists(st.uuids().map(AccountId), max_size=3).map(tuple),
    )
)
def test_a_fact_survives_json(fact: EverythingHappened) -> None:
    stored = json.loads(json.dumps(fact.to_json()))

    assert Fact.read(fact.kind, stored) == fact


def test_fields_that_a_later_release_added_are_left_out() -> None:
    @dataclass(frozen=True, slots=True)
    class BellRang(Fact):
        bell: int

    assert Fact.read("BellRang", {"bell": 3, "loudness": 11}) == BellRang(3)


def test_a_kind_is_the_class_name_and_an_unknown_one_is_a_lookup_error() -> None:
    assert EverythingHappened.__name__ == "EverythingHappened"

    with pytest.raises(LookupError):
        Fact.read("NothingHappened", {})
