"""Marks: what is the same for two accounts, and what tells nothing and is therefore not marked."""

import pytest

from domain.accounts.marks import email_mark, mailbox_of, network_mark, payment_mark

KEY, OTHER_KEY = b"one key of 32 bytes for marks...", b"another key of 32 bytes, marks.."


@pytest.mark.parametrize(
    ("email", "mailbox"),
    [
        ("ann@example.org", "ann@example.org"),
        ("Ann@Example.org", "ann@example.org"),
        ("ann+bounties@example.org", "ann@example.org"),
        ("ann+a+b@example.org", "ann@example.org"),
        ("+ann@example.org", "+ann@example.org"),
        ("a.n.n@example.org", "a.n.n@example.org"),
        ("a.n.n+x@gmail.com", "ann@gmail.com"),
        ("a.nn@googlemail.com", "ann@gmail.com"),
    ],
)
def test_a_mailbox_has_many_addresses(email: str, mailbox: str) -> None:
    assert mailbox_of(email) == mailbox
    assert email_mark(KEY, email) == email_mark(KEY, mailbox)


def test_a_mark_depends_on_the_key_and_on_what_is_marked() -> None:
    marks = {
        email_mark(KEY, "ann@example.org"),
        email_mark(KEY, "bob@example.org"),
        email_mark(OTHER_KEY, "ann@example.org"),
        payment_mark(KEY, "ann@example.org"),
    }

    assert len(marks) == 4
    assert {len(mark) for mark in marks} == {32}


@pytest.mark.parametrize(
    "address",
    [
        "",
        "testclient",
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.9",
        "100.64.1.1",
        "169.254.1.1",
        "::1",
        "fe80::1",
        "fd00::1",
    ],
)
def test_an_address_that_strangers_share_is_not_marked(address: str) -> None:
    assert network_mark(KEY, address) is None


def test_a_subscriber_is_an_address_or_a_network_of_64_bits() -> None:
    assert network_mark(KEY, "8.8.8.8") == network_mark(KEY, "::ffff:8.8.8.8")
    assert network_mark(KEY, "8.8.8.8") != network_mark(KEY, "8.8.8.9")
    assert network_mark(KEY, "2606:4700::1") == network_mark(KEY, "2606:4700::ffff")
    assert network_mark(KEY, "2606:4700::1") != network_mark(KEY, "2606:4700:0:1::1")
