"""What moderators do with cases, each deed in one work; and appeals, which this release does not take.

The case's row is locked before anything that it is about. Its log tells who did what.
"""

from datetime import timedelta
from typing import NoReturn

from domain import bounties
from domain.bounties import Decidable
from domain.kernel.ids import AccountId, BountyId, CaseId, EntryId, Subject
from domain.kernel.refusals import Conflict, InvalidInput, NotFound
from domain.kernel.scope import Scope
from domain.kernel.text import clean
from domain.kernel.work import Work, work
from domain.moderation import rules
from domain.moderation.case_reads import cases_by_ids, locked
from domain.moderation.facts import CaseClaimed, CaseDecided, CaseReleased
from domain.moderation.logs import append
from domain.moderation.opening import Concerned, join
from domain.moderation.rules import CaseStatus, Cause, Decision, EventKind, Stands
from domain.moderation.values import Case

MAX_EXPLANATION = 2_000


async def claim_case(scope: Scope, case_id: CaseId) -> Case:
    """Take a case for a while, or for a while longer; nobody whom it concerns may.

    Raises SignInRequired, NotAllowed, NotFound, Conflict.
    """
    actor = scope.require_moderator()
    async with work(scope.now) as w:
        case = await locked(w, case_id, scope.now)
        rules.check_claim(case.status, case.claimed_by, actor.account_id)
        await require_independent(w, scope, case, actor.account_id)
        until = scope.now + timedelta(seconds=scope.ports.policy.case_claim_seconds)
        await w.execute(
            "UPDATE moderation_case SET claimed_by = $2, claim_expires_at = $3 WHERE id = $1",
            case_id,
            actor.account_id,
            until,
        )
        kind = EventKind.RENEWED if case.status is CaseStatus.CLAIMED else EventKind.CLAIMED
        await append(w, scope, case_id, kind, f"until {until:%Y-%m-%d %H:%M:%S} UTC", actor_id=actor.account_id)
        w.tell(CaseClaimed(case_id, before=case.status, holder_id=actor.account_id))
    return await _case(scope, case_id)


async def release_case(scope: Scope, case_id: CaseId) -> Case:
    """Give a claimed case back before the claim runs out. Raises SignInRequired, NotAllowed, NotFound, Conflict."""
    actor = scope.require_moderator()
    async with work(scope.now) as w:
        case = await locked(w, case_id, scope.now)
        rules.check_holder(case.status, case.claimed_by, actor.account_id)
        await w.execute("UPDATE moderation_case SET claimed_by = NULL, claim_expires_at = NULL WHERE id = $1", case_id)
        await append(w, scope, case_id, EventKind.RELEASED, "given back", actor_id=actor.account_id)
        w.tell(CaseReleased(case_id, before=case.status, holder_id=actor.account_id))
    return await _case(scope, case_id)


async def decide_case(
    scope: Scope, case_id: CaseId, decision: Decision, *, explanation: str, strike: bool = False
) -> Case:
    """Decide a case, once, and carry the decision out in the same work; whoever holds its claim may.

    Raises SignInRequired, NotAllowed, NotFound, InvalidInput, Conflict, RegistryUnread.
    """
    actor = scope.require_moderator()
    explanation = clean(explanation, "input.explanation", MAX_EXPLANATION, min_length=1)
    if strike:
        raise Conflict("This release counts no strikes yet; nothing was decided.", state="NOT_YET")
    asked = await _case(scope, case_id)
    bounty_id, entry_id = _about(asked)
    examined = await bounties.examine_for_decision(bounty_id, entry_id)
    try:
        async with work(scope.now) as w:
            lists = decision is Decision.RESTORE and entry_id is None
            matcher = await bounties.registry_for_decision(w, scope) if lists else None
            case = await locked(w, case_id, scope.now)
            rules.check_holder(case.status, case.claimed_by, actor.account_id)
            await require_independent(w, scope, case, actor.account_id)
            subject = await bounties.lock_for_decision(w, scope, examined, matcher)
            rules.check_fit(decision, _stands(case, subject))
            await _close(w, scope, case, decision, explanation)
            await _carry_out(w, scope, case, decision, subject, explanation=explanation)
    except bounties.BooksDisagree:
        await bounties.stop_if_wrong(scope, bounty_id)
        raise
    return await _case(scope, case_id)


async def require_independent(w: Work, scope: Scope, case: Case, account_id: AccountId) -> None:
    """Refuse a case to a moderator whom it concerns. Raises NotAllowed."""
    party = case.bounty_id is not None and await bounties.is_party(w, scope, case.bounty_id, account_id)
    rules.check_independent(party=party)


async def file_appeal(scope: Scope) -> NoReturn:
    """Refuse an appeal; a suspended account may ask too. Raises SignInRequired, Conflict."""
    scope.require_actor()
    raise Conflict("This release takes no appeals yet; nothing was stored.", state="NOT_YET")


async def decide_appeal(scope: Scope) -> NoReturn:
    """Refuse to decide an appeal. Raises SignInRequired, NotAllowed, Conflict."""
    scope.require_moderator()
    raise Conflict("This release takes no appeals yet, so there is none to decide.", state="NOT_YET")


async def _close(w: Work, scope: Scope, case: Case, decision: Decision, explanation: str) -> None:
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
    """Do to the subject what was decided. A hold opens a case anew, so that it is never forgotten."""
    match decision:
        case Decision.HOLD:
            await bounties.hold(w, scope, subject, explanation=explanation)
            concerned = Concerned(case.subject, subject.bounty.id, int(subject.bounty.pot))
            await join(w, scope, concerned, Cause.HOLD, f"held by the decision of case {case.id.hex}: look again")
        case Decision.REMOVE:
            await bounties.remove(w, scope, subject, explanation=explanation)
        case Decision.RESTORE:
            await bounties.restore(w, scope, subject, explanation=explanation)
            if _stands(case, subject).dealing:
                await bounties.lift_refusal(w, scope, subject, case_id=case.id, explanation=explanation)
        case _:
            return


def _stands(case: Case, subject: Decidable) -> Stands:
    return Stands(
        entry_status=subject.entry_status,
        restricted=subject.restricted,
        waits=subject.waits,
        found=bool(subject.marks),
        turned_down=subject.turned_down,
        dealing=subject.refused and Cause.SELF_DEALING in case.causes,
    )


def _about(case: Case) -> tuple[BountyId, EntryId | None]:
    """Say which bounty, and which entry of it, a case is about. Raises InvalidInput."""
    match case.subject:
        case Subject(kind="bounty") if case.bounty_id:
            return case.bounty_id, None
        case Subject(kind="entry", id=entry_id) if case.bounty_id:
            return case.bounty_id, EntryId(entry_id)
        case _:
            raise InvalidInput("Only cases about bounties and entries are decided here.", field="input.caseId")


async def _case(scope: Scope, case_id: CaseId) -> Case:
    """Read a case. Raises NotFound."""
    case = (await cases_by_ids(scope, [case_id])).get(case_id)
    if case is None:
        raise NotFound("There is no case with this id.")
    return case
