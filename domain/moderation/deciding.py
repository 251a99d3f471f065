"""Deciding a case, once, by who holds its claim: written down and carried out in one work.

The registry is asked first where it is asked at all, then the case's row is locked, and then what it is about.
"""

from domain import bounties, resources
from domain.bounties import Decidable
from domain.kernel.ids import BountyId, CaseId, EntryId, ResourceId, Subject
from domain.kernel.refusals import Conflict, InvalidInput
from domain.kernel.scope import Scope
from domain.kernel.text import clean
from domain.kernel.work import Work, work
from domain.moderation import rules
from domain.moderation.actions import in_hand
from domain.moderation.case_reads import case_by_id
from domain.moderation.facts import CaseDecided
from domain.moderation.logs import append
from domain.moderation.opening import Concerned, join
from domain.moderation.rules import Cause, Decision, EventKind, ResourceStands, Stands
from domain.moderation.values import Case

MAX_EXPLANATION = 2_000


async def decide_case(
    scope: Scope, case_id: CaseId, decision: Decision, *, explanation: str, strike: bool = False
) -> Case:
    """Decide a case, once, and carry the decision out in the same work; whoever holds its claim may.

    Raises SignInRequired, NotAllowed, NotFound, InvalidInput, Conflict, RegistryUnread.
    """
    scope.require_moderator()
    explanation = clean(explanation, "input.explanation", MAX_EXPLANATION, min_length=1)
    if strike:
        raise Conflict("This release counts no strikes yet; nothing was decided.", state="NOT_YET")
    asked = await case_by_id(scope, case_id)
    decide = _about_resource if asked.subject.kind == "resource" else _about_bounty
    await decide(scope, asked, decision, explanation)
    return await case_by_id(scope, case_id)


async def _about_bounty(scope: Scope, asked: Case, decision: Decision, explanation: str) -> None:
    """Decide about a bounty or an entry."""
    bounty_id, entry_id = _bounty_of(asked)
    examined = await bounties.examine_for_decision(bounty_id, entry_id)
    lists = decision is Decision.RESTORE and entry_id is None
    judge = await bounties.judge_of(scope, bounty_id) if lists else None
    try:
        async with work(scope.now) as w:
            if judge is not None:
                await judge.hold(w)
            case = await in_hand(w, scope, asked.id)
            subject = await bounties.lock_for_decision(w, scope, examined, judge)
            rules.check_fit(decision, _stands(case, subject))
            await close(w, scope, case, decision, explanation)
            await _carry_out(w, scope, case, decision, subject, explanation=explanation)
    except bounties.BooksDisagree:
        await bounties.stop_if_wrong(scope, bounty_id)
        raise


async def _about_resource(scope: Scope, asked: Case, decision: Decision, explanation: str) -> None:
    """Decide about a resource."""
    judge = resources.Judge(scope) if decision is Decision.RESTORE else None
    async with work(scope.now) as w:
        if judge is not None:
            await judge.hold(w)
        case = await in_hand(w, scope, asked.id)
        subject = await resources.lock_for_decision(w, ResourceId(asked.subject.id))
        rules.check_fit_of_resource(decision, _resource_stands(subject))
        await close(w, scope, case, decision, explanation)
        if decision is Decision.HOLD:
            await resources.hold(w, scope, subject, explanation=explanation)
            await _open_anew(w, scope, case, Concerned(case.subject))
        elif decision is Decision.REMOVE:
            await resources.remove_by_decision(w, scope, subject, explanation=explanation)
        elif judge is not None:
            await resources.restore(w, scope, subject, judge.matcher)


async def close(w: Work, scope: Scope, case: Case, decision: Decision, explanation: str) -> None:
    """Write the decision down; from now on the case does not change."""
    moderator = scope.require_moderator().account_id
    await append(w, scope, case.id, EventKind.DECIDED, f"{decision}: {explanation}", actor_id=moderator)
    await w.execute(
        "UPDATE moderation_case SET claimed_by = NULL, claim_expires_at = NULL, decided_at = $2, decided_by = $3,"
        " decision = $4 WHERE id = $1",
        case.id,
        scope.now,
        moderator,
        decision,
    )
    w.tell(CaseDecided(case.id, before=case.status, holder_id=moderator))


async def _carry_out(
    w: Work, scope: Scope, case: Case, decision: Decision, subject: Decidable, *, explanation: str
) -> None:
    """Do to a bounty or an entry what was decided."""
    match decision:
        case Decision.HOLD:
            await bounties.hold(w, scope, subject, explanation=explanation)
            await _open_anew(w, scope, case, Concerned(case.subject, subject.bounty.id, int(subject.bounty.pot)))
        case Decision.REMOVE:
            await bounties.remove(w, scope, subject, explanation=explanation)
        case Decision.RESTORE:
            await bounties.restore(w, scope, subject, explanation=explanation)
            if _stands(case, subject).dealing:
                await bounties.lift_refusal(w, scope, subject, case_id=case.id, explanation=explanation)
        case _:
            return


async def _open_anew(w: Work, scope: Scope, case: Case, concerned: Concerned) -> None:
    """Open a case about what was just held, so that no hold is forgotten."""
    await join(w, scope, concerned, Cause.HOLD, f"held by the decision of case {case.id.hex}: look again")


def _stands(case: Case, subject: Decidable) -> Stands:
    return Stands(
        entry_status=subject.entry_status,
        restricted=subject.restricted,
        waits=subject.waits,
        found=bool(subject.marks),
        turned_down=subject.turned_down,
        dealing=subject.refused and Cause.SELF_DEALING in case.causes,
    )


def _resource_stands(subject: resources.Decidable) -> ResourceStands:
    return ResourceStands(
        status=subject.resource.status,
        restricted=subject.restricted,
        for_claim=subject.for_claim,
        found=bool(subject.marks),
        unexamined=subject.unexamined,
    )


def _bounty_of(case: Case) -> tuple[BountyId, EntryId | None]:
    """Say which bounty, and which entry of it, a case is about. Raises InvalidInput."""
    match case.subject:
        case Subject(kind="bounty") if case.bounty_id:
            return case.bounty_id, None
        case Subject(kind="entry", id=entry_id) if case.bounty_id:
            return case.bounty_id, EntryId(entry_id)
        case _:
            raise InvalidInput("Cases about this kind of thing are not decided here.", field="input.caseId")
