"""Whom a claim concerns: who filed it, and whoever owns what it points at, which other contexts know."""

from collections.abc import Sequence

from domain.accounts import Parties
from domain.kernel.ids import AccountId, ClaimId, Subject
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch_one
from domain.kernel.work import Work
from domain.likeness import claim_rules
from domain.likeness.values import Claim


async def pointed_at(scope: Scope, claim_id: ClaimId) -> Sequence[Subject]:
    """Name the things of ours that a claim points at; nothing where there is no such claim. For moderation."""
    row = await fetch_one("SELECT locations FROM likeness_claim WHERE id = $1", claim_id)
    return claim_rules.subjects_in(row["locations"], public_url=scope.ports.public_url) if row else ()


async def claimants(w: Work, subjects: Sequence[Subject]) -> Parties:
    """Give who has filed a claim, however it ended, under which something was noted about one of these things."""
    rows = await w.fetch(
        """
        SELECT DISTINCT c.account_id, c.contact_email FROM likeness_claim c
        JOIN claim_affected noted ON noted.claim_id = c.id
        JOIN unnest($1::text[], $2::uuid[]) AS asked(kind, id)
            ON noted.subject_kind = asked.kind AND noted.subject_id = asked.id
        """,
        [subject.kind for subject in subjects],
        [subject.id for subject in subjects],
    )
    return Parties(
        accounts=frozenset(AccountId(row["account_id"]) for row in rows if row["account_id"]),
        emails=frozenset(row["contact_email"] for row in rows),
    )


def claimant_of(claim: Claim) -> Parties:
    """Give who filed a claim: an account, where somebody was signed in, and whoever reads mail at its address."""
    return Parties(
        accounts=frozenset([claim.account_id] if claim.account_id else []),
        emails=frozenset([claim.contact_email]),
    )
