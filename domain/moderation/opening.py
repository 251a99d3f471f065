"""Opening cases: what is told of a bounty, an entry or a resource opens one, or joins the one that is not decided."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from domain import bounties, resources
from domain.kernel.ids import BountyId, CaseId, Subject, new_id
from domain.kernel.refusals import NotAllowed
from domain.kernel.scope import Scope
from domain.kernel.sql import fetch_one
from domain.kernel.work import Work, work
from domain.moderation import rules
from domain.moderation.case_reads import case_of
from domain.moderation.facts import CaseChanged, CaseDecided, CaseOpened
from domain.moderation.logs import append
from domain.moderation.rules import Cause, EventKind


@dataclass(frozen=True, slots=True)
class Concerned:
    """What a case is about, the bounty that it is or belongs to if any, and the credits that are at stake."""

    subject: Subject
    bounty_id: BountyId | None = None
    pot: int = 0


async def note(scope: Scope, subject: Subject, cause: Cause | None, detail: str, *, over: bool = False) -> None:
    """Open a case about something, or note in the open one what was told; the product itself may.

    Without a cause it only joins: what has ended opens nothing. `over` says that nothing is left to decide, so that the
    case closes. Done again for the same fact it changes nothing: `scope.request_id` names the fact. Raises NotAllowed.
    """
    if not scope.system:
        raise NotAllowed("Cases are opened by what happens.")
    if cause is None and not await _has_open_case(subject):
        return
    concerned = await _concerned(scope, subject)
    if concerned is None:
        return
    async with work(scope.now) as w:
        source = f"{scope.request_id}:{subject.kind}" if scope.request_id else None
        if await w.one("SELECT FROM case_event WHERE source = $1", source) is None:
            await join(w, scope, concerned, cause, detail, source=source)
            if over:
                await _close(w, scope, subject)


async def join(
    w: Work, scope: Scope, concerned: Concerned, cause: Cause | None, detail: str, *, source: str | None = None
) -> None:
    """Write what was told into the log of the open case about a subject, which a cause opens if there is none."""
    opened, row = await _open_case(w, scope, concerned, opens=cause is not None)
    if row is None:
        return
    case_id = CaseId(row["id"])
    await append(w, scope, case_id, EventKind.OPENED if opened else EventKind.JOINED, detail, source=source)
    causes = [Cause(each) for each in row["causes"]]
    if cause is not None and cause not in causes:
        causes.append(cause)
        await w.execute(
            "UPDATE moderation_case SET causes = $2, rank = $3 WHERE id = $1",
            case_id,
            causes,
            rules.rank(causes, pot=concerned.pot, due_at=row["due_at"]),
        )
    case = case_of(row, scope.now)
    told = CaseOpened if opened else CaseChanged
    w.tell(told(case_id, before=case.status, holder_id=case.claimed_by))


async def _close(w: Work, scope: Scope, subject: Subject) -> None:
    """Close the open case about a subject, unless something in it does not end by itself; nobody has decided it."""
    row = await w.one(
        "SELECT * FROM moderation_case WHERE subject_kind = $1 AND subject_id = $2 AND decided_at IS NULL FOR UPDATE",
        subject.kind,
        subject.id,
    )
    if row is None or not rules.ENDS_BY_ITSELF.issuperset(row["causes"]):
        return
    await append(w, scope, CaseId(row["id"]), EventKind.CLOSED, "nothing is left to decide")
    await w.execute(
        "UPDATE moderation_case SET claimed_by = NULL, claim_expires_at = NULL, decided_at = $2,"
        " decision = 'NO_ACTION' WHERE id = $1",
        row["id"],
        scope.now,
    )
    case = case_of(row, scope.now)
    w.tell(CaseDecided(case.id, before=case.status, holder_id=case.claimed_by))


async def _open_case(w: Work, scope: Scope, concerned: Concerned, *, opens: bool) -> tuple[bool, Any]:
    """Lock the open case about a subject, made where it `opens` one; give whether it is new."""
    while True:
        made = await _insert(w, scope, concerned) if opens else False
        row = await w.one(
            "SELECT * FROM moderation_case"
            " WHERE subject_kind = $1 AND subject_id = $2 AND decided_at IS NULL FOR UPDATE",
            concerned.subject.kind,
            concerned.subject.id,
        )
        if row is not None or not opens:  # otherwise it was decided in this moment: what was told needs another one
            return made, row


async def _insert(w: Work, scope: Scope, concerned: Concerned) -> bool:
    due_at = scope.now + timedelta(seconds=scope.ports.policy.case_seconds)
    done = await w.execute(
        """
        INSERT INTO moderation_case
            (id, subject_kind, subject_id, bounty_id, causes, rank, opened_at, due_at, events, digest)
        VALUES ($1, $2, $3, $4, '{}', $5, $6, $7, 0, $8)
        ON CONFLICT (subject_kind, subject_id) WHERE decided_at IS NULL DO NOTHING
        """,
        new_id(),
        concerned.subject.kind,
        concerned.subject.id,
        concerned.bounty_id,
        rules.rank((), pot=concerned.pot, due_at=due_at),
        scope.now,
        due_at,
        rules.FIRST_DIGEST,
    )
    return done == "INSERT 0 1"


async def _has_open_case(subject: Subject) -> bool:
    row = await fetch_one(
        "SELECT FROM moderation_case WHERE subject_kind = $1 AND subject_id = $2 AND decided_at IS NULL",
        subject.kind,
        subject.id,
    )
    return row is not None


async def _concerned(scope: Scope, subject: Subject) -> Concerned | None:
    if subject.kind == "resource":
        found = await resources.resources_by_ids(scope, [subject.id])
        return Concerned(subject) if found else None
    bounty_id = subject.id
    if subject.kind == "entry":
        entry = next(iter((await bounties.entries_by_ids(scope, [subject.id])).values()), None)
        if entry is None:
            return None
        bounty_id = entry.bounty_id
    bounty = next(iter((await bounties.bounties_by_ids(scope, [bounty_id])).values()), None)
    return Concerned(subject, bounty.id, int(bounty.pot)) if bounty else None
