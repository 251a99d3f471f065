"""The cost of a claim: a puzzle that a browser solves within a minute and that a flood of claims can't pay for.

A challenge is not kept: it carries its own signature. What was used is remembered until it would have expired.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta

from domain.kernel.refusals import InvalidInput
from domain.kernel.scope import Scope
from domain.kernel.work import Work
from domain.likeness import holding
from domain.likeness.values import Challenge

LASTS = timedelta(minutes=15)
_LONGEST = 400
CLAIMS_A_BIT = 10
"""So many claims of a network within a day make its puzzles twice as hard,"""
MOST_HARDER = 4
"""and so often at most."""
_FIELD = "proof"
_AGAIN = "ask `likenessClaimChallenge` for a new challenge and solve that"


async def challenge(scope: Scope) -> Challenge:
    """Set a puzzle: find a nonce such that SHA256 of `token:nonce` begins with so many zero bits.

    It is set to the asker's network alone, and harder the more claims that network has filed within a day.
    """
    bits, expires_at = await _bits(scope), scope.now + LASTS
    body = f"{secrets.token_urlsafe(12)}.{bits}.{int(expires_at.timestamp())}"
    token = f"{body}.{_signature(scope, body)}"
    return Challenge(token, bits, datetime.fromtimestamp(int(expires_at.timestamp()), UTC))


async def check(scope: Scope, proof: str) -> datetime:
    """Check a proof, `token:nonce`, and say when its challenge expires. Raises InvalidInput."""
    token, colon, nonce = proof.partition(":")
    parts = token.split(".")
    if len(proof) > _LONGEST or not proof.isascii() or not colon or not nonce or len(parts) != 4:
        raise InvalidInput("A proof is the challenge's token, a colon and the nonce.", field=_FIELD)
    if not hmac.compare_digest(_signature(scope, ".".join(parts[:3])), parts[3]):
        raise InvalidInput(f"This proof answers no challenge that we have set to your network: {_AGAIN}.", field=_FIELD)
    expires_at = datetime.fromtimestamp(int(parts[2]), UTC)
    if expires_at <= scope.now:
        raise InvalidInput(f"This proof came too late: {_AGAIN}.", field=_FIELD)
    if leading_zero_bits(hashlib.sha256(proof.encode()).digest()) < int(parts[1]):
        raise InvalidInput("This proof does not solve its challenge.", field=_FIELD)
    if int(parts[1]) < await _bits(scope):
        raise InvalidInput(
            f"Your network has filed claims meanwhile, and a harder puzzle is due: {_AGAIN}.", field=_FIELD
        )
    return expires_at


def demanded(scope: Scope) -> bool:
    """Whether somebody must prove work before what they point at is held: whoever has no account, where we can ask."""
    return scope.actor is None and bool(scope.ports.proof_key)


async def spend(w: Work, proof: str, expires_at: datetime) -> None:
    """Take a checked proof, once. Raises InvalidInput."""
    spent = await w.execute(
        "INSERT INTO spent_proof (digest, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        hashlib.sha256(proof.partition(":")[0].encode()).hexdigest(),
        expires_at,
    )
    if spent != "INSERT 0 1":
        raise InvalidInput(f"This proof was used already: {_AGAIN}.", field=_FIELD)


def leading_zero_bits(digest: bytes) -> int:
    """Count the zero bits that a digest begins with."""
    return len(digest) * 8 - int.from_bytes(digest, "big").bit_length()


async def _bits(scope: Scope) -> int:
    """Give how hard a puzzle of the asker's network is now."""
    harder = await holding.recent_claims(scope) // CLAIMS_A_BIT
    return scope.ports.policy.claim_proof_bits + min(harder, MOST_HARDER)


def _signature(scope: Scope, body: str) -> str:
    if not scope.ports.proof_key:
        raise LookupError("No key signs the challenges: the composition root must give one.")
    signed = f"{holding.network_mark(scope)} {body}"
    digest = hmac.digest(scope.ports.proof_key, signed.encode(), "sha256")
    return base64.urlsafe_b64encode(digest[:18]).decode()
