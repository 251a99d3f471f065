"""Reading claims: moderators see all of them, and whoever holds a claim's PIN sees that one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from domain.kernel.findings import Finding
from domain.kernel.ids import AccountId, ClaimId, PersonId, Subject
from domain.kernel.paging import Page, PageAsk, float_part, int_part, page_of, uuid_part
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch, fetch_one
from domain.likeness.values import (
    Affected,
    AffectedAction,
    Claim,
    ClaimRelation,
    ClaimSource,
    ClaimStatus,
)
from domain.registry.snapshot import Consent

_OPEN = "(status IN ('RECEIVED', 'VERIFYING'))"
_RANK = f"(CASE WHEN {_OPEN} THEN -extract(epoch FROM due_at) ELSE extract(epoch FROM received_at) END)::float8"
"""Of two claims that are open, or of two that are not, the one with the higher rank stands first."""
_MATCHES = f"($1::text IS NULL OR status = $1) AND ($2::bool IS NULL OR ({_OPEN} AND due_at <= $3) = $2)"


@dataclass(frozen=True, slots=True)
class ClaimFilter:
    """Which claims a moderator asks for; `overdue` ones are still open though their time is over."""

    status: ClaimStatus | None = None
    overdue: bool | None = None


async def claims_by_ids(scope: Scope, ids: Sequence[UUID]) -> dict[ClaimId, Claim]:
    """Give claims to moderators, and to an account its own; everybody else needs a case code and its PIN."""
    sees_all = scope.system or scope.is_moderator
    if not ids or not (sees_all or scope.account_id):
        return {}
    rows = await fetch(
        "SELECT * FROM likeness_claim WHERE id = ANY($1::uuid[]) AND ($2 OR account_id = $3)",
        list(ids),
        sees_all,
        scope.account_id,
    )
    return {ClaimId(row["id"]): claim_of(row) for row in rows}


async def list_claims(scope: Scope, asked: PageAsk, wanted: ClaimFilter, *, with_total: bool = False) -> Page[Claim]:
    """Give claims: the open ones first, of which those due first are at the head, then the others, newest first.

    Moderators only. Raises SignInRequired, NotAllowed.
    """
    if not scope.system:
        scope.require_moderator()
    rows = await fetch(
        f"""
        SELECT *, {_RANK} AS rank FROM likeness_claim WHERE {_MATCHES}
            AND ($4::bool IS NULL OR ({_OPEN}, {_RANK}, id) < ($4, $5::float8, $6::uuid))
        ORDER BY {_OPEN} DESC, {_RANK} DESC, id DESC LIMIT $7
        """,  # noqa: S608 - constants of ours
        wanted.status,
        wanted.overdue,
        scope.now,
        None if asked.after is None else bool(int_part(asked, 0)),
        float_part(asked, 1),
        uuid_part(asked, 2),
        asked.first + 1,
    )
    total = None
    if with_total:
        counted = await fetch_one(
            f"SELECT count(*) FROM likeness_claim WHERE {_MATCHES}",  # noqa: S608 - as above
            wanted.status,
            wanted.overdue,
            scope.now,
        )
        total = counted[0] if counted else 0
    claims = [claim_of(row) for row in rows]
    keys = [(int(claim.open), float(row["rank"]), claim.id.hex) for claim, row in zip(claims, rows, strict=True)]
    return page_of(claims, keys, asked, total=total)


async def affected_by(claim_ids: Sequence[ClaimId]) -> Mapping[ClaimId, Sequence[Affected]]:
    """Give what became of what under each claim, oldest first. The caller has shown that it may see the claims."""
    if not claim_ids:
        return {}
    rows = await fetch(
        "SELECT * FROM claim_affected WHERE claim_id = ANY($1::uuid[]) ORDER BY claim_id, at, id", list(claim_ids)
    )
    found: dict[ClaimId, list[Affected]] = {claim_id: [] for claim_id in claim_ids}
    for row in rows:
        found[ClaimId(row["claim_id"])].append(affected_of(row))
    return found


async def claims_about(subjects: Sequence[Subject]) -> Mapping[Subject, Sequence[ClaimId]]:
    """Name the claims under which something was noted about each subject, the oldest first; for moderation."""
    if not subjects:
        return {}
    rows = await fetch(
        """
        SELECT noted.subject_kind, noted.subject_id, noted.claim_id FROM claim_affected noted
        JOIN unnest($1::text[], $2::uuid[]) AS asked(kind, id)
            ON noted.subject_kind = asked.kind AND noted.subject_id = asked.id
        ORDER BY noted.claim_id
        """,
        [subject.kind for subject in subjects],
        [subject.id for subject in subjects],
    )
    found: dict[Subject, list[ClaimId]] = {subject: [] for subject in subjects}
    for row in rows:
        found[Subject(row["subject_kind"], row["subject_id"])].append(ClaimId(row["claim_id"]))
    return found


async def joined_counts(claims: Sequence[Claim]) -> Mapping[ClaimId, int]:
    """Say for each claim how many others that stand are about the same person. The caller may see the claims.

    One that names nobody yet is joined with none.
    """
    rows = await fetch(
        """
        SELECT mine.id, count(*) FROM likeness_claim mine
        JOIN likeness_claim other ON other.name_key = mine.name_key AND other.id <> mine.id
            AND other.status NOT IN ('REJECTED', 'WITHDRAWN')
        WHERE mine.id = ANY($1::uuid[]) AND mine.name_key <> '' GROUP BY mine.id
        """,
        [claim.id for claim in claims],
    )
    counted = {row["id"]: row["count"] for row in rows}
    return {claim.id: counted.get(claim.id, 0) for claim in claims}


async def face_counts(ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """Count the descriptors of claims or persons, by id."""
    rows = await fetch(
        """
        SELECT asked.id, count(*) FROM unnest($1::uuid[]) AS asked(id)
        JOIN face_descriptor face ON face.claim_id = asked.id OR face.person_id = asked.id GROUP BY asked.id
        """,
        list(ids),
    )
    return {row["id"]: row["count"] for row in rows}


def claim_of(row: asyncpg.Record) -> Claim:
    """Read a row of the table of claims."""
    return Claim(
        id=ClaimId(row["id"]),
        case_code=row["case_code"],
        source=ClaimSource(row["source"]),
        status=ClaimStatus(row["status"]),
        complete=row["complete"],
        person_name=row["person_name"],
        aliases=tuple(row["aliases"]),
        name_key=row["name_key"],
        about=ClaimId(row["about"]),
        relation=ClaimRelation(row["relation"]) if row["relation"] else None,
        contact_email=row["contact_email"],
        account_id=AccountId(row["account_id"]) if row["account_id"] else None,
        locations=tuple(row["locations"]),
        explanation=row["explanation"],
        consent=Consent(row["consent"]),
        creators=tuple(AccountId(creator) for creator in row["creators"]),
        signature=row["signature"],
        received_at=row["received_at"],
        due_at=row["due_at"],
        decided_at=row["decided_at"],
        withdrawn_at=row["withdrawn_at"],
        person_id=PersonId(row["person_id"]) if row["person_id"] else None,
    )


def affected_of(row: asyncpg.Record) -> Affected:
    """Read a row of the table of what claims affected."""
    return Affected(
        subject=Subject(row["subject_kind"], row["subject_id"]),
        action=AffectedAction(row["action"]),
        findings=tuple(Finding.from_json(found) for found in json.loads(row["findings"])),
        at=row["at"],
        before=json.loads(row["before"]),
    )
