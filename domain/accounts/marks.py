"""Marks: keyed hashes by which two accounts can be compared, and from which nothing about either can be learned.

A plain hash of an e-mail address or a network address is undone by trying them all; without the key nobody can try.
Each kind of mark is drawn apart from the others, so that one is never equal to one of another kind.
"""

import hmac
from ipaddress import ip_address

from domain.kernel.limits import network_of

_ONE_MAILBOX = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}
"""Domains where dots in front of the `@` are ignored, and the name that each is the same as."""


def email_mark(key: bytes, email: str) -> bytes:
    """Mark the mailbox behind an e-mail address as `rules.email_of` gives it."""
    return _mark(key, "sign-up e-mail", mailbox_of(email))


def network_mark(key: bytes, address: str) -> bytes | None:
    """Mark the network that a request came from; None where the address tells nothing about who it was."""
    network = _telling(address)
    return None if network is None else _mark(key, "sign-up network", network)


def payment_mark(key: bytes, reference: str) -> bytes:
    """Mark a credential of payment by the reference or fingerprint that its provider gives."""
    return _mark(key, "payment credential", reference)


def mailbox_of(email: str) -> str:
    """Give the mailbox that an address leads to: without a `+tag`, and without dots where they are ignored."""
    local, _, domain = email.casefold().rpartition("@")
    local = local.partition("+")[0] or local
    if domain in _ONE_MAILBOX:
        local, domain = local.replace(".", ""), _ONE_MAILBOX[domain]
    return f"{local}@{domain}"


def _telling(address: str) -> str | None:
    """Give the network of a public address; loopback, private and unknown addresses are shared by strangers."""
    try:
        network = network_of(address)
        public = ip_address(network.partition("/")[0]).is_global
    except ValueError:
        return None
    return network if public else None


def _mark(key: bytes, kind: str, value: str) -> bytes:
    return hmac.digest(key, f"{kind}\0{value}".encode(), "sha256")
