"""What tests of claims begin with."""

import hashlib
import math
import random
from dataclasses import replace
from typing import Any

from domain import likeness
from domain.kernel.scope import Scope
from domain.likeness import ClaimDraft, ClaimRelation, Filed
from domain.likeness.proofs import leading_zero_bits
from tests.resourcing import NAME


def a_claim(**changed: Any) -> ClaimDraft:
    """Somebody asks for themselves."""
    draft = ClaimDraft(
        person_name=NAME,
        relation=ClaimRelation.SELF,
        contact_email="aldebaran@example.org",
        explanation="These models were made of my pictures.",
        good_faith=True,
        signature="T. P. Aldebaran",
    )
    return replace(draft, **changed)


async def filed(scope: Scope, **changed: Any) -> Filed:
    """A claim that was filed."""
    return await likeness.file_claim(scope, a_claim(**changed))


def a_descriptor(seed: int = 1, *, length: int = 128, norm: float = 1.4) -> tuple[float, ...]:
    """A face descriptor as the network gives them: of some length as a vector."""
    drawn = random.Random(seed)
    values = [drawn.gauss(0, 1) for _ in range(length)]
    scale = norm / math.hypot(*values)
    return tuple(value * scale for value in values)


def solved(token: str, bits: int) -> str:
    """What a browser does."""
    for nonce in range(1_000_000):
        proof = f"{token}:{nonce}"
        if leading_zero_bits(hashlib.sha256(proof.encode()).digest()) >= bits:
            return proof
    raise AssertionError("no solution")
