"""Reading cases: moderators alone see them, each list in a bounded number of statements."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

import asyncpg

from domain import bounties, likeness, resources
from domain.kernel.findings import Finding
from domain.kernel.ids import AccountId, BountyId, CaseId, ClaimId, EntryId, ResourceId, Subject
from domain.kernel.paging import Page, PageAsk, float_part, int_part, page_of, uuid_part
from domain.kernel.refusals import NotFound
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch, fetch_one
from domain.kernel.work import Work
from domain.moderation import rules
from domain.moderation.facts import CaseFact
from domain.moderation.rules import CaseStatus, Cause, Decision, EventKind
from domain.moderation.values import Case, CaseEvent, CaseFilter, Told

KEY_WIDTH = 3

_LIVE = "(c.decided_at IS NULL AND c.claim_expires_at > $1)"
_MATCHES = f"""
    ($2::text IS NULL OR $2 = CASE WHEN c.decided_at IS NOT NULL THEN 'DECIDED' WHEN {_LIVE} THEN 'CLAIMED'
        ELSE 'OPEN' END)
    AND ($3::bool IS NULL OR coalesce({_LIVE} AND c.claimed_by = $4::uuid, false) = $3)
    AND ($5::bool IS NULL OR (c.decided_at IS NULL AND c.due_at <= $1) = $5)
    AND NOT $6::bool
