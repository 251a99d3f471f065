"""Sealing face descriptors with AES-GCM, and the keys that are drawn from others."""

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12


class Seal:
    """Implements the `Sealer` port: AES-256-GCM, a random nonce for each piece, bound to what it belongs to.

    Random nonces of 96 bits are good for 2³² pieces under one key (NIST SP 800-38D), far more than there are faces.
    """

    def __init__(self, hex_key: str) -> None:
        self._cipher = AESGCM(bytes.fromhex(hex_key))

    def seal(self, plain: bytes, *, about: bytes) -> bytes:
        """Encrypt and authenticate."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, plain, about)

    def open(self, sealed: bytes, *, about: bytes) -> bytes:
        """Give the bytes back. Raises ValueError for what was changed, or sealed under another key or subject."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], about)
        except (InvalidTag, ValueError):
            raise ValueError("This was not sealed under this key for this subject.") from None


def marks_key(signing_key: str) -> bytes:
    """Draw the key of the marks by which accounts are compared; a new signing key forgets the marks drawn before."""
    return hmac.digest(signing_key.encode(), b"marks of accounts", "sha256")


def proof_key(signing_key: str) -> bytes:
    """Draw the key that signs a claim's challenges, so that the signing key itself signs one kind of thing only."""
    return hmac.digest(signing_key.encode(), b"challenges of claims", "sha256")
