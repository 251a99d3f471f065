"""What a claim may have held before anybody has decided it, and what is told where something is not.

Whoever asks shows nothing yet, so it is bounded: by what was found, by who asks, and by how much in a day.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from domain.kernel.ids import ClaimId
from domain.kernel.limits import network_of
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch
from domain.kernel.work import Work
from domain.likeness import claim_rules
from domain.likeness.values import Claim
from domain.registry.claimed import sorted_names

OF_THE_HOUSE = "A resource that the operator has added is not held before a decision; a moderator looks at it."
_A_DAY = timedelta(days=1)
_UNPROVED = (
    "It came without an account and without a proof of work, so nothing that it names is held before a decision; "
    "a moderator looks at it."
)


@dataclass(frozen=True, slots=True)
class Allowed:
    """How many of the things that a claim names may be held for it, and what is told of the others."""

    holds: int
    notes: tuple[str, ...] = ()


async def lock_holds(w: Work) -> None:
    """Let claims count one after another what may be held for them; asked for before any claim is locked."""
    await w.execute("SELECT pg_advisory_xact_lock(hashtextextended('holds for claims', 1))")


async def allow(w: Work, scope: Scope, claim: Claim, *, proved: bool) -> None:
    """Write how many things may be held for a claim that has just become complete; `lock_holds` came before.

    `proved` says that filing it cost something: an account, a puzzle, or a letter that was read.
    """
    allowed = await _allowed(w, scope, claim, proved=proved)
    await w.execute(
        "UPDATE likeness_claim SET network_mark = $2, holds_allowed = $3, allowed_at = $4 WHERE id = $1",
        claim.id,
        network_mark(scope),
        allowed.holds,
        scope.now,
    )
    await add_notes(w, claim.id, allowed.notes)


async def _allowed(w: Work, scope: Scope, claim: Claim, *, proved: bool) -> Allowed:
    named = claim_rules.subjects_in(claim.locations, public_url=scope.ports.public_url)
    if not named or not claim_rules.may_hold(claim.relation):
        return Allowed(0)
    if not proved:
        return Allowed(0, (_UNPROVED,))
    row = await w.one(
        """
        SELECT coalesce(sum(holds_allowed) FILTER (WHERE network_mark = $1), 0) AS of_network,
            coalesce(sum(holds_allowed) FILTER (WHERE contact_email = $2), 0) AS of_address
        FROM likeness_claim WHERE (network_mark = $1 OR contact_email = $2) AND allowed_at > $3
        """,
        network_mark(scope),
        claim.contact_email,
        scope.now - _A_DAY,
    )
    held = max(row["of_network"], row["of_address"]) if row else 0
    holds = claim_rules.holds_allowed(len(named), held=held, most=scope.ports.policy.claim_holds_a_day)
    return Allowed(holds, (_spent(holds, len(named)),) if holds < len(named) else ())


async def recent_claims(scope: Scope) -> int:
    """Count the claims that the asker's network has filed within a day."""
    rows = await fetch(
        "SELECT count(*) FROM likeness_claim WHERE network_mark = $1 AND allowed_at > $2",
        network_mark(scope),
        scope.now - _A_DAY,
    )
    return int(rows[0][0])


def network_mark(scope: Scope) -> str:
    """Give what claims of the asker's network have in common; nobody without the key can tell which network it is."""
    return hmac.digest(scope.ports.proof_key, network_of(scope.address).encode(errors="replace"), "sha256").hex()


def notes_on_looking(claim: Claim, *, unread_faces: int) -> tuple[str, ...]:
    """Say what looking into a claim leaves to a moderator."""
    notes = []
    if claim_rules.may_hold(claim.relation) and sorted_names((claim.person_name, *claim.aliases))[1]:
        notes.append(
            "A name of one word, or of ordinary words, holds nothing before a decision; what it was found in is "
            "listed for a moderator."
        )
    if unread_faces:
        notes.append(
            f"{unread_faces} of its face descriptors can't be opened with this server's key and are not compared."
        )
    return tuple(notes)


async def add_notes(w: Work, claim_id: ClaimId, notes: Sequence[str]) -> None:
    """Write what a claimant and moderators are told; what is told already is not told twice."""
    await w.execute(
        """
        UPDATE likeness_claim
        SET notes = notes || ARRAY(SELECT told FROM unnest($2::text[]) AS told WHERE told <> ALL(notes)) WHERE id = $1
        """,
        claim_id,
        list(dict.fromkeys(notes)),
    )


async def notes_on_claims(ids: Sequence[UUID]) -> Mapping[UUID, Sequence[str]]:
    """Give what is told about claims, by id. The caller may see the claims."""
    rows = await fetch("SELECT id, notes FROM likeness_claim WHERE id = ANY($1::uuid[])", list(ids))
    return {row["id"]: row["notes"] for row in rows}


def _spent(holds: int, named: int) -> str:
    return (
        f"Of the {named} things that it names at most {holds} can be held before a decision, because only so many are "
        "in a day for one network and one e-mail address; a moderator looks at the others."
    )
