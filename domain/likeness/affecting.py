"""The ledger of what claims did: to which thing, why, and what it was before.

Likeness stands beside or below those who hold, disable and restore things, so it is told afterwards, by reactions.
Each entry is written once for a claim and a thing and then follows what becomes of the thing.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from domain.kernel.findings import Finding
from domain.kernel.ids import ClaimId, Subject, new_id
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch, fetch_one
from domain.kernel.work import Work, work
from domain.likeness import claim_rules, faces, holding
from domain.likeness.claim_reads import affected_of, claim_of
from domain.likeness.facts import ClaimLookedInto
from domain.likeness.filing import locked
from domain.likeness.values import Affected, AffectedAction, ClaimStatus, LookInto
from domain.registry.claimed import claimed
from domain.registry.snapshot import Person


async def look_into(scope: Scope, claim_id: ClaimId) -> LookInto | None:
    """Say what is to be looked at for a claim that is still open; None when there is nothing to do any more."""
    row = await fetch_one("SELECT * FROM likeness_claim WHERE id = $1", claim_id)
    claim = claim_of(row) if row else None
    if claim is None or not claim.open or not claim.complete:
        return None
    person = Person(claim.id, claim.person_name, claim.aliases, claim.consent, claim.creators)
    opened, unread = await faces.faces_of_claim(scope, claim.id)
    return LookInto(
        claim_id=claim.id,
        claimed=await asyncio.to_thread(claimed, person, opened),
        subjects=claim_rules.subjects_in(claim.locations, public_url=scope.ports.public_url),
        notes=holding.notes_on_looking(claim, unread_faces=unread),
    )


async def lock_for_hold(w: Work, claim_id: ClaimId, subject: Subject) -> bool | None:
    """Lock a claim before one thing that it names is looked at, and say whether that may be held for it.

    What it holds already it may hold. None when the claim is over: then nothing is done for it any more.
    """
    claim = await locked(w, claim_id)
    if not claim.open:
        return None
    row = await w.one(
        """
        SELECT coalesce(bool_or(subject_kind = $2 AND subject_id = $3), false) AS holds,
            count(*) < (SELECT holds_allowed FROM likeness_claim WHERE id = $1) AS allowed
        FROM claim_affected WHERE claim_id = $1 AND action = 'HELD'
        """,
        claim_id,
        subject.kind,
        subject.id,
    )
    return row is not None and (row["holds"] or (row["allowed"] and claim_rules.may_hold(claim.relation)))


async def note_looked_at(w: Work, claim_id: ClaimId, found: Affected) -> None:
    """Note what was found in one thing, and whether it is held, in the work that holds it.

    So nothing is ever held of which a claim's end doesn't know. Noting it again changes nothing.
    """
    await _record(w, claim_id, found)


async def looked_into(scope: Scope, claim_id: ClaimId, notes: Sequence[str]) -> None:
    """Say that all that a claim names was looked at; from now on it is for a moderator to verify."""
    async with work(scope.now) as w:
        claim = await locked(w, claim_id)
        await holding.add_notes(w, claim_id, notes)
        if claim.status is ClaimStatus.RECEIVED:
            await w.execute("UPDATE likeness_claim SET status = 'VERIFYING' WHERE id = $1", claim_id)
            w.tell(ClaimLookedInto(claim_id))


async def note_affected(
    scope: Scope,
    subject: Subject,
    action: AffectedAction,
    *,
    findings: Sequence[Finding] = (),
    before: Mapping[str, Any] | None = None,
) -> int:
    """Note that something was held, disabled, removed or restored, under each claim that it concerns.

    What was found against the thing concerns the upheld claims about the persons in these findings; a restoration, or
    a removal for nothing that was found, every claim under which the thing was restricted. Gives how many claims were
    concerned. Noting it again changes nothing.
    """
    async with work(scope.now) as w:
        if action is AffectedAction.RESTORED or (action is AffectedAction.REMOVED and not findings):
            done = await w.execute(
                "UPDATE claim_affected SET action = $4, at = $3 WHERE subject_kind = $1 AND subject_id = $2"
                " AND action IN ('HELD', 'DISABLED')",
                subject.kind,
                subject.id,
                scope.now,
                action,
            )
            return int(done.removeprefix("UPDATE "))
        persons = {finding.person_id for finding in findings if finding.person_id}
        claims = await w.fetch(
            "SELECT id, person_id FROM likeness_claim WHERE person_id = ANY($1::uuid[]) AND status = 'UPHELD'"
            " ORDER BY id FOR UPDATE",
            list(persons),
        )
        for row in claims:
            theirs = tuple(finding for finding in findings if finding.person_id == row["person_id"])
            await _record(w, ClaimId(row["id"]), Affected(subject, action, theirs, scope.now, before or {}))
        return len(claims)


async def held_by_claim(claim_id: ClaimId, *, alone: bool = False) -> Sequence[Affected]:
    """Give what is held under a claim; with `alone` only what no other open claim holds as well."""
    rows = await fetch(
        """
        SELECT mine.* FROM claim_affected mine WHERE mine.claim_id = $1 AND mine.action = 'HELD'
            AND NOT ($2 AND EXISTS (
                SELECT FROM claim_affected other JOIN likeness_claim c ON c.id = other.claim_id
                WHERE other.subject_kind = mine.subject_kind AND other.subject_id = mine.subject_id
                    AND other.claim_id <> mine.claim_id AND other.action = 'HELD'
                    AND c.status IN ('RECEIVED', 'VERIFYING')))
        ORDER BY mine.id
        """,
        claim_id,
        alone,
    )
    return [affected_of(row) for row in rows]


async def held_findings(subject: Subject) -> Sequence[Finding]:
    """Give what was found in a thing that open claims hold; none where none does."""
    rows = await fetch(
        """
        SELECT noted.findings FROM claim_affected noted JOIN likeness_claim c ON c.id = noted.claim_id
        WHERE noted.subject_kind = $1 AND noted.subject_id = $2 AND noted.action = 'HELD'
            AND c.status IN ('RECEIVED', 'VERIFYING')
        ORDER BY noted.id
        """,
        subject.kind,
        subject.id,
    )
    found = (Finding.from_json(each) for row in rows for each in json.loads(row["findings"]))
    return list(dict.fromkeys(found))


async def _record(w: Work, claim_id: UUID, found: Affected) -> None:
    """Write an entry; what the thing was before is kept from the first time, or from after it was restored."""
    await w.execute(
        """
        INSERT INTO claim_affected (id, claim_id, subject_kind, subject_id, action, findings, before, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (claim_id, subject_kind, subject_id) DO UPDATE SET
            action = $5, findings = $6,
            at = CASE WHEN claim_affected.action = $5 THEN claim_affected.at ELSE $8 END,
            before = CASE WHEN claim_affected.action IN ('RESTORED', 'NONE') THEN $7 ELSE claim_affected.before END
        """,
        new_id(),
        claim_id,
        found.subject.kind,
        found.subject.id,
        found.action,
        json.dumps([finding.to_json() for finding in found.findings]),
        json.dumps(dict(found.before)),
        found.at,
    )
