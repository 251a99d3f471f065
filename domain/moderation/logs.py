"""The log of a case: it only grows, and each event is chained to the one before, so that a changed one is noticed."""

from domain.kernel.ids import AccountId, CaseId, new_id
from domain.kernel.refusals import NotFound
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch, fetch_one
from domain.kernel.work import Work
from domain.moderation import rules
from domain.moderation.rules import EventKind


async def append(
    w: Work,
    scope: Scope,
    case_id: CaseId,
    kind: EventKind,
    detail: str,
    *,
    actor_id: AccountId | None = None,
    source: str | None = None,
) -> None:
    """Add an event to the log of a case, under the lock of the case's row."""
    case = await w.one("SELECT events, digest FROM moderation_case WHERE id = $1 FOR UPDATE", case_id)
    if case is None:
        raise NotFound("There is no case with this id.")
    nth = case["events"] + 1
    digest = rules.chained(
        case["digest"], case_id=case_id, nth=nth, at=scope.now, actor_id=actor_id, kind=kind, detail=detail
    )
    await w.execute(
        "INSERT INTO case_event (id, case_id, nth, at, actor_id, kind, detail, source, digest)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        new_id(),
        case_id,
        nth,
        scope.now,
        actor_id,
        kind,
        detail,
        source,
        digest,
    )
    await w.execute("UPDATE moderation_case SET events = $2, digest = $3 WHERE id = $1", case_id, nth, digest)


async def verify(scope: Scope, case_id: CaseId) -> int | None:
    """Prove a case's log from its first event on; give the place of the first one that is not what was written.

    None where all of it is. An event that is missing at the end is noticed by the case's own row. Raises
    SignInRequired, NotAllowed, NotFound.
    """
    if not scope.system:
        scope.require_moderator()
    case = await fetch_one("SELECT events, digest FROM moderation_case WHERE id = $1", case_id)
    if case is None:
        raise NotFound("There is no case with this id.")
    digest, nth = rules.FIRST_DIGEST, 0
    for row in await fetch("SELECT * FROM case_event WHERE case_id = $1 ORDER BY nth", case_id):
        nth += 1
        digest = rules.chained(
            digest,
            case_id=case_id,
            nth=nth,
            at=row["at"],
            actor_id=row["actor_id"],
            kind=row["kind"],
            detail=row["detail"],
        )
        if row["nth"] != nth or row["digest"] != digest:
            return nth
    return None if (nth, digest) == (case["events"], case["digest"]) else nth + 1
