"""The master keys: from settings alone; each wraps the data keys of entries, and the first wraps all new ones."""

import os
import re
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.kernel.vault import Damaged, KeyMissing, VaultKey

_KEY_BYTES = 32
_NONCE = 12
_PART = re.compile(r"([1-9][0-9]{0,8}):([0-9A-Fa-f]{64})")


class MasterKeys:
    """Wraps and unwraps data keys: AES-256-GCM, a random nonce each, bound to the key's id and its holder.

    A wrapped key that is moved to another row, or named for another holder, does not open.
    """

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        """Take the keys by their numbers; the first is the present one."""
        self.current = next(iter(keys))
        self._ciphers = {number: AESGCM(key) for number, key in keys.items()}

    @classmethod
    def read(cls, text: str) -> "MasterKeys":
        """Read `2:<64 hex digits>,1:<64 hex digits>`, the present one first. Raises ValueError, never with a key."""
        parts = [_PART.fullmatch(part.strip()) for part in text.split(",")]
        keys = {int(part[1]): bytes.fromhex(part[2]) for part in parts if part}
        if None in parts or len(keys) != len(parts):
            raise ValueError(
                "the present key and then older ones are wanted, each with its own number: 2:KEY,1:KEY, where a KEY is "
                "64 hex digits, such as `openssl rand -hex 32` gives"
            )
        return cls(keys)

    def make(self, key_id: bytes, holder_id: bytes) -> tuple[int, bytes]:
        """Make a data key; give the number of the master key and what it wraps."""
        return self.current, self._wrap(os.urandom(_KEY_BYTES), key_id + holder_id)

    def rewrap(self, key: VaultKey) -> tuple[int, bytes]:
        """Wrap a data key by the present master key. Raises KeyMissing, Damaged."""
        return self.current, self._wrap(self.unwrap(key), key.id.bytes + key.holder_id.bytes)

    def unwrap(self, key: VaultKey) -> bytes:
        """Give a data key in the clear. Raises KeyMissing, Damaged."""
        cipher = self._ciphers.get(key.master)
        if cipher is None:
            raise KeyMissing(f"Vault key {key.id} is wrapped by master key {key.master}, which VAULT_KEYS lacks.")
        try:
            return cipher.decrypt(key.wrapped[:_NONCE], key.wrapped[_NONCE:], key.id.bytes + key.holder_id.bytes)
        except (InvalidTag, ValueError):
            raise Damaged(f"Vault key {key.id} was not wrapped by master key {key.master} for its entry.") from None

    def _wrap(self, data_key: bytes, about: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._ciphers[self.current].encrypt(nonce, data_key, about)
