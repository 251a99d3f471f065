"""The log of a case: it only grows, and each event is chained to the one before, so that a changed one is noticed."""

from uuid import UUID

from domain.kernel.ids import AccountId, CaseId, new_id
from domain.kernel.refusals import NotAllowed, NotFound
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch
from domain.kernel.work import Work
from domain.moderation import rules
from domain.moderation.rules import EventKind

BATCH = 1000
"""How many cases are named by one statement."""


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


async def verify_all(scope: Scope) -> tuple[int, list[tuple[CaseId, int]]]:
    """Prove the logs of all cases; give how many there are, and which were changed, from which event on.

    The product itself and its operator may. Raises NotAllowed.
    """
    if not scope.system:
        raise NotAllowed("Only the operator has all logs proved.")
    proved, changed, after = 0, [], UUID(int=0)
    while rows := await fetch("SELECT id FROM moderation_case WHERE id > $1 ORDER BY id LIMIT $2", after, BATCH):
        for row in rows:
            nth = await verify(scope, CaseId(row["id"]))
            if nth is not None:
                changed.append((CaseId(row["id"]), nth))
        proved, after = proved + len(rows), rows[-1]["id"]
    return proved, changed


async def verify(scope: Scope, case_id: CaseId) -> int | None:
    """Prove a case's log from its first event on; give the place of the first one that is not what was written.

    None where all of it is. An event that is missing at the end is noticed by the case's own row. Raises
    SignInRequired, NotAllowed, NotFound.
    """
    if not scope.system:
        scope.require_moderator()
    # One statement, so that an event that is written meanwhile is in all of it or in nothing.
    rows = await fetch(
        """
        SELECT c.events, c.digest AS last, e.nth, e.at, e.actor_id, e.kind, e.detail, e.digest
        FROM moderation_case c LEFT JOIN case_event e ON e.case_id = c.id WHERE c.id = $1 ORDER BY e.nth
        """,
        case_id,
    )
    if not rows:
        raise NotFound("There is no case with this id.")
    digest, nth = rules.FIRST_DIGEST, 0
    for row in rows:
        if row["nth"] is None:
            break
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
    return None if (nth, digest) == (rows[0]["events"], rows[0]["last"]) else nth + 1
