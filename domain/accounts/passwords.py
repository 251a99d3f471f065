"""Hashing passwords with argon2id, off the event loop.

The parameters are argon2-cffi's defaults, RFC 9106's second recommendation: 64 MiB, 3 passes, 4 lanes. A few threads
of their own bound the memory that a rush of sign-ins takes, and leave the loop's other threads to files.
"""

import asyncio
import functools
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from domain.accounts.rules import MAX_PASSWORD

T = TypeVar("T")

_HASHER = PasswordHasher()
_THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether a password is right; `rehashed` is a new hash to keep when the parameters have changed since."""

    right: bool
    rehashed: str | None = None


async def hash_password(password: str) -> str:
    """Hash a new password, in PHC form."""
    return await _off_loop(functools.partial(_HASHER.hash, password))


async def check_password(kept: str | None, password: str) -> Checked:
    """Compare a password with the hash that is kept.

    The work is the same when nothing is kept (no such account, or none with a password) as when the password is
    wrong, so that the time taken tells nobody whether an account exists.
    """
    return await _off_loop(functools.partial(_check, kept, unicodedata.normalize("NFC", password)))


async def _off_loop(task: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, task)


def _check(kept: str | None, password: str) -> Checked:
    decoy = _decoy()
    if len(password) > MAX_PASSWORD or not _encodable(password):
        kept, password = None, ""
    try:
        _HASHER.verify(decoy if kept is None else kept, password)
    except (VerificationError, InvalidHashError):
        return Checked(right=False)
    if kept is None:
        return Checked(right=False)
    return Checked(right=True, rehashed=_HASHER.hash(password) if _HASHER.check_needs_rehash(kept) else None)


@functools.cache
def _decoy() -> str:
    """A hash that no account has, made on the first check of any kind."""
    return _HASHER.hash("compared with when there is nothing else")


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
