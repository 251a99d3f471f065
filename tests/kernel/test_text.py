"""Text that people type is bounded and storable, or refused with its field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.refusals import InvalidInput
from domain.kernel.text import clean


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a\0b", "`title` holds a NUL character: take it out."),
        ("a\ud800b", "`title` holds half of a character (a lone surrogate): take it out."),
        ("   ", "`title` must not be empty."),
        ("abcdef", "`title` may have at most 5 characters; this has 6."),
    ],
)
def test_what_can_not_be_stored_is_refused_with_its_field(text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        clean(text, "input.title", 5, 1)

    assert (refused.value.field, refused.value.message) == ("input.title", sentence)


def test_a_least_length_is_said() -> None:
    with pytest.raises(InvalidInput, match="`code` needs at least 3 characters") as refused:
        clean("ab ", "code", 5, 3)

    assert refused.value.field == "code"


@given(st.text(alphabet=st.characters(), max_size=50))
def test_what_is_given_back_is_stripped_and_encodes(text: str) -> None:
    try:
        given_back = clean(text, "input.title", 20)
    except InvalidInput:
        return

    assert given_back == text.strip()
    assert "\0" not in given_back.encode().decode()
    assert len(given_back) <= 20
