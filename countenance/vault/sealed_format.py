"""How a sealed file lies in the store: a header, then chunks that can be opened one by one. No I/O.

    header   8 bytes that name the format, 32 random bytes of salt
    chunk    1 MiB of plaintext (the last: what is left) encrypted by AES-256-GCM, and its tag of 16 bytes

Each sealing of a file has a key of its own, HKDF-SHA256 of the entry's data key with the salt, so that the nonce can
be the number of the chunk: under one key no nonce comes twice, however many files an entry has and however often one
is sealed again. The nonce's last byte marks the last chunk, and entry and file are authenticated with each chunk, so
that chunks can't be reordered, left out, cut off at the end, or moved between files (the STREAM construction of
Hoang, Reyhanitabar, Rogaway and Vizár, 2015).
"""

from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.kernel.vault import Damaged

CHUNK = 1 << 20
"""Bytes of plaintext in every chunk but the last."""
TAG = 16
SALT = 32
MAGIC = b"CNTVLT1\n"
HEADER = len(MAGIC) + SALT
SEALED_CHUNK = CHUNK + TAG

_ABOUT = b"countenance vault file 1"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the chunks of a file of `size` bytes lie once it is sealed."""

    size: int

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError("An empty file has nothing to seal.")

    @property
    def chunks(self) -> int:
        """How many there are."""
        return -(-self.size // CHUNK)

    @property
    def sealed_size(self) -> int:
        """The bytes that the sealed file has, header and all."""
        return HEADER + self.size + TAG * self.chunks

    def holding(self, start: int, end: int) -> tuple[int, int, int]:
        """Give the first chunk that holds plaintext from `start` to `end`, and where the chunks lie in the blob."""
        first, last = start // CHUNK, (end - 1) // CHUNK
        return first, HEADER + first * SEALED_CHUNK, min(HEADER + (last + 1) * SEALED_CHUNK, self.sealed_size)


class FileSeal:
    """The key of one sealing of one file."""

    def __init__(self, data_key: bytes, salt: bytes, *, holder_id: UUID, file_id: UUID, size: int) -> None:
        about = _ABOUT + holder_id.bytes + file_id.bytes
        derived = HKDF(algorithm=SHA256(), length=32, salt=salt, info=about).derive(data_key)
        self._cipher, self._about, self._last = AESGCM(derived), about, Layout(size).chunks - 1
        self._size = size

    def seal(self, first: int, plain: bytes) -> bytes:
        """Seal consecutive chunks, of which `first` is the number of the first one."""
        pieces = memoryview(plain)
        return b"".join(
            self._cipher.encrypt(self._nonce(number), pieces[at : at + CHUNK], self._about)
            for number, at in enumerate(range(0, len(plain), CHUNK), first)
        )

    def open(self, first: int, sealed: bytes) -> bytes:
        """Open consecutive chunks. Raises Damaged unless each is the one that was sealed at its place."""
        pieces = memoryview(sealed)
        try:
            return b"".join(
                self._cipher.decrypt(self._nonce(number), pieces[at : at + SEALED_CHUNK], self._about)
                for number, at in enumerate(range(0, len(sealed), SEALED_CHUNK), first)
            )
        except (InvalidTag, ValueError):
            raise Damaged("The sealed file was changed where it lies.") from None

    def _nonce(self, number: int) -> bytes:
        return number.to_bytes(11, "big") + bytes([number == self._last])
