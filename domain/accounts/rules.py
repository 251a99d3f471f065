"""Pure decisions about accounts: what a handle, an e-mail address and a password may be, and who is suspended."""

import hashlib
import re
import secrets
import unicodedata
from datetime import datetime

from domain.kernel.refusals import Conflict, InvalidInput, Suspended
from domain.kernel.text import clean, storable

MAX_EMAIL = 254
MIN_PASSWORD = 10
MAX_PASSWORD = 200
_TOKEN_PREFIX = "cnt_"  # noqa: S105 - what scanners for leaked secrets look for, not a secret
_MAX_TOKEN = 100
_HANDLE = re.compile(r"[a-z0-9][a-z0-9_-]{2,31}")
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}@[^@\s\x00-\x1f\x7f]+\.[^@\s.\x00-\x1f\x7f]+")
_RESERVED = frozenset({"admin", "administrator", "countenance", "moderator", "moderation", "root", "support", "system"})


def handle_of(text: str) -> str:
    """Give a handle as it is stored, in lower case. Raises InvalidInput."""
    handle = clean(text, "input.handle", 100).lower()
    if not _HANDLE.fullmatch(handle):
        raise InvalidInput(
            "A handle is 3 to 32 of the letters a to z, digits, `_` and `-`, and starts with a letter or a digit.",
            field="input.handle",
        )
    return handle


def require_unreserved(handle: str) -> None:
    """Refuse handles that would pass for the house itself. Raises Conflict."""
    if handle in _RESERVED:
        raise Conflict("This handle is reserved: choose another one.", state="HANDLE_TAKEN")


def email_of(text: str) -> str:
    """Give an e-mail address as it is stored and looked up: NFC, case-folded. Raises InvalidInput.

    Whether mail arrives there is not asked; the form is `local@domain.tld` with at most 254 characters.
    """
    email = folded_email(storable(text, "input.email"))
    if len(email) > MAX_EMAIL or not _EMAIL.fullmatch(email):
        raise InvalidInput(
            f"This is not an e-mail address: it looks like `name@example.org`, with at most {MAX_EMAIL} characters.",
            field="input.email",
        )
    return email


def folded_email(text: str) -> str:
    """Fold an e-mail address so that two ways of writing it are one; refuses nothing."""
    return unicodedata.normalize("NFC", text.strip().casefold())


def password_of(text: str) -> str:
    """Give a new password as it is hashed: in NFC, else as it was typed. Raises InvalidInput."""
    password = unicodedata.normalize("NFC", storable(text, "input.password"))
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise InvalidInput(f"A password has {MIN_PASSWORD} to {MAX_PASSWORD} characters.", field="input.password")
    return password


def new_token() -> str:
    """Make a bearer token: 256 random bits behind a prefix that scanners for leaked secrets can find."""
    return _TOKEN_PREFIX + secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes | None:
    """Hash a bearer token for keeping and looking up; None for what can't be one of ours.

    One round of SHA-256 is enough: nobody guesses 256 random bits.
    """
    if not token.isascii() or len(token) > _MAX_TOKEN:
        return None
    return hashlib.sha256(token.encode()).digest()


def is_suspended(suspended_at: datetime | None, until: datetime | None, now: datetime) -> bool:
    """Tell whether an account is suspended now; no `until` means for good."""
    return suspended_at is not None and (until is None or now < until)


def require_sign_in(suspended_at: datetime | None, until: datetime | None) -> None:
    """Refuse the sign-in of an account that is suspended for good. Raises Suspended.

    Somebody suspended for a time signs in as ever, because they must be able to read why; what they
    may not do meanwhile is refused deed by deed.
    """
    if suspended_at is not None and until is None:
        raise Suspended("This account is closed for good; the statement of reasons says why.", until=None)
