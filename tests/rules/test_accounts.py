"""What a handle, an e-mail address, a password and a token may be."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.accounts import rules
from domain.kernel.refusals import Conflict, InvalidInput, Suspended

NOW = datetime(2026, 11, 22, tzinfo=UTC)
A_DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("typed", "stored"), [("aldebaran", "aldebaran"), ("  Al-De_9 ", "al-de_9"), ("9a_", "9a_"), ("a" * 32, "a" * 32)]
)
def test_a_handle_is_stored_in_lower_case(typed: str, stored: str) -> None:
    assert rules.handle_of(typed) == stored


@pytest.mark.parametrize("typed", ["", "ab", "a" * 33, "-abc", "_abc", "a b c", "ålesund", "a.b.c", "abc\n\0", "аdmin"])
def test_other_handles_are_refused(typed: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        rules.handle_of(typed)

    assert refused.value.field == "input.handle"


def test_handles_that_pass_for_the_house_are_reserved() -> None:
    with pytest.raises(Conflict) as refused:
        rules.require_unreserved(rules.handle_of("Moderator"))

    assert refused.value.state == "HANDLE_TAKEN"
    rules.require_unreserved("moderator-2")


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (" Test.Person@Example.ORG ", "test.person@example.org"),
        ("caf\u0065\u0301@example.org", "caf\u00e9@example.org"),
        ("STRASSE@example.org", "strasse@example.org"),
        ("straße@example.org", "strasse@example.org"),
    ],
)
def test_two_ways_of_writing_an_address_are_one(typed: str, stored: str) -> None:
    assert rules.email_of(typed) == stored


@pytest.mark.parametrize(
    "typed",
    ["", "a", "a@b", "a@@b.org", "a b@c.org", "@b.org", "a@b.", "a@.org" + "x" * 250, "a\0@b.org", "a\ud800@b.org"],
)
def test_other_addresses_are_refused(typed: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        rules.email_of(typed)

    assert refused.value.field == "input.email"


@given(st.text(max_size=300))
def test_a_stored_address_folds_to_itself(typed: str) -> None:
    try:
        email = rules.email_of(typed)
    except InvalidInput:
        return

    assert rules.folded_email(email) == email
    assert len(email) <= 254


@pytest.mark.parametrize(
    "typed", ["", "short", "123456789", "x" * 201, "has a nul \0 inside", "surrogate \ud800 inside"]
)
def test_a_password_has_10_to_200_characters(typed: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        rules.password_of(typed)

    assert refused.value.field == "input.password"


def test_a_password_is_kept_as_typed_but_for_its_normal_form() -> None:
    assert rules.password_of("  spaces stay  ") == "  spaces stay  "
    assert rules.password_of("cafe\u0301 au lait") == "caf\u00e9 au lait"


def test_a_token_has_256_bits_and_a_prefix_to_scan_for() -> None:
    tokens = {rules.new_token() for _ in range(100)}

    assert len(tokens) == 100
    assert all(token.startswith("cnt_") and len(token) == 4 + 43 for token in tokens)


@pytest.mark.parametrize("forged", ["x" * 101, "tökén", "\ud800"])
def test_what_can_not_be_a_token_has_no_hash(forged: str) -> None:
    assert rules.token_hash(forged) is None


@pytest.mark.parametrize(
    ("at", "until", "suspended"),
    [
        (None, None, False),
        (NOW, None, True),
        (NOW, NOW + A_DAY, True),
        (NOW - 2 * A_DAY, NOW - A_DAY, False),
        (NOW - A_DAY, NOW, False),
    ],
)
def test_a_suspension_lasts_until_its_end(at: datetime | None, until: datetime | None, suspended: bool) -> None:
    assert rules.is_suspended(at, until, NOW) is suspended


def test_only_an_account_that_is_closed_for_good_can_not_sign_in() -> None:
    with pytest.raises(Suspended) as refused:
        rules.require_sign_in(NOW, None)

    assert refused.value.until is None
    rules.require_sign_in(None, None)
    rules.require_sign_in(NOW, NOW + A_DAY)