"""


async def cases_by_ids(scope: Scope, ids: Sequence[UUID]) -> dict[CaseId, Case]:
    """Give cases to moderators, and none to anybody else."""
    if not ids or not (scope.system or scope.is_moderator):
        return {}
    rows = await fetch("SELECT * FROM moderation_case WHERE id = ANY($1::uuid[])", list(ids))
    return {CaseId(row["id"]): case_of(row, scope.now) for row in rows}


async def case_by_id(scope: Scope, case_id: CaseId) -> Case:
    """Give a case to a moderator. Raises NotFound."""
    case = (await cases_by_ids(scope, [case_id])).get(case_id)
    if case is None:
        raise NotFound("There is no case with this id.")
    return case


async def told_to_followers(scope: Scope, fact: CaseFact, at: datetime, wanted: CaseFilter) -> Told | None:
    """Say what a moderator who follows a filter hears of a fact; None where the case matched neither before nor after.

    Of a case that no longer matches they hear without the case itself, so that their list does not go stale. `at` is
    when it happened: what has become of the case meanwhile changes what is shown, and not whether they hear.
    """
    case = (await cases_by_ids(scope, [CaseId(fact.case_id)])).get(CaseId(fact.case_id))
    if case is None:
        return None
    lets_through = partial(wanted.lets_through, due_at=case.due_at, viewer_id=scope.account_id)
    stood = [lets_through(CaseStatus(status), fact.holder_id, now=at) for status in fact.statuses]
    if stood and not any(stood):
        return None
    return Told(case if lets_through(case.status, case.claimed_by, now=scope.now) else None)


async def case_page(scope: Scope, asked: PageAsk, wanted: CaseFilter, *, total: bool = False) -> Page[Case]:
    """Give cases, the most urgent first, and decided ones after all others. Moderators only.

    The total is counted only where `total` is true. Raises SignInRequired, NotAllowed.
    """
    scope.require_moderator()
    counted = None
    if total:
        counted = await fetch_one(
            f"SELECT count(*) AS n FROM moderation_case c WHERE {_MATCHES}",  # noqa: S608 - constants
            *_asked(scope, wanted),
        )
    rows = await fetch(
        f"""
        SELECT c.* FROM moderation_case c WHERE {_MATCHES}
            AND ($7::bool IS NULL OR (c.decided_at IS NULL, c.rank, c.id) < ($7, $8::float8, $9::uuid))
        ORDER BY (c.decided_at IS NULL) DESC, c.rank DESC, c.id DESC LIMIT $10
        """,  # noqa: S608 - constants
        *_asked(scope, wanted),
        None if asked.after is None else bool(int_part(asked, 0)),
        float_part(asked, 1),
        uuid_part(asked, 2),
        asked.first + 1,
    )
    cases = [case_of(row, scope.now) for row in rows]
    return page_of(cases, [_key(case) for case in cases], asked, total=counted["n"] if counted else None)


async def histories(scope: Scope, ids: Sequence[CaseId]) -> dict[CaseId, list[CaseEvent]]:
    """Give the logs of cases, each from its first event on; to moderators."""
    found: dict[CaseId, list[CaseEvent]] = {case_id: [] for case_id in ids}
    if not (scope.system or scope.is_moderator):
        return found
    for row in await fetch("SELECT * FROM case_event WHERE case_id = ANY($1::uuid[]) ORDER BY case_id, nth", list(ids)):
        event = CaseEvent(
            nth=row["nth"],
            at=row["at"],
            actor_id=AccountId(row["actor_id"]) if row["actor_id"] else None,
            kind=EventKind(row["kind"]),
            detail=row["detail"],
            digest=row["digest"],
        )
        found[CaseId(row["case_id"])].append(event)
    return found


async def findings_of(scope: Scope, cases: Sequence[Case]) -> dict[CaseId, tuple[Finding, ...]]:
    """Give what validation found about the subjects of cases: results alone, and no files; to moderators."""
    if not (scope.system or scope.is_moderator):
        return {}
    about_entries = [EntryId(case.subject.id) for case in cases if case.subject.kind == "entry"]
    about_bounties = [BountyId(case.subject.id) for case in cases if case.subject.kind == "bounty"]
    about_resources = [ResourceId(case.subject.id) for case in cases if case.subject.kind == "resource"]
    of_entries = await bounties.findings_of_entries(about_entries)
    of_bounties = await bounties.hold_findings(scope, about_bounties) if about_bounties else {}
    of_resources = await resources.findings_of_resources(scope, about_resources)
    found: dict[UUID, tuple[Finding, ...]] = {**of_entries, **of_bounties, **of_resources}  # type: ignore[dict-item]  # NewTypes of it
    return {case.id: found.get(case.subject.id, ()) for case in cases}


async def claims_of(scope: Scope, cases: Sequence[Case]) -> Mapping[Subject, Sequence[ClaimId]]:
    """Name the likeness claims that concern the subjects of cases; to moderators."""
    if not (scope.system or scope.is_moderator):
        return {}
    return await likeness.claims_about([case.subject for case in cases])


async def locked(w: Work, case_id: CaseId, now: datetime) -> Case:
    """Lock a case, before anything else that a deed on it locks. Raises NotFound."""
    row = await w.one("SELECT * FROM moderation_case WHERE id = $1 FOR UPDATE", case_id)
    if row is None:
        raise NotFound("There is no case with this id.")
    return case_of(row, now)


async def locked_about(w: Work, subject: Subject, now: datetime) -> Case | None:
    """Lock the case about a subject that is not decided; None where there is none."""
    row = await w.one(
        "SELECT * FROM moderation_case WHERE subject_kind = $1 AND subject_id = $2 AND decided_at IS NULL FOR UPDATE",
        subject.kind,
        subject.id,
    )
    return case_of(row, now) if row else None


def case_of(row: asyncpg.Record, now: datetime) -> Case:
    """Read a row of the table of cases, as it stands at a moment."""
    status = rules.status_at(claim_expires_at=row["claim_expires_at"], decided_at=row["decided_at"], now=now)
    claimed = status is CaseStatus.CLAIMED
    return Case(
        id=CaseId(row["id"]),
        subject=Subject(row["subject_kind"], row["subject_id"]),
        bounty_id=BountyId(row["bounty_id"]) if row["bounty_id"] else None,
        causes=tuple(Cause(cause) for cause in row["causes"]),
        status=status,
        rank=row["rank"],
        priority=rules.priority(row["rank"], row["decided_at"] or now),
        opened_at=row["opened_at"],
        due_at=row["due_at"],
        claimed_by=AccountId(row["claimed_by"]) if claimed else None,
        claim_expires_at=row["claim_expires_at"] if claimed else None,
        decision=Decision(row["decision"]) if row["decision"] else None,
    )


def _asked(scope: Scope, wanted: CaseFilter) -> tuple[object, ...]:
    return scope.now, wanted.status, wanted.mine, scope.account_id, wanted.overdue, wanted.reported


def _key(case: Case) -> tuple[int, float, str]:
    return int(case.status is not CaseStatus.DECIDED), case.rank, case.id.hex
